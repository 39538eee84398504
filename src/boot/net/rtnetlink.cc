// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/rtnetlink.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "boot/net/netlink_message.h"

namespace boot {

namespace {

// The kernel fills at most this much for one read of a listing.
constexpr size_t kBufferSize = 32768;
constexpr int kMostInterruptions = 10;

ifinfomsg link_body(int index) {
    ifinfomsg body{};
    body.ifi_family = AF_UNSPEC;
    body.ifi_index = index;
    return body;
}

ifaddrmsg address_body(int index, const Subnet& subnet) {
    ifaddrmsg body{};
    body.ifa_family = family_of(subnet.address);
    body.ifa_prefixlen = subnet.prefix_length;
    body.ifa_scope = subnet.address.is_link_local() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    body.ifa_index = static_cast<unsigned>(index);
    return body;
}

base::Result<base::UniqueFd> open_socket(uint32_t groups) {
    base::UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK * (groups != 0),
                               NETLINK_ROUTE));
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = groups;
    if (!fd.valid() ||
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        return base::errno_error(errno, "netlink socket");
    }
    return fd;
}

template <class T>
std::vector<T> parse_all(const std::vector<base::Bytes>& messages,
                         std::optional<T> (*parse)(base::ByteView)) {
    std::vector<T> parsed;
    for (const base::Bytes& message : messages) {
        if (auto one = parse(message)) {
            parsed.push_back(std::move(*one));
        }
    }
    return parsed;
}

}  // namespace

base::Result<Rtnetlink> Rtnetlink::open() {
    TRY(base::UniqueFd fd, open_socket(0));
    // The kernel's sentence in an error, and no copy of the request before it. Kernels without
    // these options still give the number.
    const int on = 1;
    (void)::setsockopt(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
    (void)::setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
    return Rtnetlink(std::move(fd));
}

base::Result<std::vector<Link>> Rtnetlink::links() {
    TRY(const auto messages, list(RTM_GETLINK, RTM_NEWLINK));
    return parse_all(messages, parse_link);
}

base::Result<std::vector<LinkAddress>> Rtnetlink::addresses() {
    TRY(const auto messages, list(RTM_GETADDR, RTM_NEWADDR));
    return parse_all(messages, parse_address);
}

base::Result<std::vector<LinkRoute>> Rtnetlink::routes() {
    TRY(const auto messages, list(RTM_GETROUTE, RTM_NEWROUTE));
    return parse_all(messages, parse_route);
}

base::Status Rtnetlink::set_up(int index, bool up) {
    ifinfomsg body = link_body(index);
    body.ifi_change = IFF_UP;
    body.ifi_flags = up ? unsigned{IFF_UP} : 0;
    return change(Request(RTM_NEWLINK, 0, body).take());
}

base::Status Rtnetlink::rename(int index, const std::string& name) {
    return change(Request(RTM_NEWLINK, 0, link_body(index)).add(IFLA_IFNAME, name).take());
}

base::Status Rtnetlink::add_link(const NewLink& link) {
    Attribute info(IFLA_LINKINFO);
    info.add(IFLA_INFO_KIND, link.kind);
    Attribute data(IFLA_INFO_DATA);
    if (link.vlan_id != 0) {
        data.add(IFLA_VLAN_ID, struct_bytes(link.vlan_id));
    }
    for (const BondOption& option : link.bond_options) {
        data.add(option.attribute, option.value);
    }
    Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, link_body(0));
    request.add(IFLA_IFNAME, link.name);
    if (link.parent != 0) {
        request.add(IFLA_LINK, static_cast<uint32_t>(link.parent));
    }
    if (link.mac) {
        request.add(IFLA_ADDRESS, link.mac->bytes());
    }
    if (link.mtu) {
        request.add(IFLA_MTU, *link.mtu);
    }
    auto status = change(request.add(info.add(data)).take());
    if (!status && status.error().code == EEXIST) {
        return base::done();
    }
    return status;
}

base::Status Rtnetlink::set_master(int index, int master) {
    return change(Request(RTM_NEWLINK, 0, link_body(index))
                      .add(IFLA_MASTER, static_cast<uint32_t>(master))
                      .take());
}

base::Status Rtnetlink::set_bond_option(int index, const BondOption& option) {
    Attribute info(IFLA_LINKINFO);
    info.add(IFLA_INFO_KIND, std::string("bond"));
    Attribute data(IFLA_INFO_DATA);
    data.add(option.attribute, option.value);
    return change(Request(RTM_NEWLINK, 0, link_body(index)).add(info.add(data)).take());
}

base::Status Rtnetlink::set_mtu(int index, uint32_t mtu) {
    return change(Request(RTM_NEWLINK, 0, link_body(index)).add(IFLA_MTU, mtu).take());
}

base::Status Rtnetlink::set_mac(int index, const MacAddress& mac) {
    return change(Request(RTM_NEWLINK, 0, link_body(index)).add(IFLA_ADDRESS, mac.bytes()).take());
}

