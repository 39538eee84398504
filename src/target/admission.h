// SPDX-License-Identifier: GPL-2.0-or-later
//
// Which connections may be there at the same time: a bound for all, one for each address, and one
// for strangers, who have not yet shown that they may connect. Where there is no room for one more,
// the oldest goes that said nothing in a quarter of a second; then one that has not moved for a
// while; if there is none, the new one waits, for those that are just about to be admitted.
#pragma once

#include <list>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "target/connection.h"

namespace target {

class Admission {
  public:
    struct Bounds {
        size_t connections = 1024;
        size_t of_one_address = SIZE_MAX;
        size_t strangers = SIZE_MAX;
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

    [[nodiscard]] Decision decide(const std::string& address, base::TimePoint now) const;
    void add(Connection& connection, const std::string& address);
    /// It is no stranger any more.
    void admit(const Connection& connection);
    /// It does not count any more. To be called once or more.
    void remove(const Connection& connection);

    [[nodiscard]] const Bounds& bounds() const { return bounds_; }
    [[nodiscard]] size_t strangers() const { return strangers_.size(); }

  private:
    using Strangers = std::list<Connection*>;
    struct Member {
        std::string address;
        Strangers::iterator stranger;  ///< end(): it is none
    };

    [[nodiscard]] Connection* find_victim(base::TimePoint now) const;

    const Bounds bounds_;
    Strangers strangers_;  ///< as they came
    std::unordered_map<const Connection*, Member> members_;
    std::unordered_map<std::string, size_t> addresses_;
};

}  // namespace target
