// SPDX-License-Identifier: GPL-2.0-or-later
//
// Two reactors under everything at once, over loopback: hosts with queues on both, an operator, and
// commands that need all reactors to stand still. Most other tests of the target run on two as well
// (support/lanes.h); run under ThreadSanitizer these two say whether the threads keep out of each
// other's way (`make check-tsan`).
#include <thread>

#include "support/rounds.h"
#include "support/running_service.h"
#include "support/target_fixture.h"
#include "support/test.h"
#include "target/protection/image_file.h"

namespace reactors_test {

constexpr const char* kOther = "nqn.2024-08.com.example:other";
constexpr const char* kSections =
    "[host.h]\nnqn=nqn.2024-08.com.example:host\n[host.o]\nnqn=nqn.2024-08.com.example:other\n"
    "[subsystem.s]\nnqn=nqn.2024-08.com.example:disk\nhosts=h,o\n"
    "[namespace.n]\nsubsystem=s\nimage=disk.img\n"
    "[namespace.p]\nsubsystem=s\nnsid=2\nimage=more.img\nprotection=at-rest\n";
constexpr const char* kThird = "[namespace.t]\nsubsystem=s\nnsid=3\nimage=third.img\n";
constexpr uint64_t kBlocks = 2048;
constexpr uint32_t kBlock = 512;

struct Running : support::RunningService {
    Running() : RunningService(kSections, 2, prepare) {}
    static void prepare(const support::TempDir& dir) {
        dir.file("third.img", std::string(1U << 20U, '\0'));
        const auto nothing = [](uint64_t, uint64_t) {};
        BOOST_REQUIRE(target::protect_image(
                          {.image = dir.at("more.img"), .sidecar = "", .force = false}, nothing)
                          .ok());
    }
};

/// An admin queue and I/O queues.
struct Host {
    Host(Running& running, const char* nqn, uint16_t queues) : admin(running) {
        const auto cntlid = admin.connect(nqn);
        BOOST_REQUIRE(cntlid.has_value());
        BOOST_REQUIRE(admin.host.enable());
        for (uint16_t qid = 1; qid <= queues; ++qid) {
            io.push_back(std::make_unique<support::ServiceLine>(running));
            BOOST_REQUIRE(io.back()->connect(nqn, qid, *cntlid).has_value());
        }
    }
    support::ServiceLine admin;
    std::vector<std::unique_ptr<support::ServiceLine>> io;
};

/// Writes by one queue and reads by another, in blocks that are its own.
struct Mover {
    Host& host;
    uint64_t first;
    uint64_t blocks;
    unsigned seed;

    bool operator()(size_t round) const {
        const uint32_t nsid = round % 2 == 0 ? 1 : 2;
        const uint32_t count = round % 5 == 0 ? 64 : 4;  // by R2T, in the capsule
        const host::BlockRange range{first + round * 3 % (blocks - count), count, kBlock};
        auto data = support::pattern(size_t{count} * kBlock, seed + static_cast<unsigned>(round));
        auto& writer = *host.io[round % host.io.size()];
        auto& reader = *host.io[(round + 1) % host.io.size()];
        const uint32_t flags = round % 7 == 0 ? nvme::IoFlags::kForceUnitAccess : 0U;
        if (!writer.run(host::write(nsid, range, data, flags))) {
            return false;
        }
        const auto back = reader.host.run(host::read(nsid, range));
        // An error is sent to the thread that keeps the log.
        return back && back->data == data && (round % 11 != 0 || reader.run(host::flush(nsid))) &&
               (round % 13 != 0 || !reader.run(host::read(nsid, {kBlocks, 1, kBlock})));
    }
};

/// Compares and writes a counter, over and over: what two queues add up is lost if two pairs are
/// ever under way at once.
size_t count_up(support::ServiceLine& line, uint64_t block, size_t times) {
    size_t done = 0;
    while (done < times) {
        const auto before = line.host.run(host::read(1, {block, 1, kBlock}));
        if (!before || !before->status.ok()) {
            return 0;
        }
        base::Bytes after = before->data;
        after[0] = static_cast<std::byte>(std::to_integer<unsigned>(after[0]) + 1);
        host::Command compare = host::write(1, {block, 1, kBlock}, before->data);
        compare.sqe.opcode = static_cast<uint8_t>(nvme::IoOpcode::kCompare);
        compare.sqe.flags = nvme::Sqe::kFusedFirst;
        host::Command write = host::write(1, {block, 1, kBlock}, std::move(after));
        write.sqe.flags = nvme::Sqe::kFusedSecond;
        auto& queue = line.host.queue();
        if (!queue.submit(std::move(compare)) || !queue.submit(std::move(write))) {
            return 0;
        }
        line.host.pump();
        bool both = true;
        for (int half = 0; half < 2; ++half) {
            const auto completion = queue.take_completion();
            both = both && completion && completion->status.ok();
        }
        done += both ? 1 : 0;
    }
    return done;
}

}  // namespace reactors_test

