// SPDX-License-Identifier: GPL-2.0-or-later
//
// The misbehaving target must misbehave in the way its name says and in no other.
#include "support/rogue.h"

#include "support/target_fixture.h"
#include "support/test.h"

using support::DhchapHost;
using support::Quirk;
using support::Rogue;
namespace status = nvme::status;

namespace {

/// A target that misbehaves, with one host that has keys for both directions.
struct RogueFixture {
    explicit RogueFixture(Quirk quirk)
        : rogue(quirk),
          target({}, rogue.access(hosts), events),
          sessions(rogue.sessions(queues)),
          secret(nvme::DhchapSecret::from_key({}, base::Bytes(32, std::byte{7})).value()) {
        hosts.add(support::kHostNqn, std::make_shared<target::HostKeys>(
                                         target::HostKeys{.host = secret.copy(),
                                                          .controller = secret.copy(),
                                                          .hashes = {nvme::HashId::kSha256},
                                                          .groups = {nvme::DhGroup::kNull}}));
        target::SubsystemConfig config;
        config.nqn = support::kSubsysNqn;
        config.hosts = {support::kHostNqn};
        target.add_subsystem(std::move(config));
    }

    std::unique_ptr<support::Line> open(const host::QueueOptions& options = {}) {
        auto line = std::make_unique<support::Line>(sessions, clock, options);
        line->host.handshake();
        return line;
    }
    host::ConnectOptions connect_options(uint16_t qid = 0, uint16_t cntlid = 0xFFFF) {
        host::ConnectOptions options;
        options.hostnqn = support::kHostNqn;
        options.subsysnqn = support::kSubsysNqn;
        options.qid = qid;
        options.cntlid = cntlid;
        return options;
    }
    DhchapHost dhchap(bool mutual) {
        support::DhchapHostOptions options;
        options.hostnqn = support::kHostNqn;
        options.subsysnqn = support::kSubsysNqn;
        options.secret = secret.text().reveal();
        options.controller_secret = mutual ? options.secret : "";
        return DhchapHost(options);
    }
    /// Runs an authentication to its end. @return how the host stands then
    DhchapHost::State authenticate(support::Line& line, bool mutual) {
        DhchapHost host = dhchap(mutual);
        (void)line.host.authenticate(host);
        return host.state();
    }

    support::FakeClock clock;
    support::EventLog events;
    target::HostTable hosts;
    Rogue rogue;
    target::Target target;
    target::QueueFactory queues{target};
    target::SessionFactory& sessions;
    nvme::DhchapSecret secret;
};

constexpr auto kProved = DhchapHost::State::kAuthenticated;
constexpr auto kUnproved = DhchapHost::State::kFailed;

}  // namespace

BOOST_AUTO_TEST_SUITE(rogue)

BOOST_AUTO_TEST_CASE(knows_its_quirks_by_name) {
    BOOST_TEST(support::find_quirk("rvalid0") == Quirk::kRvalid0);
    BOOST_TEST(!support::find_quirk("honest"));
    BOOST_TEST(support::quirk_names().size() == 14U);
}

BOOST_AUTO_TEST_CASE(never_asks_for_authentication) {
    RogueFixture f(Quirk::kNoAuth);
    auto line = f.open();
    const auto connected = line->host.connect(f.connect_options());
    BOOST_TEST(!nvme::ConnectResult::from_dw0(connected->dw0).authentication_required);
    BOOST_TEST(line->host.enable());
    BOOST_TEST(f.authenticate(*line, true) != kProved);
    BOOST_TEST(line->host.run(host::keep_alive())->status.ok());
}

BOOST_AUTO_TEST_CASE(authenticates_the_admin_queue_alone) {
    RogueFixture f(Quirk::kAdminOnlyAuth);
    auto admin = f.open();
    const auto connected = admin->host.connect(f.connect_options());
    const auto result = nvme::ConnectResult::from_dw0(connected->dw0);
    BOOST_TEST(result.authentication_required);
    BOOST_TEST(f.authenticate(*admin, true) == kProved);
    BOOST_TEST(admin->host.enable());
    auto io = f.open();
    const auto second = io->host.connect(f.connect_options(1, result.cntlid));
    BOOST_TEST(!nvme::ConnectResult::from_dw0(second->dw0).authentication_required);
    BOOST_TEST(f.authenticate(*io, true) != kProved);
}

BOOST_AUTO_TEST_CASE(never_authenticates) {
    for (const bool digests : {false, true}) {
        RogueFixture f(Quirk::kRvalid0);
        auto line = f.open({.header_digest = digests, .data_digest = digests});
        (void)line->host.connect(f.connect_options());
        BOOST_TEST(f.authenticate(*line, true) == kUnproved);
        auto other = f.open();
        (void)other->host.connect(f.connect_options());
        BOOST_TEST(f.authenticate(*other, false) == kProved);
        BOOST_TEST(other->host.enable());
    }
}

