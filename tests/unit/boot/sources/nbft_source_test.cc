// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/nbft_source.h"

#include "boot/sources/plan_report.h"
#include "support/nbft_table.h"
#include "support/test.h"
#include "unit/boot/sources/plan_machine.h"
#include "unit/boot/sources/sample_secrets.h"

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
    BOOST_TEST(loaded.asked_why == "requested by NBFT: SSNS 1");
    const boot::BootPlan& plan = loaded.plan;
    BOOST_TEST(plan.target.subsysnqn == "nqn.2024-08.com.example:disk");
    BOOST_REQUIRE(plan.target.portals.size() == 1U);
    BOOST_TEST(plan.target.portals[0].address == "10.0.2.2");
    BOOST_TEST(plan.target.choice.nsid == 1U);
    BOOST_TEST(plan.host.nqn == machine.nbft.host.nqn);
    BOOST_TEST(nvme::to_text(plan.host.id) == "11111111-2222-3333-4444-555555555555");
    BOOST_TEST(plan.connect.hdr_digest);
    BOOST_REQUIRE(plan.network.interfaces.size() == 1U);
    const boot::InterfacePlan& interface = plan.network.interfaces[0];
    BOOST_TEST(interface.method == boot::AddressMethod::kStatic);
    BOOST_TEST(interface.match_mac->text() == "52:54:00:12:34:56");
    BOOST_TEST(interface.address->text() == "10.0.2.15/24");
    BOOST_TEST(interface.gateway->text() == "10.0.2.2");
}

BOOST_AUTO_TEST_CASE(an_address_from_a_server_is_requested_again) {
    Machine machine;
    Nbft::Interface& interface = machine.nbft.interfaces[0];
    const auto planned = [&] {
        const auto loaded = machine.load();
        BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
        return loaded.plan.network.interfaces.at(0);
    };
    interface.host_name = "no:name";
    interface.origin = Nbft::Origin::kDhcp;
    BOOST_TEST(planned().method == boot::AddressMethod::kDhcp);
    BOOST_TEST(planned().match_mac.has_value());
    interface.address = base::Bytes(16, std::byte{0x20});
    BOOST_TEST(planned().method == boot::AddressMethod::kDhcp6);
    interface.origin = Nbft::Origin::kRouter;
    BOOST_TEST(planned().method == boot::AddressMethod::kAuto6);
    interface.origin = Nbft::Origin::kGiven;
    interface.gateway.clear();
    interface.dns = {interface.address};
    interface.prefix_length = 64;
    BOOST_TEST(planned().method == boot::AddressMethod::kStatic);
    BOOST_TEST(planned().address->prefix_length == 64);
    BOOST_TEST(planned().dns.size() == 1U);
    // An interface without an address is of its target's family.
    interface.origin = Nbft::Origin::kDhcp;
    interface.address.clear();
    BOOST_TEST(planned().method == boot::AddressMethod::kDhcp);
    machine.nbft.subsystems[0].address = base::Bytes(16, std::byte{0x20});
    BOOST_TEST(planned().method == boot::AddressMethod::kDhcp6);
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
               "NBFT1: it names no usable disk (SSNS 1 is a different namespace than the first), "
               "continuing without it\n");
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
               "NBFT: ignored: SSNS 3 is a different namespace than the first\n");
    BOOST_TEST(loaded.plan.target.discovery.size() == 1U);
}

