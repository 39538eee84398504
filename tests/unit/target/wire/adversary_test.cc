// SPDX-License-Identifier: GPL-2.0-or-later
//
// A host that makes thousands of commands wait for each other: they end one behind the other, each
// costs no more than one of a few, and another host notices nothing.
#include <sys/socket.h>

#include <chrono>
#include <deque>
#include <fstream>

#include "support/io_fixture.h"
#include "support/lanes.h"
#include "support/running_service.h"
#include "support/test.h"
#include "target/protection/image_file.h"

namespace adversary_test {

using support::in_capsule;
using support::pattern;

constexpr uint32_t kBlock = 512;

/// The capsules of a Compare and a Write that are fused, as a host sends them. Blocks hold zeros
/// before and after.
base::Bytes pair(uint64_t block, uint16_t cid, uint32_t nsid = 1) {
    const base::Bytes zeros(kBlock);
    nvme::Sqe first = support::compare(nsid, {block, 1, kBlock}, {}).sqe;
    first.flags = nvme::Sqe::kFusedFirst;
    nvme::Sqe second = host::write(nsid, {block, 1, kBlock}, {}).sqe;
    second.flags = nvme::Sqe::kFusedSecond;
    second.cdw12 = second.cdw12 | nvme::IoFlags::kForceUnitAccess;
    base::Bytes out =
        nvme::whole_pdu(nvme::CapsuleCmd{{}, in_capsule(first, cid, kBlock)}, {}, zeros);
    const base::Bytes more = nvme::whole_pdu(
        nvme::CapsuleCmd{{}, in_capsule(second, static_cast<uint16_t>(cid + 1), kBlock)}, {},
        zeros);
    out.insert(out.end(), more.begin(), more.end());
    return out;
}

base::Bytes write(uint64_t block, uint16_t cid, uint32_t nsid) {
    const auto sqe = in_capsule(host::write(nsid, {block, 1, kBlock}, {}).sqe, cid, kBlock);
    return nvme::whole_pdu(nvme::CapsuleCmd{{}, sqe}, {}, pattern(kBlock, cid));
}

/// The memory and the log lines of the server.
struct Costs {
    size_t resident_kib = 0;
    size_t log_lines = 0;  ///< of the audit log, which has the events of the log
};
Costs costs(const support::TempDir& dir) {
    constexpr size_t kPageKib = 4;
    size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages >> pages;
    const std::string audit = dir.read("audit");
    return {pages * kPageKib, static_cast<size_t>(std::ranges::count(audit, '\n'))};
}

/// Answers in `bytes`, all of them of one size.
size_t answers_in(const base::Bytes& bytes) {
    return bytes.size() / sizeof(nvme::CapsuleResp);
}

}  // namespace adversary_test

using namespace adversary_test;

BOOST_AUTO_TEST_SUITE(adversary)

BOOST_AUTO_TEST_CASE(thousands_of_pairs_that_wait_end_one_behind_the_other) {
    constexpr size_t kPairs = 6000;
    constexpr uint16_t kOfQueue = 500;
    support::IoFixture f(target::Limits{.queue_entries = 1024});
    f.backend->hold = true;
    std::deque<std::unique_ptr<support::Line>> lines;
    for (uint16_t qid = 2; lines.size() < kPairs / kOfQueue; ++qid) {
        lines.push_back(f.open_io(qid));
        BOOST_REQUIRE(lines.back() != nullptr);
        for (uint16_t i = 0; i < kOfQueue; ++i) {
            BOOST_REQUIRE(
                lines.back()->peer.exchange(pair(0, static_cast<uint16_t>(2 * i))).empty());
        }
    }
    const target::WriteOrder& order = f.subsystem->namespaces().at(1)->writes();
    BOOST_TEST(order.waiting() == kPairs - 1);
    BOOST_TEST(f.backend->held.size() == 1U);
    f.backend->hold = false;
    f.backend->settle();  // and what follows ends at once
    size_t answers = 0;
    for (const auto& line : lines) {
        answers += answers_in(line->peer.exchange({}));
    }
    BOOST_TEST(answers == 2 * kPairs);
    BOOST_TEST(order.waiting() == 0U);
    BOOST_TEST(order.steps() / kPairs < 150U);
}