BOOST_AUTO_TEST_CASE(never_authenticates_on_io_queues) {
    RogueFixture f(Quirk::kRvalid0Io);
    auto admin = f.open();
    const auto connected = admin->host.connect(f.connect_options());
    BOOST_TEST(f.authenticate(*admin, true) == kProved);
    BOOST_TEST(admin->host.enable());
    auto io = f.open();
    (void)io->host.connect(
        f.connect_options(1, nvme::ConnectResult::from_dw0(connected->dw0).cntlid));
    BOOST_TEST(f.authenticate(*io, true) == kUnproved);
}

BOOST_AUTO_TEST_CASE(falls_silent) {
    RogueFixture first(Quirk::kSilentAfterIcReq);
    BOOST_TEST(first.open()->host.received().empty());

    RogueFixture second(Quirk::kSilentAfterConnect);
    auto line = second.open();
    BOOST_TEST(line->host.queue().state() == host::Queue::State::kOpen);
    BOOST_TEST(!line->host.connect(second.connect_options()));

    RogueFixture third(Quirk::kSilentInAuth);
    line = third.open();
    BOOST_TEST(line->host.connect(third.connect_options())->status.ok());
    const DhchapHost host = third.dhchap(true);
    BOOST_TEST(line->host.run(host::auth_send(host.negotiate()))->status.ok());
    BOOST_TEST(!line->host.run(host::auth_receive(4096)));
    third.clock.sleep(base::seconds(1000));
    line->on_timer();
    BOOST_TEST(!line->over());
}

/// An admin queue and an I/O queue that are authenticated as far as the target lets them.
struct TwoQueues {
    explicit TwoQueues(Quirk quirk, bool digests = false)
        : f(quirk), options{.data_digest = digests}, admin(f.open(options)), io(f.open(options)) {
        const auto connected = admin->host.connect(f.connect_options());
        (void)f.authenticate(*admin, false);
        (void)admin->host.enable();
        const auto result = nvme::ConnectResult::from_dw0(connected->dw0);
        io_connects = io->host.connect(f.connect_options(1, result.cntlid)).has_value();
    }
    std::optional<host::Completion> identify() const {
        return admin->host.run(host::identify(nvme::Cns::kController));
    }

    RogueFixture f;
    host::QueueOptions options;
    std::unique_ptr<support::Line> admin, io;
    bool io_connects = false;
};

BOOST_AUTO_TEST_CASE(falls_silent_later) {
    const TwoQueues identify(Quirk::kSilentInIdentify);
    BOOST_TEST(!identify.identify());
    const TwoQueues connect(Quirk::kSilentAtIoConnect);
    BOOST_TEST(connect.identify()->status.ok());
    BOOST_TEST(!connect.io_connects);
    const TwoQueues work(Quirk::kSilentIo);
    BOOST_TEST(work.io_connects);
    BOOST_TEST(!work.io->host.run(host::read(1, {0, 8})));
    BOOST_TEST(work.io->host.run(host::auth_receive(4096)).has_value());
    BOOST_TEST(work.identify()->status.ok());
}

BOOST_AUTO_TEST_CASE(reads_from_a_slow_disk) {
    TwoQueues slow(Quirk::kSlowReads);
    BOOST_TEST(slow.io_connects);
    BOOST_TEST(slow.io->host.run(host::flush(1)).has_value());
    const size_t before = slow.io->host.received().size();
    BOOST_TEST(!slow.io->host.run(host::read(1, {0, 8})));
    slow.f.clock.sleep(base::milliseconds(19));
    slow.io->on_timer();
    slow.io->host.pump();
    BOOST_TEST(slow.io->host.received().size() == before);
    slow.f.clock.sleep(base::milliseconds(1));
    slow.io->on_timer();
    slow.io->host.pump();
    BOOST_TEST(slow.io->host.received().size() > before);
}

BOOST_AUTO_TEST_CASE(sends_data_that_nobody_can_take) {
    for (const bool digests : {false, true}) {
        RogueFixture f(Quirk::kWrongDigest);
        auto line = f.open({.data_digest = digests});
        (void)line->host.connect(f.connect_options());
        BOOST_TEST((f.authenticate(*line, false) == kProved) == !digests);
    }
    const TwoQueues io(Quirk::kWrongIoDigest, true);
    BOOST_TEST(io.identify()->status.ok());
    BOOST_TEST(io.io_connects);
}

BOOST_AUTO_TEST_SUITE_END()