using namespace reactors_test;

BOOST_AUTO_TEST_SUITE(reactors)

BOOST_AUTO_TEST_CASE(move_data_while_everything_else_continues) {
    Running running;
    Host first(running, support::kServiceHost, 3), second(running, kOther, 2);
    BOOST_TEST(running.ask("status").find("I/O queues by reactor: 1: 3, 2: 2\n") !=
               std::string::npos);
    support::Rounds one(Mover{first, 0, 900, 1});
    support::Rounds two(Mover{second, 900, 900, 2});
    for (int round = 0; round < 6; ++round) {
        running.configure(std::string(kSections) + (round % 2 == 0 ? kThird : ""));
        BOOST_TEST(running.ask("reload").starts_with("ok\n"));
        BOOST_TEST(running.ask("status --json").starts_with("ok\n"));
        BOOST_TEST(first.admin.run(host::get_log_page(nvme::LogPage::kErrors, 64)));
        BOOST_TEST(first.admin.run(host::get_log_page(nvme::LogPage::kSmart, 512)));
        const Host passing(running, kOther, 2);
        one.wait_for(20);
        two.wait_for(20);
    }
    BOOST_TEST(one.stop() > 0U);
    BOOST_TEST(two.stop() > 0U);
    const auto log = first.admin.host.run(host::get_log_page(nvme::LogPage::kErrors, 64));
    BOOST_REQUIRE(log.has_value());
    BOOST_TEST(log->data != base::Bytes(64));
}

BOOST_AUTO_TEST_CASE(run_one_compare_and_write_at_a_time) {
    constexpr size_t kTimes = 60;
    Running running;
    Host host(running, support::kServiceHost, 3);
    support::Rounds others(Mover{host, 100, 900, 5});
    Host counting(running, kOther, 2);
    size_t of_one = 0, of_two = 0;
    std::thread one([&] { of_one = count_up(*counting.io[0], 0, kTimes); });
    std::thread two([&] { of_two = count_up(*counting.io[1], 0, kTimes); });
    one.join();
    two.join();
    BOOST_TEST(of_one + of_two == 2 * kTimes);
    const auto sum = counting.io[0]->host.run(host::read(1, {0, 1, kBlock}));
    BOOST_REQUIRE(sum.has_value());
    BOOST_TEST(std::to_integer<size_t>(sum->data[0]) == 2 * kTimes);
    BOOST_TEST(others.stop() > 0U);
}

BOOST_AUTO_TEST_CASE(a_controller_that_is_reset_loses_its_queues_on_all_of_them) {
    Running running;
    Host host(running, support::kServiceHost, 4);
    BOOST_TEST(host.admin.run(host::property_set(nvme::Property::kCc, 0)));
    for (const auto& line : host.io) {
        BOOST_TEST(!line->run(host::read(1, {0, 1, kBlock})));
    }
    BOOST_TEST(host.admin.host.enable());
}

BOOST_AUTO_TEST_SUITE_END()
