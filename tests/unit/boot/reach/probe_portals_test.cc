// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/reach/probe_portals.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "support/test.h"

namespace {

using boot::Auth;
using boot::ExitCode;
using Kind = host::Verdict::Kind;

host::Verdict verdict(Kind kind, bool authentication = false, bool secure = false) {
    host::Verdict made;
    made.kind = kind;
    made.text = "text";
    made.connect = {1, authentication, secure};
    return made;
}

/// A listening socket of the loopback that answers nothing.
struct SilentListener {
    base::UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    uint16_t port = 0;

    SilentListener() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        BOOST_REQUIRE(::bind(socket.get(), generic, size) == 0);
        BOOST_REQUIRE(::listen(socket.get(), 4) == 0);
        BOOST_REQUIRE(::getsockname(socket.get(), generic, &size) == 0);
        port = ntohs(address.sin_port);
    }
};

boot::Failure probed(const std::vector<boot::Portal>& portals) {
    boot::BootPlan plan;
    plan.host.nqn = "nqn.2024-08.com.example:host";
    plan.timeouts.probe = base::milliseconds(100);
    const base::SystemClock clock;
    const auto live =
        boot::probe_portals(boot::request_of(plan, plan.host, "nqn.2024-08.com.example:disk"),
                            portals, clock, [](const std::string&) {});
    BOOST_REQUIRE(!live.ok());
    return live.error();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(probe_portals)

BOOST_AUTO_TEST_CASE(each_verdict_has_its_stage) {
    struct Case {
        Kind kind;
        ExitCode code;
        bool retry;
    };
    const Case cases[] = {
        {Kind::kUnreachable, ExitCode::kUnreachable, true},
        {Kind::kNotNvme, ExitCode::kUnreachable, true},
        {Kind::kUnusable, ExitCode::kConnect, false},
        {Kind::kNoSubsystem, ExitCode::kRefused, false},
        {Kind::kHostNotAllowed, ExitCode::kRefused, false},
        {Kind::kBusy, ExitCode::kRefused, true},
        {Kind::kRefused, ExitCode::kRefused, false},
        {Kind::kProtocolError, ExitCode::kConnect, true},
    };
    for (const Case& c : cases) {
        const auto judged = boot::judge_verdict(verdict(c.kind), Auth::kOff);
        BOOST_REQUIRE(!judged.ok());
        BOOST_TEST(judged.error().code == c.code);
        BOOST_TEST(judged.error().retry == c.retry);
    }
}

BOOST_AUTO_TEST_CASE(plan_and_target_must_agree_on_authentication) {
    BOOST_TEST(boot::judge_verdict(verdict(Kind::kAccepted, false), Auth::kOff).ok());
    BOOST_TEST(boot::judge_verdict(verdict(Kind::kAccepted, true), Auth::kHost).ok());
    BOOST_TEST(boot::judge_verdict(verdict(Kind::kAccepted, true), Auth::kMutual).ok());
    for (const auto& [made, demanded] :
         {std::pair(verdict(Kind::kAccepted, false), Auth::kHost),
          std::pair(verdict(Kind::kAccepted, false), Auth::kMutual),
          std::pair(verdict(Kind::kAccepted, true), Auth::kOff),
          std::pair(verdict(Kind::kAccepted, true, true), Auth::kMutual)}) {
        const auto judged = boot::judge_verdict(made, demanded);
        BOOST_REQUIRE(!judged.ok());
        BOOST_TEST(judged.error().code == ExitCode::kAuthentication);
        BOOST_TEST(!judged.error().retry);
    }
}

BOOST_AUTO_TEST_CASE(all_portals_are_named_when_none_is_live) {
    const SilentListener silent;
    const auto failure = probed({{"127.0.0.1", silent.port, ""}, {"127.0.0.1", 1, ""}});
    BOOST_TEST(failure.code == ExitCode::kUnreachable);
    BOOST_TEST(failure.retry);
    BOOST_TEST(failure.error.text.find("does not answer ICReq") != std::string::npos);
    BOOST_TEST(failure.error.text.find("127.0.0.1:1: Connection refused") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_name_is_not_an_address) {
    BOOST_TEST(probed({{"target.example", 4420, ""}}).error.text.find("numeric") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_place_is_written_as_in_a_uri) {
    BOOST_TEST((boot::Portal{"192.0.2.1", 4420, ""}.text()) == "192.0.2.1:4420");
    BOOST_TEST((boot::Portal{"fe80::1%eth0", 8009, ""}.text()) == "[fe80::1%eth0]:8009");
}

BOOST_AUTO_TEST_SUITE_END()
