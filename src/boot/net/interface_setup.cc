// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/interface_setup.h"

#include <linux/rtnetlink.h>
#include <sys/random.h>

#include <cstring>
#include <utility>

#include "base/decimal.h"
#include "base/text.h"

namespace boot {

namespace {

/// Different on each machine and at each boot, as far as can be had without waiting for entropy.
uint64_t dhcp_seed(const MacAddress& mac, base::TimePoint now) {
    uint64_t seed = 0;
    if (::getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed)) {
        std::memcpy(&seed, mac.octets.data(), mac.octets.size());
        seed ^= static_cast<uint64_t>(now.time_since_epoch().count());
    }
    return seed;
}

/// 2 s, 1.5 s
std::string seconds_text(base::milliseconds span) {
    std::string text = base::decimal_text(static_cast<double>(span.count()) / 1000, 3);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') {
        text.pop_back();
    }
    return text + " s";
}

}  // namespace

InterfaceSetup::InterfaceSetup(InterfacePlan plan, const Link& link, const Limits& limits,
                               uint32_t metric)
    : plan_(std::move(plan)),
      limits_(limits),
      metric_(metric),
      index_(link.index),
      name_(link.name),
      mac_(link.mac),
      mtu_(link.mtu),
      was_up_(link.up) {}

base::Status InterfaceSetup::begin(Rtnetlink& kernel, base::TimePoint now) {
    until_ = now + limits_.carrier;
    if (plan_.set_mac && *plan_.set_mac != mac_) {
        TRY_VOID(kernel.set_up(index_, false));
        if (auto status = kernel.set_mac(index_, *plan_.set_mac); !status) {
            return status.error().in("Ethernet address " + plan_.set_mac->text());
        }
        mac_ = *plan_.set_mac;
    }
    if (plan_.mtu && *plan_.mtu != mtu_) {
        if (auto status = kernel.set_mtu(index_, *plan_.mtu); !status) {
            return status.error().in(base::format("MTU %u", *plan_.mtu));
        }
        mtu_ = *plan_.mtu;
    }
    return kernel.set_up(index_, true);
}

base::Status InterfaceSetup::step(Rtnetlink& kernel, const NetworkState& network,
                                  base::TimePoint now) {
    const Link* link = network.find(index_);
    if (link == nullptr) {
        return base::error("the interface has disappeared");
    }
    look_again_ = false;
    switch (state_) {
        case State::kCarrier:
            mac_ = link->mac;  // a bond's is that of its first port, which it may have only now
            if (link->carrier) {
                TRY_VOID(on_carrier(kernel, network, now));
            }
            break;
        case State::kLease:
            TRY_VOID(pump_dhcp(kernel, now));
            break;
        case State::kIpv6:
            TRY_VOID(pump_ipv6(kernel, network, now));
            break;
        case State::kSettle:
            TRY_VOID(settle(kernel, *link, network));
            break;
        case State::kReady:
            return base::done();
    }
    if (now >= until_ && !is_ready()) {
        return base::error(complaint());
    }
    return base::done();
}

base::TimePoint InterfaceSetup::wake() const {
    if (is_ready()) {
        return base::TimePoint::max();
    }
    if (look_again_) {
        return base::TimePoint::min();
    }
    if (state_ == State::kIpv6) {
        return std::min(until_, ipv6_->wake());
    }
    return state_ == State::kLease ? std::min(until_, client_->wake()) : until_;
}

void InterfaceSetup::collect_fds(std::vector<pollfd>& fds) const {
    if (socket_) {
        fds.push_back({socket_->fd(), POLLIN, 0});
    }
    if (ipv6_) {
        ipv6_->collect_fds(fds);
    }
}

bool InterfaceSetup::is_chosen() const {
    return state_ == State::kSettle || state_ == State::kReady;
}

std::string InterfaceSetup::complaint() const {
    switch (state_) {
        case State::kCarrier:
            return "no carrier after " + seconds_text(limits_.carrier);
        case State::kLease:
            return client_->story() + " in " + seconds_text(limits_.lease);
        case State::kIpv6:
            return ipv6_->complaint() + " (after " + seconds_text(limits_.lease) + ")";
        case State::kSettle:
            return "the address cannot be used after " + seconds_text(limits_.carrier);
        case State::kReady:
            break;
    }
    return "ready";
}

void InterfaceSetup::give_up(Rtnetlink& kernel) const {
    if (!was_up_) {
        (void)kernel.set_up(index_, false);  // an interface that stays up without use does no harm
    }
}

