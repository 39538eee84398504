// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/dhcp/ipv6_socket.h"

#include <netinet/icmp6.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "boot/dhcp/control_message.h"

namespace boot {
namespace {

constexpr uint16_t kClientPort = 546;
constexpr uint16_t kServerPort = 547;
constexpr int kFromThisLink = 255;        // the hop limit that no router leaves as it is
constexpr size_t kLargestMessage = 4096;  // above what one frame carries

sockaddr_in6 socket_address(const IpAddress& address, uint16_t port, int interface_index) {
    sockaddr_in6 result{};
    result.sin6_family = AF_INET6;
    result.sin6_port = htons(port);
    std::ranges::copy(address.octets, result.sin6_addr.s6_addr);
    result.sin6_scope_id = static_cast<uint32_t>(interface_index);
    return result;
}

bool set_option(const base::UniqueFd& fd, int level, int name, int value) {
    return ::setsockopt(fd.get(), level, name, &value, sizeof(value)) == 0;
}

}  // namespace

base::Result<Ipv6Socket> Ipv6Socket::to_routers(int interface_index) {
    base::UniqueFd fd(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6));
    icmp6_filter filter;
    ICMP6_FILTER_SETBLOCKALL(&filter);
    ICMP6_FILTER_SETPASS(ND_ROUTER_ADVERT, &filter);
    const sockaddr_in6 me = socket_address({true, {}}, 0, 0);
    if (!fd.valid() ||
        ::setsockopt(fd.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) != 0 ||
        !set_option(fd, SOL_SOCKET, SO_BINDTOIFINDEX, interface_index) ||
        !set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, kFromThisLink) ||
        !set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1) ||
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&me), sizeof(me)) != 0) {
        return base::errno_error(errno, "ICMPv6 socket");
    }
    const IpAddress routers{true, {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};
    return Ipv6Socket(std::move(fd), socket_address(routers, 0, interface_index), true);
}

base::Result<Ipv6Socket> Ipv6Socket::to_dhcp_servers(int interface_index, const IpAddress& local) {
    base::UniqueFd fd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const sockaddr_in6 me = socket_address(local, kClientPort, interface_index);
    if (!fd.valid() || !set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) ||
        !set_option(fd, SOL_SOCKET, SO_BINDTOIFINDEX, interface_index) ||
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&me), sizeof(me)) != 0) {
        return base::errno_error(errno, "DHCPv6 socket");
    }
    const IpAddress servers{true, {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2}};
    return Ipv6Socket(std::move(fd), socket_address(servers, kServerPort, interface_index), false);
}

void Ipv6Socket::send(base::ByteView message) const {
    (void)::sendto(fd_.get(), message.data(), message.size(), 0,
                   reinterpret_cast<const sockaddr*>(&destination_), sizeof(destination_));
}

std::optional<base::Bytes> Ipv6Socket::receive() const {
    std::array<std::byte, kLargestMessage> buffer;
    while (const auto datagram =
               receive_datagram<int>(fd_.get(), buffer, IPPROTO_IPV6, IPV6_HOPLIMIT)) {
        if (!link_only_ || datagram->control == kFromThisLink) {
            return base::Bytes(datagram->bytes.begin(), datagram->bytes.end());
        }
    }
    return std::nullopt;
}

}  // namespace boot
