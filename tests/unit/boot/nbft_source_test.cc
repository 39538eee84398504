// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/nbft_source.h"

#include <boost/test/unit_test.hpp>

#include "boot/plan_report.h"
#include "support/nbft_table.h"
#include "unit/boot/plan_machine.h"
#include "unit/boot/sample_secrets.h"

namespace {

using nvme::Nbft;

/// A machine whose firmware left a table.
struct Machine : PlanMachine {
    Nbft nbft = support::sample_nbft();

    Machine() : PlanMachine("99999999-2222-3333-4444-555555555555") {}
    void table(const std::string& name, const Nbft& content) const {
        dir.file("sys/firmware/acpi/tables/" + name, base::text_of(support::build_nbft(content)));
    }
    [[nodiscard]] boot::LoadedPlan load(const std::string& cmdline = "") const {
        table("NBFT", nbft);
        return PlanMachine::load(cmdline);
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(nbft_source)

BOOST_AUTO_TEST_CASE(the_firmwares_table_alone_makes_a_plan) {
    Machine machine;
    machine.nbft.subsystems[0].header_digest = true;
    const auto loaded = machine.load();
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.asked_why == "asked for by NBFT: SSNS 1");
    const boot::BootPlan& plan = loaded.plan;
    BOOST_TEST(plan.target.subsysnqn == "nqn.2024-08.com.example:disk");
    BOOST_REQUIRE(plan.target.portals.size() == 1U);
    BOOST_TEST(plan.target.portals[0].address == "10.0.2.2");
    BOOST_TEST((plan.target.choice.nsid == 1U));
    BOOST_TEST(plan.host.nqn == machine.nbft.host.nqn);
    BOOST_TEST(nvme::to_text(plan.host.id) == "11111111-2222-3333-4444-555555555555");
    BOOST_TEST(plan.connect.hdr_digest);
    BOOST_REQUIRE(plan.network.interfaces.size() == 1U);
    const boot::InterfacePlan& interface = plan.network.interfaces[0];
    BOOST_TEST((interface.method == boot::AddressMethod::kStatic));
    BOOST_TEST(interface.match_mac->text() == "52:54:00:12:34:56");
    BOOST_TEST(interface.address->text() == "10.0.2.15/24");
    BOOST_TEST(interface.gateway->text() == "10.0.2.2");
}

BOOST_AUTO_TEST_CASE(what_a_server_gave_is_asked_for_anew) {
    Machine machine;
    Nbft::Interface& interface = machine.nbft.interfaces[0];
    const auto planned = [&] {
        const auto loaded = machine.load();
        BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
        return loaded.plan.network.interfaces.at(0);
    };
    interface.host_name = "no:name";
    interface.origin = Nbft::Origin::kDhcp;
    BOOST_TEST((planned().method == boot::AddressMethod::kDhcp));
    BOOST_TEST(planned().match_mac.has_value());
    interface.address = base::Bytes(16, std::byte{0x20});
    BOOST_TEST((planned().method == boot::AddressMethod::kDhcp6));
    interface.origin = Nbft::Origin::kRouter;
    BOOST_TEST((planned().method == boot::AddressMethod::kAuto6));
    interface.origin = Nbft::Origin::kGiven;
    interface.gateway.clear();
    interface.dns = {interface.address};
    interface.prefix_length = 64;
    BOOST_TEST((planned().method == boot::AddressMethod::kStatic));
    BOOST_TEST(planned().address->prefix_length == 64);
    BOOST_TEST(planned().dns.size() == 1U);
    // An interface without an address is of its target's family.
    interface.origin = Nbft::Origin::kDhcp;
    interface.address.clear();
    BOOST_TEST((planned().method == boot::AddressMethod::kDhcp));
    machine.nbft.subsystems[0].address = base::Bytes(16, std::byte{0x20});
    BOOST_TEST((planned().method == boot::AddressMethod::kDhcp6));
}

BOOST_AUTO_TEST_CASE(interfaces_come_in_the_order_of_their_routes) {
    Machine machine;
    auto& interfaces = machine.nbft.interfaces;
    for (uint8_t i = 1; i < 4; ++i) {
        interfaces.push_back(interfaces[0]);
        interfaces[i].index = i + 1U;
        interfaces[i].mac[5] = std::byte{i};
        machine.nbft.subsystems[0].interfaces.push_back(i + 1U);
    }
    interfaces[1].metric = 500;
    interfaces[2].metric = 100;
    interfaces[3].is_default_route = true;
    std::string order;
    for (const auto& interface : machine.load().plan.network.interfaces) {
        order += interface.match_mac->text().substr(15) + " ";
    }
    BOOST_TEST(order == "03 02 01 56 ");
}

BOOST_AUTO_TEST_CASE(of_several_tables_the_one_that_firmware_selected_counts) {
    Machine machine;
    Nbft second = machine.nbft;
    second.host.nqn = "nqn.2024-08.com.example:second";
    second.subsystems[0].nqn = "nqn.2024-08.com.example:second-disk";
    machine.table("NBFT1", second);
    auto loaded = machine.load();
    BOOST_TEST(loaded.plan.target.subsysnqn == "nqn.2024-08.com.example:disk");
    BOOST_TEST(joined(loaded.errors) == "");
    BOOST_TEST(joined(loaded.warnings) ==
               "NBFT1: SSNS 1 is another namespace than the first, continuing without it\n");
    second.host.selection = 2;
    machine.table("NBFT1", second);
    loaded = machine.load();
    BOOST_TEST(loaded.plan.target.subsysnqn == "nqn.2024-08.com.example:second-disk");
    BOOST_TEST(loaded.plan.host.nqn == "nqn.2024-08.com.example:second");
    machine.nbft.host.selection = 2;
    second.host.selection = 1;
    machine.table("NBFT1", second);
    BOOST_TEST(machine.load().plan.target.subsysnqn == "nqn.2024-08.com.example:disk");
}

BOOST_AUTO_TEST_CASE(it_is_stronger_than_the_file_and_weaker_than_the_command_line) {
    Machine machine;
    machine.dir.file("etc/nvmeroot/nvmeroot.conf",
                     "[host]\nhostnqn = nqn.2024-08.com.example:file\n[root]\n"
                     "uri = nvme+tcp://192.0.2.9/nqn.2024-08.com.example:file/1\n");
    auto loaded = machine.load();
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.plan.target.subsysnqn == "nqn.2024-08.com.example:disk");
    BOOST_TEST(loaded.plan.host.nqn == machine.nbft.host.nqn);
    loaded = machine.load(
        "nvmeroot=nvme+tcp://192.0.2.9/nqn.2024-08.com.example:typed "
        "nvmeroot.hostnqn=nqn.2024-08.com.example:typed ip=dhcp");
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.plan.target.subsysnqn == "nqn.2024-08.com.example:typed");
    BOOST_TEST(loaded.plan.host.nqn == "nqn.2024-08.com.example:typed");
    BOOST_TEST(nvme::to_text(loaded.plan.host.id) == "99999999-2222-3333-4444-555555555555");
    BOOST_TEST(!loaded.plan.network.interfaces[0].match_mac.has_value());
    loaded = machine.load("rd.nvmf.nonbft");
    BOOST_TEST(loaded.plan.target.subsysnqn == "nqn.2024-08.com.example:file");
}

