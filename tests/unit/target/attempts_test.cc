// SPDX-License-Identifier: GPL-2.0-or-later
//
// Failed attempts: how late they are answered, who is shut out and for how long, what is written
// down, and that none of it grows without bound.
#include "target/attempts.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "support/target_fixture.h"
#include "support/temp_dir.h"
#include "target/audit_log.h"
#include "target/event_log.h"

using base::milliseconds;
using base::seconds;
using support::DhchapHost;
using support::Misbehaviour;
using target::Attempts;
namespace status = nvme::status;

namespace {

target::Limits strict() {
    target::Limits limits;
    limits.attempts = Attempts::kStrict;
    return limits;
}

struct AttemptsFixture : support::TargetFixture {
    AttemptsFixture()
        : TargetFixture(strict()),
          secret(nvme::DhchapSecret::from_key({}, base::Bytes(32)).value()) {
        hosts.add(support::kHostNqn, std::make_shared<target::HostKeys>(
                                         target::HostKeys{.host = secret.copy(),
                                                          .controller = {},
                                                          .hashes = {nvme::HashId::kSha256},
                                                          .groups = {nvme::DhGroup::kNull}}));
    }
    std::unique_ptr<support::Line> open_connected() {
        auto line = open();
        BOOST_REQUIRE(line->host.connect(connect_options())->status.ok());
        return line;
    }
    DhchapHost authenticate(support::Line& line, Misbehaviour how = Misbehaviour::kNone) {
        support::DhchapHostOptions options;
        options.hostnqn = support::kHostNqn;
        options.subsysnqn = support::kSubsysNqn;
        options.secret = secret.text().reveal();
        DhchapHost host(options, how);
        (void)line.host.authenticate(host);
        return host;
    }
    /// @return whether the failure was told at once
    bool fails_at_once() {
        auto line = open_connected();
        const DhchapHost host = authenticate(*line, Misbehaviour::kWrongResponse);
        return host.failure().has_value();
    }

