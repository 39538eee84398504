// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/handover/state.h"

#include "support/test.h"
#include "unit/boot/handover/state_fixture.h"

namespace {

struct Fake : StateFixture {
    Fake() { log.also_to_kmsg(base::open_file(dir.file("kmsg", ""), 02 /* O_RDWR */).value()); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(state)

BOOST_AUTO_TEST_CASE(each_stage_has_its_times) {
    Fake fake;
    fake.state.begin("network");
    fake.clock.sleep(base::milliseconds(250));
    fake.state.begin("probe");
    fake.clock.sleep(base::seconds(1));
    fake.state.end();
    const std::string json = fake.state.json();
    BOOST_TEST(has(json, R"({"stage":"network","began":1.000,"ended":1.250})"), json);
    BOOST_TEST(has(json, R"({"stage":"probe","began":1.250,"ended":2.250})"), json);
    BOOST_TEST(has(json, R"("exit_code":0,"outcome":"done")"), json);
    BOOST_TEST(has(json, R"("root":null)"), json);
}

BOOST_AUTO_TEST_CASE(a_failure_is_said_once_and_kept_with_the_kernels_lines) {
    Fake fake;
    const auto failure = boot::Failure::of(boot::ExitCode::kUnreachable, base::error("nobody"));
    fake.state.trying_again(failure);
    fake.state.trying_again(failure);
    fake.state.keep(std::vector<boot::KernelLine>{{7, 2500000, "nvme nvme0: \"x\""}});
    fake.state.failure(failure);
    const std::string log = fake.dir.read("kmsg");
    BOOST_TEST(
        log ==
        "<4>nvmeroot: nobody, trying again [1.00 s]\n<3>nvmeroot: nobody [exit 13, 1.00 s]\n");
    BOOST_REQUIRE(fake.state.write(fake.sys).ok());
    const std::string json = fake.dir.read("run/nvmeroot/state.json");
    BOOST_TEST(has(json, R"("exit_code":13,"outcome":"unreachable","attempts":3,"error":"nobody")"),
               json);
    BOOST_TEST(has(json, R"({"time":2.500,"text":"nvme nvme0: \"x\""})"), json);
}

BOOST_AUTO_TEST_CASE(each_step_is_logged_on_request) {
    Fake fake;
    fake.state.begin("network");
    BOOST_TEST(fake.dir.read("kmsg") == "");
    base::Log trace("nvmeroot", base::Level::kDebug);
    trace.silence_stderr();
    trace.also_to_kmsg(base::open_file(fake.dir.file("trace", ""), 02 /* O_RDWR */).value());
    fake.state.trace_to(trace);
    fake.state.trace("plan\n\nvalues\n");
    fake.state.begin("connect");
    const auto failure = boot::Failure::of(boot::ExitCode::kUnreachable, base::error("nobody"));
    fake.state.trying_again(failure);
    fake.clock.sleep(base::seconds(1));
    fake.state.trying_again(failure);
    fake.state.keep(std::vector<boot::KernelLine>{{7, 2500000, "nvme nvme0: x"}});
    BOOST_TEST(fake.dir.read("trace") ==
               "<7>nvmeroot: [1.00 s] plan\n<7>nvmeroot: [1.00 s] values\n"
               "<7>nvmeroot: [1.00 s] stage connect\n"
               "<7>nvmeroot: [1.00 s] attempt failed: nobody\n"
               "<7>nvmeroot: [2.00 s] attempt failed: nobody\n"
               "<7>nvmeroot: [2.00 s] kernel: nvme nvme0: x\n");
    BOOST_TEST(fake.dir.read("kmsg") == "<4>nvmeroot: nobody, trying again [1.00 s]\n");
}

BOOST_AUTO_TEST_CASE(an_alarm_is_shown_under_quiet_and_kept) {
    Fake fake;
    fake.state.alarm("no driver");
    BOOST_TEST(fake.dir.read("kmsg") == "<3>nvmeroot: no driver\n");
    BOOST_TEST(has(fake.state.json(), R"("exit_code":0)"));
    BOOST_TEST(has(fake.state.json(), R"("warnings":["no driver"])"));
}

BOOST_AUTO_TEST_CASE(the_root_is_described) {
    Fake fake;
    boot::Root root;
    root.controller = {"nvme0", {"10.0.2.2", 4420, ""}, 2};
    root.disk = {"nvme0n1", "", "", "uuid.1", 1024};
    root.partitions = {"nvme0n1p1"};
    fake.state.keep(root);
    BOOST_TEST(has(fake.state.json(), R"("size_bytes":1024,"partitions":["nvme0n1p1"])"));
}

BOOST_AUTO_TEST_SUITE_END()