BOOST_AUTO_TEST_CASE(without_a_subsystem_the_firmwares_discovery_services_are_asked) {
    Machine machine;
    machine.nbft.subsystems.clear();
    machine.nbft.discovery = {{1, "nvme+tcp://192.0.2.1:8009/", 1}, {2, "http://192.0.2.2"}};
    const auto loaded = machine.load();
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.asked_why == "requested by NBFT: discovery 1");
    BOOST_REQUIRE(loaded.plan.target.discovery.size() == 1U);
    BOOST_TEST(loaded.plan.target.discovery[0].address == "192.0.2.1");
    BOOST_TEST(loaded.plan.network.interfaces.size() == 1U);
    BOOST_TEST(joined(loaded.warnings) ==
               "NBFT: ignored: discovery 2 has no URI of a discovery service (http://192.0.2.2)\n");
    machine.nbft.discovery[0].security = 9;
    BOOST_TEST(machine.load().errors.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_security_profile_requires_a_matching_secret) {
    Machine machine;
    machine.nbft.subsystems[0].security = 2;
    BOOST_TEST(joined(machine.load().errors) ==
               "NBFT: SSNS 1 (nqn.2024-08.com.example:disk): its security profile 2 is not "
               "described in the table\n");
    BOOST_TEST(machine.load().failure().code == boot::ExitCode::kConfig);
    machine.nbft.security.push_back({2, false, false, std::vector{nvme::HashId::kSha512}, {}});
    const std::string subject =
        "NBFT: SSNS 1 (nqn.2024-08.com.example:disk): its security profile 2 ";
    BOOST_TEST(joined(machine.load().errors).starts_with(subject + "requires a secret"));
    machine.dir.file("etc/nvmeroot/dhchap_secret", kHostSecret, 0600);
    const auto loaded = machine.load();
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.plan.auth.hashes == std::vector{nvme::HashId::kSha512});
    BOOST_TEST(loaded.plan.auth.groups.size() == 6U);
    BOOST_TEST(joined(machine.load("nvmeroot.dhchap_hash=sha256").errors) ==
               subject + "allows no hash that dhchap_hash allows\n");
    machine.nbft.security[0].dhchap_excluded = true;
    BOOST_TEST(joined(machine.load().errors).starts_with(subject + "does not allow DH-HMAC-CHAP"));
    machine.nbft.security[0].secure_channel_required = true;
    BOOST_TEST(joined(machine.load().errors).starts_with(subject + "demands a secure channel"));
    // A user who names another target has left the firmware's connection and its demands.
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
    BOOST_TEST(boot::plan_text(loaded).find("NBFT: HFI 1") != std::string::npos);
    BOOST_TEST(machine.load("ip=dhcp").plan.network.devices.empty());
    BOOST_TEST(machine.load("ip=dhcp").plan.network.interfaces[0].name.empty());
}

BOOST_AUTO_TEST_CASE(each_namespace_by_each_of_its_interfaces_is_a_path) {
    Machine machine;
    auto& interfaces = machine.nbft.interfaces;
    interfaces.push_back(interfaces[0]);
    interfaces[1].index = 2;
    interfaces[1].mac[5] = std::byte{0x57};
    interfaces[1].address.back() = std::byte{16};
    interfaces.push_back(interfaces[1]);
    interfaces[2].index = 3;
    interfaces[2].mac[5] = std::byte{0x58};
    interfaces[2].origin = Nbft::Origin::kDhcp;
    interfaces.push_back(interfaces[1]);
    interfaces[3].index = 4;
    interfaces[3].vlan = 7;
    machine.nbft.subsystems[0].interfaces = {1, 2, 2, 3, 4, 9};
    const auto loaded = machine.load();
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    std::string paths;
    for (const boot::Portal& portal : loaded.plan.target.portals) {
        paths += portal.address + " from " + portal.source + " by " + portal.interface + "\n";
    }
    // An address that a server gave may be another one the next time.
    BOOST_TEST(paths ==
               "10.0.2.2 from 10.0.2.15 by 52-54-00-12-34-56\n"
               "10.0.2.2 from 10.0.2.16 by 52-54-00-12-34-57\n"
               "10.0.2.2 from  by 52-54-00-12-34-58\n"
               "10.0.2.2 from 10.0.2.16 by nbft4.7\n");
    BOOST_TEST(loaded.plan.network.interfaces.size() == 4U);
    // A user who configures the network has no such interfaces.
    const auto other = machine.load("ip=dhcp");
    BOOST_REQUIRE(other.plan.target.portals.size() == 1U);
    BOOST_TEST(other.plan.target.portals[0].interface == "");
}

