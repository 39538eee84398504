// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json_value.h"

#include "base/json.h"
#include "support/test.h"

namespace {

base::Result<base::JsonValue> parse(const std::string& text) {
    return base::JsonValue::parse(text, "file");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_value)

BOOST_AUTO_TEST_CASE(what_the_writer_writes_is_read) {
    base::JsonWriter json;
    json.begin_object().key("list").begin_array().number(int64_t{-1}).decimal(2.5).null();
    json.end_array().key("text").string("a\"b\\c\n\x7f é").key("yes").boolean(true).end_object();
    const auto value = parse(json.text());
    BOOST_REQUIRE_MESSAGE(value.ok(), (value.ok() ? "" : value.error().text));
    BOOST_REQUIRE((*value)["list"].items.size() == 3U);
    BOOST_TEST((*value)["list"].items[0].text == "-1");
    BOOST_TEST((*value)["list"].items[1].text == "2.500");
    BOOST_TEST((*value)["list"].items[2].type == base::JsonValue::Type::kNull);
    BOOST_TEST((*value)["text"].text == "a\"b\\c\n\x7f é");
    BOOST_TEST((*value)["yes"].text == "true");
    BOOST_TEST((*value)["absent"]["deeper"].text == "");
}

BOOST_AUTO_TEST_CASE(space_and_escapes_are_as_the_rfc_says) {
    const auto value = parse(" { \"a\\u00e9\\/\" :\t[ 1e+5 , {} , [ ] ]\r\n} ");
    BOOST_REQUIRE(value.ok());
    BOOST_TEST(value->members[0].name == "aé/");
    BOOST_TEST(value->members[0].value.items[0].text == "1e+5");
    BOOST_TEST(parse(R"("\ud83d\ude00\u20ac")")->text == "😀€");
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_not_part_of_the_text) {
    const auto value = parse("\xEF\xBB\xBF{\"a\": 1}");
    BOOST_REQUIRE(value.ok());
    BOOST_TEST((*value)["a"].text == "1");
    BOOST_TEST(!parse("{\"a\": \xEF\xBB\xBF 1}").ok());  // only in front
}

BOOST_AUTO_TEST_CASE(text_that_is_not_json_is_refused) {
    const std::string deep(33, '[');
    const std::string nul("\"a\0\"", 4);
    for (const std::string text : {"",
                                   "{",
                                   "[1,]",
                                   "{\"a\" 1}",
                                   "{1:2}",
                                   "01",
                                   "1.",
                                   "nul",
                                   R"("\x")",
                                   R"("\u12")",
                                   "\"a\nb\"",
                                   "1 2",
                                   "-",
                                   "1e",
                                   "+1",
                                   ".5",
                                   R"("\ud83d")",
                                   R"("\ud83dx")",
                                   R"("\ud83d\u0041")",
                                   R"("\ude00")",
                                   R"("\u0000")",
                                   "\"\xff\"",
                                   "\"\xed\xa0\x80\"",
                                   "NaN",
                                   "'a'",
                                   "{} // c",
                                   deep.c_str()}) {
        BOOST_TEST(!parse(text).ok(), text);
    }
    BOOST_TEST(!parse(nul).ok());
    BOOST_TEST(parse(std::string(32, '[') + std::string(32, ']')).ok());
}

BOOST_AUTO_TEST_CASE(an_error_names_file_and_line) {
    BOOST_TEST(parse("{\n\"a\":\n}").error().text == "file:3: not JSON: missing value");
}

BOOST_AUTO_TEST_CASE(a_name_that_stands_twice_has_no_meaning) {
    BOOST_TEST(parse(R"({"a":{"b":1,"c":2,"b":3}})").error().text ==
               "file:1: not JSON: duplicate name in an object");
}

BOOST_AUTO_TEST_SUITE_END()
