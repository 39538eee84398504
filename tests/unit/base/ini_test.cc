// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/ini.h"

#include <algorithm>

#include "support/temp_dir.h"
#include "support/test.h"

BOOST_AUTO_TEST_SUITE(ini)

BOOST_AUTO_TEST_CASE(entries_keep_order_lines_and_values) {
    const auto ini = base::Ini::parse(
        "# comment\n[Root]\nURI = nvme+tcp://h:1/nqn.x:y/1 ; tail\n\n[path.B]\nuri=\"a b\"\n", "f");
    BOOST_REQUIRE_MESSAGE(ini.ok(), (ini.ok() ? "" : ini.error().text));
    BOOST_REQUIRE(ini->entries().size() == 2U);
    BOOST_TEST(ini->entries()[0].value == "nvme+tcp://h:1/nqn.x:y/1");
    BOOST_TEST(ini->entries()[0].line == 3);
    BOOST_TEST(ini->find("path.b", "uri")->value == "a b");
    BOOST_TEST(ini->where(ini->entries()[0]) == "f:3: [root] uri");
    BOOST_TEST(ini->find("root", "nqn") == nullptr);
}

BOOST_AUTO_TEST_CASE(bad_lines_are_named_without_their_text) {
    struct Case {
        const char* text;
        const char* message;
    };
    const Case cases[] = {
        {"[a]\nDHHC-1:secret\n", "f:2: neither [section] nor key = value"},
        {"k = 1\n", "f:1: \"k\" is before the first [section]"},
        {"[a]\nk = 1\nk = 2\n", "f:3: [a] k: already given in line 2"},
        {"[a:b]\nk = 1\n", "f:1: a section name must not be empty or contain a colon"},
        {"[a]\nk:x = 1\n", "f:2: a key must not contain a colon"},
    };
    for (const Case& c : cases) {
        const auto ini = base::Ini::parse(c.text, "f");
        BOOST_REQUIRE_MESSAGE(!ini.ok(), c.text);
        BOOST_TEST(ini.error().text == c.message);
    }
    BOOST_TEST(!base::Ini::parse(std::string_view("[a]\nk=\0\n", 8), "f").ok());
}

