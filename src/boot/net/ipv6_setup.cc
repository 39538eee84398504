// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/ipv6_setup.h"

#include <algorithm>
#include <utility>

namespace boot {
namespace {

constexpr base::milliseconds kSolicitInterval{1000};
/// For a route behind a lease, or for the name servers that a router promised.
constexpr base::milliseconds kCourtesy{2000};
constexpr uint8_t kOneHost = 128;

const LinkAddress* link_local_of(const NetworkState& network, int index) {
    const auto found = std::ranges::find_if(network.addresses, [&](const LinkAddress& address) {
        return address.index == index && address.subnet.address.v6 &&
               address.subnet.address.is_link_local();
    });
    return found == network.addresses.end() ? nullptr : &*found;
}

}  // namespace

base::Result<bool> Ipv6Setup::step(Rtnetlink& kernel, const NetworkState& network,
                                   base::TimePoint now) {
    const LinkAddress* local = link_local_of(network, index_);
    if (local != nullptr && local->duplicate) {
        return base::error("another machine has the address " + local->subnet.address.text());
    }
    link_local_ = local != nullptr && !local->tentative;
    if (!link_local_ || method_ == AddressMethod::kLinkLocal) {
        return link_local_;
    }
    TRY_VOID(hear_router(now));
    TRY_VOID(talk_to_servers(kernel, local->subnet.address, now));
    if (answer_ && answer_->lease) {
        const LinkAddress* leased = network.find(index_, answer_->lease->address);
        if (leased != nullptr && leased->duplicate) {
            return base::error("another machine has the address " + leased->subnet.address.text());
        }
    }
    return has_address(network) && is_ready(now);
}

base::Status Ipv6Setup::hear_router(base::TimePoint now) {
    if (!router_socket_) {
        TRY(Ipv6Socket socket, Ipv6Socket::to_routers(index_));
        router_socket_.emplace(std::move(socket));
        solicit_at_ = now;
    }
    while (const auto message = router_socket_->receive()) {
        if (auto advert = parse_router_advert(*message)) {
            advert_ = std::move(advert);
            solicit_at_ = base::TimePoint::max();
        }
    }
    if (now >= solicit_at_) {
        router_socket_->send(build_router_solicit(mac_));
        solicit_at_ = now + kSolicitInterval;
    }
    return base::done();
}

std::optional<Dhcp6Client::Wants> Ipv6Setup::wanted_of_servers() const {
    const bool plan_says = method_ == AddressMethod::kDhcp6 || method_ == AddressMethod::kEither6;
    if (plan_says || (advert_ && advert_->managed)) {
        return Dhcp6Client::Wants::kAddress;
    }
    if (advert_ && advert_->other_config) {
        return Dhcp6Client::Wants::kInformation;
    }
    return std::nullopt;
}

base::Status Ipv6Setup::talk_to_servers(Rtnetlink& kernel, const IpAddress& local,
                                        base::TimePoint now) {
    const auto wanted = wanted_of_servers();
    if (!wanted || answer_) {
        return base::done();
    }
    if (!client_) {
        TRY(Ipv6Socket socket, Ipv6Socket::to_dhcp_servers(index_, local));
        dhcp_socket_.emplace(std::move(socket));
        client_.emplace(*wanted, mac_, seed_, now);
    }
    while (const auto message = dhcp_socket_->receive()) {
        client_->on_message(*message, now);
    }
    if (const auto message = client_->on_time(now)) {
        dhcp_socket_->send(*message);
    }
    return client_->is_done() ? take_answer(kernel) : base::done();
}

base::Status Ipv6Setup::take_answer(Rtnetlink& kernel) {
    answer_ = client_->answer();
    if (!answer_->lease) {
        return base::done();
    }
    const Subnet subnet{answer_->lease->address, kOneHost};
    if (auto status = kernel.add_address({index_, subnet, std::nullopt, std::nullopt}); !status) {
        return status.error().in("address " + subnet.text());
    }
    return base::done();
}

bool Ipv6Setup::has_address(const NetworkState& network) const {
    return std::ranges::any_of(network.addresses, [&](const LinkAddress& each) {
        const IpAddress& ip = each.subnet.address;
        return each.index == index_ && ip.v6 && ip.is_host_address() && !ip.is_link_local() &&
               !each.tentative && !each.duplicate &&
               (method_ != AddressMethod::kDhcp6 ||
                (answer_ && answer_->lease && answer_->lease->address == ip));
    });
}

bool Ipv6Setup::is_ready(base::TimePoint now) {
    // A lease has no route: the router brings it. A router may have name servers elsewhere.
    const bool waits_for_server =
        advert_ && advert_->other_config && dns().empty() && !answer_.has_value();
    if (!courtesy_end_) {
        courtesy_end_ = now + kCourtesy;
    }
    return (advert_ && !waits_for_server) || now >= *courtesy_end_;
}

base::TimePoint Ipv6Setup::wake() const {
    const base::TimePoint talk =
        client_ && !client_->is_done() ? client_->wake() : base::TimePoint::max();
    return std::min({solicit_at_, talk, courtesy_end_.value_or(base::TimePoint::max())});
}

void Ipv6Setup::collect_fds(std::vector<pollfd>& fds) const {
    for (const auto* socket : {&router_socket_, &dhcp_socket_}) {
        if (*socket) {
            fds.push_back({(*socket)->fd(), POLLIN, 0});
        }
    }
}

std::string Ipv6Setup::complaint() const {
    if (!link_local_) {
        return "no link-local address; is IPv6 switched off?";
    }
    if (client_ && !client_->is_done()) {
        return client_->story() + (advert_ ? "" : ", and no router advertises itself");
    }
    return advert_ ? "the router advertises no address" : "no router advertises itself";
}

std::vector<IpAddress> Ipv6Setup::dns() const {
    std::vector<IpAddress> servers;
    if (answer_) {
        servers = answer_->dns;
    }
    if (advert_) {
        servers.insert(servers.end(), advert_->dns.begin(), advert_->dns.end());
    }
    return servers;
}

}  // namespace boot
