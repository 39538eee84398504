// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/link.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

#include "base/fd.h"
#include "base/join.h"

namespace boot {

const Link* NetworkState::find(int index) const {
    const auto link = std::ranges::find(links, index, &Link::index);
    return link == links.end() ? nullptr : &*link;
}

const LinkAddress* NetworkState::find(int index, const IpAddress& address) const {
    const auto found = std::ranges::find_if(addresses, [&](const LinkAddress& candidate) {
        return candidate.index == index && candidate.subnet.address == address;
    });
    return found == addresses.end() ? nullptr : &*found;
}

bool NetworkState::has_given_address(int index, bool v6) const {
    return std::ranges::any_of(addresses, [&](const LinkAddress& address) {
        const IpAddress& ip = address.subnet.address;
        return address.index == index && ip.v6 == v6 && ip.is_host_address() && !ip.is_link_local();
    });
}

namespace {

/// Empty where the interface has none, or has gone.
std::string driver_of(int socket, const std::string& interface) {
    ethtool_drvinfo info{};
    info.cmd = ETHTOOL_GDRVINFO;
    ifreq request{};
    interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
    request.ifr_data = reinterpret_cast<char*>(&info);
    if (::ioctl(socket, SIOCETHTOOL, &request) != 0) {
        return {};
    }
    return {info.driver, ::strnlen(info.driver, sizeof info.driver)};
}

}  // namespace

base::Result<NetworkState> read_network_state(Rtnetlink& kernel) {
    NetworkState state;
    TRY(state.links, kernel.links());
    const base::UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    for (Link& link : state.links) {
        link.driver = driver_of(socket.get(), link.name);
    }
    TRY(state.addresses, kernel.addresses());
    return state;
}

bool is_candidate(const Link& link) {
    constexpr std::array<std::string_view, 3> kWires = {"", "veth", "dsa"};
    return link.ethernet && !link.loopback && !link.enslaved &&
           std::ranges::find(kWires, link.kind) != kWires.end();
}

std::vector<Link> matching_links(const std::vector<Link>& links, const InterfacePlan& plan) {
    std::vector<Link> matches;
    std::ranges::copy_if(links, std::back_inserter(matches), [&](const Link& link) {
        if (!plan.name.empty()) {
            return link.name == plan.name;
        }
        const bool mac_fits =
            !plan.match_mac || link.mac == *plan.match_mac || link.permanent_mac == plan.match_mac;
        const bool driver_fits = plan.match_driver.empty() || link.driver == plan.match_driver;
        return is_candidate(link) && mac_fits && driver_fits;
    });
    return matches;
}

std::string describe_missing(const std::vector<Link>& links, const InterfacePlan& plan) {
    std::string wanted = "Ethernet interface";
    if (!plan.name.empty()) {
        wanted = "interface " + plan.name;
    } else if (plan.match_mac) {
        wanted = "interface with the address " + plan.match_mac->text();
    } else if (!plan.match_driver.empty()) {
        wanted = "interface of the driver " + plan.match_driver;
    }
    std::string others;
    for (const Link& link : links) {
        if (!link.loopback) {
            base::append_part(others, ", ", link.name);
            others.append(" (").append(link.mac.text());
            others.append(link.driver.empty() ? "" : ", ").append(link.driver).append(")");
        }
    }
    return "no " + wanted +
           (others.empty() ? "; there is no interface: is its driver in the image?"
                           : "; there is only " + others);
}

}  // namespace boot
