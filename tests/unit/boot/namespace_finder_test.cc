// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/namespace_finder.h"

#include <boost/test/unit_test.hpp>
#include <map>

#include "support/fake_clock.h"
#include "support/fake_controller.h"
#include "support/temp_dir.h"

namespace {

constexpr const char* kUuid1 = "11111111-2222-3333-4444-555555555555";
constexpr const char* kUuid2 = "11111111-2222-3333-4444-666666666666";
constexpr const char* kNqn = "nqn.2024-08.com.example:disk";

nvme::Uuid uuid(const char* text) {
    return nvme::parse_uuid(text).value();
}

support::FakeController two_namespaces() {
    support::FakeController controller;
    controller.add(1, uuid(kUuid1));
    controller.add(7, uuid(kUuid2));
    return controller;
}

boot::NamespaceChoice by_uuid(const char* text) {
    boot::NamespaceChoice choice;
    choice.uuid = uuid(text);
    return choice;
}

boot::NamespaceChoice by_nsid(uint32_t nsid) {
    boot::NamespaceChoice choice;
    choice.nsid = nsid;
    return choice;
}

/// A /sys as 6.12 makes it with multipath: NSID 7 became nvme3n1.
struct FakeSys {
    support::TempDir dir;
    base::SysPaths sys;

