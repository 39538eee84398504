// SPDX-License-Identifier: GPL-2.0-or-later
//
// Failed attempts: the delay of their replies, which hosts are refused and for how long, the log,
// and that all of this is bounded.
#include "target/auth/attempts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <thread>

#include "support/target_fixture.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "target/operate/audit_log.h"
#include "target/operate/event_log.h"
#include "target/operate/line_writer.h"

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

BOOST_AUTO_TEST_CASE(a_host_at_an_address_is_shut_out_and_neither_alone) {
    Attempts attempts(Attempts::kStrict);
    const base::TimePoint now(seconds(1000));
    for (unsigned i = 0; i < Attempts::kStrict.tolerated; ++i) {
        BOOST_TEST(attempts.may_try("192.0.2.1", "host", now));
        attempts.failed("192.0.2.1", "host", now);
    }
    BOOST_TEST(!attempts.may_try("192.0.2.1", "host", now));
    BOOST_TEST(attempts.may_try("192.0.2.1", "neighbour", now));
    BOOST_TEST(attempts.may_try("192.0.2.2", "host", now));
    BOOST_TEST(attempts.failed("192.0.2.2", "host", now) == milliseconds(5000));
    BOOST_TEST(attempts.may_try("192.0.2.1", "host", now + seconds(7)));
}

