// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/plan/templates.h"

#include "support/temp_dir.h"
#include "support/test.h"

namespace {

const boot::MachineNames kNames = {"1-2", "VM 56/4d", "52-54-00-12-34-56", "host7"};

}  // namespace

BOOST_AUTO_TEST_SUITE(templates)

BOOST_AUTO_TEST_CASE(each_place_is_filled_in) {
    struct Case {
        const char* text;
        const char* filled;
    };
    const Case cases[] = {
        {"plain", "plain"},
        {"${uuid}.${mac}", "1-2.52-54-00-12-34-56"},
        {"a:${serial}:z", "a:VM-56-4d:z"},
        {"${hostname}$", "host7$"},
    };
    for (const Case& c : cases) {
        BOOST_TEST(*boot::fill_in(c.text, kNames) == c.filled);
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_filled_in_is_named) {
    BOOST_TEST(boot::fill_in("${mac", kNames).error().text == "\"${mac\": the brace is not closed");
    BOOST_TEST(boot::fill_in("${name}", kNames).error().text ==
               "${name}: only uuid, serial, mac and hostname can be filled in");
    BOOST_TEST(boot::fill_in("${serial}", {}).error().text == "${serial}: this machine has none");
}

BOOST_AUTO_TEST_CASE(a_machine_knows_its_names) {
    const support::TempDir dir;
    base::SysPaths sys;
    sys.sys = dir.folder("sys");
    dir.file("sys/class/dmi/id/product_uuid", "11111111-2222-3333-4444-555555555555\n");
    dir.file("sys/class/dmi/id/product_serial", "S123\n");
    boot::Network network;
    network.interfaces.resize(2);
    network.interfaces[0].mac = *boot::MacAddress::parse("52:54:00:12:34:56");
    boot::NetworkPlan plan;
    plan.interfaces.resize(1);
    plan.interfaces[0].hostname = "typed";
    boot::MachineNames names = boot::machine_names(network, plan, sys);
    BOOST_TEST(names.uuid == "11111111-2222-3333-4444-555555555555");
    BOOST_TEST(names.serial == "S123");
    BOOST_TEST(names.mac == "52-54-00-12-34-56");
    BOOST_TEST(names.hostname == "typed");
    network.interfaces[1].lease.emplace().hostname = "leased";
    names = boot::machine_names(network, plan, sys);
    BOOST_TEST(names.hostname == "leased");
    names = boot::machine_names({}, {}, {});
    BOOST_TEST(names.mac == "");
}

BOOST_AUTO_TEST_CASE(a_destination_has_whole_names_or_there_is_none) {
    boot::BootPlan plan;
    plan.host.nqn = "nqn.2024-08.com.example:${hostname}";
    plan.subsystems = "*.${mac}";
    boot::Target target;
    target.subsysnqn = "nqn.2024-08.com.example:disk.${mac}";
    const auto filled = boot::fill_in_names(kNames, plan, target);
    BOOST_REQUIRE(filled.ok());
    BOOST_TEST(filled->host.nqn == "nqn.2024-08.com.example:host7");
    BOOST_TEST(filled->target.subsysnqn == "nqn.2024-08.com.example:disk.52-54-00-12-34-56");
    BOOST_TEST(filled->subsystems == "*.52-54-00-12-34-56");
    target.subsysnqn = "nqn.2024-08.com.example:${none}";
    const auto refused = boot::fill_in_names(kNames, plan, target);
    BOOST_REQUIRE(!refused.ok());
    BOOST_TEST(refused.error().code == boot::ExitCode::kConfig);
    BOOST_TEST(!refused.error().retry);
    boot::MachineNames endless = kNames;
    endless.hostname = std::string(300, 'x');
    target.subsysnqn = "nqn.2024-08.com.example:${hostname}";
    BOOST_TEST(!boot::fill_in_names(endless, plan, target).ok());
}

BOOST_AUTO_TEST_SUITE_END()
