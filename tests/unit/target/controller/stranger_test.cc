// SPDX-License-Identifier: GPL-2.0-or-later
//
// An adversary without any key, or with one, in process: what it holds, what is computed for it and
// what it learns is bounded, and the right host finds what it needs.
#include <algorithm>
#include <deque>

#include "support/admin_fixture.h"
#include "support/io_fixture.h"
#include "target/queue/queue.h"

using base::milliseconds;
using base::seconds;
using support::DhchapHost;
using support::Line;
using support::open_discovery;
using support::TargetFixture;
namespace status = nvme::status;

namespace {

struct KeyedFixture : TargetFixture {
    explicit KeyedFixture(const target::Limits& limits = {})
        : TargetFixture(limits), secret(nvme::DhchapSecret::from_key({}, base::Bytes(32)).value()) {
        give_key(support::kHostNqn);
    }
    void give_key(const std::string& nqn) {
        hosts.add(nqn, std::make_shared<target::HostKeys>(
                           target::HostKeys{.host = secret.copy(),
                                            .controller = {},
                                            .hashes = {nvme::HashId::kSha256},
                                            .groups = {nvme::DhGroup::kNull}}));
    }
    DhchapHost dhchap() {
        support::DhchapHostOptions options;
        options.hostnqn = support::kHostNqn;
        options.subsysnqn = support::kSubsysNqn;
        options.secret = secret.text().reveal();
        return DhchapHost(options);
    }
    bool prove(Line& line) {
        DhchapHost host = dhchap();
        (void)line.host.authenticate(host);
        return host.state() == DhchapHost::State::kAuthenticated;
    }
    std::unique_ptr<Line> connected(uint16_t qid = 0) {
        auto line = open();
        const auto answer =
            line->host.connect(connect_options(qid, qid == 0 ? nvme::kCntlidDynamic : cntlid));
        if (!answer || !answer->status.ok()) {
            return nullptr;
        }
        cntlid = qid == 0 ? static_cast<uint16_t>(answer->dw0) : cntlid;
        return line;
    }
    std::unique_ptr<Line> proved_admin() {
        auto line = connected();
        BOOST_REQUIRE(line);
        BOOST_REQUIRE(prove(*line));
        BOOST_REQUIRE(line->host.enable());
        return line;
    }
    target::Controller& controller() { return *subsystem->find_controller(cntlid); }

