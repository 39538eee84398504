// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/connect/connect.h"

#include <sys/stat.h>

#include "nvme/types.h"
#include "support/fake_kmsg.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

constexpr std::string_view kList612 =
    "instance=-1,cntlid=-1,transport=%s,traddr=%s,data_digest,hdr_digest,dhchap_secret=%s,"
    "dhchap_ctrl_secret=%s\n";

const boot::Portal kPortal{"192.0.2.1", 4420, "test"};

struct Plan {
    explicit Plan(boot::Auth mode) { plan.auth.mode = mode; }
    [[nodiscard]] boot::ConnectRequest request(std::string subsysnqn = {}) const {
        return boot::request_of(plan, plan.host, std::move(subsysnqn));
    }
    boot::BootPlan plan;
};

/// A connect to a discovery controller, which goes without libnvme.
struct Connect {
    support::TempDir dir;
    base::SysPaths sys;
    base::SystemClock clock;
    support::FakeKmsg fake;
    boot::KernelLog log{fake.take_reader()};

    Connect() { sys.dev = dir.path(); }
    boot::Failure failure() {
        Plan plan(boot::Auth::kOff);
        plan.plan.timeouts.connect = base::milliseconds(100);
        auto controller =
            boot::connect(plan.request(std::string(nvme::kDiscoveryNqn)), kPortal, sys, clock, log);
        BOOST_REQUIRE(!controller.ok());
        return std::move(controller).error();
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(kernel_connect)

BOOST_FIXTURE_TEST_CASE(what_the_kernel_said_of_an_earlier_connect_is_not_this_ones, Connect) {
    dir.file("nvme-fabrics", std::string(kList612));
    fake.kernel("nvme nvme0: qid 0: authentication failed, error -129");
    fake.kernel("nvme nvme0: failed to connect queue: 0 ret=-129");
    const boot::Failure why = failure();
    BOOST_TEST(why.code == boot::ExitCode::kConnect, why.error.text);
    BOOST_TEST(why.retry);
}

BOOST_FIXTURE_TEST_CASE(a_kernel_that_is_at_another_connect_is_asked_again_later, Connect) {
    BOOST_REQUIRE(mkfifo(dir.at("nvme-fabrics").c_str(), 0600) == 0);
    fake.kernel("nvme nvme0: qid 0: authentication failed, error -129");
    const boot::Failure why = failure();
    BOOST_TEST(why.code == boot::ExitCode::kConnect);
    BOOST_TEST(why.retry);
    BOOST_TEST(why.error.text.starts_with("connect 192.0.2.1:4420: a target stopped answering"),
               why.error.text);
}

BOOST_FIXTURE_TEST_CASE(what_the_kernel_lacks_is_told_before_it_connects, Connect) {
    dir.file("nvme-fabrics", "transport=%s,hdr_digest\n");
    const boot::Failure why = failure();
    BOOST_TEST(!why.retry);
    BOOST_TEST(why.error.text.starts_with("connect 192.0.2.1:4420: this kernel's connect has no "
                                          "option data_digest"),
               why.error.text);
    BOOST_TEST(dir.read("nvme-fabrics") == "transport=%s,hdr_digest\n");
}

BOOST_AUTO_TEST_CASE(the_option_list_is_names) {
    const auto options = boot::fabrics_options(kList612);
    BOOST_REQUIRE(options.size() == 8U);
    BOOST_TEST(options[0] == "instance");
    BOOST_TEST(options[7] == "dhchap_ctrl_secret");
    BOOST_TEST(boot::fabrics_options("").empty());
}

BOOST_AUTO_TEST_CASE(the_kernels_answer_names_the_controller) {
    BOOST_TEST(boot::controller_of_answer("instance=12,cntlid=1\n").value() == "nvme12");
    for (const char* answer :
         {"", "instance=", "instance=-1,cntlid=-1", "instance=x,cntlid=1", "cntlid=1,instance=0"}) {
        BOOST_TEST(!boot::controller_of_answer(answer).ok(), answer);
    }
}

BOOST_AUTO_TEST_CASE(a_kernel_that_cannot_choose_the_way_is_refused) {
    const auto none = boot::fabrics_options("transport=%s,data_digest,hdr_digest\n");
    boot::Portal portal = kPortal;
    portal.source = "192.0.2.9";
    BOOST_TEST(!boot::check_options(Plan(boot::Auth::kOff).request(), portal, none).ok());
    portal = kPortal;
    portal.interface = "eth1";
    const auto checked = boot::check_options(Plan(boot::Auth::kOff).request(), portal, none);
    BOOST_REQUIRE(!checked.ok());
    BOOST_TEST(checked.error().code == boot::ExitCode::kConnect);
    BOOST_TEST(checked.error().error.text.find("host_iface") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_kernel_without_dhchap_is_refused_before_libnvme_drops_the_secret) {
    const auto all = boot::fabrics_options(kList612);
    BOOST_TEST(boot::check_options(Plan(boot::Auth::kMutual).request(), kPortal, all).ok());
    const auto none = boot::fabrics_options("transport=%s,data_digest,hdr_digest\n");
    BOOST_TEST(boot::check_options(Plan(boot::Auth::kOff).request(), kPortal, none).ok());
    for (const boot::Auth mode : {boot::Auth::kHost, boot::Auth::kMutual}) {
        const auto checked = boot::check_options(Plan(mode).request(), kPortal, none);
        BOOST_REQUIRE(!checked.ok());
        BOOST_TEST(checked.error().code == boot::ExitCode::kAuthentication);
        BOOST_TEST(!checked.error().retry);
    }
    BOOST_TEST(!boot::check_options(Plan(boot::Auth::kHost).request(), kPortal, {}).ok());
}

BOOST_AUTO_TEST_CASE(digests_that_the_kernel_lacks_are_refused_too) {
    const auto options = boot::fabrics_options("transport=%s,hdr_digest\n");
    const auto checked = boot::check_options(Plan(boot::Auth::kOff).request(), kPortal, options);
    BOOST_REQUIRE(!checked.ok());
    BOOST_TEST(checked.error().code == boot::ExitCode::kConnect);
}

BOOST_AUTO_TEST_CASE(io_queues_are_as_asked_or_few) {
    boot::ConnectOptions options;
    options.nr_io_queues = 9;
    BOOST_TEST(options.io_queues() == 9U);
    options.nr_io_queues = 0;
    const uint32_t count = options.io_queues();
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