base::Status Rtnetlink::add_address(const NewAddress& address) {
    const IpAddress& local = address.subnet.address;
    Request request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
                    address_body(address.index, address.subnet));
    request.add(IFA_LOCAL, local.bytes());
    request.add(IFA_ADDRESS, address.peer.value_or(local).bytes());
    if (address.broadcast) {
        request.add(IFA_BROADCAST, address.broadcast->bytes());
    }
    if (address.leased) {
        constexpr uint32_t kTenYears = 10 * 365 * 24 * 3600U;
        ifa_cacheinfo lifetime{};
        lifetime.ifa_prefered = kTenYears;
        lifetime.ifa_valid = kTenYears;
        request.add(IFA_CACHEINFO, struct_bytes(lifetime));
    }
    auto status = change(request.take());
    if (!status && status.error().code == EEXIST) {
        return base::done();
    }
    return status;
}

base::Status Rtnetlink::remove_address(int index, const Subnet& subnet) {
    return change(Request(RTM_DELADDR, 0, address_body(index, subnet))
                      .add(IFA_LOCAL, subnet.address.bytes())
                      .take());
}

base::Status Rtnetlink::add_route(const NewRoute& route) {
    const Subnet& destination = route.route.destination;
    rtmsg body{};
    body.rtm_family = family_of(destination.address);
    body.rtm_dst_len = destination.prefix_length;
    body.rtm_table = RT_TABLE_MAIN;
    body.rtm_protocol = route.protocol;
    body.rtm_scope =
        route.route.gateway || destination.address.v6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
    body.rtm_type = RTN_UNICAST;
    body.rtm_flags = route.onlink ? unsigned{RTNH_F_ONLINK} : 0;
    Request request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, body);
    if (destination.prefix_length > 0) {
        request.add(RTA_DST, destination.address.bytes());
    }
    if (route.route.gateway) {
        request.add(RTA_GATEWAY, route.route.gateway->bytes());
    }
    request.add(RTA_OIF, static_cast<uint32_t>(route.index)).add(RTA_PRIORITY, route.metric);
    auto status = change(request.take());
    if (!status && status.error().code == EEXIST) {
        return base::done();
    }
    return status;
}

base::Status Rtnetlink::change(base::Bytes request) {
    nlmsghdr header;
    std::memcpy(&header, request.data(), sizeof(header));
    header.nlmsg_flags |= NLM_F_ACK;
    std::memcpy(request.data(), &header, sizeof(header));
    TRY_VOID(send(request));
    while (true) {
        TRY(const base::ByteView datagram, receive());
        for (const NetlinkMessage& message : split_netlink(datagram)) {
            if (message.sequence == sequence_ && message.type == NLMSG_ERROR) {
                return parse_netlink_ack(message.payload);
            }
        }
    }
}

base::Result<std::vector<base::Bytes>> Rtnetlink::list(uint16_t request, uint16_t answer) {
    // A listing during which something changed may lack entries: it is made again.
    for (int i = 0; i < kMostInterruptions; ++i) {
        TRY(auto messages, list_once(request, answer));
        if (messages) {
            return std::move(*messages);
        }
    }
    return base::Error{EBUSY, "the network configuration keeps changing"};
}

base::Result<std::optional<std::vector<base::Bytes>>> Rtnetlink::list_once(uint16_t request,
                                                                           uint16_t answer) {
    base::Bytes bytes = Request(request, NLM_F_DUMP, link_body(0)).take();
    TRY_VOID(send(bytes));
    std::vector<base::Bytes> messages;
    bool interrupted = false;
    while (true) {
        TRY(const base::ByteView datagram, receive());
        for (const NetlinkMessage& message : split_netlink(datagram)) {
            if (message.sequence != sequence_) {
                continue;
            }
            interrupted = interrupted || (message.flags & NLM_F_DUMP_INTR) != 0;
            if (message.type == NLMSG_ERROR) {
                TRY_VOID(parse_netlink_ack(message.payload));
            }
            if (message.type == NLMSG_DONE) {
                return interrupted ? std::nullopt : std::optional(std::move(messages));
            }
            if (message.type == answer) {
                messages.emplace_back(message.payload.begin(), message.payload.end());
            }
        }
    }
}

base::Status Rtnetlink::send(base::Bytes& request) {
    nlmsghdr header;
    std::memcpy(&header, request.data(), sizeof(header));
    header.nlmsg_len = static_cast<uint32_t>(request.size());
    header.nlmsg_seq = ++sequence_;
    std::memcpy(request.data(), &header, sizeof(header));
    if (::send(fd_.get(), request.data(), request.size(), 0) < 0) {
        return base::errno_error(errno, "netlink request");
    }
    return base::done();
}

base::Result<base::ByteView> Rtnetlink::receive() {
    buffer_.resize(kBufferSize);
    while (true) {
        sockaddr_nl from{};
        socklen_t from_size = sizeof(from);
        const ssize_t size = ::recvfrom(fd_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC,
                                        reinterpret_cast<sockaddr*>(&from), &from_size);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0) {
            return base::errno_error(errno, "netlink answer");
        }
        if (static_cast<size_t>(size) > buffer_.size()) {
            return base::error("netlink answer: too long");
        }
        if (from.nl_pid == 0) {  // from the kernel, not from another process
            return base::ByteView(buffer_).first(static_cast<size_t>(size));
        }
    }
}

base::Result<base::UniqueFd> open_network_events() {
    return open_socket(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
}

void drain_network_events(int fd) {
    std::array<std::byte, 4096> scratch;
    // ENOBUFS means that events were lost: they are only a reason to look again.
    while (::recv(fd, scratch.data(), scratch.size(), MSG_DONTWAIT) >= 0 || errno == ENOBUFS ||
           errno == EINTR) {
    }
}

}  // namespace boot
