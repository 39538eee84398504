// SPDX-License-Identifier: GPL-2.0-or-later
//
// The sources of the plan's target: URIs, the lease, discovery services, paths.

#include "boot/plan/plan.h"
#include "boot/sources/plan_report.h"
#include "boot/sources/root_path.h"
#include "boot/sources/target_choice.h"
#include "support/test.h"
#include "unit/boot/sources/plan_machine.h"

namespace {

constexpr const char* kUri = "nvmeroot=nvme+tcp://192.0.2.10/nqn.2024-08.com.example:disk/1 ";

}  // namespace

BOOST_AUTO_TEST_SUITE(plan_target)

BOOST_AUTO_TEST_CASE(several_uris_are_several_ways_to_one_root) {
    const PlanMachine machine;
    const auto loaded = machine.load(
        "nvmeroot=nvme+tcp://192.0.2.10/nqn.2024-08.com.example:disk "
        "nvmeroot=NVME+TCP://[2001:db8::1]:4421/nqn.2024-08.com.example:disk/7 "
        "netroot=nvme+tcp://[fe80::1%25eth0]/nqn.2024-08.com.example:disk/7 "
        "rd.nvmf.connect=tcp,192.0.2.11,nqn.2024-08.com.example:disk,4422 "
        "rd.nvmf.connect=tcp,2001:db8::1,nqn.2024-08.com.example:disk,4421 "
        "nvmeroot.uuid=AAAAAAAA-bbbb-cccc-dddd-eeeeeeeeeeee");
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    const boot::Target& target = loaded.plan.target;
    BOOST_REQUIRE(target.portals.size() == 4U);
    BOOST_TEST(target.portals[1].address == "2001:db8::1");
    BOOST_TEST(target.portals[1].port == 4421);
    BOOST_TEST(target.portals[2].address == "fe80::1%eth0");
    BOOST_TEST(target.portals[3].address == "192.0.2.11");
    BOOST_TEST(target.portals[3].port == 4422);
    BOOST_TEST(target.choice.nsid == 7U);
    BOOST_TEST(nvme::to_text(*target.choice.uuid) == "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee");
}

BOOST_AUTO_TEST_CASE(odd_names_are_taken_with_a_warning) {
    const PlanMachine machine;
    const auto loaded = machine.load(
        "nvmeroot=nvme+tcp://192.0.2.10/testnqn/1 nvmeroot.hostnqn=hostnqn "
        "nvmeroot.subsysnqn=test*");
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.plan.target.subsysnqn == "testnqn");
    BOOST_TEST(loaded.plan.host.nqn == "hostnqn");
    BOOST_TEST(joined(loaded.warnings) ==
               "\"testnqn\" is not an NQN: it does not begin with nqn.yyyy-mm.; continuing with "
               "this name as it is\n"
               "\"hostnqn\" is not an NQN: it does not begin with nqn.yyyy-mm.; continuing with "
               "this name as it is\n");
}

