// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/reactor/fair_order.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/text.h"

namespace target {

std::string network_of(const std::string& address) {
    constexpr size_t kNetworkBytes = 8;
    in6_addr v6{};
    if (inet_pton(AF_INET6, address.substr(0, address.find('%')).c_str(), &v6) != 1) {
        return address;
    }
    return base::to_hex(std::as_bytes(std::span(v6.s6_addr)).first(kNetworkBytes));
}

bool FairOrder::has_any_of(const std::string& address) const {
    const auto network = by_name_.find(network_of(address));
    return network != by_name_.end() && network->second->by_name.contains(address);
}

void FairOrder::add(Id id, const std::string& address) {
    const std::string network_name = network_of(address);
    auto found = by_name_.find(network_name);
    if (found == by_name_.end()) {
        networks_.push_back({.name = network_name, .addresses = {}, .by_name = {}, .by_size = {}});
        found = by_name_.emplace(network_name, std::prev(networks_.end())).first;
        by_size_.emplace(0, &networks_.back());
    }
    const Networks::iterator network = found->second;
    auto known = network->by_name.find(address);
    if (known == network->by_name.end()) {
        network->addresses.push_back({address, {}});
        known = network->by_name.emplace(address, std::prev(network->addresses.end())).first;
        network->by_size.emplace(0, &network->addresses.back());
    }
    const Addresses::iterator place = known->second;
    resize(network, place, +1);
    places_.emplace(id, Place{network, place, place->members.insert(place->members.end(), id)});
}

void FairOrder::remove(Id id) {
    const auto found = places_.find(id);
    if (found == places_.end()) {
        return;
    }
    const auto [network, address, member] = found->second;
    places_.erase(found);
    resize(network, address, -1);
    address->members.erase(member);
    if (address->members.empty()) {
        network->by_size.erase({0, &*address});
        network->by_name.erase(address->name);
        network->addresses.erase(address);
    }
    if (network->size == 0) {
        by_size_.erase({0, &*network});
        by_name_.erase(network->name);
        networks_.erase(network);
    }
}

/// To be called before the list of members changes.
void FairOrder::resize(Networks::iterator network, Addresses::iterator address, int change) {
    const auto changed = [change](size_t size) {
        return static_cast<size_t>(static_cast<ptrdiff_t>(size) + change);
    };
    const size_t members = address->members.size();
    network->by_size.erase({members, &*address});
    network->by_size.emplace(changed(members), &*address);
    by_size_.erase({network->size, &*network});
    network->size = changed(network->size);
    by_size_.emplace(network->size, &*network);
}

std::optional<FairOrder::Id> FairOrder::next() {
    if (networks_.empty()) {
        return std::nullopt;
    }
    Network& network = networks_.front();
    const Id id = network.addresses.front().members.front();
    network.addresses.splice(network.addresses.end(), network.addresses, network.addresses.begin());
    networks_.splice(networks_.end(), networks_, networks_.begin());
    return id;
}

const FairOrder::Address* FairOrder::beyond_share(const std::string& address) const {
    if (networks_.empty()) {
        return nullptr;
    }
    const auto own = by_name_.find(network_of(address));
    const size_t own_size = own == by_name_.end() ? 0 : own->second->size;
    const Network* most = by_size_.rbegin()->second;
    if (most->size > own_size + 1) {
        return most->by_size.rbegin()->second;
    }
    if (own == by_name_.end()) {
        return nullptr;
    }
    const Network& network = *own->second;
    const auto known = network.by_name.find(address);
    const size_t members = known == network.by_name.end() ? 0 : known->second->members.size();
    const auto [size, crowd] = *network.by_size.rbegin();
    return size > members + 1 ? crowd : nullptr;
}

std::optional<FairOrder::Id> FairOrder::oldest_beyond_share(const std::string& address) const {
    const Address* crowd = beyond_share(address);
    return crowd == nullptr ? std::nullopt : std::optional(crowd->members.front());
}

std::optional<FairOrder::Id> FairOrder::newest_beyond_share(const std::string& address) const {
    const Address* crowd = beyond_share(address);
    return crowd == nullptr ? std::nullopt : std::optional(crowd->members.back());
}

}  // namespace target
