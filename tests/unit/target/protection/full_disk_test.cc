// SPDX-License-Identifier: GPL-2.0-or-later
//
// A protected image on a full file system: a write fails alone; Flush and deallocation are done.
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "support/io_fixture.h"
#include "support/running_service.h"
#include "support/test.h"
#include "target/protection/image_file.h"

namespace {

constexpr uint32_t kBlock = 512;
constexpr uint32_t kBlocksOfPage = 8;
constexpr off_t kImageBytes = off_t{64} << 20U;

/// Mounts of this process, and of nobody else.
boost::test_tools::assertion_result can_mount(boost::unit_test::test_unit_id /*unit*/) {
    const bool can =
        unshare(CLONE_NEWNS) == 0 && mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    boost::test_tools::assertion_result result(can);
    result.message() << "this user may not mount a file system of its own";
    return result;
}

/// Takes all that is left.
void fill(const std::string& path) {
    base::Bytes piece(4096, std::byte{1});
    const base::UniqueFd file = base::open_file(path, O_WRONLY | O_CREAT).value();
    while (::write(file.get(), piece.data(), piece.size()) > 0) {
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(full_disk)

BOOST_AUTO_TEST_CASE(a_write_fails_alone_and_flush_and_deallocation_continue,
                     *boost::unit_test::precondition(can_mount)) {
    std::string small;
    const auto prepare = [&small](const support::TempDir& dir) {
        small = dir.at("small");
        BOOST_REQUIRE(mkdir(small.c_str(), 0700) == 0);
        BOOST_REQUIRE(mount("none", small.c_str(), "tmpfs", 0, "size=16m") == 0);
        std::ofstream(small + "/disk.img").close();
        BOOST_REQUIRE(truncate((small + "/disk.img").c_str(), kImageBytes) == 0);
        const auto protection =
            target::protect_image({.image = small + "/disk.img", .sidecar = "", .force = false},
                                  [](uint64_t, uint64_t) {});
        BOOST_REQUIRE_MESSAGE(protection.ok(), (protection.ok() ? "" : protection.error().text));
    };
    support::RunningService running(
        "[subsystem.s]\nnqn=nqn.2024-08.com.example:disk\nallow_any_host=yes\n"
        "[namespace.n]\nsubsystem=s\nimage=small/disk.img\nprotection=at-rest\n",
        support::reactors(), prepare);
    support::ServiceLine admin(running);
    const auto cntlid = admin.connect(support::kServiceHost);
    BOOST_REQUIRE((cntlid && admin.host.enable()));
    support::ServiceLine io(running);
    BOOST_REQUIRE(io.connect(support::kServiceHost, 1, *cntlid).has_value());
    const base::Bytes page = support::pattern(size_t{kBlocksOfPage} * kBlock);
    const auto write = [&](uint64_t block) {
        const auto answer = io.host.run(host::write(1, {block, kBlocksOfPage, kBlock}, page));
        BOOST_REQUIRE(answer.has_value());
        return answer->status.number();
    };
    constexpr uint64_t kThere = 0, kInHole = 65536;
    for (uint64_t block = kThere; block < kThere + size_t{32} * kBlocksOfPage;
         block += kBlocksOfPage) {
        BOOST_REQUIRE(write(block) == 0U);
    }
    BOOST_REQUIRE(io.run(host::flush(1)));
    fill(small + "/filler");

    BOOST_TEST(write(kInHole) == nvme::status::kCapacityExceeded.dnr().number());
    BOOST_TEST(write(kThere) == 0U);  // it has its room
    BOOST_TEST(io.run(host::flush(1)));
    BOOST_TEST(io.run(support::deallocate(1, {{kThere + 64, 128}})));
    BOOST_TEST(io.run(host::flush(1)));
    BOOST_TEST(write(kInHole) == 0U);  // that made some
    BOOST_TEST(io.run(host::flush(1)));
    const auto read = io.host.run(host::read(1, {kInHole, kBlocksOfPage, kBlock}));
    BOOST_TEST((read && read->status.ok() && read->data == page));
    BOOST_TEST(umount2(small.c_str(), MNT_DETACH) == 0);  // its files are still open
}

BOOST_AUTO_TEST_SUITE_END()
