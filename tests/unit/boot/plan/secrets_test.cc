// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/plan/secrets.h"

#include <sys/stat.h>

#include "support/temp_dir.h"
#include "support/test.h"
#include "unit/boot/sources/sample_secrets.h"

BOOST_AUTO_TEST_SUITE(secrets)

BOOST_AUTO_TEST_CASE(a_private_file_of_one_line_is_taken) {
    const support::TempDir dir;
    const std::string path = dir.file("key", " " + std::string(kHostSecret) + " \n", 0600);
    const auto secret = boot::load_secret(path);
    BOOST_REQUIRE_MESSAGE(secret.ok(), (secret.ok() ? "" : secret.error().text));
    BOOST_TEST(secret->reveal() == kHostSecret);
}

BOOST_AUTO_TEST_CASE(files_that_others_could_read_or_write_are_refused) {
    const support::TempDir dir;
    for (const unsigned mode : {0640U, 0604U, 0620U, 0602U, 0610U, 0601U, 0644U, 0777U}) {
        const std::string path = dir.file("key", kHostSecret, mode);
        BOOST_REQUIRE(chmod(path.c_str(), mode) == 0);
        const auto secret = boot::load_secret(path);
        BOOST_REQUIRE_MESSAGE(!secret.ok(), mode);
        BOOST_TEST(secret.error().text.find("chmod 0600") != std::string::npos,
                   secret.error().text);
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_regular_is_refused_without_waiting) {
    const support::TempDir dir;
    BOOST_REQUIRE(mkfifo(dir.at("fifo").c_str(), 0600) == 0);
    for (const std::string& path : {dir.at("fifo"), dir.folder("directory")}) {
        const auto secret = boot::load_secret(path);
        BOOST_REQUIRE(!secret.ok());
        BOOST_TEST(secret.error().text == path + " is not a regular file");
    }
    BOOST_TEST(boot::load_secret(dir.at("none")).error().code == ENOENT);
}

BOOST_AUTO_TEST_CASE(malformed_text_is_refused_and_never_quoted) {
    const support::TempDir dir;
    const std::string good(kHostSecret);
    std::string flipped = good;
    flipped[12] = flipped[12] == 'A' ? 'B' : 'A';
    const std::string cases[] = {
        "",
        good.substr(0, good.size() - 1),
        good + "\n" + good,
        flipped,
        good + good,
        "x" + good,
        "swordfish",
        "DHHC-1:00:c3dvcmRmaXNo:",
        std::string(5000, 'A'),
    };
    for (const std::string& text : cases) {
        const auto secret = boot::load_secret(dir.file("key", text, 0600));
        BOOST_REQUIRE_MESSAGE(!secret.ok(), text);
        const std::string& error = secret.error().text;
        BOOST_TEST(error.starts_with(dir.at("key")), error);
        BOOST_TEST(error.find("swordfish") == std::string::npos, error);
        BOOST_TEST(error.find("c3dvcmRmaXNo") == std::string::npos, error);
        BOOST_TEST(error.find(good.substr(10, 8)) == std::string::npos, error);
    }
}

BOOST_AUTO_TEST_CASE(the_text_handed_in_is_wiped) {
    std::string text(kHostSecret);
    const char* memory = text.data();
    BOOST_REQUIRE(boot::parse_secret(text).ok());
    BOOST_TEST(text.empty());
    BOOST_TEST(memory[1] == '\0');
}

BOOST_AUTO_TEST_SUITE_END()