BOOST_AUTO_TEST_CASE(an_address_of_many_names_is_refused_except_for_authenticated_hosts) {
    Attempts attempts(Attempts::kStrict);
    const base::TimePoint now(seconds(1000));
    attempts.proved("192.0.2.1", "owner");
    for (unsigned i = 0; i < Attempts::kStrict.tolerated * Attempts::kStrict.crowd; ++i) {
        const std::string name = "guess " + std::to_string(i);
        BOOST_TEST(attempts.may_try("192.0.2.1", name, now));
        attempts.failed("192.0.2.1", name, now);
    }
    BOOST_TEST(!attempts.may_try("192.0.2.1", "another", now));
    BOOST_TEST(attempts.may_try("192.0.2.1", "owner", now));
    BOOST_TEST(attempts.may_try("192.0.2.1", "another", now + milliseconds(700)));
    for (unsigned i = 0; i < Attempts::kStrict.tolerated; ++i) {
        attempts.failed("192.0.2.1", "owner", now);
    }
    BOOST_TEST(!attempts.may_try("192.0.2.1", "owner", now));
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
    BOOST_TEST(f.events.has("refused: authentication: the response of the host is wrong"));
    BOOST_TEST(line->host.run(host::auth_receive(4096))->status.number() ==
               status::kSequenceError.dnr().number());
    BOOST_TEST(line->session->next_deadline() == f.clock.now() + milliseconds(100));
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

BOOST_AUTO_TEST_CASE(further_attempts_are_answered_busy_before_any_cryptography) {
    AttemptsFixture f;
    for (unsigned i = 0; i < Attempts::kStrict.tolerated; ++i) {
        BOOST_TEST(!f.fails_at_once());
    }
    auto line = f.open();
    BOOST_TEST(line->host.connect(f.connect_options())->status.number() ==
               status::kConnectControllerBusy.number());  // later it may: no DNR
    auto neighbour = f.open();
    auto options = f.connect_options();
    options.hostnqn = support::kStrangerNqn;
    BOOST_TEST(!neighbour->host.connect(options));  // another name there is judged, and hears late
    f.clock.sleep(seconds(7));
    auto later = f.open_connected();
    BOOST_TEST(f.authenticate(*later).state() == DhchapHost::State::kAuthenticated);
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
        auto audit = target::AuditLog::open(dir.at("audit"));
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
    dir.file("audit", "half a li");
    BOOST_TEST(target::AuditLog::open(dir.at("audit"))->write(event, 1700000000, 7).ok());
    BOOST_TEST(dir.read("audit") == "half a li\n" + line);
    BOOST_TEST(!target::AuditLog::open("/dev/null").ok());
    BOOST_TEST(!target::AuditLog::open(dir.at("none/audit")).ok());
}

BOOST_AUTO_TEST_CASE(failures_are_logged_at_a_limited_rate) {
    const support::TempDir dir;
    support::FakeClock clock;
    base::Log log("target", base::Level::kError);
    std::optional<target::EventLog> events(std::in_place, log, clock);
    events->audit(target::AuditLog::open(dir.at("audit")).value());
    const target::Event trouble{.kind = target::Event::Kind::kFailed,
                                .peer = "p",
                                .hostnqn = "",
                                .subnqn = "",
                                .detail = ""};
    for (int i = 0; i < 1000; ++i) {
        events->on_event(trouble);
    }
    events->on_event({.kind = target::Event::Kind::kConnected,
                      .peer = "q",
                      .hostnqn = "",
                      .subnqn = "",
                      .detail = ""});
    clock.sleep(milliseconds(200));
    events->on_event(trouble);
    BOOST_TEST(events->counts().failed == 1001U);
    events.reset();  // which writes what there is
    const std::string audit = dir.read("audit");
    BOOST_TEST(std::ranges::count(audit, '\n') == 102);  // other events are always logged
    BOOST_TEST(audit.find("\"left_out_before\":900") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(unauthenticated_hosts_get_fewer_lines_than_authenticated_ones) {
    const support::TempDir dir;
    support::FakeClock clock;
    base::Log log("target", base::Level::kError);
    std::optional<target::EventLog> events(std::in_place, log, clock);
    events->audit(target::AuditLog::open(dir.at("audit")).value());
    using Kind = target::Event::Kind;
    for (int i = 0; i < 3000; ++i) {
        for (const Kind kind :
             {Kind::kConnected, Kind::kDisconnected, Kind::kRefused, Kind::kFailed}) {
            events->on_event(
                {.kind = kind, .peer = "p", .hostnqn = "", .subnqn = "", .detail = ""});
        }
        if (i % 3 == 0) {
            events->on_event({.kind = Kind::kAuthenticated,
                              .peer = "host",
                              .hostnqn = "",
                              .subnqn = "",
                              .detail = "",
                              .proved = true});
        }
    }
    BOOST_TEST(events->counts().connected == 3000U);
    BOOST_TEST(events->counts().left_out == 4U * 3000 - 200);
    events.reset();
    const std::string audit = dir.read("audit");
    BOOST_TEST(std::ranges::count(audit, '\n') == 200 + 1000);
}

/// A file that takes no bytes until somebody reads: a pipe stands for a disk that stands still.
BOOST_AUTO_TEST_CASE(a_disk_that_stands_still_delays_lines_and_nobody) {
    std::array<int, 2> pipe_ends{};
    BOOST_REQUIRE(pipe2(pipe_ends.data(), O_CLOEXEC) == 0);
    const base::UniqueFd out(pipe_ends[0]);
    const std::string line(1023, 'x');
    size_t kept = 0;
    std::optional<target::LineWriter> writer(std::in_place, base::UniqueFd(pipe_ends[1]));
    BOOST_TEST(writer->is_finished());
    while (writer->add(line + "\n")) {
        ++kept;
    }
    BOOST_TEST(kept >= target::LineWriter::kMostWaiting / 1024);
    writer->finish();
    BOOST_TEST(!writer->is_finished());
    std::string got;
    std::thread reader([&] {
        std::array<char, 65536> some{};
        for (ssize_t n = 0; (n = read(out.get(), some.data(), some.size())) > 0;) {
            got.append(some.data(), static_cast<size_t>(n));
        }
    });
    writer.reset();
    reader.join();
    BOOST_TEST(got.size() == kept * 1024);  // none is lost
    BOOST_TEST(static_cast<size_t>(std::ranges::count(got, '\n')) == kept);
}

BOOST_AUTO_TEST_CASE(a_line_that_cannot_be_written_is_reported) {
    target::LineWriter writer(base::open_file("/dev/full", O_WRONLY).value());
    BOOST_TEST(!writer.failure().has_value());
    BOOST_TEST(writer.add("line\n"));
    while (!writer.is_finished()) {
        std::this_thread::yield();
    }
    BOOST_TEST(writer.failure()->code == ENOSPC);
}

BOOST_AUTO_TEST_SUITE_END()
