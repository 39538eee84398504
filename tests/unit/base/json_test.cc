// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json.h"

#include "support/test.h"

BOOST_AUTO_TEST_SUITE(json)

BOOST_AUTO_TEST_CASE(documents_nest_and_separate) {
    base::JsonWriter json;
    json.begin_object().key("a").begin_array().number(int64_t{-1}).number(uint64_t{2}).null();
    json.end_array().key("b").begin_object().end_object().key("c").boolean(true);
    json.key("t").decimal(1.25).end_object();
    BOOST_TEST(json.text() == R"({"a":[-1,2,null],"b":{},"c":true,"t":1.250})");
}

BOOST_AUTO_TEST_CASE(strings_are_escaped_and_always_utf8) {
    struct Case {
        std::string in;
        const char* out;
    };
    const Case cases[] = {
        {"q\"b\\n\n", R"("q\"b\\n\u000a")"},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"\xff", R"("\ufffd")"},
        {"\xc3", R"("\ufffd")"},
        {"\xc0\x80", R"("\ufffd\ufffd")"},
        {"\xed\xa0\x80", R"("\ufffd\ufffd\ufffd")"},
    };
    for (const Case& c : cases) {
        base::JsonWriter json;
        json.string(c.in);
        BOOST_TEST(json.text() == c.out);
    }
}

BOOST_AUTO_TEST_CASE(what_may_not_be_shown_is_written_by_its_number) {
    base::JsonWriter json;
    json.string("\x7f \xc2\x85 \xe2\x80\xae \xf3\xa0\x80\xa1 \xc3\xa4");
    BOOST_TEST(json.text() == "\"\\u007f \\u0085 \\u202e \\udb40\\udc21 \xc3\xa4\"");
}

BOOST_AUTO_TEST_SUITE_END()