BOOST_AUTO_TEST_CASE(names_that_differ_in_case_alone_are_pointed_out) {
    const PlanMachine machine;
    const std::string other = "nvmeroot=nvme+tcp://192.0.2.11/nqn.2024-08.com.example:Disk/1 ";
    for (const std::string& cmdline :
         {kUri + other, kUri + std::string("nvmeroot.subsysnqn=nqn.2024-08.com.example:DISK")}) {
        const auto loaded = machine.load(cmdline);
        BOOST_REQUIRE(loaded.errors.size() == 1U);
        BOOST_TEST(loaded.errors[0].find("differ only in letter case") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(one_place_has_one_spelling) {
    const PlanMachine machine;
    const auto loaded = machine.load(
        "nvmeroot=nvme+tcp://[2001:DB8:0::1]/nqn.2024-08.com.example:disk/1 "
        "nvmeroot=nvme+tcp://[2001:db8::1]/nqn.2024-08.com.example:disk/1 "
        "nvmeroot=nvme+tcp://Target.Example/nqn.2024-08.com.example:disk/1 "
        "nvmeroot=nvme+tcp://target.example/nqn.2024-08.com.example:disk/1");
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_REQUIRE(loaded.plan.target.portals.size() == 2U);
    BOOST_TEST(loaded.plan.target.portals[0].address == "2001:db8::1");
    BOOST_TEST(loaded.plan.target.portals[1].address == "target.example");
}

BOOST_AUTO_TEST_CASE(the_target_may_come_with_the_lease) {
    const PlanMachine machine;
    for (const char* cmdline : {"root=dhcp", "netroot=dhcp", "nvmeroot=dhcp"}) {
        auto loaded = machine.load(std::string(cmdline) + " nvmeroot.nsid=3");
        BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
        const boot::BootPlan& plan = loaded.plan;
        BOOST_TEST(plan.target_from_dhcp);
        BOOST_TEST(plan.network.need_lease);
        BOOST_TEST(plan.target.portals.empty());
        for (const char* bad : {"", "nvme-tcp://192.0.2.1", "nvme+tcp://192.0.2.1:x",
                                "nvme+tcp://192.0.2.1/nqn.2024-08.com.example:disk/4"}) {
            const auto completed = boot::target_of_root_path(bad, plan);
            BOOST_REQUIRE_MESSAGE(!completed.ok(), bad);
            BOOST_TEST(completed.error().code == boot::ExitCode::kConfig);
        }
        const auto target =
            boot::target_of_root_path("nvme+tcp://192.0.2.1/nqn.2024-08.com.example:disk", plan);
        BOOST_REQUIRE(target.ok());
        BOOST_TEST(target->portals.size() == 1U);
        BOOST_TEST(target->choice.nsid == 3U);
    }
}

BOOST_AUTO_TEST_CASE(a_root_path_of_another_protocol_is_not_ours_unless_it_was_to_be) {
    const PlanMachine machine;
    for (const char* path : {"iscsi:192.0.2.1::::iqn.2024-08.com.example:disk",
                             "nfs:192.0.2.1:/srv", "192.0.2.1:/srv/nfs", "/srv/nfs", "nfs4:/srv",
                             "nbd:192.0.2.1:root", "http://192.0.2.1/root.img", "NFS:/srv"}) {
        for (const char* cmdline : {"root=dhcp", "netroot=dhcp", "root=dhcp netroot=dhcp"}) {
            auto theirs = machine.load(cmdline);
            const auto left = boot::target_of_root_path(path, theirs.plan);
            BOOST_REQUIRE_MESSAGE(!left.ok(), path);
            BOOST_TEST(left.error().code == boot::ExitCode::kNotAsked, path);
            BOOST_TEST(!left.error().retry);
        }
        for (const char* cmdline :
             {"nvmeroot=dhcp", "nvmeroot=dhcp root=dhcp", "nvmeroot.uri=dhcp"}) {
            auto ours = machine.load(cmdline);
            const auto refused = boot::target_of_root_path(path, ours.plan);
            BOOST_REQUIRE_MESSAGE(!refused.ok(), path);
            BOOST_TEST(refused.error().code == boot::ExitCode::kConfig, path);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_discovery_service_may_know_the_target) {
    const PlanMachine machine;
    const auto loaded = machine.load(
        "netroot=nvme+tcp://192.0.2.1/nqn.2014-08.org.nvmexpress.discovery nvmeroot.nsid=3 "
        "nvmeroot=nvme+tcp://[2001:db8::1]:9000 nvmeroot.subsysnqn=*:root.${hostname} "
        "rd.nvmf.discover=tcp,192.0.2.2 rd.nvmf.discover=tcp,192.0.2.3,192.0.2.9,8009");
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    const boot::Target& target = loaded.plan.target;
    BOOST_TEST(target.subsysnqn.empty());
    BOOST_TEST(target.portals.empty());
    BOOST_REQUIRE(target.discovery.size() == 4U);
    BOOST_TEST(target.discovery[0].port == 8009);
    BOOST_TEST(target.discovery[1].port == 9000);
    BOOST_TEST(target.discovery[2].port == 4420);  // as dracut takes it
    BOOST_TEST(target.discovery[3].source == "192.0.2.9");
    BOOST_TEST(target.discovery[3].origin == "command line: rd.nvmf.discover");
    BOOST_TEST(target.choice.nsid == 3U);
    BOOST_TEST(loaded.plan.subsystems == "*:root.${hostname}");
    BOOST_TEST(boot::plan_text(loaded).find("*:root.${hostname}") != std::string::npos);
    BOOST_TEST(boot::plan_text(loaded).find("192.0.2.3:8009 from 192.0.2.9   (command line: "
                                            "rd.nvmf.discover)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_discovery_service_may_know_more_paths_to_a_target_that_is_named) {
    const PlanMachine machine;
    const auto loaded = machine.load(std::string(kUri) + "nvmeroot=nvme+tcp://192.0.2.1");
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.plan.target.subsysnqn == "nqn.2024-08.com.example:disk");
    BOOST_TEST(loaded.plan.target.portals.size() == 1U);
    BOOST_TEST(loaded.plan.target.discovery.size() == 1U);
    const auto other = machine.load(std::string(kUri) + "nvmeroot.subsysnqn=*:other");
    BOOST_REQUIRE(other.errors.size() == 1U);
    BOOST_TEST(other.errors[0].ends_with("which subsysnqn names"));
}

BOOST_AUTO_TEST_CASE(root_path_may_name_a_discovery_service) {
    const PlanMachine machine;
    const auto loaded = machine.load("root=dhcp");
    const auto target = boot::target_of_root_path("nvme+tcp://192.0.2.1", loaded.plan);
    BOOST_REQUIRE(target.ok());
    BOOST_TEST(target->portals.empty());
    BOOST_TEST(target->discovery.size() == 1U);
    const auto named = machine.load("root=dhcp nvmeroot.subsysnqn=*:other");
    BOOST_TEST(
        !boot::target_of_root_path("nvme+tcp://192.0.2.1/nqn.2024-08.com.example:disk", named.plan)
             .ok());
}

BOOST_AUTO_TEST_CASE(a_path_has_its_own_source_and_interface) {
    const PlanMachine machine;
    machine.config(
        "[path.a]\nuri = nvme+tcp://192.0.2.10/nqn.2024-08.com.example:disk\ninterface = eth0\n"
        "[path.b]\nsource = 192.0.2.6\nuri = nvme+tcp://192.0.2.10/nqn.2024-08.com.example:disk\n"
        "interface = eth1\n");
    const auto loaded = machine.load();
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    const boot::Target& target = loaded.plan.target;
    BOOST_REQUIRE(target.portals.size() == 2U);
    BOOST_TEST(target.portals[0].interface == "eth0");
    BOOST_TEST(target.portals[0].source.empty());
    BOOST_TEST(target.portals[1].source == "192.0.2.6");
    BOOST_TEST(target.portals[1].interface == "eth1");
    BOOST_TEST(boot::plan_text(loaded).find("192.0.2.10:4420 from 192.0.2.6 through eth1") !=
               std::string::npos);

    machine.config(
        "[path.a]\ninterface = eth0\n\n[path.b]\nuri = nvme+tcp://192.0.2.1\n"
        "source = eth0\ninterface = a/b\nport = 5\n");
    const std::string errors = joined(machine.load().errors);
    for (const char* part : {"[path.a]: a path needs a uri", "not an address of a host", "a/b",
                             "has uri, source and interface"}) {
        BOOST_TEST(errors.find(part) != std::string::npos, part << " in " << errors);
    }
}

BOOST_AUTO_TEST_CASE(a_uri_wins_over_dhcp) {
    const PlanMachine machine;
    const auto loaded = machine.load(std::string("root=dhcp ") + kUri);
    BOOST_REQUIRE(loaded.errors.empty());
    BOOST_TEST(!loaded.plan.target_from_dhcp);
    BOOST_TEST(loaded.plan.target.portals.size() == 1U);
}

BOOST_AUTO_TEST_CASE(patterns) {
    struct Row {
        const char* text;
        const char* pattern;
        bool fits;
    };
    const Row rows[] = {
        {"abc", "abc", true},    {"abc", "ab", false},      {"abc", "*", true},
        {"abc", "a*", true},     {"abc", "*c", true},       {"abc", "a?c", true},
        {"abc", "a?", false},    {"abc", "*b*", true},      {"abc", "*d*", false},
        {"", "*", true},         {"", "?", false},          {"", "", true},
        {"aXbXc", "a*X?", true}, {"aaaa", "*a*a*b", false}, {"abc", "abc**", true},
    };
    for (const Row& row : rows) {
        BOOST_TEST(boot::fits_pattern(row.text, row.pattern) == row.fits,
                   row.text << " " << row.pattern);
    }
}

BOOST_AUTO_TEST_SUITE_END()
