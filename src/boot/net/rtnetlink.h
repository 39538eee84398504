// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel's network configuration by rtnetlink(7): links, addresses and routes, listed and set.
// The few messages that a boot needs are built here and parsed in link_messages.h, in less space
// than the libraries for it take.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/result.h"
#include "boot/dhcp/ip_address.h"
#include "boot/dhcp/route.h"
#include "boot/net/bond_options.h"
#include "boot/net/link_messages.h"

namespace boot {

struct NewAddress {
    int index = 0;
    Subnet subnet;
    std::optional<IpAddress> peer;
    std::optional<IpAddress> broadcast;
    /// From a server: its lifetime is finite, so that NetworkManager recognises a lease, but longer
    /// than a machine runs, because nothing may renew the lease.
    bool leased = false;
};
struct NewRoute {
    int index = 0;
    Route route;
    uint32_t metric = 0;
    /// The gateway is on the link although no address says so.
    bool onlink = false;
    /// RTPROT_DHCP or RTPROT_STATIC.
    uint8_t protocol = 0;
};

/// A device to create.
struct NewLink {
    std::string name;
    std::string kind;  ///< "vlan", "bond", "bridge"
    int parent = 0;    ///< of a VLAN
    uint16_t vlan_id = 0;
    std::vector<BondOption> bond_options;
    std::optional<MacAddress> mac;
    std::optional<uint32_t> mtu;
};

/// Requests to the kernel, each answered before the call returns.
class Rtnetlink {
  public:
    static base::Result<Rtnetlink> open();

    base::Result<std::vector<Link>> links();
    base::Result<std::vector<LinkAddress>> addresses();
    base::Result<std::vector<LinkRoute>> routes();

    base::Status set_up(int index, bool up);
    /// The link must be down; kernels from 6.2 on take a new name while it is up, too.
    base::Status rename(int index, const std::string& name);
    /// Success if a device of that name exists already.
    base::Status add_link(const NewLink& link);
    /// Adds the link, which must be down, to a bond or bridge.
    base::Status set_master(int index, int master);
    base::Status set_bond_option(int index, const BondOption& option);
    base::Status set_mtu(int index, uint32_t mtu);
    /// Many drivers accept a new address only while the link is down.
    base::Status set_mac(int index, const MacAddress& mac);
    /// Success if it exists already.
    base::Status add_address(const NewAddress& address);
    base::Status add_route(const NewRoute& route);
    base::Status remove_address(int index, const Subnet& subnet);

  private:
    explicit Rtnetlink(base::UniqueFd fd) : fd_(std::move(fd)) {}

    base::Status change(base::Bytes request);
    /// The payloads of all answers of one type.
    base::Result<std::vector<base::Bytes>> list(uint16_t request, uint16_t answer);
    /// @return nothing if the listing was disturbed by a change
    base::Result<std::optional<std::vector<base::Bytes>>> list_once(uint16_t request,
                                                                    uint16_t answer);
    base::Status send(base::Bytes& request);
    base::Result<base::ByteView> receive();

    base::UniqueFd fd_;
    uint32_t sequence_ = 0;
    base::Bytes buffer_;
};

/// A socket that becomes readable when a link or an address changes.
base::Result<base::UniqueFd> open_network_events();
/// Makes it unreadable until the next change.
void drain_network_events(int fd);

}  // namespace boot
