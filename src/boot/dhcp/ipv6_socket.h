// SPDX-License-Identifier: GPL-2.0-or-later
//
// The two IPv6 sockets that configure a network, each bound to one interface: one for routers
// (ICMPv6) and one for DHCPv6 servers (UDP). Both send to a multicast address of the link.
#pragma once

#include <netinet/in.h>

#include <optional>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/result.h"
#include "boot/dhcp/ip_address.h"

namespace boot {

class Ipv6Socket {
  public:
    /// Receives Router Advertisements, and no message that has passed a router.
    static base::Result<Ipv6Socket> to_routers(int interface_index);
    /// @param local  a link-local address of the interface that is ready for use
    static base::Result<Ipv6Socket> to_dhcp_servers(int interface_index, const IpAddress& local);

    [[nodiscard]] int fd() const { return fd_.get(); }
    /// Errors are ignored: the caller repeats every message anyway.
    void send(base::ByteView message) const;
    /// @return the next message; nothing if none is left
    [[nodiscard]] std::optional<base::Bytes> receive() const;

  private:
    Ipv6Socket(base::UniqueFd fd, const sockaddr_in6& destination, bool link_only)
        : fd_(std::move(fd)), destination_(destination), link_only_(link_only) {}

    base::UniqueFd fd_;
    sockaddr_in6 destination_;
    bool link_only_;
};

}  // namespace boot
