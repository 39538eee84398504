// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/connect/connect_failure.h"

#include <cerrno>

#include "support/fake_kmsg.h"
#include "support/test.h"

namespace {

struct Plan {
    explicit Plan(boot::Auth mode) { plan.auth.mode = mode; }
    [[nodiscard]] boot::ConnectRequest request(std::string subsysnqn = {}) const {
        return boot::request_of(plan, plan.host, std::move(subsysnqn));
    }
    boot::BootPlan plan;
};

boot::Failure explained(const std::vector<std::string>& lines, int code = 1006) {
    support::FakeKmsg fake;
    boot::KernelLog log(fake.take_reader());
    for (const std::string& line : lines) {
        fake.kernel(line);
    }
    BOOST_REQUIRE(log.drain().ok());
    return boot::explain_connect_failure(Plan(boot::Auth::kMutual).request(), {"fe80::1", 4420, ""},
                                         log, {code, "the kernel: failed to write"});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(connect_failure)

BOOST_AUTO_TEST_CASE(the_kernels_lines_tell_the_stage) {
    struct Case {
        const char* line;
        boot::ExitCode code;
        bool retry;
    };
    const Case cases[] = {
        {"nvme nvme0: Connect for subsystem nqn.x is not allowed, hostnqn: nqn.y",
         boot::ExitCode::kRefused, false},
        {"nvme nvme0: Connect Invalid Data Parameter, subsysnqn \"nqn.x\"",
         boot::ExitCode::kRefused, false},
        {"nvme nvme0: Connect command failed: controller is busy or not available",
         boot::ExitCode::kRefused, true},
        {"nvme nvme0: qid 0: authentication failed, error -129", boot::ExitCode::kAuthentication,
         false},
        {"nvme nvme0: qid 0: controller did not authenticate", boot::ExitCode::kAuthentication,
         false},
        {"nvme nvme0: qid 0: no key", boot::ExitCode::kAuthentication, false},
        {"nvme nvme0: qid 0: error -2 initializing DH group ffdhe2048", boot::ExitCode::kModules,
         false},
        {"nvme nvme0: qid 0: error -110 initializing DH group ffdhe4096", boot::ExitCode::kConnect,
         true},
        {"nvme nvme0: qid 0: error -80 initializing DH group ffdhe4096", boot::ExitCode::kConnect,
         true},
        {"nvme nvme0: qid 0: failed to allocate hash hmac(sha256), error -2",
         boot::ExitCode::kModules, false},
        {"nvme nvme0: qid 0: failed to allocate hash hmac(sha256), error -110",
         boot::ExitCode::kConnect, true},
        {"nvme nvme0: failed to allocate queue 0 crypto", boot::ExitCode::kModules, false},
        {"nvme nvme0: failed to connect socket: -111", boot::ExitCode::kUnreachable, true},
        {"nvme nvme0: failed to connect socket: -113", boot::ExitCode::kUnreachable, true},
        {"nvme nvme0: failed to bind queue 0 socket -99", boot::ExitCode::kConnect, true},
        {"nvme nvme0: failed to connect queue: 0 ret=-22", boot::ExitCode::kConnect, true},
        {"nvme nvme0: failed to connect queue: 0 ret=-19", boot::ExitCode::kConnect, true},
        {"nvme nvme0: failed to connect queue: 0 ret=-93", boot::ExitCode::kAuthentication, false},
        {"nvme nvme0: failed to connect queue: 0 ret=-95", boot::ExitCode::kConnect, false},
        {"nvme nvme0: failed to connect queue: 0 ret=-98", boot::ExitCode::kConnect, false},
        {"nvme nvme0: failed to connect queue: 0 ret=-126", boot::ExitCode::kAuthentication, false},
        {"nvme nvme0: failed to connect queue: 0 ret=-129", boot::ExitCode::kAuthentication, false},
        {"nvme nvme0: failed to connect queue: 0 ret=-2", boot::ExitCode::kModules, false},
        {"nvme nvme0: failed to connect queue: 0 ret=-114", boot::ExitCode::kConnect, true},
        {"nvme nvme0: failed to connect queue: 0 ret=16772", boot::ExitCode::kRefused, false},
        {"nvme nvme0: failed to connect queue: 1 ret=385", boot::ExitCode::kRefused, true},
        {"nvme nvme0: Connect command failed, error wo/DNR bit: 401",
         boot::ExitCode::kAuthentication, false},
        {"nvme nvme0: Connect command failed, error wo/DNR bit: 6", boot::ExitCode::kConnect, true},
        {"nvme nvme0: something new", boot::ExitCode::kConnect, true},
    };
    for (const Case& c : cases) {
        const boot::Failure failure = explained({c.line});
        BOOST_TEST(failure.code == c.code, c.line);
        BOOST_TEST(failure.retry == c.retry, c.line);
        BOOST_TEST(failure.error.text.starts_with("connect [fe80::1]:4420: "));
    }
}

BOOST_AUTO_TEST_CASE(the_cause_stands_above_its_consequence) {
    const auto failure = explained({"nvme nvme0: qid 0: controller authentication failed",
                                    "nvme nvme0: qid 0: authentication failed, error -129"});
    BOOST_TEST(failure.error.text.find("dhchap_ctrl_secret") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_breaks_the_protocol_is_not_blamed_on_the_secret) {
    for (const char* line :
         {"nvme nvme0: qid 0 invalid transaction ID 7", "nvme nvme0: qid 0: invalid hash length 7",
          "nvme nvme0: qid 0: invalid DH value for NULL DH", "nvme nvme0: qid 0: empty DH value",
          "nvme nvme0: qid 0 invalid message 00/f0",
          "nvme nvme0: qid 0: authentication failed, error -22"}) {
        const auto failure = explained({line, "nvme nvme0: qid 0: authentication failed, error -71",
                                        "nvme nvme0: failed to connect queue: 0 ret=-71"});
        BOOST_TEST(failure.code == boot::ExitCode::kAuthentication, line);
        BOOST_TEST(failure.error.text.find("the secrets are not the cause") != std::string::npos,
                   line);
        BOOST_TEST(failure.error.text.find("refused") == std::string::npos, line);
    }
}

BOOST_AUTO_TEST_CASE(what_this_hosts_kernel_could_not_do_is_tried_again) {
    for (const char* line : {"nvme nvme0: qid 1 auth_send failed with error -11",
                             "nvme nvme0: qid 0 failed to receive challenge, error -12"}) {
        const auto failure = explained({line, "nvme nvme0: qid 1: authentication failed, error -11",
                                        "nvme nvme0: failed to connect queue: 1 ret=-11"});
        BOOST_TEST(failure.code == boot::ExitCode::kConnect, line);
        BOOST_TEST(failure.retry, line);
        BOOST_TEST(failure.error.text.find("not the cause") != std::string::npos, line);
    }
}

BOOST_AUTO_TEST_CASE(an_errno_of_this_host_blames_no_secret) {
    for (const char* code : {"-11", "-12", "-80", "-110"}) {
        const auto failure =
            explained({"nvme nvme0: qid 0: authentication failed, error " + std::string(code),
                       "nvme nvme0: failed to connect queue: 0 ret=" + std::string(code)});
        BOOST_TEST(failure.code == boot::ExitCode::kConnect, code);
        BOOST_TEST(failure.retry, code);
    }
    for (const char* code : {"-111", "-129", "401", "16785"}) {
        const auto failure =
            explained({"nvme nvme0: qid 0: authentication failed, error " + std::string(code)});
        BOOST_TEST(failure.code == boot::ExitCode::kAuthentication, code);
        BOOST_TEST(!failure.retry, code);
    }
}

BOOST_AUTO_TEST_CASE(wrong_digests_are_not_blamed_on_the_secret) {
    for (const char* line : {"nvme nvme0: data digest error: recv 0xebf686f9 expected 0xeaf686f9",
                             "nvme nvme0: queue 0: header digest error: recv 0x1 expected 0x2",
                             "nvme nvme0: queue 0: header digest flag is cleared"}) {
        const auto failure =
            explained({line, "nvme nvme0: qid 0: authentication failed, error -129",
                       "nvme nvme0: failed to connect queue: 0 ret=-129"});
        BOOST_TEST(failure.code == boot::ExitCode::kConnect, line);
        BOOST_TEST(failure.retry, line);
        BOOST_TEST(failure.error.text.find("does not match its digests") != std::string::npos,
                   line);
    }
}

BOOST_AUTO_TEST_CASE(an_unknown_failure_quotes_the_kernel) {
    BOOST_TEST(explained({"nvme nvme0: something new"}).error.text.find("something new") !=
               std::string::npos);
    // The kernel reports its own refusals clearly.
    for (const char* line : {"nvme nvme0: Mismatching cntlid: Connect 1 vs Identify 2, rejecting",
                             "nvme nvme0: keep-alive support is mandatory for fabrics"}) {
        BOOST_TEST(explained({line}).error.text.find(line) != std::string::npos);
    }
    const auto silent = explained({}, ETIMEDOUT);
    BOOST_TEST(silent.code == boot::ExitCode::kConnect);
    BOOST_TEST(silent.retry);
    BOOST_TEST(silent.error.text.find("stopped answering") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_target_that_hangs_up_refuses_the_secret) {
    const auto failure = explained({}, ECONNABORTED);
    BOOST_TEST(failure.code == boot::ExitCode::kAuthentication);
    BOOST_TEST(failure.doubtful);  // it may have been restarted: once more
}

BOOST_AUTO_TEST_CASE(a_target_that_hangs_up_later_has_accepted_the_secret) {
    const auto failure =
        explained({"nvme nvme0: qid 0: authenticated with hash hmac(sha256) dhgroup ffdhe2048"},
                  ECONNABORTED);
    BOOST_TEST(failure.code == boot::ExitCode::kConnect);
    BOOST_TEST(failure.retry);
    BOOST_TEST(!failure.doubtful);
}

BOOST_AUTO_TEST_CASE(a_connection_lost_during_authentication_blames_no_secret) {
    for (const std::string status : {"880", "881"}) {
        const auto failure = explained({"nvme nvme0: qid 0 auth_send failed with status " + status,
                                        "nvme nvme0: qid 0: authentication failed, error " + status,
                                        "nvme nvme0: failed to connect queue: 0 ret=" + status});
        BOOST_TEST(failure.code == boot::ExitCode::kConnect);
        BOOST_TEST(failure.retry);
    }
}

BOOST_AUTO_TEST_CASE(the_last_number_of_the_kernel_counts) {
    const auto result = [](const std::vector<std::string>& texts) {
        std::vector<boot::KernelLine> lines;
        for (const std::string& text : texts) {
            lines.push_back({0, 0, text});
        }
        return boot::kernel_result(lines);
    };
    BOOST_TEST(result({"failed to connect socket: -111", "x ret=-104"}) == -104);
    BOOST_TEST(result({"x ret=0", "new line"}) == std::nullopt);
    BOOST_TEST(result({"x ret=many"}) == std::nullopt);
    BOOST_TEST(result({}) == std::nullopt);
}

BOOST_AUTO_TEST_CASE(an_answer_that_no_row_knows_is_named) {
    const auto failure = explained({"nvme nvme0: failed to connect queue: 0 ret=6"});
    BOOST_TEST(failure.error.text.find("the target answered Internal Error") != std::string::npos,
               failure.error.text);
}

BOOST_AUTO_TEST_SUITE_END()
