// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.h"

#include "base/redaction.h"
#include "support/test.h"

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(numbers_are_whole_or_errors) {
    BOOST_TEST(base::parse_u64("18446744073709551615").value() == UINT64_MAX);
    BOOST_TEST(base::parse_u64("0xfF").value() == 255U);
    for (const char* bad : {"", "1x", " 1", "-1", "+1", "0x", "18446744073709551616"}) {
        BOOST_TEST(!base::parse_u64(bad).ok(), bad);
    }
    BOOST_TEST(!base::parse_u64("256", 255).ok());
    BOOST_TEST(base::parse_i64("-1", -1, 100).value() == -1);
    BOOST_TEST(!base::parse_i64("101", -1, 100).ok());
    BOOST_TEST(!base::parse_i64("1-", -1, 100).ok());
}

BOOST_AUTO_TEST_CASE(sizes_and_durations_take_a_unit) {
    BOOST_TEST(base::parse_size("2M").value() == 2U << 20U);
    BOOST_TEST(!base::parse_size("2MB").ok());
    BOOST_TEST(!base::parse_size("99999999999T").ok());
    BOOST_TEST(base::parse_duration("90").value().count() == 90'000);
    BOOST_TEST(base::parse_duration("250ms").value().count() == 250);
    BOOST_TEST(base::parse_duration("2m").value().count() == 120'000);
    BOOST_TEST(!base::parse_duration("-1s").ok());
    BOOST_TEST(!base::parse_duration("s").ok());
}

BOOST_AUTO_TEST_CASE(booleans_have_four_spellings_each) {
    BOOST_TEST(base::parse_bool("Yes").value());
    BOOST_TEST(!base::parse_bool("off").value());
    BOOST_TEST(!base::parse_bool("maybe").ok());
}

BOOST_AUTO_TEST_CASE(quoting_leaves_one_harmless_line) {
    BOOST_TEST(base::quoted("a\"b\\c\n\x7f") == R"("a\x22b\x5cc\x0a\x7f")");
}

BOOST_AUTO_TEST_CASE(base64_follows_rfc_4648_section_10) {
    const char* plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    const char* coded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (size_t i = 0; i < std::size(plain); ++i) {
        BOOST_TEST(base::to_base64(base::bytes_of(std::string_view(plain[i]))) == coded[i]);
        const auto back = base::from_base64(coded[i]);
        BOOST_REQUIRE(back.ok());
        BOOST_TEST(base::text_of(*back) == plain[i]);
    }
    for (const char* bad : {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9"}) {
        BOOST_TEST(!base::from_base64(bad).ok(), bad);
    }
}

BOOST_AUTO_TEST_CASE(hex_round_trips_and_refuses_the_rest) {
    BOOST_TEST(base::to_hex(base::from_hex("00fFa1").value()) == "00ffa1");
    BOOST_TEST(!base::from_hex("0").ok());
    BOOST_TEST(!base::from_hex("0g").ok());
}

BOOST_AUTO_TEST_CASE(percent_decoding_refuses_half_codes_and_nul) {
    BOOST_TEST(base::percent_decode("a%20b%2f").value() == "a b/");
    for (const char* bad : {"%", "%2", "a%2", "%zz", "%00"}) {
        BOOST_TEST(!base::percent_decode(bad).ok(), bad);
    }
}

BOOST_AUTO_TEST_CASE(splitting_keeps_or_drops_empty_parts) {
    BOOST_TEST(base::split("a::b", ':').size() == 3U);
    BOOST_TEST(base::split("", ':').size() == 1U);
    BOOST_TEST(base::split_words("  a \t b\n").size() == 2U);
    BOOST_TEST(base::trim(" \t") == "");
}

BOOST_AUTO_TEST_CASE(suggestions_are_near_or_none) {
    BOOST_TEST(base::nearest("tiemout", {"timeout", "hostnqn"}) == "timeout");
    BOOST_TEST(base::nearest("colour", {"timeout", "hostnqn"}) == "");
}

BOOST_AUTO_TEST_CASE(a_foreign_name_is_unquoted_if_it_is_plain_and_never_long) {
    BOOST_TEST(base::shown("nqn.2024-08.com.example:disk") == "nqn.2024-08.com.example:disk");
    BOOST_TEST(base::shown("") == "\"\"");
    BOOST_TEST(base::shown("a b") == "\"a b\"");
    BOOST_TEST(base::shown("a\nb") == "\"a\\x0ab\"");
    BOOST_TEST(base::shown(std::string(64, 'x')) == std::string(64, 'x'));
    BOOST_TEST(base::shown(std::string(65, 'x')) == std::string(64, 'x') + "…");
    BOOST_TEST(base::shown(std::string(223, '\x1B')).size() < 70U);
}

BOOST_AUTO_TEST_CASE(what_may_not_be_shown_is_escaped_and_the_rest_stays) {
    BOOST_TEST(base::printable("plain, \"quoted\", b\\a, \xc3\xa4\xe2\x82\xac\xf0\x9f\x92\xbe") ==
               "plain, \"quoted\", b\\a, \xc3\xa4\xe2\x82\xac\xf0\x9f\x92\xbe");
    struct Case {
        const char* what;
        std::string_view text;
    };
    const Case cases[] = {
        {"C0", "\x1b"},
        {"DEL", "\x7f"},
        {"C1, U+0080", "\xc2\x80"},
        {"C1, U+009B, which begins terminal commands", "\xc2\x9b"},
        {"C1, U+009F", "\xc2\x9f"},
        {"soft hyphen", "\xc2\xad"},
        {"Arabic letter mark", "\xd8\x9c"},
        {"zero width space", "\xe2\x80\x8b"},
        {"right to left mark", "\xe2\x80\x8f"},
        {"line separator", "\xe2\x80\xa8"},
        {"right to left override", "\xe2\x80\xae"},
        {"isolate", "\xe2\x81\xa6"},
        {"pop isolate", "\xe2\x81\xa9"},
        {"byte order mark", "\xef\xbb\xbf"},
        {"tag", "\xf3\xa0\x80\xa1"},
        {"invalid", "\xff"},
        {"cut short", "\xe2\x82"},
        {"overlong", "\xc0\xaf"},
        {"surrogate", "\xed\xa0\x80"},
    };
    for (const Case& each : cases) {
        const std::string shown = base::printable(each.text);
        BOOST_TEST(shown.size() == 4 * each.text.size(), each.what);
        BOOST_TEST(shown.starts_with("\\x"), each.what);
    }
    BOOST_TEST(base::printable("a\xc2\x9b"
                               "b") ==
               "a\\xc2\\x9b"
               "b");
    BOOST_TEST(base::printable("\xc2\xa0") == "\xc2\xa0");  // the first one behind C1
}

BOOST_AUTO_TEST_CASE(secrets_are_left_out_of_whatever_is_shown) {
    const std::string dhchap = "DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:";
    const std::string tls = "NVMeTLSkey-1:01:VRLbtnN9AQb2WXW3c9+wEf/DRLz0QuLdbYvEhwtdWwNf9LrZ:";
    for (const std::string& secret : {dhchap, tls, base::to_lower(dhchap)}) {
        BOOST_TEST(base::holds_secret("/etc/" + secret));
        const std::string body = secret.substr(secret.find(':') + 4, 20);
        for (const std::string& shown :
             {base::printable("open " + secret + " twice " + secret), base::quoted(secret),
              base::without_secrets(secret), base::error("open " + secret).text,
              base::error("no").in(secret).text, base::errno_error(2, secret).text,
              base::parse_path("/etc/" + secret).error().text}) {
            BOOST_TEST(shown.find(body) == std::string::npos, shown);
        }
    }
    BOOST_TEST(base::without_secrets("a DHHC-1:HH:KEY: secret") == "a DHHC-1:HH:KEY: secret");
    BOOST_TEST(base::without_secrets("x " + dhchap + " y") == "x DHHC-1:(secret) y");
    BOOST_TEST(base::parse_path("/etc/key").value() == "/etc/key");
    BOOST_TEST(!base::parse_path("").ok());
}

BOOST_AUTO_TEST_SUITE_END()
