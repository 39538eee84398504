// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/check/check_command.h"

#include "support/temp_dir.h"
#include "support/test.h"

namespace {

/// Disks as the kernel shows them: a multipath head in its subsystem, a PCIe disk in its
/// controller.
struct Fake {
    support::TempDir dir;
    base::SysPaths sys;

    Fake() {
        sys.sys = dir.at("sys");
        sys.dev = dir.at("dev");
        disk("devices/subsys0/nvme0n1", "nvme0n1", "7");
        dir.file("sys/devices/subsys0/nvme0n1/nvme0n1p2/partition", "2\n");
        dir.link("sys/class/block/nvme0n1p2", "../../devices/subsys0/nvme0n1/nvme0n1p2");
        dir.file("dev/nvme0n1p2", "");
        dir.file("sys/devices/subsys0/nvme4/state", "connecting\n");
        dir.file("sys/devices/subsys0/nvme5/state", "live\n");
        disk("devices/pci/nvme6/nvme6n1", "nvme6n1", "1");
        controller("nvme4", "connecting");
        controller("nvme5", "live");
        controller("nvme6", "live");
    }
    void disk(const std::string& folder, const std::string& name, const std::string& nsid) const {
        dir.file("sys/" + folder + "/nsid", nsid + "\n");
        dir.link("sys/class/block/" + name, "../../" + folder);
        dir.file("dev/" + name, "");
    }
    void controller(const std::string& name, const std::string& state) const {
        dir.file("sys/class/nvme/" + name + "/state", state + "\n");
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(check_command)

BOOST_AUTO_TEST_CASE(a_multipath_head_is_asked_by_a_live_controller) {
    const Fake fake;
    for (const std::string& name :
         {std::string("nvme0n1"), fake.dir.at("dev/nvme0n1"), std::string("nvme0n1p2")}) {
        const auto found = boot::find_device(name, fake.sys);
        BOOST_REQUIRE_MESSAGE(found.ok(), name);
        BOOST_TEST(found->controller == "nvme5");
        BOOST_TEST(found->disk == "nvme0n1");
        BOOST_TEST(found->nsid == 7U);
    }
}

BOOST_AUTO_TEST_CASE(links_are_followed) {
    const Fake fake;
    fake.dir.link("dev/nvmeroot/root", "../nvme6n1");
    const auto found = boot::find_device(fake.dir.at("dev/nvmeroot/root"), fake.sys);
    BOOST_REQUIRE(found.ok());
    BOOST_TEST(found->controller == "nvme6");
}

BOOST_AUTO_TEST_CASE(other_things_are_refused) {
    const Fake fake;
    fake.dir.file("dev/sda", "");
    fake.disk("devices/subsys9/nvme9n1", "nvme9n1", "1");
    for (const char* name : {"sda", "nothing", "nvme9n1"}) {
        BOOST_TEST(!boot::find_device(name, fake.sys).ok(), name);
    }
}

BOOST_AUTO_TEST_SUITE_END()
