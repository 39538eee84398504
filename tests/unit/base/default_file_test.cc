// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/default_file.h"

#include <sys/stat.h>

#include "support/temp_dir.h"
#include "support/test.h"

BOOST_AUTO_TEST_SUITE(default_file)

BOOST_AUTO_TEST_CASE(a_regular_file_or_a_link_to_one_is_there) {
    const support::TempDir dir;
    dir.file("d/file", "x");
    dir.link("d/link", "file");
    BOOST_TEST(base::has_default_file(dir.at("d/file")).value());
    BOOST_TEST(base::has_default_file(dir.at("d/link")).value());
    BOOST_TEST(base::has_default_directory(dir.at("d")).value());
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_not_an_error) {
    const support::TempDir dir;
    BOOST_TEST(!base::has_default_file(dir.at("file")).value());
    BOOST_TEST(!base::has_default_file(dir.at("none/file")).value());
    BOOST_TEST(!base::has_default_file("/nonexistent").value());
    BOOST_TEST(!base::has_default_directory(dir.at("none")).value());
}

BOOST_AUTO_TEST_CASE(anything_else_that_lstat_sees_is_an_error) {
    const support::TempDir dir;
    dir.link("dangling", "/none/x");
    dir.link("loop", "loop");
    dir.link("null", "/dev/null");
    dir.file("empty", "");
    dir.file("file", "x");
    (void)dir.folder("directory");
    BOOST_REQUIRE(::mkfifo(dir.at("fifo").c_str(), 0600) == 0);
    const std::pair<const char*, const char*> files[] = {
        {"dangling", "is a dangling symbolic link"},
        {"loop", "is a dangling symbolic link"},
        {"null", "is not a regular file"},
        {"fifo", "is not a regular file"},
        {"directory", "is not a regular file"},
        {"empty", "is empty"},
        {"dangling/file", "is a dangling symbolic link"},
        {"file/file", "is not a directory"},
    };
    for (const auto& [name, part] : files) {
        const auto there = base::has_default_file(dir.at(name));
        BOOST_REQUIRE_MESSAGE(!there.ok(), name);
        BOOST_TEST(there.error().text.find(part) != std::string::npos, there.error().text);
    }
    for (const char* name : {"dangling", "loop", "null", "fifo", "file"}) {
        BOOST_TEST(!base::has_default_directory(dir.at(name)).ok(), name);
    }
}

BOOST_AUTO_TEST_SUITE_END()
