// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/connect.h"

#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "support/fake_kmsg.h"
#include "support/temp_dir.h"

namespace {

constexpr std::string_view kList612 =
    "instance=-1,cntlid=-1,transport=%s,traddr=%s,data_digest,hdr_digest,dhchap_secret=%s,"
    "dhchap_ctrl_secret=%s\n";

boot::BootPlan plan_with(boot::Auth mode) {
    boot::BootPlan plan;
    plan.auth.mode = mode;
    return plan;
}

boot::Failure explained(const std::vector<std::string>& lines, int code = 1006) {
    support::FakeKmsg fake;
    boot::KernelLog log(fake.take_reader());
    for (const std::string& line : lines) {
        fake.kernel(line);
    }
    BOOST_REQUIRE(log.drain().ok());
    return boot::explain_connect_failure(plan_with(boot::Auth::kMutual), {"fe80::1", 4420, ""}, log,
                                         {code, "the kernel: failed to write"});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kernel_connect)

BOOST_AUTO_TEST_CASE(the_option_list_is_names) {
    const auto options = boot::fabrics_options(kList612);
    BOOST_REQUIRE(options.size() == 8U);
    BOOST_TEST(options[0] == "instance");
    BOOST_TEST(options[7] == "dhchap_ctrl_secret");
    BOOST_TEST(boot::fabrics_options("").empty());
}

BOOST_AUTO_TEST_CASE(a_kernel_without_dhchap_is_refused_before_libnvme_drops_the_secret) {
    const auto all = boot::fabrics_options(kList612);
    BOOST_TEST(boot::check_options(plan_with(boot::Auth::kMutual), all).ok());
    const auto none = boot::fabrics_options("transport=%s,data_digest,hdr_digest\n");
    BOOST_TEST(boot::check_options(plan_with(boot::Auth::kOff), none).ok());
    for (const boot::Auth mode : {boot::Auth::kHost, boot::Auth::kMutual}) {
        const auto checked = boot::check_options(plan_with(mode), none);
        BOOST_REQUIRE(!checked.ok());
        BOOST_TEST((checked.error().code == boot::ExitCode::kAuthentication));
        BOOST_TEST(!checked.error().retry);
    }
    BOOST_TEST(!boot::check_options(plan_with(boot::Auth::kHost), {}).ok());
}

BOOST_AUTO_TEST_CASE(digests_that_the_kernel_lacks_are_refused_too) {
    const auto options = boot::fabrics_options("transport=%s,hdr_digest\n");
    const auto checked = boot::check_options(plan_with(boot::Auth::kOff), options);
    BOOST_REQUIRE(!checked.ok());
    BOOST_TEST((checked.error().code == boot::ExitCode::kConnect));
}

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
        {"nvme nvme0: qid 0: no key", boot::ExitCode::kAuthentication, false},
        {"nvme nvme0: qid 0: error -2 initializing DH group ffdhe2048", boot::ExitCode::kModules,
         false},
        {"nvme nvme0: failed to allocate queue 0 crypto", boot::ExitCode::kModules, false},
        {"nvme nvme0: failed to connect socket: -111", boot::ExitCode::kUnreachable, true},
        {"nvme nvme0: something new", boot::ExitCode::kConnect, true},
    };
    for (const Case& c : cases) {
        const boot::Failure failure = explained({c.line});
        BOOST_TEST((failure.code == c.code), c.line);
        BOOST_TEST(failure.retry == c.retry, c.line);
        BOOST_TEST(failure.error.text.starts_with("connect [fe80::1]:4420: "));
    }
}

BOOST_AUTO_TEST_CASE(the_cause_stands_above_its_consequence) {
    const auto failure = explained({"nvme nvme0: qid 0: controller authentication failed",
                                    "nvme nvme0: qid 0: authentication failed, error -129"});
    BOOST_TEST(failure.error.text.find("dhchap_ctrl_secret") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_unknown_failure_quotes_the_kernel) {
    BOOST_TEST(explained({"nvme nvme0: something new"}).error.text.find("something new") !=
               std::string::npos);
    const auto silent = explained({}, ETIMEDOUT);
    BOOST_TEST((silent.code == boot::ExitCode::kConnect));
    BOOST_TEST(silent.retry);
    BOOST_TEST(silent.error.text.find("silent") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_target_that_hangs_up_refuses_the_secret) {
    const auto failure = explained({}, ECONNABORTED);
    BOOST_TEST((failure.code == boot::ExitCode::kAuthentication));
    BOOST_TEST(!failure.retry);
}

BOOST_AUTO_TEST_CASE(io_queues_are_as_asked_or_few) {
    boot::ConnectOptions options;
    options.nr_io_queues = 9;
    BOOST_TEST(boot::io_queue_count(options) == 9U);
    options.nr_io_queues = 0;
    const uint32_t count = boot::io_queue_count(options);
    BOOST_TEST(count >= 1U);
    BOOST_TEST(count <= 4U);
}

BOOST_AUTO_TEST_CASE(controllers_are_known_by_their_subsystem) {
    const support::TempDir dir;
    base::SysPaths sys;
    sys.sys = dir.path();
    dir.file("class/nvme/nvme0/subsysnqn", "nqn.a\n");
    dir.file("class/nvme/nvme1/subsysnqn", "nqn.b\n");
    const auto names = boot::controllers_of(sys, "nqn.b");
    BOOST_REQUIRE(names.size() == 1U);
    BOOST_TEST(names[0] == "nvme1");
}

BOOST_AUTO_TEST_SUITE_END()