base::Status InterfaceSetup::on_carrier(Rtnetlink& kernel, const NetworkState& network,
                                        base::TimePoint now) {
    if (plan_.method == AddressMethod::kStatic) {
        settings_ = settings_of(plan_);
        return apply(kernel, now);
    }
    if (plan_.method != AddressMethod::kDhcp) {
        ipv6_.emplace(plan_.method, index_, mac_, dhcp_seed(mac_, now));
        state_ = State::kIpv6;
        until_ = now + limits_.lease;
        return pump_ipv6(kernel, network, now);
    }
    // Another service of the initramfs may have been asked to configure it by the same ip=.
    if (network.has_given_address(index_, false) && !limits_.need_lease) {
        state_ = State::kReady;
        return base::done();
    }
    TRY_VOID(start_dhcp(now));
    return pump_dhcp(kernel, now);
}

base::Status InterfaceSetup::pump_ipv6(Rtnetlink& kernel, const NetworkState& network,
                                       base::TimePoint now) {
    TRY(const bool ready, ipv6_->step(kernel, network, now));
    if (ready) {
        settings_.dns = plan_.dns;
        settings_.mtu = plan_.mtu;
        const auto heard = limits_.peer_dns ? ipv6_->dns() : std::vector<IpAddress>();
        settings_.dns.insert(settings_.dns.end(), heard.begin(), heard.end());
        state_ = State::kReady;
    }
    return base::done();
}

base::Status InterfaceSetup::start_dhcp(base::TimePoint now) {
    TRY(PacketSocket socket, PacketSocket::open(index_));
    socket_.emplace(std::move(socket));
    const auto wanted = plan_.address ? std::optional(plan_.address->address) : std::nullopt;
    client_.emplace(DhcpIdentity{mac_, plan_.hostname, wanted}, dhcp_seed(mac_, now), now);
    state_ = State::kLease;
    until_ = now + limits_.lease;
    return base::done();
}

base::Status InterfaceSetup::pump_dhcp(Rtnetlink& kernel, base::TimePoint now) {
    while (const auto message = socket_->receive()) {
        if (const auto answer = client_->on_message(*message, now)) {
            socket_->broadcast(*answer);
        }
    }
    if (const auto message = client_->on_time(now)) {
        socket_->broadcast(*message);
    }
    if (!client_->lease()) {
        return base::done();
    }
    lease_ = client_->lease();
    if (!limits_.peer_dns) {
        lease_->dns.clear();
    }
    settings_ = settings_of(plan_, *lease_);
    socket_.reset();
    return apply(kernel, now);
}

base::Status InterfaceSetup::apply(Rtnetlink& kernel, base::TimePoint now) {
    if (settings_.mtu && *settings_.mtu != mtu_) {
        if (auto status = kernel.set_mtu(index_, *settings_.mtu); !status) {
            warning_ =
                base::format("%s: the DHCP server's MTU of %u is refused (%s), continuing with %u",
                             name_.c_str(), *settings_.mtu, status.error().text.c_str(), mtu_);
        }
    }
    if (settings_.address) {
        const NewAddress address{index_, *settings_.address, settings_.peer, settings_.broadcast,
                                 lease_.has_value()};
        if (auto status = kernel.add_address(address); !status) {
            return status.error().in("address " + settings_.address->text());
        }
    }
    const uint8_t protocol = lease_ ? RTPROT_DHCP : RTPROT_STATIC;
    for (const Route& route : settings_.routes) {
        const bool onlink = is_onlink(route, settings_.address);
        if (auto status = kernel.add_route({index_, route, metric_, onlink, protocol}); !status) {
            return status.error().in("route to " + route.destination.text());
        }
    }
    state_ = State::kSettle;
    look_again_ = true;
    until_ = now + limits_.carrier;
    return base::done();
}

base::Status InterfaceSetup::settle(Rtnetlink& kernel, const Link& link,
                                    const NetworkState& network) {
    if (!link.carrier) {
        return base::done();
    }
    if (settings_.address) {
        const LinkAddress* address = network.find(index_, settings_.address->address);
        if (address == nullptr) {
            return base::done();
        }
        if (address->duplicate) {
            // The mark stays with the address: without it, the next attempt can try again.
            (void)kernel.remove_address(index_, *settings_.address);
            return base::error("another machine has the address " + settings_.address->text());
        }
        if (address->tentative) {
            return base::done();
        }
    }
    state_ = State::kReady;
    return base::done();
}

}  // namespace boot
