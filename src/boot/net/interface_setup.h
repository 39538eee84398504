// SPDX-License-Identifier: GPL-2.0-or-later
//
// One interface on its way from "found" to "ready". Nothing here waits: the caller reads the
// kernel's state, calls step(), and sleeps until wake(), a change, or a packet on fd().
//
//   begin ──► carrier ──► static: apply ──────────────┐
//                │                                    ▼
//                ├─────► lease: DHCP ──► apply ──► settle ──► ready
//                └─────► ipv6: ipv6_setup.h ──────────────────▲
#pragma once

#include <poll.h>

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "boot/dhcp/dhcp.h"
#include "boot/dhcp/packet_socket.h"
#include "boot/net/address_settings.h"
#include "boot/net/ipv6_setup.h"
#include "boot/net/link.h"
#include "boot/net/rtnetlink.h"

namespace boot {

class InterfaceSetup {
  public:
    struct Limits {
        base::milliseconds carrier{0};
        base::milliseconds lease{0};
        bool need_lease = false;
        bool peer_dns = true;  ///< whether to use name servers of DHCP and routers
    };

    /// @param metric  of all routes of this interface, so that those of several do not collide
    InterfaceSetup(InterfacePlan plan, const Link& link, const Limits& limits, uint32_t metric);

    /// Sets the Ethernet address and the MTU, and brings the link up.
    base::Status begin(Rtnetlink& kernel, base::TimePoint now);

    /// Continues as far as possible now.
    /// @return an error, without the interface's name, if it cannot become ready
    base::Status step(Rtnetlink& kernel, const NetworkState& network, base::TimePoint now);

    /// When step() must be called even if nothing happens.
    [[nodiscard]] base::TimePoint wake() const;
    /// Adds the descriptors whose packets step() waits for.
    void collect_fds(std::vector<pollfd>& fds) const;

    /// The interface works (carrier, or lease): no other interface is tried for its plan.
    [[nodiscard]] bool is_chosen() const;
    [[nodiscard]] bool is_ready() const { return state_ == State::kReady; }
    /// The missing event, as an error text: "no carrier".
    [[nodiscard]] std::string complaint() const;

    [[nodiscard]] int index() const { return index_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const AddressSettings& settings() const { return settings_; }
    [[nodiscard]] const std::optional<Lease>& lease() const { return lease_; }
    /// The IPv6 addresses are not the plan's own.
    [[nodiscard]] bool is_router_given() const {
        return ipv6_ && plan_.method != AddressMethod::kLinkLocal;
    }
    /// Null if no DHCPv6 server has answered.
    [[nodiscard]] const Dhcp6Answer* dhcp6() const {
        return ipv6_ && ipv6_->answer() ? &*ipv6_->answer() : nullptr;
    }
    /// The warnings; empty if there are none.
    [[nodiscard]] const std::string& warning() const { return warning_; }

    /// Restores the link to its original state: for interfaces that did not work.
    void give_up(Rtnetlink& kernel) const;

  private:
    enum class State {
        kCarrier,  // waits for the link to run
        kLease,    // waits for a DHCP server
        kIpv6,     // waits for a router or a DHCPv6 server
        kSettle,   // waits until the address can be used: duplicate detection, carrier after MTU
        kReady,
    };

    base::Status on_carrier(Rtnetlink& kernel, const NetworkState& network, base::TimePoint now);
    base::Status pump_ipv6(Rtnetlink& kernel, const NetworkState& network, base::TimePoint now);
    base::Status start_dhcp(base::TimePoint now);
    base::Status pump_dhcp(Rtnetlink& kernel, base::TimePoint now);
    base::Status apply(Rtnetlink& kernel, base::TimePoint now);
    base::Status settle(Rtnetlink& kernel, const Link& link, const NetworkState& network);

    InterfacePlan plan_;
    Limits limits_;
    uint32_t metric_;
    int index_;
    std::string name_;
    MacAddress mac_;
    uint32_t mtu_;
    bool was_up_;
    State state_ = State::kCarrier;
    base::TimePoint until_;
    /// The setup has changed something: the caller must read the kernel's state again without
    /// waiting for an event, because an existing setting causes none.
    bool look_again_ = false;
    std::optional<PacketSocket> socket_;
    std::optional<DhcpClient> client_;
    std::optional<Lease> lease_;
    std::optional<Ipv6Setup> ipv6_;
    AddressSettings settings_;
    std::string warning_;
};

}  // namespace boot