    nvme::DhchapSecret secret;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(attempts)

BOOST_AUTO_TEST_CASE(delays_double_up_to_a_bound_and_shrink_with_time) {
    Attempts attempts(Attempts::kStrict);
    base::TimePoint now(seconds(1000));
    for (const int expected : {100, 200, 400, 800, 1600, 3200, 5000, 5000}) {
        BOOST_TEST(attempts.failed("192.0.2.1", "host", now).count() == expected);
    }
    BOOST_TEST(attempts.failed("192.0.2.2", "other", now).count() == 100);
    now += seconds(6 * 8);
    BOOST_TEST(attempts.failed("192.0.2.1", "third", now).count() == 100);
}

BOOST_AUTO_TEST_CASE(an_address_is_shut_out_and_a_name_is_not) {
    Attempts attempts(Attempts::kStrict);
    const base::TimePoint now(seconds(1000));
    for (unsigned i = 0; i < Attempts::kStrict.tolerated; ++i) {
        BOOST_TEST(attempts.may_try("192.0.2.1", now));
        attempts.failed("192.0.2.1", "host", now);
    }
    BOOST_TEST(!attempts.may_try("192.0.2.1", now));
    BOOST_TEST(attempts.may_try("192.0.2.2", now));
    BOOST_TEST(attempts.failed("192.0.2.2", "host", now) == milliseconds(5000));
    BOOST_TEST(attempts.may_try("192.0.2.1", now + seconds(7)));
}

BOOST_AUTO_TEST_CASE(forgets_the_oldest_where_there_are_too_many) {
    Attempts attempts(Attempts::kStrict);
    const base::TimePoint now(seconds(1000));
    attempts.failed("first", "host", now);
    for (int i = 0; i < 10000; ++i) {
        attempts.failed(std::to_string(i), "host " + std::to_string(i), now);
    }
    BOOST_TEST(attempts.failed("first", "again", now).count() == 100);
    BOOST_TEST(attempts.failed("9999", "again", now).count() == 200);
}

BOOST_AUTO_TEST_CASE(a_wrong_proof_is_answered_late_and_nothing_else_meanwhile) {
    AttemptsFixture f;
    auto line = f.open_connected();
    const DhchapHost host = f.authenticate(*line, Misbehaviour::kWrongResponse);
    BOOST_TEST(!host.failure().has_value());
    BOOST_TEST(f.events.has("refused: authentication: the host's response is wrong"));
    BOOST_TEST(line->host.run(host::auth_receive(4096))->status.number() ==
               status::kSequenceError.dnr().number());
    BOOST_TEST((line->session->next_deadline() == f.clock.now() + milliseconds(100)));
    line->on_timer();
    BOOST_TEST(!line->over());
    f.clock.sleep(milliseconds(100));
    line->on_timer();
    line->host.pump();
    BOOST_TEST(line->over());
    const auto answer = line->host.queue().take_completion();
    BOOST_REQUIRE(answer.has_value());
    BOOST_TEST(nvme::AuthFailureMessage::parse(answer->data).ok());
}

BOOST_AUTO_TEST_CASE(a_host_that_is_not_admitted_hears_so_late_and_may_try_again) {
    AttemptsFixture f;
    auto line = f.open();
    auto options = f.connect_options();
    options.hostnqn = support::kStrangerNqn;
    BOOST_TEST(!line->host.connect(options));
    f.clock.sleep(milliseconds(100));
    line->on_timer();
    line->host.pump();
    const auto answer = line->host.queue().take_completion();
    BOOST_REQUIRE(answer.has_value());
    BOOST_TEST(answer->status.number() == status::kConnectInvalidHost.dnr().number());
    BOOST_TEST(line->host.connect(f.connect_options())->status.ok());
}

BOOST_AUTO_TEST_CASE(an_address_that_goes_on_is_answered_busy_before_anything_is_computed) {
    AttemptsFixture f;
    for (unsigned i = 0; i < Attempts::kStrict.tolerated; ++i) {
        BOOST_TEST(!f.fails_at_once());
    }
    auto line = f.open();
    BOOST_TEST(line->host.connect(f.connect_options())->status.number() ==
               status::kConnectControllerBusy.number());  // later it may: no DNR
    f.clock.sleep(seconds(7));
    auto later = f.open_connected();
    BOOST_TEST((f.authenticate(*later).state() == DhchapHost::State::kAuthenticated));
}

BOOST_AUTO_TEST_CASE(a_failure_that_is_held_back_ends_with_its_queue) {
    AttemptsFixture f;
    auto line = f.open_connected();
    (void)f.authenticate(*line, Misbehaviour::kWrongResponse);
    line.reset();
    BOOST_TEST(f.subsystem->controllers().empty());
}

BOOST_AUTO_TEST_CASE(the_audit_log_is_private_appended_to_and_holds_a_line_an_event) {
    const support::TempDir dir;
    const target::Event event{.kind = target::Event::Kind::kRefused,
                              .peer = "192.0.2.1:5",
                              .hostnqn = "nqn.2024-08.com.example:\"\n",
                              .subnqn = "nqn.2024-08.com.example:s",
                              .cntlid = 3,
                              .qid = 2,
                              .detail = "why"};
    dir.file("audit", "before\n", 0644);
    for (int i = 0; i < 2; ++i) {
        const auto audit = target::AuditLog::open(dir.at("audit"));
        BOOST_REQUIRE(audit.ok());
        BOOST_TEST(audit->write(event, 1700000000, 7).ok());
    }
    const std::string line =
        R"({"time":"2023-11-14T22:13:20Z","event":"refused","address":"192.0.2.1:5",)"
        R"("host":"nqn.2024-08.com.example:\"\u000a","subsystem":"nqn.2024-08.com.example:s",)"
        R"("controller":3,"queue":2,"detail":"why","left_out_before":7})"
        "\n";
    BOOST_TEST(dir.read("audit") == "before\n" + line + line);
    struct stat found {};
    BOOST_REQUIRE(stat(dir.at("audit").c_str(), &found) == 0);
    BOOST_TEST((found.st_mode & 0777U) == 0600U);
    BOOST_TEST(!target::AuditLog::open("/dev/null").ok());
    BOOST_TEST(!target::AuditLog::open(dir.at("none/audit")).ok());
}

BOOST_AUTO_TEST_CASE(trouble_is_told_as_often_as_somebody_could_read_it) {
    const support::TempDir dir;
    support::FakeClock clock;
    base::Log log("target", base::Level::kError);
    target::EventLog events(log, clock);
    events.audit(target::AuditLog::open(dir.at("audit")).value());
    const target::Event trouble{.kind = target::Event::Kind::kFailed,
                                .peer = "p",
                                .hostnqn = "",
                                .subnqn = "",
                                .detail = ""};
    const auto lines = [&] { return std::ranges::count(dir.read("audit"), '\n'); };
    for (int i = 0; i < 1000; ++i) {
        events.on_event(trouble);
    }
    BOOST_TEST(lines() == 100);
    events.on_event({.kind = target::Event::Kind::kConnected,
                     .peer = "q",
                     .hostnqn = "",
                     .subnqn = "",
                     .detail = ""});
    BOOST_TEST(lines() == 101);  // what is no trouble is always told
    clock.sleep(milliseconds(200));
    events.on_event(trouble);
    BOOST_TEST(lines() == 102);
    BOOST_TEST(dir.read("audit").find("\"left_out_before\":900") != std::string::npos);
    BOOST_TEST(events.counts().failed == 1001U);
}

BOOST_AUTO_TEST_SUITE_END()
