// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/handover/handover.h"

#include <unistd.h>

#include "support/fake_clock.h"
#include "support/growing.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

struct Fake {
    support::TempDir dir;
    base::SysPaths sys;
    boot::Root root;
    boot::Network network;

    Fake() {
        sys.sys = dir.at("sys");
        sys.dev = dir.at("dev");
        sys.run = dir.at("run");
        root.controller = {"nvme0", {"10.0.2.2", 4420, ""}, 2};
        root.subsysnqn = "nqn.2024-08.com.example:disk";
        root.nsid = 1;
        root.disk = {"nvme0n1", dir.at("sys/disk"), "", "uuid.1", 1024};
        root.partitions = {"nvme0n1p1", "nvme0n1p12"};
        boot::Interface interface;
        interface.name = "eth0";
        interface.addresses = {boot::Subnet::parse("10.0.2.15/24").value(),
                               boot::Subnet::parse("fec0::15/64").value()};
        network.interfaces = {interface};
    }
};

std::string link_at(const support::TempDir& dir, const char* path) {
    char text[128];
    const ssize_t n = ::readlink(dir.at(path).c_str(), text, sizeof text);
    return n < 0 ? "" : std::string(text, static_cast<size_t>(n));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(handover)

BOOST_AUTO_TEST_CASE(the_file_for_the_shell_has_one_key_a_line) {
    const Fake fake;
    BOOST_TEST(boot::root_file(fake.root, fake.network) ==
               "DEVICE=/dev/nvme0n1\nROOT=/dev/nvmeroot/root\nCONTROLLER=nvme0\n"
               "SUBSYSNQN=nqn.2024-08.com.example:disk\nNSID=1\nWWID=uuid.1\nINTERFACE=eth0\n"
               "ADDRESS=10.0.2.15/24,fec0::15/64\n");
}

BOOST_AUTO_TEST_CASE(links_registry_and_file_are_made_and_made_again) {
    const Fake fake;
    fake.dir.file("sys/kernel/uevent_seqnum", "1234\n");
    for (int run = 0; run < 2; ++run) {
        BOOST_REQUIRE(boot::hand_over(fake.root, fake.network, fake.sys).ok());
    }
    BOOST_TEST(link_at(fake.dir, "dev/nvmeroot/root") == "../nvme0n1");
    BOOST_TEST(link_at(fake.dir, "dev/nvmeroot/root-part1") == "../nvme0n1p1");
    BOOST_TEST(link_at(fake.dir, "dev/nvmeroot/root-part12") == "../nvme0n1p12");
    BOOST_TEST(fake.dir.read("run/nvme/registry/nvme0/owner") == "nvmeroot\n");
    BOOST_TEST(fake.dir.read("run/nvme/registry/nvme0/seqnum") == "1234\n");
    BOOST_TEST(fake.dir.read("run/nvmeroot/root") == boot::root_file(fake.root, fake.network));
}

BOOST_AUTO_TEST_CASE(udev_learns_the_names_and_gets_an_event) {
    const Fake fake;
    fake.dir.file("sys/disk/uevent", "");
    fake.dir.file("sys/disk/nvme0n1p12/uevent", "");
    BOOST_REQUIRE(boot::hand_over(fake.root, fake.network, fake.sys).ok());
    BOOST_TEST(fake.dir.read("run/nvmeroot/block/nvme0n1") == "NVMEROOT_LINK=root\n");
    BOOST_TEST(fake.dir.read("run/nvmeroot/block/nvme0n1p12") == "NVMEROOT_LINK=root-part12\n");
    BOOST_TEST(fake.dir.read("sys/disk/uevent") == "change");
    BOOST_TEST(fake.dir.read("sys/disk/nvme0n1p12/uevent") == "change");
}

BOOST_AUTO_TEST_CASE(a_failure_leaves_no_file_for_the_shell) {
    const Fake fake;
    fake.dir.file("dev/nvmeroot", "in the way");
    const auto given = boot::hand_over(fake.root, fake.network, fake.sys);
    BOOST_REQUIRE(!given.ok());
    BOOST_TEST(given.error().code == boot::ExitCode::kHandOver);
    BOOST_TEST(!fake.dir.exists("run/nvmeroot/root"));
}

BOOST_AUTO_TEST_CASE(a_root_in_use_is_recognised) {
    const Fake fake;
    BOOST_TEST(!boot::handed_over_already(fake.sys));
    BOOST_REQUIRE(boot::hand_over(fake.root, fake.network, fake.sys).ok());
    BOOST_TEST(!boot::handed_over_already(fake.sys));
    (void)fake.dir.folder("sys/class/nvme/nvme0");
    BOOST_TEST(boot::handed_over_already(fake.sys));
}

BOOST_AUTO_TEST_CASE(a_missing_device_node_is_named) {
    const Fake fake;
    support::FakeClock clock;
    fake.dir.file("dev/nvme0n1", "");
    fake.dir.file("sys/disk/nvme0n1p1/partition", "1\n");
    const auto found = boot::await_partitions(fake.sys, fake.root.disk, clock,
                                              base::Deadline(clock, base::seconds(1)));
    BOOST_REQUIRE(!found.ok());
    BOOST_TEST(found.error().text.find("dev/nvme0n1p1 did not appear") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(partitions_are_awaited_until_they_stay_and_have_nodes) {
    const Fake fake;
    fake.dir.file("dev/nvme0n1", "");
    const auto file = [&](const std::string& path) {
        return support::Step{path, [&fake, path] { fake.dir.file(path, "1\n"); }};
    };
    const std::vector<support::Step> steps = {file("sys/disk/nvme0n1p1/partition"),
                                              file("sys/disk/nvme0n1p2/size"),
                                              file("dev/nvme0n1p1"), file("dev/nvme0n1p2")};
    for (size_t done = 2; done < steps.size(); ++done) {
        for (const char* node : {"dev/nvme0n1p1", "dev/nvme0n1p2"}) {
            (void)::unlink(fake.dir.at(node).c_str());
        }
        support::GrowingClock clock(steps, done, steps.size());
        const auto found = boot::await_partitions(fake.sys, fake.root.disk, clock,
                                                  base::Deadline(clock, base::seconds(1)));
        BOOST_REQUIRE(found.ok());
        BOOST_TEST(*found == (std::vector<std::string>{"nvme0n1p1", "nvme0n1p2"}),
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_SUITE_END()