BOOST_AUTO_TEST_CASE(other_paths_join_and_other_disks_do_not) {
    Machine machine;
    auto& subsystems = machine.nbft.subsystems;
    subsystems.push_back(subsystems[0]);
    subsystems[1].address.back() = std::byte{3};
    subsystems.push_back(subsystems[0]);
    subsystems[2].index = 3;
    subsystems[2].nid = uint32_t{2};
    subsystems.push_back(subsystems[0]);
    subsystems[3].index = 4;
    subsystems[3].nqn = nvme::kDiscoveryNqn;
    subsystems.push_back(subsystems[0]);
    subsystems[4].address.back() = std::byte{4};
    subsystems[4].nid = {};
    const auto loaded = machine.load();
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.plan.target.portals.size() == 3U);
    BOOST_TEST(joined(loaded.warnings) ==
               "NBFT: SSNS 3 is another namespace than the first, continuing without it\n");
    BOOST_TEST(loaded.plan.target.discovery.size() == 1U);
}

BOOST_AUTO_TEST_CASE(without_a_subsystem_the_firmwares_discovery_services_are_asked) {
    Machine machine;
    machine.nbft.subsystems.clear();
    machine.nbft.discovery = {{1, "nvme+tcp://192.0.2.1:8009/", 1}, {2, "http://192.0.2.2"}};
    const auto loaded = machine.load();
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.asked_why == "asked for by NBFT: discovery 1");
    BOOST_REQUIRE(loaded.plan.target.discovery.size() == 1U);
    BOOST_TEST(loaded.plan.target.discovery[0].address == "192.0.2.1");
    BOOST_TEST(loaded.plan.network.interfaces.size() == 1U);
    BOOST_TEST(joined(loaded.warnings) ==
               "NBFT: discovery 2 has no URI of a discovery service (\"http://192.0.2.2\"), "
               "continuing without it\n");
    machine.nbft.discovery[0].security = 9;
    BOOST_TEST(machine.load().errors.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_security_profile_wants_a_secret_that_fits) {
    Machine machine;
    machine.nbft.subsystems[0].security = 2;
    BOOST_TEST(joined(machine.load().errors) ==
               "NBFT: SSNS 1 (nqn.2024-08.com.example:disk) has security profile 2, which the "
               "table does not describe\n");
    machine.nbft.security.push_back({2, false, false, std::vector{nvme::HashId::kSha512}, {}});
    const std::string subject =
        "NBFT: SSNS 1 (nqn.2024-08.com.example:disk): its security profile 2 ";
    BOOST_TEST(joined(machine.load().errors).starts_with(subject + "wants a secret"));
    machine.dir.file("etc/nvmeroot/dhchap_secret", kHostSecret, 0600);
    const auto loaded = machine.load();
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST((loaded.plan.auth.hashes == std::vector{nvme::HashId::kSha512}));
    BOOST_TEST(loaded.plan.auth.groups.size() == 6U);
    BOOST_TEST(joined(machine.load("nvmeroot.dhchap_hash=sha256").errors) ==
               subject + "allows no hash that dhchap_hash allows\n");
    machine.nbft.security[0].dhchap_excluded = true;
    BOOST_TEST(joined(machine.load().errors).starts_with(subject + "does not allow DH-HMAC-CHAP"));
    machine.nbft.security[0].secure_channel_required = true;
    BOOST_TEST(joined(machine.load().errors).starts_with(subject + "demands a secure channel"));
    // Who names another target has left the firmware's connection and its demands.
    BOOST_TEST(
        machine.load("nvmeroot=nvme+tcp://192.0.2.9/nqn.2024-08.com.example:x").errors.empty());
}