BOOST_AUTO_TEST_CASE(one_odd_element_leaves_the_others) {
    Machine machine;
    auto& subsystems = machine.nbft.subsystems;
    auto& interfaces = machine.nbft.interfaces;
    for (uint8_t i = 1; i < 5; ++i) {
        subsystems.push_back(subsystems[0]);
        subsystems[i].index = i + 1U;
        subsystems[i].address.back() = std::byte{static_cast<uint8_t>(i + 2)};
    }
    subsystems[0].address.clear();                         // the first of all
    subsystems[1].nid = nvme::Eui64{};                     // zeros, and no NSID
    subsystems[1].nqn = "nqn.2024-08.com.example:a,disk";  // ends in the kernel's option string
    subsystems[3].security = 9;
    interfaces.push_back(interfaces[0]);
    interfaces[1].index = 2;
    interfaces[1].prefix_length = 200;
    interfaces.push_back(interfaces[0]);
    interfaces[2].index = 3;
    interfaces[2].address = {std::byte{127}, std::byte{0}, std::byte{0}, std::byte{1}};
    interfaces.push_back(interfaces[0]);
    interfaces[3].index = 4;
    interfaces[3].vlan = 4095;
    subsystems[4].interfaces = {2, 3, 4, 1};
    const auto loaded = machine.load();
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.plan.target.portals.size() == 2U);
    BOOST_TEST(loaded.plan.network.interfaces.size() == 1U);
    const std::string warnings = joined(loaded.warnings);
    BOOST_TEST(loaded.warnings.size() == 1U);
    for (const char* part :
         {"NBFT: ignored: HFI 2: a network of 200 bits", "SSNS 1 has no address", "HFI 3: ",
          "HFI 4: ", "SSNS 2: ", "its security profile 9 is not described in the table"}) {
        BOOST_TEST(warnings.find(part) != std::string::npos, part << " in " << warnings);
    }
}

BOOST_AUTO_TEST_CASE(a_network_of_0_bits_is_one_whose_size_nobody_said) {
    Machine machine;
    machine.nbft.interfaces[0].prefix_length = 0;
    BOOST_TEST(machine.load().plan.network.interfaces.at(0).address->text() == "10.0.2.15/8");
    // A gateway of another family is none.
    machine.nbft.interfaces[0].gateway = base::Bytes(16, std::byte{0x20});
    const auto loaded = machine.load();
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(!loaded.plan.network.interfaces.at(0).gateway);
}

BOOST_AUTO_TEST_CASE(a_table_that_yields_nothing_is_broken_and_not_absent) {
    Machine machine;
    machine.nbft.subsystems[0].address.clear();
    machine.nbft.subsystems.push_back(machine.nbft.subsystems[0]);
    machine.nbft.subsystems[1] = support::sample_nbft().subsystems[0];
    machine.nbft.subsystems[1].index = 2;
    machine.nbft.subsystems[1].bootable = false;
    const auto loaded = machine.load();
    BOOST_TEST(loaded.asked == boot::Asked::kBroken);
    BOOST_TEST(boot::plan_exit_code(loaded) == boot::ExitCode::kFirmware);
    BOOST_TEST(joined(loaded.errors) ==
               "NBFT: it names no usable disk (SSNS 1 has no address; SSNS 2 is not bootable); "
               "name the target with nvmeroot=, or correct the firmware's settings\n");
    BOOST_TEST(loaded.failure().code == boot::ExitCode::kFirmware);
    // A user who names another target, or disables the table, is not stopped by it.
    machine.dir.file("etc/nvmeroot/nvmeroot.conf",
                     "[root]\nuri = nvme+tcp://192.0.2.9/nqn.2024-08.com.example:file/1\n");
    const auto other = machine.load();
    BOOST_REQUIRE_MESSAGE(other.errors.empty(), joined(other.errors));
    BOOST_TEST(other.warnings.size() == 1U);
    BOOST_TEST(machine.load("rd.nvmf.nonbft").warnings.empty());

    const PlanMachine malformed;
    malformed.dir.file("sys/firmware/acpi/tables/NBFT", "NBFT but not really");
    BOOST_TEST(boot::plan_exit_code(malformed.load()) == boot::ExitCode::kFirmware);
    BOOST_TEST(
        (boot::plan_exit_code(malformed.load("rd.nvmf.nonbft")) == boot::ExitCode::kNotAsked));
    const PlanMachine without;
    BOOST_TEST(boot::plan_exit_code(without.load()) == boot::ExitCode::kNotAsked);
}

