// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/rtnetlink.h"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>

#include <cerrno>

#include "boot/net/netlink_message.h"
#include "support/test.h"

using base::Bytes;

namespace {

/// Builds what the kernel would send, by hand, so that the parser is not tested by the builder.
template <class T>
void append(Bytes& out, const T& object) {
    base::Writer(out).put_bytes(std::as_bytes(std::span(&object, 1)));
}

void pad(Bytes& out) {
    out.resize((out.size() + 3) / 4 * 4);
}

void attribute(Bytes& out, uint16_t type, base::ByteView value) {
    append(out, static_cast<uint16_t>(value.size() + 4));
    append(out, type);
    base::Writer(out).put_bytes(value);
    pad(out);
}

void attribute(Bytes& out, uint16_t type, std::string_view text) {
    Bytes value;
    base::Writer(value).put_bytes(base::bytes_of(text)).put_zeros(1);
    attribute(out, type, base::ByteView(value));
}

void attribute(Bytes& out, uint16_t type, uint32_t number) {
    attribute(out, type, std::as_bytes(std::span(&number, 1)));
}

void attribute(Bytes& out, uint16_t type, const boot::IpAddress& address) {
    attribute(out, type, address.bytes());
}

boot::IpAddress ip(const char* text) {
    return boot::IpAddress::parse(text).value();
}

Bytes link_message(unsigned flags = IFF_UP | IFF_LOWER_UP) {
    Bytes out;
    ifinfomsg body{};
    body.ifi_type = ARPHRD_ETHER;
    body.ifi_index = 7;
    body.ifi_flags = flags;
    append(out, body);
    attribute(out, IFLA_IFNAME, "eth0");
    attribute(out, IFLA_MTU, 1500U);
    attribute(out, IFLA_ADDRESS, boot::MacAddress::parse("52:54:00:12:34:56").value().bytes());
    attribute(out, IFLA_PERM_ADDRESS, boot::MacAddress::parse("52:54:00:00:00:01").value().bytes());
    Bytes info;
    attribute(info, IFLA_INFO_KIND, "veth");
    attribute(out, IFLA_LINKINFO | NLA_F_NESTED, base::ByteView(info));
    return out;
}

Bytes address_message(uint8_t family, uint8_t prefix_length, uint8_t flags) {
    Bytes out;
    append(out, ifaddrmsg{family, prefix_length, flags, 0, 7});
    return out;
}

Bytes route_message(uint8_t family, uint8_t prefix_length) {
    Bytes out;
    rtmsg body{};
    body.rtm_family = family;
    body.rtm_dst_len = prefix_length;
    body.rtm_table = RT_TABLE_MAIN;
    body.rtm_type = RTN_UNICAST;
    body.rtm_protocol = RTPROT_STATIC;
    append(out, body);
    attribute(out, RTA_OIF, 7U);
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rtnetlink)

// IFF_RUNNING follows the carrier by up to a second, and a link in IFF_DORMANT waits for its
// authentication.
BOOST_AUTO_TEST_CASE(packets_may_pass_where_the_lower_layer_is_up) {
    const auto carrier = [](unsigned flags) {
        return boot::parse_link(link_message(flags)).value().carrier;
    };
    BOOST_TEST(carrier(IFF_UP | IFF_LOWER_UP));
    BOOST_TEST(carrier(IFF_UP | IFF_LOWER_UP | IFF_RUNNING));
    BOOST_TEST(!carrier(IFF_UP));
    BOOST_TEST(!carrier(IFF_UP | IFF_LOWER_UP | IFF_DORMANT));
}

BOOST_AUTO_TEST_CASE(a_link_is_read_with_its_kind_and_addresses) {
    const auto link = boot::parse_link(link_message()).value();
    BOOST_TEST(link.index == 7);
    BOOST_TEST(link.name == "eth0");
    BOOST_TEST(link.ethernet);
    BOOST_TEST(link.up);
    BOOST_TEST(link.carrier);
    BOOST_TEST(!link.loopback);
    BOOST_TEST(!link.enslaved);
    BOOST_TEST(link.kind == "veth");
    BOOST_TEST(link.mac.text() == "52:54:00:12:34:56");
    BOOST_TEST(link.permanent_mac->text() == "52:54:00:00:00:01");
    BOOST_TEST(link.mtu == 1500U);

    Bytes slave = link_message();
    attribute(slave, IFLA_MASTER, 9U);
    BOOST_TEST(boot::parse_link(slave)->enslaved);
}

BOOST_AUTO_TEST_CASE(a_link_cut_anywhere_is_harmless) {
    const Bytes whole = link_message();
    for (size_t size = 0; size < whole.size(); ++size) {
        const auto link = boot::parse_link(base::ByteView(whole).first(size));
        BOOST_TEST((!link || link->name == "eth0"));
    }
    BOOST_TEST(!boot::parse_link(base::ByteView(whole).first(sizeof(ifinfomsg))).has_value());
}

BOOST_AUTO_TEST_CASE(addresses_carry_the_state_of_duplicate_detection) {
    Bytes message = address_message(AF_INET6, 64, IFA_F_TENTATIVE);
    attribute(message, IFA_ADDRESS, ip("2001:db8::10"));
    BOOST_TEST(boot::parse_address(message)->tentative);
    BOOST_TEST(boot::parse_address(message)->subnet.text() == "2001:db8::10/64");
    // The 32-bit flags go before the eight in the header.
    attribute(message, IFA_FLAGS, uint32_t{IFA_F_DADFAILED | IFA_F_TENTATIVE});
    BOOST_TEST(boot::parse_address(message)->duplicate);
    attribute(message, IFA_FLAGS, uint32_t{IFA_F_TENTATIVE | IFA_F_OPTIMISTIC});
    BOOST_TEST(!boot::parse_address(message)->tentative);
}

BOOST_AUTO_TEST_CASE(the_own_end_of_a_point_to_point_address_is_taken) {
    Bytes message = address_message(AF_INET, 32, 0);
    attribute(message, IFA_ADDRESS, ip("10.0.0.1"));
    attribute(message, IFA_LOCAL, ip("10.0.0.2"));
    BOOST_TEST(boot::parse_address(message)->subnet.text() == "10.0.0.2/32");
}

BOOST_AUTO_TEST_CASE(impossible_addresses_are_dropped) {
    Bytes wide = address_message(AF_INET, 33, 0);
    attribute(wide, IFA_LOCAL, ip("10.0.0.2"));
    BOOST_TEST(!boot::parse_address(wide).has_value());
    Bytes mixed = address_message(AF_INET6, 64, 0);
    attribute(mixed, IFA_ADDRESS, ip("10.0.0.2"));
    BOOST_TEST(!boot::parse_address(mixed).has_value());
    BOOST_TEST(!boot::parse_address(address_message(AF_INET, 24, 0)).has_value());
}

BOOST_AUTO_TEST_CASE(routes_of_the_main_table_are_read) {
    Bytes message = route_message(AF_INET, 24);
    attribute(message, RTA_DST, ip("192.0.2.0"));
    attribute(message, RTA_GATEWAY, ip("10.0.2.2"));
    const auto route = boot::parse_route(message).value();
    BOOST_TEST(route.index == 7);
    BOOST_TEST(!route.automatic);
    BOOST_TEST(route.route.destination.text() == "192.0.2.0/24");
    BOOST_TEST(route.route.gateway->text() == "10.0.2.2");
    BOOST_TEST(boot::parse_route(route_message(AF_INET6, 0))->route.destination.text() == "::/0");

    attribute(message, RTA_TABLE, uint32_t{RT_TABLE_LOCAL});
    BOOST_TEST(!boot::parse_route(message).has_value());
    BOOST_TEST(!boot::parse_route(route_message(AF_INET, 33)).has_value());
}

BOOST_AUTO_TEST_CASE(datagrams_are_split_and_damaged_tails_dropped) {
    Bytes datagram;
    append(datagram, nlmsghdr{sizeof(nlmsghdr) + 5, 16, 2, 3, 4});
    base::Writer(datagram).put_bytes(base::bytes_of(std::string_view("abcde")));
    pad(datagram);
    append(datagram, nlmsghdr{sizeof(nlmsghdr), NLMSG_DONE, 0, 3, 4});
    const auto messages = boot::split_netlink(datagram);
    BOOST_REQUIRE(messages.size() == 2U);
    BOOST_TEST(base::text_of(messages[0].payload) == "abcde");
    BOOST_TEST(messages[0].type == 16);
    BOOST_TEST(messages[0].sequence == 3U);
    BOOST_TEST(messages[1].type == NLMSG_DONE);

    append(datagram, nlmsghdr{sizeof(nlmsghdr) + 1, 16, 0, 0, 0});
    BOOST_TEST(boot::split_netlink(datagram).size() == 2U);
    Bytes endless;
    append(endless, nlmsghdr{0, 16, 0, 0, 0});
    BOOST_TEST(boot::split_netlink(endless).empty());
}

BOOST_AUTO_TEST_CASE(refusals_carry_the_number_and_the_kernels_words) {
    Bytes answer;
    append(answer, int32_t{-ENETUNREACH});
    append(answer, nlmsghdr{});
    BOOST_TEST(boot::parse_netlink_ack(answer).error().code == ENETUNREACH);
    BOOST_TEST(boot::parse_netlink_ack(answer).error().text == "Network is unreachable");
    attribute(answer, NLMSGERR_ATTR_MSG, "Nexthop has invalid gateway");
    BOOST_TEST(boot::parse_netlink_ack(answer).error().text == "Nexthop has invalid gateway");

    Bytes success;
    append(success, int32_t{0});
    append(success, nlmsghdr{});
    BOOST_TEST(boot::parse_netlink_ack(success).ok());
    BOOST_TEST(!boot::parse_netlink_ack({}).ok());
    Bytes absurd;
    append(absurd, int32_t{INT32_MIN});  // has no positive counterpart
    append(absurd, nlmsghdr{});
    BOOST_TEST(boot::parse_netlink_ack(absurd).error().text == "the kernel's answer is malformed");
}

BOOST_AUTO_TEST_CASE(the_running_kernel_can_be_asked) {
    auto kernel = boot::Rtnetlink::open();
    BOOST_REQUIRE(kernel.ok());
    const auto links = kernel->links();
    BOOST_REQUIRE(links.ok());
    BOOST_TEST(std::ranges::count_if(*links, &boot::Link::loopback) == 1);
    BOOST_TEST(kernel->addresses().ok());
    BOOST_TEST(kernel->routes().ok());
    constexpr int kNoSuchIndex = 0x7ffffff0;
    BOOST_TEST(!kernel->set_up(kNoSuchIndex, true).ok());
}

BOOST_AUTO_TEST_SUITE_END()
