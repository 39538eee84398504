// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/after/status_command.h"

#include "support/test.h"
#include "unit/boot/handover/state_fixture.h"

namespace {

struct Fake : StateFixture {
    Fake() {
        dir.file("sys/class/nvme/nvme0/subsysnqn", "nqn.2024-08.com.example:disk\n");
        dir.file("sys/class/nvme/nvme0/address", "traddr=10.0.2.2,trsvcid=4420\n");
        dir.file("sys/class/nvme/nvme0/state", "connecting\n");
    }
    [[nodiscard]] std::string text() const {
        return boot::status_text(*base::JsonValue::parse(state.json(), "state.json"), sys);
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(status_command)

BOOST_AUTO_TEST_CASE(a_root_is_reported_with_the_current_state_of_its_paths) {
    Fake fake;
    fake.state.begin("network");
    fake.state.end();
    boot::Root root;
    root.controller = {"nvme0", {"10.0.2.2", 4420, ""}, 2};
    root.subsysnqn = "nqn.2024-08.com.example:disk";
    root.nsid = 7;
    root.disk = {"nvme0n1", "", "", "uuid.1", 64U << 20U};
    root.protection = "512-byte blocks";
    fake.state.keep(root);
    const std::string text = fake.text();
    BOOST_TEST(has(text, "outcome         done (exit 0), attempt 1\n"), text);
    BOOST_TEST(has(text, "root            /dev/nvme0n1, uuid.1, 64 MiB\n"), text);
    BOOST_TEST(has(text, "namespace       7 of nqn.2024-08.com.example:disk\n"), text);
    BOOST_TEST(has(text, "authentication  none\n"), text);
    BOOST_TEST(has(text, "path            nvme0, traddr=10.0.2.2,trsvcid=4420, now connecting\n"),
               text);
    BOOST_TEST(has(text, "stages          1.000 to 1.000 s  network\n"), text);
}

BOOST_AUTO_TEST_CASE(a_failure_is_reported_with_the_lines_of_the_kernel) {
    Fake fake;
    fake.state.keep(std::vector<boot::KernelLine>{{7, 2500000, "nvme nvme0: x"}});
    fake.state.failure(boot::Failure::of(boot::ExitCode::kRefused, base::error("not allowed")));
    const std::string text = fake.text();
    BOOST_TEST(
        has(text, "outcome         refused (exit 14), attempt 1\nerror           not allowed\n"),
        text);
    BOOST_TEST(has(text, "kernel          [2.500] nvme nvme0: x\n"), text);
    BOOST_TEST(!has(text, "root "), text);
    BOOST_REQUIRE(fake.state.write(fake.sys).ok());
    BOOST_TEST(boot::status_command(true, fake.sys) == boot::ExitCode::kRefused);
}

BOOST_AUTO_TEST_CASE(a_machine_that_was_not_booted_so_says_so) {
    Fake fake;
    BOOST_TEST(boot::status_command(false, fake.sys) == boot::ExitCode::kNotAsked);
    fake.dir.file("run/nvmeroot/state.json", "{");
    BOOST_TEST(boot::status_command(false, fake.sys) == boot::ExitCode::kInternal);
}

BOOST_AUTO_TEST_SUITE_END()
