// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json_tree.h"

#include <boost/test/unit_test.hpp>

#include "base/json.h"

BOOST_AUTO_TEST_SUITE(json_tree)

BOOST_AUTO_TEST_CASE(what_the_writer_writes_is_read) {
    base::JsonWriter json;
    json.begin_object().key("list").begin_array().number(int64_t{-1}).decimal(2.5).null();
    json.end_array().key("text").string("a\"b\\c\n\x7f é").key("yes").boolean(true).end_object();
    const auto value = base::parse_json(json.text());
    BOOST_REQUIRE_MESSAGE(value.ok(), (value.ok() ? "" : value.error().text));
    BOOST_REQUIRE((*value)["list"].items.size() == 3U);
    BOOST_TEST((*value)["list"].items[0].text == "-1");
    BOOST_TEST((*value)["list"].items[1].text == "2.500");
    BOOST_TEST(((*value)["list"].items[2].kind == base::JsonTree::Kind::kNull));
    BOOST_TEST((*value)["text"].text == "a\"b\\c\n\x7f é");
    BOOST_TEST((*value)["yes"].text == "true");
    BOOST_TEST((*value)["absent"]["deeper"].text == "");
}

BOOST_AUTO_TEST_CASE(space_and_escapes_are_as_the_rfc_says) {
    const auto value = base::parse_json(" { \"a\\u00e9\\/\" :\t[ 1e+5 , {} , [ ] ]\r\n} ");
    BOOST_REQUIRE(value.ok());
    BOOST_TEST(value->names[0] == "aé/");
    BOOST_TEST(value->items[0].items[0].text == "1e+5");
}

BOOST_AUTO_TEST_CASE(what_is_no_json_is_refused) {
    const std::string deep(17, '[');
    for (const std::string& text :
         {std::string(), std::string("{"), std::string("[1,]"), std::string("{\"a\" 1}"),
          std::string("{1:2}"), std::string("01"), std::string("1."), std::string("nul"),
          std::string("\"\\x\""), std::string("\"\\u12\""), std::string("\"a\nb\""),
          std::string("1 2"), std::string("-"), std::string("1e"), deep}) {
        BOOST_TEST(!base::parse_json(text).ok(), text);
    }
    BOOST_TEST(base::parse_json(std::string(15, '[') + std::string(15, ']')).ok());
}

BOOST_AUTO_TEST_SUITE_END()