BOOST_AUTO_TEST_CASE(a_newcomer_to_a_full_queue_may_try_again_and_others_continue) {
    constexpr uint16_t kOfQueue = 1900;
    support::IoFixture f(target::Limits{.queue_entries = 2000});
    f.backend->hold = true;
    std::deque<std::unique_ptr<support::Line>> lines;
    const target::WriteOrder& order = f.subsystem->namespaces().at(1)->writes();
    BOOST_REQUIRE(f.io->peer.exchange(pair(0, 0)).empty());
    nvme::Sqe zeroes = host::write_zeroes(1, {0, 1, kBlock}).sqe;
    base::Bytes last;
    for (uint16_t qid = 2; last.empty() && qid < 40; ++qid) {
        lines.push_back(f.open_io(qid));
        BOOST_REQUIRE(lines.back() != nullptr);
        for (uint16_t cid = 0; last.empty() && cid < kOfQueue; ++cid) {
            const auto sqe = in_capsule(zeroes, cid, 0);
            last = lines.back()->peer.exchange(nvme::whole_pdu(nvme::CapsuleCmd{{}, sqe}, {}));
        }
    }
    BOOST_TEST(order.waiting() == target::WriteOrder::kMostWaiting);
    BOOST_TEST(support::words(last)[0].ends_with("Command Interrupted (021h)"));
    BOOST_TEST(f.send(in_capsule(host::write_zeroes(1, {9, 1, kBlock}).sqe, 9, 0)).empty());
    BOOST_TEST(f.backend->held.size() == 2U);  // nobody holds block 9
    f.backend->hold = false;
    f.backend->settle();
    (void)f.io->peer.exchange({});
    BOOST_TEST(order.waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(another_host_is_answered_while_they_wait) {
    constexpr size_t kQueues = 12;
    constexpr uint16_t kPairs = 60;  // of a queue
    constexpr uint16_t kWrites = 120;
    constexpr double kStallMs = 5000;  // a stall, whatever else the machine does
    constexpr size_t kMoreKib = size_t{128} << 10U;
    const auto prepare = [](const support::TempDir& dir) {
        BOOST_REQUIRE(
            target::protect_image({.image = dir.at("more.img"), .sidecar = "", .force = false},
                                  [](uint64_t, uint64_t) {})
                .ok());
    };
    support::RunningService running(
        "audit_log=audit\n"
        "[subsystem.s]\nnqn=nqn.2024-08.com.example:disk\nallow_any_host=yes\n"
        "[namespace.n]\nsubsystem=s\nimage=disk.img\n"
        "[namespace.p]\nsubsystem=s\nnsid=2\nimage=more.img\nprotection=at-rest\n",
        support::reactors(), prepare);
    const auto join = [&](const char* nqn, size_t queues, auto& lines) {
        lines.emplace_back(running);
        const auto cntlid = lines.front().connect(nqn);
        BOOST_REQUIRE((cntlid && lines.front().host.enable()));
        for (uint16_t qid = 1; qid <= queues; ++qid) {
            BOOST_REQUIRE(lines.emplace_back(running).connect(nqn, qid, *cntlid).has_value());
        }
    };
    std::deque<support::ServiceLine> neighbour;
    join("nqn.2024-08.com.example:neighbour", 1, neighbour);
    std::deque<support::ServiceLine> adversary;
    join("nqn.2024-08.com.example:adversary", kQueues, adversary);
    const Costs before = costs(running.dir);
    for (size_t i = 1; i <= kQueues; ++i) {
        base::Bytes bytes;
        for (uint16_t cid = 0; cid < (i % 2 == 0 ? kPairs : kWrites); ++cid) {
            const base::Bytes more =
                i % 2 == 0 ? pair(0, static_cast<uint16_t>(2 * cid)) : write(0, cid, 2);
            bytes.insert(bytes.end(), more.begin(), more.end());
        }
        BOOST_REQUIRE(send(adversary[i].peer.fd(), bytes.data(), bytes.size(), 0) ==
                      static_cast<ssize_t>(bytes.size()));
    }
    std::chrono::duration<double, std::milli> worst{0};
    for (int round = 0; round < 50; ++round) {
        for (const uint32_t nsid : {1U, 2U}) {
            const auto start = std::chrono::steady_clock::now();
            BOOST_REQUIRE(neighbour[1].run(host::read(nsid, {1000, 1, kBlock})));
            worst = std::max(worst, std::chrono::duration<double, std::milli>(
                                        std::chrono::steady_clock::now() - start));
        }
    }
    const Costs after = costs(running.dir);
    std::printf(
        "adversary: worst read of the other host %.1f ms, resident memory %zu -> %zu KiB, "
        "log lines %zu -> %zu\n",
        worst.count(), before.resident_kib, after.resident_kib, before.log_lines, after.log_lines);
    BOOST_TEST(worst.count() < kStallMs);
    BOOST_TEST(after.resident_kib < before.resident_kib + kMoreKib);
    BOOST_TEST(before.log_lines > 0U);
    BOOST_TEST(after.log_lines <= 2 * (kQueues + 3));  // the begin and end of each connection
    // SIGTERM while they wait: the destructor of the service returns.
}

BOOST_AUTO_TEST_SUITE_END()