BOOST_AUTO_TEST_CASE(correct_lines_are_read_although_others_are_wrong) {
    std::vector<std::string> problems;
    const auto ini = base::Ini::parse_leniently(
        "early = 1\n[a]\nk = 1\njunk\nk = 2\nx:y = 1\n[b:c]\nlost = 1\n[d]\nmore junk\nl = 3\n",
        "f", problems);
    BOOST_REQUIRE(ini.entries().size() == 2U);
    BOOST_TEST(ini.where(*ini.find("d", "l")) == "f:11: [d] l");
    const std::vector<std::string> expected = {
        "f:4: neither [section] nor key = value",
        "f:10: neither [section] nor key = value",
        "f:1: \"early\" is before the first [section]",
        "f:6: a key must not contain a colon",
        "f:7: a section name must not be empty or contain a colon",
        "f:5: [a] k: already given in line 3"};
    BOOST_TEST(problems == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_plain_value_may_be_of_any_length) {
    std::string list = "h0", lines = "h0";
    for (int i = 1; i < 1000; ++i) {
        list += ", h" + std::to_string(i);
        lines += ", \\ \r\n h" + std::to_string(i);
    }
    const std::string comment = "# " + std::string(5000, 'c') + "\n";
    const auto ini = base::Ini::parse(
        comment + comment + "[a]\nk = " + list + "\n[b]\nl = " + lines + "\nm = 1\n", "f");
    BOOST_REQUIRE_MESSAGE(ini.ok(), (ini.ok() ? "" : ini.error().text));
    BOOST_TEST(ini->find("a", "k")->value == list);
    const std::string& joined = ini->find("b", "l")->value;
    BOOST_TEST(std::ranges::count(joined, ',') == 999);
    BOOST_TEST(joined.ends_with(" h999"));
    BOOST_TEST(joined.find('\\') == std::string::npos);
    BOOST_TEST(ini->find("b", "m")->line == 1006);
}

BOOST_AUTO_TEST_CASE(other_long_lines_are_named_and_the_rest_is_read) {
    const std::string much(2000, 'x');
    std::vector<std::string> problems;
    const auto ini = base::Ini::parse_leniently(
        "[a]\nk = \"" + much + "\"\nl = 1\n" + much + "\n[" + much + "]\nm = 2\n", "f", problems);
    BOOST_TEST(ini.find("a", "l")->value == "1");
    const std::string why =
        ": longer than 1000 characters, which only a value without quotes and comments may be";
    const std::vector<std::string> expected = {"f:2" + why, "f:4" + why, "f:5" + why};
    BOOST_TEST(problems == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_not_part_of_the_text) {
    const auto ini = base::Ini::parse("\xef\xbb\xbf[a]\nk = 1\n", "f");
    BOOST_REQUIRE_MESSAGE(ini.ok(), (ini.ok() ? "" : ini.error().text));
    BOOST_TEST(ini->find("a", "k")->line == 2);
}

BOOST_AUTO_TEST_CASE(a_secret_is_kept_apart) {
    constexpr std::string_view kSecrets[] = {"key"};
    const auto ini = base::Ini::parse(
        "[a]\nKey = DHHC-1:00:ab+/=: ; tail\nother = v\n[b]\nkey=\"quoted\"\n", "f", kSecrets);
    BOOST_REQUIRE_MESSAGE(ini.ok(), (ini.ok() ? "" : ini.error().text));
    BOOST_REQUIRE(ini->entries().size() == 3U);
    BOOST_TEST(ini->entries()[0].value == "");
    BOOST_TEST(ini->entries()[0].secret.reveal() == "DHHC-1:00:ab+/=:");
    BOOST_TEST(ini->entries()[1].value == "v");
    BOOST_TEST(ini->entries()[2].secret.reveal() == "quoted");
}

BOOST_AUTO_TEST_CASE(a_secret_is_one_word) {
    constexpr std::string_view kSecrets[] = {"key"};
    for (const char* text : {"[a]\nkey = one two\n", "[a]\nkey =\n", "[a]\nkey = \"\"\n"}) {
        const auto ini = base::Ini::parse(text, "f", kSecrets);
        BOOST_REQUIRE_MESSAGE(!ini.ok(), text);
        BOOST_TEST(ini.error().text == "f:2: [a] key: needs one word, a secret");
    }
}

BOOST_AUTO_TEST_CASE(a_long_file_is_read_whole_and_an_endless_one_is_not) {
    const support::TempDir dir;
    const auto ini = base::Ini::load(dir.file("long", "[a]" + std::string(9000, '\n') + "k = 1\n"));
    BOOST_REQUIRE(ini.ok());
    BOOST_TEST(ini->find("a", "k")->line == 9001);
    BOOST_TEST(!base::Ini::load("/dev/zero").ok());
}

BOOST_AUTO_TEST_CASE(a_missing_file_names_its_path) {
    const auto ini = base::Ini::load("/nonexistent/x.conf");
    BOOST_REQUIRE(!ini.ok());
    BOOST_TEST(ini.error().text == "open /nonexistent/x.conf: No such file or directory");
}

BOOST_AUTO_TEST_CASE(a_secret_without_a_value_is_blanked_without_looking_outside_the_text) {
    constexpr std::string_view kSecrets[] = {"key"};
    for (const char* text :
         {"[a]\nkey\n", "[a]\nkey =\n", "[a]\nkey =   \n", "[a]\nkey = \"\"\n"}) {
        BOOST_TEST(!base::Ini::parse(text, "x", kSecrets).ok());
    }
}

BOOST_AUTO_TEST_SUITE_END()
