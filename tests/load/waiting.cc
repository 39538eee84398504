// SPDX-License-Identifier: GPL-2.0-or-later
//
// The cost of a command while many others wait: processor time for each of 100, 1,000 and 10,000
// that wait at a time, of every kind that can wait. `make bench` prints the table; a column must
// not grow to the right.
#include <cstdio>
#include <ctime>
#include <deque>
#include <functional>

#include "support/admin_fixture.h"
#include "support/io_fixture.h"
#include "support/protected_fixture.h"
#include "support/test.h"

namespace {

using support::in_capsule;

constexpr uint32_t kBlock = 512;
constexpr uint16_t kEntries = 1024;

double processor_us() {
    timespec now{};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

base::Bytes capsule(nvme::Sqe sqe, uint16_t cid, const base::Bytes& data) {
    return nvme::whole_pdu(nvme::CapsuleCmd{{}, in_capsule(sqe, cid, data.size())}, {}, data);
}

nvme::Sqe fused(nvme::Sqe sqe, uint8_t half) {
    sqe.flags = half;
    return sqe;
}

base::Bytes pair(uint16_t cid) {
    const base::Bytes zeros(kBlock);
    base::Bytes out = capsule(fused(support::compare(1, {0, 1, kBlock}, {}).sqe, 1), cid, zeros);
    const base::Bytes more = capsule(fused(host::write(1, {0, 1, kBlock}, {}).sqe, 2),
                                     static_cast<uint16_t>(cid + 1), zeros);
    out.insert(out.end(), more.begin(), more.end());
    return out;
}

/// Commands that wait for one which a backend has. @return microseconds for each
double wait_behind_one(size_t count, size_t of_queue,
                       const std::function<base::Bytes(uint16_t number)>& command) {
    support::IoFixture f(target::Limits{.queue_entries = kEntries});
    f.backend->hold = true;
    (void)f.io->peer.exchange(pair(0));
    std::deque<std::unique_ptr<support::Line>> lines;
    std::deque<std::vector<base::Bytes>> capsules;
    for (size_t left = count; left > 0;) {
        lines.push_back(f.open_io(static_cast<uint16_t>(lines.size() + 2)));
        BOOST_REQUIRE(lines.back() != nullptr);
        auto& own = capsules.emplace_back();
        for (; own.size() < of_queue && left > 0; --left) {
            own.push_back(command(static_cast<uint16_t>(own.size())));
        }
    }
    const double before = processor_us();
    for (size_t i = 0; i < lines.size(); ++i) {
        for (const base::Bytes& bytes : capsules[i]) {
            (void)lines[i]->peer.exchange(bytes);
        }
    }
    f.backend->hold = false;
    f.backend->settle();
    for (const auto& line : lines) {
        (void)line->peer.exchange({});
    }
    return (processor_us() - before) / static_cast<double>(count);
}

double ordered_writes(size_t count) {
    return wait_behind_one(count, kEntries, [](uint16_t number) {
        return capsule(host::write(1, {0, 1, kBlock}, {}).sqe, number, base::Bytes(kBlock));
    });
}

double fused_pairs(size_t count) {
    return wait_behind_one(count, kEntries / 2,
                           [](uint16_t number) { return pair(static_cast<uint16_t>(2 * number)); });
}

double deallocations(size_t count) {
    const auto command = support::deallocate(1, {{0, 8}});
    return wait_behind_one(count, kEntries, [&](uint16_t number) {
        return capsule(command.sqe, number, command.data_out);
    });
}

double reservations(size_t count) {
    return wait_behind_one(count, kEntries, [](uint16_t number) {
        // The holder of a reservation of all registrants preempts them, and waits for what they do.
        nvme::Sqe sqe = host::flush(1).sqe;
        const bool registers = number < 2;
        sqe.opcode = static_cast<uint8_t>(registers ? nvme::IoOpcode::kReservationRegister
                                                    : nvme::IoOpcode::kReservationAcquire);
        sqe.cdw10 = registers ? 1U << 3U : 6U << 8U | (number == 2 ? 0U : 2U);
        base::Bytes keys(16);
        keys[registers ? 8 : 0] = std::byte{7};
        return capsule(sqe, number, keys);
    });
}

double protected_overlaps(size_t count) {
    nvme::PiFormat format;
    format.type = 1;
    support::ProtectedFixture f(format, false);
    struct Write final : target::Io {
        void done(target::IoError) override {}
        base::Bytes bytes = base::Bytes(kBlock);
    };
    std::deque<std::function<void()>> deferred;
    auto header = target::new_header(f.format, f.kBlocks, {1}, target::kMinLogEntries);
    header.state = target::SidecarHeader::kInUse;
    auto data = std::make_unique<support::HeldBackend>(f.kBlocks * kBlock);
    support::HeldBackend& image = *data;
    target::ProtectedBackend store(
        std::move(data), std::make_unique<support::HeldBackend>(target::sidecar_bytes(header)),
        header, [](const target::IntegrityFault&) {},
        [&](std::function<void()> action) { deferred.push_back(std::move(action)); });
    image.hold = true;
    std::deque<Write> writes(count + 1);
    const double before = processor_us();
    for (Write& write : writes) {
        write.kind = target::Io::Kind::kWrite;
        write.length = kBlock;
        write.data = write.bytes;
        store.submit(write);
    }
    image.hold = false;
    for (; !deferred.empty(); deferred.pop_front()) {
        deferred.front()();
        image.settle();
    }
    return (processor_us() - before) / static_cast<double>(count);
}

/// Queues of hosts that have begun to authenticate. @return microseconds to continue one of them
double authentications(size_t count) {
    support::TargetFixture f;
    const auto secret = nvme::DhchapSecret::from_key({}, base::Bytes(32, std::byte{0x11})).value();
    f.hosts.add(support::kHostNqn,
                std::make_shared<target::HostKeys>(
                    target::HostKeys{.host = secret.copy(),
                                     .controller = {},
                                     .hashes = {nvme::kHashes.begin(), nvme::kHashes.end()},
                                     .groups = {nvme::kDhGroups.begin(), nvme::kDhGroups.end()}}));
    std::deque<std::unique_ptr<support::Line>> lines;
    for (size_t i = 0; i < std::min<size_t>(count, 1000); ++i) {  // controllers of a subsystem
        lines.push_back(f.open());
        BOOST_REQUIRE(lines.back()->host.connect(f.connect_options()).has_value());
    }
    double spent = 0;
    for (const auto& line : lines) {
        support::DhchapHostOptions options;
        options.hostnqn = support::kHostNqn;
        options.subsysnqn = support::kSubsysNqn;
        options.secret = secret.text().reveal();
        options.groups = {nvme::DhGroup::kNull};
        support::DhchapHost host(options);
        const double before = processor_us();
        (void)line->host.authenticate(host);
        spent += processor_us() - before;
        BOOST_REQUIRE((host.state() == support::DhchapHost::State::kAuthenticated));
    }
    return spent / static_cast<double>(lines.size());
}

/// Discovery pages that are asked for, and not yet sent.
double discovery_pages(size_t count) {
    support::TargetFixture f;
    f.target.add_portal({.address = "192.0.2.1", .port = 4420, .id = 1});
    std::deque<std::unique_ptr<support::Line>> lines;
    for (size_t i = 0; i < std::min<size_t>(count, 1000); ++i) {
        lines.push_back(support::open_discovery(f, support::kHostNqn));
    }
    const double before = processor_us();
    for (const auto& line : lines) {
        (void)line->host.run(host::get_log_page(nvme::LogPage::kDiscovery, 4096, 0));
    }
    return (processor_us() - before) / static_cast<double>(lines.size());
}

struct Row {
    const char* name;
    double (*measure)(size_t count);
};

}  // namespace

BOOST_AUTO_TEST_CASE(what_one_costs_while_many_wait) {
    constexpr Row kRows[] = {
        {"ordered writes", ordered_writes},     {"fused pairs", fused_pairs},
        {"deallocations", deallocations},       {"protected overlaps", protected_overlaps},
        {"reservations", reservations},         {"authentications *", authentications},
        {"discovery pages *", discovery_pages},
    };
    std::printf("processor time of a command, us, while so many wait\n%-20s %8s %8s %8s\n", "",
                "100", "1000", "10000");
    for (const Row& row : kRows) {
        std::printf("%-20s", row.name);
        for (const size_t count : {100U, 1000U, 10000U}) {
            double best = row.measure(count);
            for (size_t again = count; again < 1000; again *= 3) {
                best = std::min(best, row.measure(count));
            }
            std::printf(" %8.2f", best);
            (void)std::fflush(stdout);
        }
        std::printf("\n");
    }
    std::printf("* with 1000 connections at most\n");
}
