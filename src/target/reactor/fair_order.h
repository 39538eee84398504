// SPDX-License-Identifier: GPL-2.0-or-later
//
// Whose turn it is among peers that nobody knows: one address after the other, however much each of
// them requests. An IPv6 /64 network counts as one peer first, since its owner has all of its
// addresses, and its addresses take turns within it.
//
//     a1 a2 a3 a4    b1    c1 c2        next(): a1 b1 c1 a2 c2 a3 a4
//
// Each operation costs the logarithm of how many there are.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

namespace target {

class FairOrder {
  public:
    /// A member: a pointer or a number of the user of this class.
    using Id = uintptr_t;

    /// @param address  numeric, without brackets. REQUIRES: `id` is not a member
    void add(Id id, const std::string& address);
    void remove(Id id);
    [[nodiscard]] bool has(Id id) const { return places_.contains(id); }
    [[nodiscard]] bool has_any_of(const std::string& address) const;
    [[nodiscard]] size_t size() const { return places_.size(); }
    [[nodiscard]] bool empty() const { return places_.empty(); }

    /// The oldest member of the address whose turn it is, which is over then. It stays a member.
    std::optional<Id> next();
    /// The oldest and the newest member of the address that has the most, where that has more than
    /// `address` would have with one more member; nothing: `address` has its share.
    [[nodiscard]] std::optional<Id> oldest_beyond_share(const std::string& address) const;
    [[nodiscard]] std::optional<Id> newest_beyond_share(const std::string& address) const;

  private:
    struct Address {
        std::string name;
        std::list<Id> members;  ///< as they came
    };
    using Addresses = std::list<Address>;  ///< in turn
    struct Network {
        std::string name;
        size_t size = 0;
        Addresses addresses;
        std::unordered_map<std::string, Addresses::iterator> by_name;
        std::set<std::pair<size_t, const Address*>> by_size;
    };
    using Networks = std::list<Network>;  ///< in turn
    struct Place {
        Networks::iterator network;
        Addresses::iterator address;
        std::list<Id>::iterator member;
    };

    void resize(Networks::iterator network, Addresses::iterator address, int change);
    [[nodiscard]] const Address* beyond_share(const std::string& address) const;

    Networks networks_;
    std::unordered_map<std::string, Networks::iterator> by_name_;
    std::set<std::pair<size_t, const Network*>> by_size_;
    std::unordered_map<Id, Place> places_;
};

/// An IPv4 address as it is; of an IPv6 one the first 64 bits.
std::string network_of(const std::string& address);

}  // namespace target
