// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/stages/boot.h"

#include "support/fake_clock.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

struct Fake {
    support::TempDir dir;
    base::SysPaths sys;
    support::FakeClock clock;
    base::Log log{"nvmeroot", base::Level::kError};
    boot::BootState state{clock, log};
    boot::Machine machine{{}, sys, clock, state, base::Deadline(clock, base::seconds(60)),
                          {}, {},  {}};
    int attempts = 0;

    Fake() {
        log.silence_stderr();
        sys.sys = dir.at("sys");
    }
    /// Tries until `succeed_at`, failing with `failure` before.
    boot::Outcome<boot::Root> run(const boot::Failure& failure, int succeed_at) {
        return boot::retry(machine, [&](boot::Machine& given) -> boot::Outcome<boot::Root> {
            if (++attempts == succeed_at) {
                return boot::Root{};
            }
            given.controller = "nvme0";
            return failure;
        });
    }
};

const boot::Failure kPassing =
    boot::Failure::passing(boot::ExitCode::kUnreachable, base::error("nobody"));
const boot::Failure kDoubtful =
    boot::Failure::doubt(boot::ExitCode::kAuthentication, base::error("hung up"));
const boot::Failure kFinal = boot::Failure::final(boot::ExitCode::kRefused, base::error("no"));

}  // namespace

BOOST_AUTO_TEST_SUITE(stages)

BOOST_AUTO_TEST_CASE(the_lease_of_bootdev_says_where_the_root_is) {
    boot::Network network;
    for (const std::string name : {"eth0", "eth1", "eth2", "eth3"}) {
        network.interfaces.emplace_back().name = name;
    }
    BOOST_TEST(boot::root_path(network, "eth2").empty());
    network.interfaces[1].lease.emplace().root_path = "first";
    network.interfaces[2].lease.emplace().root_path = "second";
    network.interfaces[3].dhcp6.emplace().boot_file_url = "third";
    BOOST_TEST(boot::root_path(network, "") == "first");
    BOOST_TEST(boot::root_path(network, "eth2") == "second");
    BOOST_TEST(boot::root_path(network, "eth3") == "third");
    BOOST_TEST(boot::root_path(network, "eth0") == "first");
}

BOOST_AUTO_TEST_CASE(what_may_pass_is_tried_again) {
    Fake fake;
    const auto before = fake.clock.now();
    BOOST_TEST(fake.run(kPassing, 4).ok());
    BOOST_TEST(fake.attempts == 4);
    BOOST_TEST(fake.clock.now() - before == base::seconds(1 + 2 + 4));
}

BOOST_AUTO_TEST_CASE(what_is_final_is_not) {
    Fake fake;
    const auto root = fake.run(kFinal, 2);
    BOOST_REQUIRE(!root.ok());
    BOOST_TEST(root.error().code == boot::ExitCode::kRefused);
    BOOST_TEST(fake.attempts == 1);
}

BOOST_AUTO_TEST_CASE(what_is_doubtful_is_tried_again_once) {
    Fake lucky;
    BOOST_TEST(lucky.run(kDoubtful, 2).ok());
    Fake fake;
    const auto root = fake.run(kDoubtful, 1000);
    BOOST_REQUIRE(!root.ok());
    BOOST_TEST(root.error().code == boot::ExitCode::kAuthentication);
    BOOST_TEST(fake.attempts == 2);
}

BOOST_AUTO_TEST_CASE(the_deadline_of_the_boot_ends_the_tries) {
    Fake fake;
    const auto root = fake.run(kPassing, 1000);
    BOOST_REQUIRE(!root.ok());
    BOOST_TEST(root.error().code == boot::ExitCode::kUnreachable);
    BOOST_TEST(!fake.machine.deadline.passed());
    BOOST_TEST(fake.attempts > 4);
}

BOOST_AUTO_TEST_CASE(a_failed_attempt_leaves_no_controller) {
    Fake fake;
    const std::string file = fake.dir.file("sys/class/nvme/nvme0/delete_controller", "");
    BOOST_TEST(!fake.run(kFinal, 2).ok());
    BOOST_TEST(fake.dir.read("sys/class/nvme/nvme0/delete_controller") == "1");
    BOOST_TEST(fake.machine.controller.empty());
}

BOOST_AUTO_TEST_CASE(without_a_portal_to_try_there_is_a_failure) {
    Fake fake;
    const auto proven = boot::connect_stage(fake.machine, boot::goal_of(fake.machine.plan, {}), {});
    BOOST_REQUIRE(!proven.ok());
    BOOST_TEST(proven.error().code == boot::ExitCode::kInternal);
}

BOOST_AUTO_TEST_SUITE_END()