BOOST_AUTO_TEST_CASE(a_malformed_table_stops_nothing) {
    const Machine machine;
    machine.dir.file("sys/firmware/acpi/tables/NBFT1", "NBFT but not really");
    const auto loaded = machine.load();
    BOOST_TEST(loaded.errors.empty());
    BOOST_TEST(joined(loaded.warnings) ==
               "NBFT1: no table with the signature NBFT, continuing without it\n");
    BOOST_TEST(machine.load("rd.nonvmf").warnings.empty());
}

BOOST_AUTO_TEST_CASE(a_vlan_is_made_on_the_interface_with_its_address) {
    Machine machine;
    machine.nbft.interfaces[0].vlan = 7;
    const auto loaded = machine.load();
    BOOST_TEST(loaded.warnings.empty());
    BOOST_REQUIRE(loaded.plan.network.devices.size() == 1U);
    const boot::DevicePlan& vlan = loaded.plan.network.devices[0];
    BOOST_TEST(vlan.name == "nbft1.7");
    BOOST_TEST(vlan.vlan_id == 7);
    BOOST_TEST(vlan.parent_mac->text() == "52:54:00:12:34:56");
    BOOST_REQUIRE(loaded.plan.network.interfaces.size() == 1U);
    BOOST_TEST(loaded.plan.network.interfaces[0].name == "nbft1.7");
    BOOST_TEST(!loaded.plan.network.interfaces[0].match_mac);
    BOOST_TEST((boot::plan_text(loaded).find("NBFT: HFI 1") != std::string::npos));
    BOOST_TEST(machine.load("ip=dhcp").plan.network.devices.empty());
    BOOST_TEST(machine.load("ip=dhcp").plan.network.interfaces[0].name.empty());
}

BOOST_AUTO_TEST_SUITE_END()
