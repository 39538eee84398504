// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/dhcp/udp_packet.h"

#include "base/text.h"
#include "support/test.h"

namespace {

constexpr uint16_t kPort = 68;

base::Bytes sample() {
    return boot::build_broadcast(67, kPort, base::bytes_of(std::string_view("abc")));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(udp_packet)

BOOST_AUTO_TEST_CASE(packets_are_written_with_both_checksums) {
    BOOST_TEST(base::to_hex(sample()) ==
               "4500001f00000000"  // version and words, service, length 31, id, not a fragment
               "40117acf"          // time to live, UDP, header checksum
               "00000000ffffffff"  // nobody to everybody
               "00430044000b3aef"  // ports 67 and 68, length 11, checksum
               "616263");
}

BOOST_AUTO_TEST_CASE(what_was_built_is_parsed_and_padding_is_cut) {
    base::Bytes packet = sample();
    packet.resize(46);
    const auto payload = boot::parse_udp(packet, kPort, true);
    BOOST_REQUIRE(payload.has_value());
    BOOST_TEST(base::text_of(*payload) == "abc");
    BOOST_TEST(!boot::parse_udp(packet, 67, true).has_value());
}

BOOST_AUTO_TEST_CASE(any_flipped_bit_is_noticed) {
    const base::Bytes packet = sample();
    for (size_t bit = 0; bit < packet.size() * 8; ++bit) {
        base::Bytes damaged = packet;
        damaged[bit / 8] ^= std::byte{1} << (bit % 8);
        BOOST_TEST(!boot::parse_udp(damaged, kPort, true).has_value(), "bit " << bit);
    }
    for (size_t size = 0; size < packet.size(); ++size) {
        BOOST_TEST(!boot::parse_udp(base::ByteView(packet).first(size), kPort, true).has_value());
    }
}

BOOST_AUTO_TEST_CASE(an_absent_or_unfinished_udp_checksum_is_not_looked_at) {
    constexpr size_t kChecksum = 26;
    base::Bytes packet = sample();
    packet[kChecksum] = packet[kChecksum + 1] = std::byte{0};  // RFC 768: none was made
    BOOST_TEST(boot::parse_udp(packet, kPort, true).has_value());
    packet[kChecksum] = std::byte{0x12};
    BOOST_TEST(!boot::parse_udp(packet, kPort, true).has_value());
    BOOST_TEST(boot::parse_udp(packet, kPort, false).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
