// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/fd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "support/temp_dir.h"
#include "support/test.h"

BOOST_AUTO_TEST_SUITE(fd)

BOOST_AUTO_TEST_CASE(move_assignment_closes_what_it_replaces) {
    int pipe_a[2];
    int pipe_b[2];
    BOOST_REQUIRE(::pipe(pipe_a) == 0 && ::pipe(pipe_b) == 0);
    const base::UniqueFd close_a(pipe_a[0]);
    const base::UniqueFd close_b(pipe_b[0]);
    {
        base::UniqueFd first(pipe_a[1]);
        base::UniqueFd second(pipe_b[1]);
        first = std::move(second);
        BOOST_TEST(first.get() == pipe_b[1]);
    }
    BOOST_TEST(::fcntl(pipe_a[1], F_GETFD) == -1);
    BOOST_TEST(::fcntl(pipe_b[1], F_GETFD) == -1);
}

BOOST_AUTO_TEST_CASE(descriptors_close_on_exec) {
    const support::TempDir dir;
    const auto fd = base::open_file(dir.file("a", "x"), O_RDONLY);
    BOOST_REQUIRE(fd.ok());
    BOOST_TEST((::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
}

BOOST_AUTO_TEST_CASE(reading_stops_at_the_end_or_at_the_limit) {
    const support::TempDir dir;
    const std::string path = dir.file("a", std::string(10000, 'x'));
    BOOST_TEST(base::read_text(path).value().size() == 10000U);
    const auto refused = base::read_text(path, 9999);
    BOOST_REQUIRE(!refused.ok());
    BOOST_TEST(refused.error().code == EFBIG);
    std::byte tail[64];
    const auto fd = base::open_file(path, O_RDONLY);
    BOOST_TEST(base::pread_full(fd->get(), tail, 9990).value() == 10U);
}

BOOST_AUTO_TEST_CASE(atomic_write_makes_directories_sets_the_mode_and_leaves_no_draft) {
    const support::TempDir dir;
    const std::string path = dir.at("run/nvmeroot/root");
    BOOST_REQUIRE(base::write_text_atomically(path, "A=1\n", 0600).ok());
    BOOST_REQUIRE(base::write_text_atomically(path, "A=2\n", 0600).ok());
    BOOST_TEST(dir.read("run/nvmeroot/root") == "A=2\n");
    struct stat info {};
    BOOST_REQUIRE(::stat(path.c_str(), &info) == 0);
    BOOST_TEST((info.st_mode & 0777U) == 0600U);
    const std::filesystem::directory_iterator entries(dir.at("run/nvmeroot"));
    BOOST_TEST(std::distance(begin(entries), end(entries)) == 1);
}

BOOST_AUTO_TEST_CASE(atomic_write_touches_no_other_file) {
    const support::TempDir dir;
    dir.file("victim", "keep");
    dir.link("root.new", dir.at("victim"));
    dir.file("root.XXXXXX", "keep");
    dir.file("root", "old", 0666);
    BOOST_TEST(base::write_text_atomically(dir.at("root"), "A=1\n", 0644).ok());
    BOOST_TEST(dir.read("victim") == "keep");
    BOOST_TEST(dir.read("root.XXXXXX") == "keep");
    BOOST_TEST(dir.read("root") == "A=1\n");
    struct stat info {};
    BOOST_REQUIRE(::stat(dir.at("root").c_str(), &info) == 0);
    BOOST_TEST((info.st_mode & 0777U) == 0644U);
}

BOOST_AUTO_TEST_CASE(errors_name_the_path_and_the_cause) {
    const auto missing = base::write_text("/nonexistent/attr", "1");
    BOOST_REQUIRE(!missing.ok());
    BOOST_TEST(missing.error().text == "open /nonexistent/attr: No such file or directory");
    BOOST_TEST(missing.error().code == ENOENT);
}

BOOST_AUTO_TEST_SUITE_END()
