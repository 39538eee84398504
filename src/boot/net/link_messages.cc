// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/link_messages.h"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "boot/net/netlink_message.h"

namespace boot {

namespace {

/// An address that must be of `family`; none for other sizes.
std::optional<IpAddress> address_of(base::ByteView bytes, uint8_t family) {
    const auto address = IpAddress::from_bytes(bytes);
    return address && family_of(*address) == family ? address : std::nullopt;
}

}  // namespace

std::optional<Link> parse_link(base::ByteView message) {
    base::Reader reader(message);
    const auto body = take_struct<ifinfomsg>(reader);
    if (!body || body->ifi_index <= 0) {
        return std::nullopt;
    }
    const Attributes<IFLA_PERM_ADDRESS + 1> attributes(reader.take_rest());
    const Attributes<IFLA_INFO_KIND + 1> info(attributes.bytes(IFLA_LINKINFO));
    Link link;
    link.index = body->ifi_index;
    link.name = attributes.text(IFLA_IFNAME);
    link.ethernet = body->ifi_type == ARPHRD_ETHER;
    link.loopback = (body->ifi_flags & IFF_LOOPBACK) != 0;
    link.up = (body->ifi_flags & IFF_UP) != 0;
    link.carrier = (body->ifi_flags & (IFF_LOWER_UP | IFF_DORMANT)) == IFF_LOWER_UP;
    link.enslaved = attributes.u32(IFLA_MASTER).value_or(0) != 0;
    link.kind = info.text(IFLA_INFO_KIND);
    link.mac = attributes.mac(IFLA_ADDRESS).value_or(MacAddress());
    link.permanent_mac = attributes.mac(IFLA_PERM_ADDRESS);
    link.mtu = attributes.u32(IFLA_MTU).value_or(0);
    return link.name.empty() ? std::nullopt : std::optional(link);
}

std::optional<LinkAddress> parse_address(base::ByteView message) {
    base::Reader reader(message);
    const auto body = take_struct<ifaddrmsg>(reader);
    if (!body || body->ifa_index == 0 || body->ifa_index > INT32_MAX) {
        return std::nullopt;
    }
    const Attributes<IFA_FLAGS + 1> attributes(reader.take_rest());
    // On a point-to-point link IFA_ADDRESS is the other end and IFA_LOCAL is ours.
    const bool has_local = !attributes.bytes(IFA_LOCAL).empty();
    const auto address =
        address_of(attributes.bytes(has_local ? IFA_LOCAL : IFA_ADDRESS), body->ifa_family);
    if (!address || body->ifa_prefixlen > address->bits()) {
        return std::nullopt;
    }
    const uint32_t flags = attributes.u32(IFA_FLAGS).value_or(body->ifa_flags);
    LinkAddress result;
    result.index = static_cast<int>(body->ifa_index);
    result.subnet = {*address, body->ifa_prefixlen};
    result.tentative = (flags & IFA_F_TENTATIVE) != 0 && (flags & IFA_F_OPTIMISTIC) == 0;
    result.duplicate = (flags & IFA_F_DADFAILED) != 0;
    return result;
}

std::optional<LinkRoute> parse_route(base::ByteView message) {
    base::Reader reader(message);
    const auto body = take_struct<rtmsg>(reader);
    if (!body || body->rtm_type != RTN_UNICAST ||
        (body->rtm_family != AF_INET && body->rtm_family != AF_INET6)) {
        return std::nullopt;
    }
    const Attributes<RTA_TABLE + 1> attributes(reader.take_rest());
    const uint32_t index = attributes.u32(RTA_OIF).value_or(0);
    if (attributes.u32(RTA_TABLE).value_or(body->rtm_table) != RT_TABLE_MAIN || index == 0 ||
        index > INT32_MAX) {
        return std::nullopt;
    }
    LinkRoute result;
    result.index = static_cast<int>(index);
    result.automatic = body->rtm_protocol == RTPROT_KERNEL;
    result.route.destination.address.v6 = body->rtm_family == AF_INET6;
    result.route.destination.prefix_length = body->rtm_dst_len;
    if (const auto destination = attributes.bytes(RTA_DST); !destination.empty()) {
        const auto address = address_of(destination, body->rtm_family);
        if (!address) {
            return std::nullopt;
        }
        result.route.destination.address = *address;
    }
    result.route.gateway = address_of(attributes.bytes(RTA_GATEWAY), body->rtm_family);
    return body->rtm_dst_len > result.route.destination.address.bits() ? std::nullopt
                                                                       : std::optional(result);
}

}  // namespace boot