    nvme::DhchapSecret secret;
};

target::Limits strict() {
    target::Limits limits;
    limits.attempts = target::Attempts::kStrict;
    return limits;
}

/// Only the head of the answers is looked at: the host does not read.
void send_unread(Line& line, const host::Command& command, uint16_t cid) {
    nvme::CapsuleCmd capsule;
    capsule.sqe = command.sqe;
    capsule.sqe.cid = cid;
    capsule.sqe.flags = nvme::Sqe::kPsdtSgl;
    capsule.sqe.sgl.length = command.data_in_len;
    capsule.sqe.sgl.type = nvme::SglDescriptor::kTransport;
    const nvme::FrameHead head = nvme::frame(capsule, nvme::Framing{});
    if (line.session->wants_input()) {
        line.session->receive(head.bytes(), line.clock.now());
    }
}

size_t unread_bytes(const target::Session& session) {
    std::array<base::ByteView, 4096> pieces;
    size_t bytes = 0;
    const size_t count = session.output(pieces);
    for (size_t i = 0; i < count; ++i) {
        bytes += pieces[i].size();
    }
    return bytes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stranger)

BOOST_AUTO_TEST_CASE(an_exchange_that_is_left_counts_as_a_failed_attempt) {
    KeyedFixture f(strict());
    for (unsigned i = 0; i < target::Attempts::kStrict.tolerated; ++i) {
        auto line = f.connected();
        BOOST_REQUIRE(line);
        BOOST_TEST(line->host.run(host::auth_send(f.dhchap().negotiate()))->status.ok());
    }
    BOOST_TEST(!f.connected());  // busy: nothing is computed any more
    f.clock.sleep(seconds(7));
    BOOST_TEST(f.connected() != nullptr);
}

BOOST_AUTO_TEST_CASE(an_exchange_that_is_given_up_or_not_done_in_time_counts_too) {
    KeyedFixture f(strict());
    for (unsigned i = 0; i < target::Attempts::kStrict.tolerated; ++i) {
        auto line = f.connected();
        BOOST_REQUIRE(line);
        BOOST_TEST(line->host.run(host::auth_send(f.dhchap().negotiate()))->status.ok());
        if (i % 2 == 0) {
            (void)line->host.run(host::auth_receive(4096));
            nvme::AuthFailureMessage failure;
            failure.kind = nvme::AuthMessage::kFailure2;
            failure.transaction = 1;
            (void)line->host.run(host::auth_send(failure.serialize()));
            BOOST_TEST(line->over());
        }
    }
    BOOST_TEST(!f.connected());
}

BOOST_AUTO_TEST_CASE(a_host_that_only_looks_whether_it_is_asked_for_a_proof_fails_nothing) {
    KeyedFixture f(strict());
    for (int i = 0; i < 50; ++i) {
        BOOST_TEST(f.connected() != nullptr);
    }
}

BOOST_AUTO_TEST_CASE(an_io_queue_without_a_proof_holds_no_id) {
    KeyedFixture f;
    auto admin = f.proved_admin();
    std::deque<std::unique_ptr<Line>> claimants;
    for (int i = 0; i < 5; ++i) {
        claimants.push_back(f.connected(1));
        BOOST_REQUIRE(claimants.back());
    }
    BOOST_TEST(f.controller().queues().find(1) == nullptr);
    BOOST_TEST(!f.controller().queues().has_io());
    auto right = f.connected(1);
    BOOST_REQUIRE(right);
    BOOST_TEST(f.prove(*right));
    BOOST_TEST(f.controller().queues().find(1) != nullptr);
    for (const auto& claimant : claimants) {
        BOOST_TEST(claimant->over());
    }
    BOOST_TEST(right->host.run(host::read(1, {0, 1}))->status.ok());
    BOOST_TEST(!f.connected(1));  // now it is in use
}

BOOST_AUTO_TEST_CASE(an_unauthenticated_io_queue_is_not_a_sign_of_life) {
    KeyedFixture f;
    auto admin = f.proved_admin();
    const auto expiry = f.controller().expiry();
    BOOST_REQUIRE(expiry.has_value());
    f.clock.sleep(seconds(3));
    auto claimant = f.connected(1);
    BOOST_REQUIRE(claimant);
    (void)claimant->host.run(host::auth_send(f.dhchap().negotiate()));
    BOOST_TEST(f.controller().expiry() == expiry);
    claimant.reset();
    BOOST_TEST(f.controller().expiry() == expiry);
    f.clock.sleep(seconds(20));
    admin->on_timer();
    BOOST_TEST(admin->over());
}

BOOST_AUTO_TEST_CASE(a_claimant_ends_with_its_controller) {
    KeyedFixture f;
    auto admin = f.proved_admin();
    auto claimant = f.connected(1);
    admin.reset();
    BOOST_TEST(claimant->over());
    BOOST_TEST(f.subsystem->controllers().empty());
}

BOOST_AUTO_TEST_CASE(controller_ids_of_unauthenticated_hosts_give_way) {
    KeyedFixture f({.controllers = 4});
    std::deque<std::unique_ptr<Line>> claimants;
    for (int i = 0; i < 4; ++i) {
        claimants.push_back(f.connected());
        BOOST_REQUIRE(claimants.back());
    }
    BOOST_TEST(!f.connected());  // they have just come, from the same address
    f.clock.sleep(seconds(2));
    auto right = f.proved_admin();
    BOOST_TEST(claimants.front()->over());
    f.clock.sleep(seconds(2));
    for (int i = 0; i < 3; ++i) {
        claimants.push_back(f.connected());
        BOOST_REQUIRE(claimants.back());
    }
    BOOST_TEST(!right->over());
}

BOOST_AUTO_TEST_CASE(a_visitor_cannot_stay_for_long) {
    TargetFixture f;
    for (const uint32_t kato_ms : {0U, 5000U, 60'000U, 3'600'000U, UINT32_MAX}) {
        auto line = open_discovery(f, support::kStrangerNqn, kato_ms);
        const auto deadline = line->session->next_deadline();
        BOOST_REQUIRE(deadline.has_value());
        BOOST_TEST(*deadline <= f.clock.now() + seconds(120));
        const auto told = line->host.run(host::get_features(nvme::Feature::kKeepAliveTimer));
        BOOST_TEST(told->dw0 == std::min(kato_ms, 60'000U));
        f.clock.sleep(seconds(121));
        line->on_timer();
        BOOST_TEST(line->over());
    }
}

BOOST_AUTO_TEST_CASE(the_discovery_log_is_looked_up_once_for_all_that_nobody_knows) {
    TargetFixture f;
    f.target.add_portal({.address = "192.0.2.1", .port = 4420, .id = 1});
    for (int i = 0; i < 300; ++i) {
        target::SubsystemConfig config;
        config.nqn = support::kSubsysNqn + std::to_string(i);
        config.allow_any_host = true;
        f.target.add_subsystem(std::move(config));
    }
    std::deque<std::unique_ptr<Line>> visitors;
    const uint64_t before = f.target.discovery().lookups();
    for (int i = 0; i < 100; ++i) {
        visitors.push_back(open_discovery(f, "nqn.2024-08.com.example:nobody" + std::to_string(i)));
        for (uint64_t offset = 0; offset < 8; ++offset) {
            const auto page = visitors.back()->host.run(
                host::get_log_page(nvme::LogPage::kDiscovery, 1024, offset * 1024));
            BOOST_TEST(page->status.ok());
        }
    }
    BOOST_TEST(f.target.discovery().lookups() == before + 1);
    f.target.discovery_changed();
    BOOST_TEST(f.target.discovery().lookups() == before + 2);
}

BOOST_AUTO_TEST_CASE(slices_of_the_discovery_log_are_the_whole) {
    TargetFixture f;
    f.target.add_portal({.address = "0.0.0.0", .port = 4420, .id = 1});
    f.target.add_portal({.address = "192.0.2.7", .port = 4421, .id = 2});
    f.target.add_portal({.address = "0.0.0.0", .port = 8009, .id = 3, .discovery = true});
    f.target.add_portal({.address = "192.0.2.7", .port = 8009, .id = 4, .discovery = true});
    auto line = open_discovery(f, support::kHostNqn);
    for (const unsigned flags : {0U, 1U, 2U, 3U}) {
        const auto read = [&](uint32_t length, uint64_t offset) {
            auto command = host::get_log_page(nvme::LogPage::kDiscovery, length, offset);
            command.sqe.cdw10 = command.sqe.cdw10 | flags << 8U;
            return line->host.run(std::move(command));
        };
        const base::Bytes whole = read(16384, 0)->data;
        BOOST_REQUIRE(whole.size() == 16384U);
        base::Bytes joined;
        for (uint32_t step = 4;; step += 12) {
            const auto part = read(step, joined.size());
            if (!part->status.ok()) {  // an offset behind the end
                break;
            }
            joined.insert(joined.end(), part->data.begin(), part->data.end());
        }
        const auto header = support::page_of<nvme::DiscoveryHeader>(read(1024, 0));
        BOOST_TEST(joined.size() >= 1024 * (header.numrec + 1));
        BOOST_REQUIRE(joined.size() <= whole.size());
        BOOST_TEST((std::equal(joined.begin(), joined.end(), whole.begin())));
    }
}

BOOST_AUTO_TEST_CASE(a_visitor_that_does_not_read_pins_little) {
    TargetFixture f;
    auto line = open_discovery(f, support::kStrangerNqn);
    const auto identity = support::page_of<nvme::IdentifyController>(
        line->host.run(host::identify(nvme::Cns::kController)));
    const uint32_t most = 4096U << identity.mdts;
    BOOST_TEST(most == target::Controller::kDiscoveryTransfer);
    BOOST_TEST(line->host.run(host::get_log_page(nvme::LogPage::kDiscovery, most * 2, 0))
                   ->status.number() == status::kInvalidField.dnr().number());
    const size_t idle = f.target.control().memory().bytes();
    for (uint16_t cid = 0; cid < 2000; ++cid) {
        send_unread(*line, host::get_log_page(nvme::LogPage::kDiscovery, most, 0), cid);
    }
    BOOST_TEST(!line->session->wants_input());
    BOOST_TEST(unread_bytes(*line->session) <= 2 * most);
    BOOST_TEST(f.target.control().memory().bytes() - idle <= 2 * most);
    BOOST_TEST(!line->over());
}

BOOST_AUTO_TEST_CASE(data_that_does_not_come_ends_the_connection) {
    TargetFixture f;
    auto admin = f.open_admin();
    auto io = f.open_io();
    for (uint16_t cid = 0; cid < 100; ++cid) {
        auto command = host::write(1, {0, 64}, base::Bytes(64 * 512));
        nvme::CapsuleCmd capsule;
        capsule.sqe = command.sqe;
        capsule.sqe.cid = cid;
        capsule.sqe.flags = nvme::Sqe::kPsdtSgl;
        capsule.sqe.sgl.length = uint32_t{64 * 512};
        capsule.sqe.sgl.type = nvme::SglDescriptor::kTransport;
        io->session->receive(nvme::frame(capsule, nvme::Framing{}).bytes(), f.clock.now());
    }
    io->on_timer();
    BOOST_TEST(!io->over());
    f.clock.sleep(seconds(30));
    io->on_timer();
    BOOST_TEST(io->over());
    BOOST_TEST(f.events.has("the data of a write did not arrive within the time limit"));
}

BOOST_AUTO_TEST_CASE(a_host_holds_no_more_than_its_share_of_memory_over_all_its_queues) {
    TargetFixture f({}, size_t{8} << 20U);
    auto admin = f.open_admin();
    std::deque<std::unique_ptr<Line>> lines;
    for (uint16_t qid = 1; qid <= 40; ++qid) {
        lines.push_back(f.open_io(qid));
        BOOST_REQUIRE(lines.back());
        for (uint16_t cid = 0; cid < 8; ++cid) {
            nvme::CapsuleCmd capsule;
            capsule.sqe = host::write(1, {0, 1024}, base::Bytes(512 * 1024)).sqe;
            capsule.sqe.cid = cid;
            capsule.sqe.flags = nvme::Sqe::kPsdtSgl;
            capsule.sqe.sgl.length = uint32_t{512 * 1024};
            capsule.sqe.sgl.type = nvme::SglDescriptor::kTransport;
            lines.back()->session->receive(nvme::frame(capsule, nvme::Framing{}).bytes(),
                                           f.clock.now());
        }
    }
    target::LaneMemory memory;
    BOOST_TEST(f.target.control().memory().bytes() <=
               target::LaneMemory::kAll / target::LaneMemory::kHosts + (size_t{1} << 20U));
    lines.pop_front();  // what it held goes to one that waits
    BOOST_TEST(f.target.control().memory().bytes() >=
               target::LaneMemory::kAll / target::LaneMemory::kHosts - (size_t{8} << 20U));
}

BOOST_AUTO_TEST_CASE(no_more_is_read_of_a_host_whose_commands_brought_much_data) {
    constexpr uint16_t kQueues = 40, kCommands = 64;
    constexpr size_t kBytes = 8192;
    TargetFixture f(target::Limits{.queue_entries = kCommands});
    auto admin = f.open_admin();
    f.backend->hold = true;
    const base::Bytes data(kBytes);
    std::deque<std::unique_ptr<Line>> lines;
    for (uint16_t qid = 1; qid <= kQueues; ++qid) {
        lines.push_back(f.open_io(qid));
        BOOST_REQUIRE(lines.back());
        for (uint16_t cid = 0; cid < kCommands && lines.back()->session->wants_input(); ++cid) {
            const nvme::CapsuleCmd capsule{
                {}, support::in_capsule(host::write(1, {0, 16}, {}).sqe, cid, kBytes)};
            (void)lines.back()->peer.exchange(nvme::whole_pdu(capsule, {}, data));
        }
    }
    const size_t held = f.target.control().memory().bytes();
    BOOST_TEST(held >= target::LaneMemory::kCapsulesOfHost);
    BOOST_TEST(held <= target::LaneMemory::kCapsulesOfHost + (kQueues + 1) * kBytes);
    for (const auto& line : lines) {
        BOOST_TEST(!line->session->wants_input());
        line->ready_calls = 0;
    }
    BOOST_TEST(admin->session->wants_input());
    auto late = f.open_io(kQueues + 1);
    const auto capsule = nvme::whole_pdu(
        nvme::CapsuleCmd{{}, support::in_capsule(host::write(1, {0, 16}, {}).sqe, 0, kBytes)}, {},
        data);
    (void)late->peer.exchange(base::ByteView(capsule).first(capsule.size() / 2));
    BOOST_TEST(late->session->wants_input());  // else the rest would never come
    (void)late->peer.exchange(base::ByteView(capsule).subspan(capsule.size() / 2));
    BOOST_TEST(!late->session->wants_input());
    f.backend->settle();
    BOOST_TEST(f.target.control().memory().bytes() == 0U);
    for (const auto& line : lines) {
        BOOST_TEST(line->session->wants_input());
        BOOST_TEST(line->ready_calls > 0);
    }
}

BOOST_AUTO_TEST_CASE(temporary_memory_of_commands_is_shared_like_that_of_data) {
    constexpr size_t kPart = target::LaneMemory::kAll / target::LaneMemory::kHosts;
    constexpr uint16_t kQueues = 40, kCommands = 32;
    const auto verify = support::verify(1, {0, 256});
    const auto copy = support::copy(1, 1000, {{0, 256}});
    for (const auto& [sqe, data] :
         {std::pair(verify.sqe, base::Bytes()),
          std::pair(support::in_capsule(copy.sqe, 0, 32), copy.data_out)}) {
        TargetFixture f;
        auto admin = f.open_admin();
        f.backend->hold = true;
        std::deque<std::unique_ptr<Line>> lines;
        for (uint16_t qid = 1; qid <= kQueues; ++qid) {
            lines.push_back(f.open_io(qid));
            BOOST_REQUIRE(lines.back());
            for (uint16_t cid = 0; cid < kCommands; ++cid) {
                nvme::CapsuleCmd capsule;
                capsule.sqe = sqe;
                capsule.sqe.cid = cid;
                capsule.sqe.flags = nvme::Sqe::kPsdtSgl;
                lines.back()->session->receive(nvme::whole_pdu(capsule, {}, data), f.clock.now());
            }
        }
        BOOST_TEST(f.target.control().memory().bytes() <= kPart + (size_t{1} << 20U));
        BOOST_TEST(f.backend->held.size() >= kPart / target::Queue::kScratchBytes / 2);
        f.backend->hold = false;
        f.backend->settle();
        size_t answers = 0;
        for (int round = 0; round < kQueues; ++round) {
            for (const auto& line : lines) {
                answers += support::words(line->peer.exchange({})).size();
            }
        }
        BOOST_TEST(answers == size_t{kQueues} * kCommands);
        BOOST_TEST(f.target.control().memory().bytes() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a_queue_takes_no_more_commands_than_it_has_entries) {
    TargetFixture f;
    auto admin = f.open_admin();
    f.backend->hold = true;
    auto line = f.open();
    auto options = f.connect_options(1, f.cntlid);
    options.queue_size = 4;
    BOOST_REQUIRE(line->host.connect(options)->status.ok());
    for (uint16_t cid = 0; cid < 4; ++cid) {
        send_unread(*line, host::flush(1), cid);
        BOOST_TEST(!line->over());
    }
    BOOST_TEST(f.backend->held.size() == 4U);
    send_unread(*line, host::flush(1), 4);
    BOOST_TEST(line->over());
    f.backend->settle();
}

BOOST_AUTO_TEST_CASE(a_shutdown_that_a_reset_leaves_asked_for_completes) {
    TargetFixture f;
    auto admin = f.open_admin();
    const auto set = [&](bool enable, uint8_t shutdown) {
        nvme::Configuration configuration;
        configuration.enable = enable;
        configuration.shutdown = shutdown;
        configuration.submission_entry = 6;
        configuration.completion_entry = 4;
        BOOST_TEST(admin->host.run(host::property_set(nvme::Property::kCc, configuration.wire()))
                       ->status.ok());
        return admin->host.run(host::property_get(nvme::Property::kCsts))->dw0 &
               nvme::ControllerStatus::kShutdownMask;
    };
    BOOST_TEST(set(true, 1) == nvme::ControllerStatus::kShutdownDone);
    BOOST_TEST(set(false, 1) == nvme::ControllerStatus::kShutdownDone);
    BOOST_TEST(set(false, 0) == 0U);
    BOOST_TEST(set(false, 1) == nvme::ControllerStatus::kShutdownDone);
    BOOST_TEST(set(true, 0) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
