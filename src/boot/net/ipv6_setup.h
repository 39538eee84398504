// SPDX-License-Identifier: GPL-2.0-or-later
//
// Configures an IPv6 address that is not static. The kernel derives addresses and routes from
// Router Advertisements. This unit does the rest: early solicitations, DHCPv6, and the name
// servers.
//
//   link-local address usable ──► (link6: ready)
//        └─► solicit ──► advertised ──► an address usable ──► ready
//                └─► managed: DHCPv6 ──► lease ──┘
#pragma once

#include <poll.h>

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "boot/dhcp/dhcp6.h"
#include "boot/dhcp/ipv6_socket.h"
#include "boot/dhcp/router_advert.h"
#include "boot/net/link.h"
#include "boot/net/network_plan.h"
#include "boot/net/rtnetlink.h"

namespace boot {

class Ipv6Setup {
  public:
    /// REQUIRES: `method` is one of IPv6
    Ipv6Setup(AddressMethod method, int index, const MacAddress& mac, uint64_t seed)
        : method_(method), index_(index), mac_(mac), seed_(seed) {}

    /// @return whether the interface is ready for connections
    base::Result<bool> step(Rtnetlink& kernel, const NetworkState& network, base::TimePoint now);

    [[nodiscard]] base::TimePoint wake() const;
    void collect_fds(std::vector<pollfd>& fds) const;
    /// The missing event, as an error text.
    [[nodiscard]] std::string complaint() const;

    /// The values of router and server; those of the server have precedence.
    [[nodiscard]] std::vector<IpAddress> dns() const;
    [[nodiscard]] const std::optional<Dhcp6Answer>& answer() const { return answer_; }

  private:
    base::Status hear_router(base::TimePoint now);
    base::Status talk_to_servers(Rtnetlink& kernel, const IpAddress& local, base::TimePoint now);
    [[nodiscard]] std::optional<Dhcp6Client::Wants> wanted_of_servers() const;
    base::Status take_answer(Rtnetlink& kernel);
    [[nodiscard]] bool has_address(const NetworkState& network) const;
    bool is_ready(base::TimePoint now);

    AddressMethod method_;
    int index_;
    MacAddress mac_;
    uint64_t seed_;
    bool link_local_ = false;
    std::optional<Ipv6Socket> router_socket_;
    base::TimePoint solicit_at_ = base::TimePoint::max();
    std::optional<RouterAdvert> advert_;
    std::optional<Ipv6Socket> dhcp_socket_;
    std::optional<Dhcp6Client> client_;
    std::optional<Dhcp6Answer> answer_;
    /// Until when it waits for missing values although there is an address.
    std::optional<base::TimePoint> courtesy_end_;
};

}  // namespace boot