BOOST_AUTO_TEST_CASE(the_host_identifier_is_read_in_the_order_it_was_written_in) {
    Machine machine;
    const auto id = [&] { return nvme::to_text(machine.load().plan.host.id); };
    machine.nbft.host.id = nvme::in_other_byte_order(*machine.nbft.host.id);
    BOOST_TEST(id() == "11111111-2222-3333-4444-555555555555");
    BOOST_TEST(machine.load().warnings.empty());
    // Without a UUID in the name the machine's own tells.
    machine.nbft.host.nqn = "nqn.2024-08.com.example:host";
    machine.nbft.host.id = nvme::parse_uuid("99999999-3333-2222-4444-555555555555").value();
    machine.dir.file("sys/class/dmi/id/product_uuid", "99999999-2222-3333-4444-555555555555\n");
    BOOST_TEST(id() == "99999999-3333-2222-4444-555555555555");
    machine.nbft.host.id =
        nvme::in_other_byte_order(nvme::parse_uuid("99999999-2222-3333-4444-555555555555").value());
    BOOST_TEST(id() == "99999999-2222-3333-4444-555555555555");
}

BOOST_AUTO_TEST_CASE(one_service_in_two_spellings_is_asked_once) {
    Machine machine;
    machine.nbft.subsystems[0].nqn = "nqn.2014-08.org.nvmexpress.DISCOVERY";
    machine.nbft.subsystems[0].address = base::Bytes(16, std::byte{0xBB});
    machine.nbft.subsystems[0].port = 8009;
    machine.nbft.subsystems[0].interfaces = {};
    const std::string address = "BBBB:BBBB:BBBB:BBBB:BBBB:BBBB:BBBB:BBBB";
    machine.nbft.discovery = {{1, "NVME+TCP://[" + address + "]:8009/", 0},
                              {2, "nvme+tcp://Discovery.Example:8009", 0},
                              {3, "nvme+tcp://discovery.example:8009/", 0}};
    const auto loaded = machine.load();
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.plan.target.portals.empty());
    BOOST_TEST(loaded.plan.target.discovery.size() == 2U);
}

BOOST_AUTO_TEST_CASE(names_that_differ_in_case_alone_are_pointed_out) {
    Machine machine;
    machine.nbft.subsystems.push_back(machine.nbft.subsystems[0]);
    machine.nbft.subsystems[1].index = 2;
    machine.nbft.subsystems[1].nqn = "nqn.2024-08.com.example:Disk";
    BOOST_TEST(
        (joined(machine.load().warnings).find("differ only in letter case") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(one_namespace_may_be_called_by_several_identifiers) {
    Machine machine;
    auto& subsystems = machine.nbft.subsystems;
    subsystems[0].nsid = 1;
    subsystems.push_back(subsystems[0]);
    subsystems[1].address.back() = std::byte{3};
    subsystems[1].nid = nvme::parse_nguid("00112233445566778899aabbccddeeff").value();
    BOOST_TEST(machine.load().plan.target.portals.size() == 2U);
    subsystems[1].nsid = 2;
    BOOST_TEST(machine.load().plan.target.portals.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_path_that_names_no_namespace_hides_none) {
    Machine machine;
    auto& subsystems = machine.nbft.subsystems;
    for (uint8_t i = 1; i < 4; ++i) {
        subsystems.push_back(subsystems[0]);
        subsystems[i].index = i + 1U;
        subsystems[i].address.back() = std::byte{static_cast<uint8_t>(i + 2)};
    }
    subsystems[0].nid = {};  // the firmware did not reach it
    subsystems[2].nid = uint32_t{2};
    const auto loaded = machine.load();
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.plan.target.choice.nsid == 1U);
    BOOST_TEST(loaded.plan.target.portals.size() == 3U);
    BOOST_TEST(joined(loaded.warnings) ==
               "NBFT: ignored: SSNS 3 is a different namespace than the first\n");
}

BOOST_AUTO_TEST_SUITE_END()
