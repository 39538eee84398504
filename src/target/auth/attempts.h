// SPDX-License-Identifier: GPL-2.0-or-later
//
// Recent failed attempts. The reply to a failure is delayed; the delay grows with the number of
// recent failures from the same address or of the same host NQN. Further attempts are refused
// before any cryptography:
//
//   a host at an address    after `tolerated` failures; other hosts at the address (NAT) may try
//   an address              after `crowd` times as many, of all hosts; a host that authenticated
//                           from there before may still try
//
// Failures never lock out a host NQN as such: otherwise anyone who knows the NQN could lock out its
// owner. Memory is bounded, whatever unauthenticated hosts do.
#pragma once

#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace target {

/// A measure that leaks: each event adds one, time takes away.
class LeakyBucket {
  public:
    /// @param leak  time in which one event is forgotten
    double add(base::TimePoint now, base::milliseconds leak);
    [[nodiscard]] double level(base::TimePoint now, base::milliseconds leak) const;

  private:
    double level_ = 0;
    base::TimePoint at_;
};

class Attempts {
  public:
    struct Rules {
        base::milliseconds first_delay{0};  ///< of one failure; doubled by each further one
        base::milliseconds longest_delay{0};
        unsigned tolerated = 0;  ///< failures of one host at one address; 0: any number
        base::milliseconds forgotten_after{1000};  ///< one failure
        /// How many hosts that fail all the time one address may have: it fails, and is forgiven,
        /// that many times as often.
        unsigned crowd = 10;
    };
    /// The rules of a server.
    static constexpr Rules kStrict = {.first_delay = base::milliseconds(100),
                                      .longest_delay = base::seconds(5),
                                      .tolerated = 10,
                                      .forgotten_after = base::seconds(6),
                                      .crowd = 10};

    explicit Attempts(Rules rules) : rules_(rules) {}

    /// @param host  who it claims to be
    [[nodiscard]] bool may_try(const std::string& address, const std::string& host,
                               base::TimePoint now) const;
    /// @return how long to hold the answer back
    base::milliseconds failed(const std::string& address, const std::string& host,
                              base::TimePoint now);
    void proved(const std::string& address, const std::string& host);
    /// Whether it was proved recently.
    [[nodiscard]] bool has_proved(const std::string& address, const std::string& host) const;

  private:
    /// Two generations: when the younger is full, the older is forgotten.
    class Table {
      public:
        static constexpr size_t kEntries = 4096;
        LeakyBucket& of(const std::string& name);
        [[nodiscard]] const LeakyBucket* find(const std::string& name) const;

      private:
        using Map = std::unordered_map<std::string, LeakyBucket>;
        Map young_;
        Map old_;
    };

    const Rules rules_;
    Table addresses_;
    Table hosts_;
    Table pairs_;   ///< address and host
    Table proved_;  ///< pairs that have authenticated
};

}  // namespace target