    FakeSys() {
        sys.sys = dir.path();
        sys.dev = dir.at("dev");
        dir.file("class/nvme/nvme0/subsysnqn", std::string(kNqn) + "\n");
        dir.file("class/nvme/nvme0/nvme3c0n1/nsid", "7\n");
        dir.file("class/nvme/nvme0/nvme3c0n1/ana_state", "inaccessible\n");
        dir.file("class/nvme-subsystem/nvme-subsys3/nvme0", "");
    }
    void add_head() const {
        add_head_without_node();
        dir.file("dev/nvme3n1", "");
    }
    void add_head_without_node() const {
        dir.file("class/nvme-subsystem/nvme-subsys3/nvme3n1/size", "2048\n");
        dir.file("class/nvme-subsystem/nvme-subsys3/nvme3n1/uuid", std::string(kUuid2) + "\n");
        dir.file("class/nvme-subsystem/nvme-subsys3/nvme3n1/wwid", "uuid.x\n");
    }
};

boot::Outcome<boot::Disk> disk_of(const FakeSys& fake, const char* nqn = kNqn) {
    support::FakeClock clock;
    auto controller = two_namespaces();
    const auto root = boot::read_namespace(controller, 7).value();
    return boot::await_disk(fake.sys, "nvme0", nqn, root, clock,
                            base::Deadline(clock, base::seconds(1)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(namespace_finder)

BOOST_AUTO_TEST_CASE(a_uuid_finds_its_nsid) {
    auto controller = two_namespaces();
    const auto found = boot::choose_namespace(controller, by_uuid(kUuid2));
    BOOST_REQUIRE(found.ok());
    BOOST_TEST(found->nsid == 7U);
}

BOOST_AUTO_TEST_CASE(an_nsid_is_taken_when_it_is_active) {
    auto controller = two_namespaces();
    BOOST_TEST(boot::choose_namespace(controller, by_nsid(1))->nsid == 1U);
    for (const uint32_t absent : {2U, 8U}) {
        const auto found = boot::choose_namespace(controller, by_nsid(absent));
        BOOST_REQUIRE(!found.ok());
        BOOST_TEST((found.error().code == boot::ExitCode::kNamespace));
        BOOST_TEST(found.error().retry);
    }
}

BOOST_AUTO_TEST_CASE(nsid_and_uuid_must_agree) {
    auto controller = two_namespaces();
    auto choice = by_uuid(kUuid2);
    choice.nsid = 1;
    const auto found = boot::choose_namespace(controller, choice);
    BOOST_REQUIRE(!found.ok());
    BOOST_TEST(!found.error().retry);
    BOOST_TEST(found.error().error.text.find(kUuid1) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(two_matches_are_refused) {
    auto controller = two_namespaces();
    controller.add(9, uuid(kUuid2));
    for (const auto& choice : {by_uuid(kUuid2), boot::NamespaceChoice{}}) {
        const auto found = boot::choose_namespace(controller, choice);
        BOOST_REQUIRE(!found.ok());
        BOOST_TEST(!found.error().retry);
        BOOST_TEST(found.error().error.text.find("both") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(the_only_namespace_needs_no_name) {
    support::FakeController controller;
    controller.add(3, uuid(kUuid1));
    BOOST_TEST(boot::choose_namespace(controller, {})->nsid == 3U);
}

BOOST_AUTO_TEST_CASE(a_namespace_that_comes_late_is_awaited) {
    support::FakeController controller;
    controller.appear_after = 3;
    controller.add(1, uuid(kUuid1));
    support::FakeClock clock;
    const auto found = boot::await_namespace(controller, by_nsid(1), clock,
                                             base::Deadline(clock, base::seconds(5)));
    BOOST_TEST(found.ok());
}

BOOST_AUTO_TEST_CASE(a_namespace_that_never_comes_is_a_final_answer) {
    support::FakeController controller;
    controller.add(1, uuid(kUuid1));
    support::FakeClock clock;
    const auto found = boot::await_namespace(controller, by_nsid(7), clock,
                                             base::Deadline(clock, base::seconds(5)));
    BOOST_REQUIRE(!found.ok());
    BOOST_TEST((found.error().code == boot::ExitCode::kNamespace));
    BOOST_TEST(!found.error().retry);
}

BOOST_AUTO_TEST_CASE(the_head_of_the_right_nsid_is_the_disk) {
    const FakeSys fake;
    fake.add_head();
    const auto disk = disk_of(fake);
    BOOST_REQUIRE(disk.ok());
    BOOST_TEST(disk->name == "nvme3n1");
    BOOST_TEST(disk->path.ends_with("/nvme0/nvme3c0n1"));
    BOOST_TEST(disk->size_bytes == 2048U * 512);
    BOOST_TEST(disk->wwid == "uuid.x");
}

BOOST_AUTO_TEST_CASE(without_multipath_the_disk_is_below_its_controller) {
    const FakeSys fake;
    fake.dir.file("class/nvme/nvme0/nvme0n4/nsid", "7\n");
    fake.dir.file("class/nvme/nvme0/nvme0n4/size", "8\n");
    fake.dir.file("class/nvme/nvme0/nvme0n4/uuid", std::string(kUuid2) + "\n");
    fake.dir.file("dev/nvme0n4", "");
    const auto disk = disk_of(fake);
    BOOST_REQUIRE(disk.ok());
    BOOST_TEST(disk->name == "nvme0n4");
    BOOST_TEST(disk->path == disk->sysfs);
}

BOOST_AUTO_TEST_CASE(a_path_without_a_head_is_named_with_its_ana_state) {
    const FakeSys fake;
    const auto disk = disk_of(fake);
    BOOST_REQUIRE(!disk.ok());
    BOOST_TEST(disk.error().error.text.find("inaccessible") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(another_subsystem_or_another_uuid_is_refused) {
    const FakeSys fake;
    fake.add_head();
    BOOST_TEST(!disk_of(fake, "nqn.2024-08.com.example:other").ok());
    fake.dir.file("class/nvme-subsystem/nvme-subsys3/nvme3n1/uuid", std::string(kUuid1) + "\n");
    const auto disk = disk_of(fake);
    BOOST_REQUIRE(!disk.ok());
    BOOST_TEST(disk.error().error.text.find("uuid") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_disk_is_there_when_its_device_node_is) {
    const FakeSys fake;
    fake.add_head_without_node();
    BOOST_TEST(!disk_of(fake).ok());
    fake.add_head();
    BOOST_TEST(disk_of(fake).ok());
}

BOOST_AUTO_TEST_SUITE_END()
