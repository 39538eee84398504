// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/handover/path_record.h"

#include <filesystem>
#include <string>
#include <vector>

#include "support/temp_dir.h"
#include "support/test.h"

namespace {

boot::BootPlan some_plan() {
    boot::BootPlan plan;
    plan.target.subsysnqn = "nqn.2026-01.org.example:disk";
    plan.host.nqn = "nqn.2026-01.org.example:host";
    plan.host.id = nvme::parse_uuid("8f3d1c52-4c8e-4e57-9e6d-6b1f3a0c1d11").value();
    plan.auth.mode = boot::Auth::kMutual;
    plan.auth.hashes = {nvme::HashId::kSha384, nvme::HashId::kSha512};
    plan.auth.groups = {nvme::DhGroup::kFfdhe2048};
    plan.connect.ctrl_loss_tmo = base::seconds(-1);
    plan.connect.reconnect_delay = base::seconds(3);
    plan.connect.nr_io_queues = 2;
    plan.connect.hdr_digest = true;
    plan.connect.tos = 184;
    plan.io_policy = "queue-depth";
    plan.on_downgrade = boot::OnDowngrade::kCut;
    plan.timeouts.total = base::seconds(180);
    plan.timeouts.probe = base::seconds(5);
    return plan;
}

const std::vector<boot::Portal> kPortals = {{"192.0.2.10", 4420, "x", false, "192.0.2.9", "eth1"},
                                            {"fe80::1%eth0", 4421, "y", false}};

const base::SysPaths kNowhere = {.proc = "", .sys = "/nonexistent"};

boot::Destination destination() {
    boot::Destination made{some_plan().host, some_plan().target, {}};
    made.target.portals = kPortals;
    return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(path_record)

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
    const std::string text = boot::path_record(some_plan(), destination(), kNowhere);
    const auto plan = boot::parse_path_record(text, kNowhere);
    BOOST_REQUIRE_MESSAGE(plan.ok(), (plan ? "" : plan.error().text));
    BOOST_TEST(plan->target.subsysnqn == "nqn.2026-01.org.example:disk");
    BOOST_REQUIRE(plan->target.portals.size() == 2U);
    BOOST_TEST(plan->target.portals[1].address == "fe80::1%eth0");
    BOOST_TEST(plan->target.portals[1].port == 4421);
    BOOST_TEST(plan->target.portals[0].source == "192.0.2.9");
    BOOST_TEST(plan->target.portals[0].interface == "eth1");
    BOOST_TEST(plan->target.portals[1].interface.empty());
    BOOST_TEST(plan->connect.tos == 184);
    BOOST_TEST(plan->io_policy == "queue-depth");
    BOOST_TEST(plan->auth.mode == boot::Auth::kMutual);
    BOOST_TEST(plan->auth.hashes == some_plan().auth.hashes);
    BOOST_TEST(plan->auth.groups == some_plan().auth.groups);
    BOOST_TEST(boot::path_record(*plan, destination(), kNowhere) == text);
}

BOOST_AUTO_TEST_CASE(an_interface_is_known_by_its_ethernet_address_whatever_its_name_is_now) {
    const support::TempDir dir;
    base::SysPaths sys;
    sys.sys = dir.at("sys");
    const auto card = [&](const std::string& name, const char* mac, bool is_card = true) {
        dir.file("sys/class/net/" + name + "/address", std::string(mac) + "\n");
        if (is_card) {
            dir.file("sys/class/net/" + name + "/device/vendor", "");
        }
    };
    card("eth0", "52:54:00:00:00:01");
    card("eth1", "52:54:00:00:00:02");
    const std::string text = boot::path_record(some_plan(), destination(), sys);
    const auto names = [&] {
        const auto plan = boot::parse_path_record(text, sys);
        BOOST_REQUIRE(plan.ok());
        return plan->target.portals[0].interface + " " + plan->target.portals[1].address;
    };
    BOOST_TEST(names() == "eth1 fe80::1%eth0");
    // The names change places, and what is made of a card has its address.
    card("eth1", "52:54:00:00:00:01");
    card("eth0", "52:54:00:00:00:02");
    card("vlan5", "52:54:00:00:00:01", false);
    BOOST_TEST(names() == "eth0 fe80::1%eth1");
    std::filesystem::remove_all(dir.at("sys/class/net/eth0"));
    card("enp2s0", "52:54:00:00:00:02");
    BOOST_TEST(names() == "enp2s0 fe80::1%eth1");
    // No card has it, or two have.
    std::filesystem::remove_all(dir.at("sys/class/net/enp2s0"));
    BOOST_TEST(names() == "eth1 fe80::1%eth1");
    card("a", "52:54:00:00:00:02");
    card("b", "52:54:00:00:00:02");
    BOOST_TEST(names() == "eth1 fe80::1%eth1");
}

BOOST_AUTO_TEST_CASE(no_secret_is_in_it) {
    boot::BootPlan plan = some_plan();
    std::string secret = "DHHC-1:00:AAAA:";
    plan.auth.host_secret = base::Secret(secret);
    BOOST_TEST(boot::path_record(plan, destination(), kNowhere).find("DHHC") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_damaged_record_is_an_error) {
    const std::string text = boot::path_record(some_plan(), destination(), kNowhere);
    const auto without = [&](const std::string& part, const std::string& other) {
        std::string damaged = text;
        const size_t at = damaged.find(part);
        BOOST_REQUIRE(at != std::string::npos);
        return boot::parse_path_record(damaged.replace(at, part.size(), other), kNowhere).ok();
    };
    BOOST_TEST(!boot::parse_path_record("", kNowhere).ok());
    BOOST_TEST(!boot::parse_path_record("{}", kNowhere).ok());
    BOOST_TEST(!without("mutual", "both"));
    BOOST_TEST(!without("\"cut\"", "\"hack\""));
    BOOST_TEST(!without("192.0.2.10", "target"));
    BOOST_TEST(!without("4420", "74420"));
    BOOST_TEST(!without("\"reconnect_delay\":3", "\"reconnect_delay\":-3"));
    BOOST_TEST(!without("8f3d1c52", "8f3d1c5"));
}

BOOST_AUTO_TEST_SUITE_END()
