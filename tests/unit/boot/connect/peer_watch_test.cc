// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/connect/peer_watch.h"

#include "support/temp_dir.h"
#include "support/test.h"

namespace {

const boot::Portal kPortal{"10.0.2.2", 4420, ""};

std::string table(const std::string& remote, const std::string& state) {
    return "  sl  local_address rem_address   st tx_queue rx_queue\n"
           "   0: 0F02000A:9C40 " +
           remote + " " + state + " 00000000:00000000 00:00000000\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(peer_watch)

BOOST_AUTO_TEST_CASE(addresses_are_written_as_the_kernel_does) {
    BOOST_TEST(boot::table_address(kPortal) == "0202000A:1144");
    BOOST_TEST(boot::table_address({"fec0::2", 4420, ""}) ==
               "0000C0FE000000000000000002000000:1144");
    BOOST_TEST(boot::table_address({"name", 4420, ""}) == "");
}

BOOST_AUTO_TEST_CASE(only_a_connection_that_is_up_counts) {
    BOOST_TEST(boot::has_connection(table("0202000A:1144", "01"), "0202000A:1144"));
    BOOST_TEST(boot::has_connection(table("0202000A:1144", "02"), "0202000A:1144"));
    BOOST_TEST(!boot::has_connection(table("0202000A:1144", "08"), "0202000A:1144"));
    BOOST_TEST(!boot::has_connection(table("0302000A:1144", "01"), "0202000A:1144"));
    BOOST_TEST(!boot::has_connection("", "0202000A:1144"));
}

BOOST_AUTO_TEST_CASE(a_connection_must_have_been_there_and_stay_away) {
    const support::TempDir dir;
    base::SysPaths sys;
    sys.proc = dir.path();
    boot::PeerWatch watch(kPortal, sys);
    for (int i = 0; i < 2 * boot::PeerWatch::kLooks; ++i) {
        BOOST_TEST(!watch.hung_up());
    }
    dir.file("net/tcp", table("0202000A:1144", "01"));
    BOOST_TEST(!watch.hung_up());
    dir.file("net/tcp", table("0202000A:1144", "08"));
    for (int i = 1; i < boot::PeerWatch::kLooks; ++i) {
        BOOST_TEST(!watch.hung_up());
    }
    BOOST_TEST(watch.hung_up());
}

BOOST_AUTO_TEST_SUITE_END()
