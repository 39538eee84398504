// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/reach/discovery_walk.h"

#include "support/test.h"

namespace {

using boot::DiscoveryWalk;
using boot::ExitCode;
using boot::Portal;

constexpr const char* kDisk = "nqn.2024-08.com.example:disk";
constexpr const char* kHost = "nqn.2024-08.com.example:host";

Portal service(const std::string& address) {
    return {address, 8009, "test"};
}
nvme::DiscoveryRecord subsystem(const std::string& nqn, const std::string& address) {
    return {false, nqn, address, address.find(':') != std::string::npos, 4420};
}
nvme::DiscoveryRecord referral(const std::string& address, uint16_t port = 8009) {
    return {true, std::string(nvme::kDiscoveryNqn), address, false, port};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(discovery_walk)

BOOST_AUTO_TEST_CASE(portals_are_collected_over_referrals_each_service_once) {
    DiscoveryWalk walk({service("192.0.2.1")});
    auto round = walk.next_round();
    BOOST_REQUIRE(round.size() == 1U);
    walk.take(round[0], {{subsystem(kDisk, "192.0.2.1"), referral("192.0.2.2")}, {}});
    round = walk.next_round();
    BOOST_REQUIRE(round.size() == 1U);
    BOOST_TEST(round[0].address == "192.0.2.2");
    BOOST_TEST(round[0].origin == "discovery at 192.0.2.1:8009");
    // A loop, a portal that is known, and a new one.
    walk.take(round[0], {{referral("192.0.2.1"), referral("192.0.2.2"),
                          subsystem(kDisk, "192.0.2.1"), subsystem(kDisk, "192.0.2.2")},
                         {}});
    BOOST_TEST(walk.next_round().empty());
    const auto target = walk.conclude(kHost);
    BOOST_REQUIRE(target.ok());
    BOOST_TEST(target->subsysnqn == kDisk);
    BOOST_REQUIRE(target->portals.size() == 2U);
    BOOST_TEST(target->portals[1].address == "192.0.2.2");
    BOOST_TEST(walk.warnings().empty());
}

BOOST_AUTO_TEST_CASE(referrals_without_end_are_followed_only_so_far) {
    DiscoveryWalk deep({service("192.0.2.1")});
    int rounds = 0;
    for (auto round = deep.next_round(); !round.empty(); round = deep.next_round()) {
        ++rounds;
        deep.take(round[0], {{referral("192.0.2.1", static_cast<uint16_t>(9000 + rounds))}, {}});
    }
    BOOST_TEST(rounds == DiscoveryWalk::kMaxRounds);
    BOOST_TEST(deep.warnings().size() == 1U);

    DiscoveryWalk wide({service("192.0.2.1")});
    nvme::DiscoveryLog many;
    for (uint16_t port = 1; port <= 100; ++port) {
        many.records.push_back(referral("192.0.2.9", port));
        many.records.push_back(subsystem(kDisk, "192.0.3." + std::to_string(port)));
    }
    wide.take(wide.next_round().front(), many);
    BOOST_TEST(wide.next_round().size() == DiscoveryWalk::kMaxServices - 1);
    BOOST_TEST(wide.warnings().size() == 2U);  // of the services, and of the paths
    BOOST_TEST(wide.conclude(kHost)->portals.size() == DiscoveryWalk::kMaxPortals);
}

BOOST_AUTO_TEST_CASE(addresses_that_no_target_has_are_left_out) {
    DiscoveryWalk walk({service("192.0.2.1")});
    const Portal asked = walk.next_round().front();
    walk.take(asked, {{subsystem(kDisk, "0.0.0.0"), subsystem(kDisk, "224.0.0.1"),
                       subsystem(kDisk, "192.0.2.256"), subsystem(kDisk, "fe80::1"),
                       subsystem("nqn.2024-08.com.example:a,tls", "192.0.2.3"),
                       subsystem(kDisk, "192.0.2.7")},
                      {{"over RDMA, not TCP", kDisk, 2}}});
    const auto target = walk.conclude(kHost);
    BOOST_REQUIRE(target.ok());
    BOOST_REQUIRE(target->portals.size() == 1U);
    BOOST_TEST(target->portals[0].address == "192.0.2.7");
    BOOST_REQUIRE(walk.warnings().size() == 1U);
    BOOST_TEST(walk.warnings()[0] ==
               "discovery at 192.0.2.1:8009: continuing without 2 entries over RDMA, not TCP "
               "(nqn.2024-08.com.example:disk); 3 entries at an address that no target can have "
               "(0.0.0.0); 1 entry at a link-local address, but the service has none (fe80::1); "
               "and 1 more");
}

BOOST_AUTO_TEST_CASE(paths_are_reached_as_their_service_was) {
    Portal asked = service("fe80::9%eth1");
    asked.source = "fe80::2";
    asked.interface = "eth1";
    DiscoveryWalk walk({asked});
    walk.take(walk.next_round().front(),
              {{subsystem(kDisk, "fe80::1"), subsystem(kDisk, "192.0.2.1")}, {}});
    const auto target = walk.conclude(kHost);
    BOOST_REQUIRE(target.ok());
    BOOST_TEST(target->portals[0].address == "fe80::1%eth1");
    BOOST_TEST(target->portals[0].source == "fe80::2");
    BOOST_TEST(target->portals[0].interface == "eth1");
    BOOST_TEST(target->portals[1].source.empty());
}

BOOST_AUTO_TEST_CASE(one_subsystem_fits_or_the_boot_says_which_there_are) {
    const auto conclude = [](const std::string& pattern) {
        DiscoveryWalk walk({service("192.0.2.1")}, pattern);
        walk.take(walk.next_round().front(), {{subsystem("nqn.2024-08.com.example:a", "192.0.2.1"),
                                               subsystem("nqn.2024-08.com.example:b", "192.0.2.1")},
                                              {}});
        return walk.conclude(kHost);
    };
    const auto two = conclude("");
    BOOST_REQUIRE(!two.ok());
    BOOST_TEST(two.error().code == ExitCode::kNamespace);
    BOOST_TEST(two.error().error.text ==
               "discovery found 2 subsystems (nqn.2024-08.com.example:a, "
               "nqn.2024-08.com.example:b); select the root with nvmeroot.subsysnqn");
    BOOST_TEST(conclude("*:b")->subsysnqn == "nqn.2024-08.com.example:b");
}

/// The message about a log without an entry that can be the root.
std::string verdict_on(const std::string& pattern, const nvme::DiscoveryLog& log) {
    DiscoveryWalk walk({service("192.0.2.1")}, pattern);
    walk.take(walk.next_round().front(), log);
    const auto none = walk.conclude(kHost);
    BOOST_REQUIRE(!none.ok());
    BOOST_TEST(none.error().code == ExitCode::kRefused);
    BOOST_TEST(!none.error().retry);
    return none.error().error.text;
}

BOOST_AUTO_TEST_CASE(where_nothing_is_of_use_the_last_word_is_what_was_listed) {
    const std::string lists = "discovery lists no subsystem ";
    const std::string host = "for host nqn.2024-08.com.example:host";
    BOOST_TEST(verdict_on("", {}) == lists + host + "; allow this host on the target");
    nvme::DiscoveryLog others;
    others.others = {"nqn.2024-08.com.example:a", "nqn.2024-08.com.example:b"};
    BOOST_TEST(verdict_on("*:c", others) ==
               lists + "*:c " + host +
                   ", only nqn.2024-08.com.example:a, nqn.2024-08.com.example:b; check "
                   "nvmeroot.subsysnqn, and that the target lists the subsystem for this host");
    const nvme::DiscoveryLog useless{
        {}, {{"behind a secure channel (TLS), which nvmeroot does not do", kDisk}}};
    BOOST_TEST(
        verdict_on("", useless) ==
        lists + host +
            " that is usable, only 1 entry behind a secure channel (TLS), which nvmeroot does not "
            "do (nqn.2024-08.com.example:disk); see what the target offers over TCP");
    const nvme::DiscoveryLog similar{{subsystem("nqn.2024-08.com.example:Disk", "192.0.2.1")}, {}};
    BOOST_TEST(verdict_on(kDisk, similar) ==
               lists + kDisk + " " + host +
                   ", but nqn.2024-08.com.example:Disk, which differs only in letter case; write "
                   "the name as the target does");
}

BOOST_AUTO_TEST_CASE(foreign_text_is_escaped_and_short) {
    nvme::DiscoveryLog log;
    for (int i = 0; i < 20; ++i) {
        log.add({"over transport " + std::to_string(i), std::string(223, '\x1B')});
        log.add_other(std::string(200, '\n') + std::to_string(i));
    }
    const std::string text = verdict_on("*", log);
    BOOST_TEST(text.size() < 900U);
    BOOST_TEST(text.find('\x1B') == std::string::npos);
    BOOST_TEST(text.find('\n') == std::string::npos);
    BOOST_TEST(text.find("and 17 more") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_silent_service_makes_another_try_worth_it) {
    const auto silence = boot::Failure::of(ExitCode::kUnreachable, base::error("no answer"));
    DiscoveryWalk alone({service("192.0.2.1")});
    alone.take(alone.next_round().front(), silence);
    const auto nothing = alone.conclude(kHost);
    BOOST_TEST(nothing.error().code == ExitCode::kUnreachable);
    BOOST_TEST(nothing.error().retry);
    BOOST_TEST(nothing.error().error.text == "discovery at 192.0.2.1:8009: no answer");

    DiscoveryWalk both({service("192.0.2.1"), service("192.0.2.2")});
    const auto round = both.next_round();
    both.take(round[0], silence);
    both.take(round[1], nvme::DiscoveryLog{});
    BOOST_TEST(both.conclude(kHost).error().retry);
}

BOOST_AUTO_TEST_SUITE_END()
