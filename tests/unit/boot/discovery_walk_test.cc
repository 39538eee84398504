// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/discovery_walk.h"

#include <boost/test/unit_test.hpp>

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
    const auto target = walk.conclude("", kHost);
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
    nvme::DiscoveryRecords many;
    for (uint16_t port = 1; port <= 100; ++port) {
        many.records.push_back(referral("192.0.2.9", port));
        many.records.push_back(subsystem(kDisk, "192.0.3." + std::to_string(port)));
    }
    wide.take(wide.next_round().front(), many);
    BOOST_TEST(wide.next_round().size() == DiscoveryWalk::kMaxServices - 1);
    BOOST_TEST(wide.conclude("", kHost)->portals.size() == DiscoveryWalk::kMaxPortals);
}

BOOST_AUTO_TEST_CASE(addresses_that_no_target_has_are_left_out) {
    DiscoveryWalk walk({service("192.0.2.1")});
    const Portal asked = walk.next_round().front();
    walk.take(asked, {{subsystem(kDisk, "0.0.0.0"), subsystem(kDisk, "224.0.0.1"),
                       subsystem(kDisk, "192.0.2.256"), subsystem(kDisk, "fe80::1"),
                       subsystem("nqn.2024-08.com.example:a,tls", "192.0.2.3"),
                       subsystem(kDisk, "192.0.2.7")},
                      {"entry 0: its transport is 1, not TCP"}});
    const auto target = walk.conclude("", kHost);
    BOOST_REQUIRE(target.ok());
    BOOST_REQUIRE(target->portals.size() == 1U);
    BOOST_TEST(target->portals[0].address == "192.0.2.7");
    BOOST_REQUIRE(walk.warnings().size() == 1U);
    BOOST_TEST(walk.warnings()[0] ==
               "discovery at 192.0.2.1:8009: 6 entries are of no use (entry 0: its transport is "
               "1, not TCP), continuing without them");
}

BOOST_AUTO_TEST_CASE(paths_are_reached_as_their_service_was) {
    Portal asked = service("fe80::9%eth1");
    asked.source = "fe80::2";
    asked.interface = "eth1";
    DiscoveryWalk walk({asked});
    walk.take(walk.next_round().front(),
              {{subsystem(kDisk, "fe80::1"), subsystem(kDisk, "192.0.2.1")}, {}});
    const auto target = walk.conclude("", kHost);
    BOOST_REQUIRE(target.ok());
    BOOST_TEST(target->portals[0].address == "fe80::1%eth1");
    BOOST_TEST(target->portals[0].source == "fe80::2");
    BOOST_TEST(target->portals[0].interface == "eth1");
    BOOST_TEST(target->portals[1].source.empty());
}

BOOST_AUTO_TEST_CASE(one_subsystem_fits_or_the_boot_says_which_there_are) {
    DiscoveryWalk walk({service("192.0.2.1")});
    walk.take(walk.next_round().front(), {{subsystem("nqn.2024-08.com.example:a", "192.0.2.1"),
                                           subsystem("nqn.2024-08.com.example:b", "192.0.2.1")},
                                          {}});
    const auto two = walk.conclude("", kHost);
    BOOST_REQUIRE(!two.ok());
    BOOST_TEST((two.error().code == ExitCode::kNamespace));
    BOOST_TEST(two.error().error.text ==
               "discovery found 2 subsystems (nqn.2024-08.com.example:a, "
               "nqn.2024-08.com.example:b) and the root is one; name it by nvmeroot.subsysnqn");
    BOOST_TEST(walk.conclude("*:b", kHost)->subsysnqn == "nqn.2024-08.com.example:b");
    const auto none = walk.conclude("*:c", kHost);
    BOOST_REQUIRE(!none.ok());
    BOOST_TEST((none.error().code == ExitCode::kRefused));
    BOOST_TEST(!none.error().retry);
    BOOST_TEST(none.error().error.text ==
               "discovery lists no subsystem *:c for host nqn.2024-08.com.example:host, only "
               "nqn.2024-08.com.example:a, nqn.2024-08.com.example:b; allow this host on the "
               "target");
}

BOOST_AUTO_TEST_CASE(a_silent_service_makes_another_try_worth_it) {
    const auto silence = boot::Failure::of(ExitCode::kUnreachable, base::error("nobody answers"));
    DiscoveryWalk alone({service("192.0.2.1")});
    alone.take(alone.next_round().front(), silence);
    const auto nothing = alone.conclude("", kHost);
    BOOST_TEST((nothing.error().code == ExitCode::kUnreachable));
    BOOST_TEST(nothing.error().retry);
    BOOST_TEST(nothing.error().error.text == "discovery at 192.0.2.1:8009: nobody answers");

    DiscoveryWalk both({service("192.0.2.1"), service("192.0.2.2")});
    const auto round = both.next_round();
    both.take(round[0], silence);
    both.take(round[1], nvme::DiscoveryRecords{});
    BOOST_TEST(both.conclude("", kHost).error().retry);
}

BOOST_AUTO_TEST_SUITE_END()
