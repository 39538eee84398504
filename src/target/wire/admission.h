// SPDX-License-Identifier: GPL-2.0-or-later
//
// Which connections may be there at the same time: a bound for all, one for each address, and two
// for those that have proved nothing:
//
//   strangers   are not admitted yet: not connected, or not authenticated where they have to be
//   guests      are admitted without a proof: at the discovery service, or where none is asked for;
//               of these, visitors are at the discovery service
//
// Guests leave a share of all connections to hosts that authenticate. If there is no room
// for one more, one of the address that has more than its share is closed (fair_order.h): a
// stranger, or a visitor. If no address has more, it is the oldest stranger that sent nothing in a
// quarter of a second; then one that has not moved for a while, or a visitor that has asked nothing
// for as long; if there is none, the new one waits, for those that are just about to be admitted.
#pragma once

#include <list>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "target/reactor/fair_order.h"
#include "target/wire/connection.h"

namespace target {

class Admission {
  public:
    struct Bounds {
        size_t connections = 1024;
        size_t of_one_address = SIZE_MAX;
        size_t strangers = SIZE_MAX;
        size_t kept = 0;  ///< of all connections, for hosts that authenticate
    };
    enum class Verdict {
        kTake,           ///< after the victim, if there is one, was ended
        kWait,           ///< and ask again when a connection was admitted or has gone, or soon
        kAllTaken,       ///< refuse it
        kAddressAtBound  ///< refuse it
    };
    struct Decision {
        Verdict verdict = Verdict::kTake;
        Connection* victim = nullptr;
    };

    explicit Admission(Bounds bounds) : bounds_(bounds) {}
    /// Another share for hosts that authenticate, from now on.
    void keep(size_t connections) { bounds_.kept = connections; }

    /// Another address has more strangers than its share, where this one would have one more.
    [[nodiscard]] bool has_beyond_share(const std::string& address) const {
        return strangers_.beyond_share(address) != nullptr;
    }
    [[nodiscard]] Decision decide(const std::string& address, base::TimePoint now) const;
    void add(Connection& connection, const std::string& address);
    /// The connection is no longer a stranger, or no longer a guest: see its standing.
    /// @return the connection that must end for it, perhaps itself; null: none
    Connection* admit(Connection& connection, base::TimePoint now);
    /// It does not count any more. To be called once or more.
    void remove(const Connection& connection);

    [[nodiscard]] const Bounds& bounds() const { return bounds_; }
    [[nodiscard]] size_t strangers() const { return strangers_.size(); }
    [[nodiscard]] size_t guests() const { return guests_; }
    [[nodiscard]] size_t visitors() const { return visitors_.size(); }

  private:
    enum class Rank { kStranger, kVisitor, kGuest, kProved };
    /// Those of one rank, as they came, and in fair order.
    class Crowd {
      public:
        void add(Connection& connection, const std::string& address);
        void remove(const Connection& connection);
        [[nodiscard]] size_t size() const { return fair_.size(); }
        /// Null: no address has more than its share.
        [[nodiscard]] Connection* beyond_share(const std::string& address) const;
        [[nodiscard]] const std::list<Connection*>& members() const { return members_; }

      private:
        std::list<Connection*> members_;
        std::unordered_map<const Connection*, std::list<Connection*>::iterator> places_;
        FairOrder fair_;
    };
    struct Member {
        std::string address;
        Rank rank = Rank::kStranger;
    };

    static Rank rank_of(const Connection& connection);
    [[nodiscard]] Connection* slow_stranger(base::TimePoint now) const;
    [[nodiscard]] Connection* quiet_visitor(base::TimePoint now) const;
    void leave(const Connection& connection, Rank rank);

    Bounds bounds_;
    Crowd strangers_;
    Crowd visitors_;
    size_t guests_ = 0;  ///< visitors and others
    std::unordered_map<const Connection*, Member> members_;
    std::unordered_map<std::string, size_t> addresses_;
};

}  // namespace target
