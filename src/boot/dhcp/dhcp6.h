// SPDX-License-Identifier: GPL-2.0-or-later
//
// The client side of DHCPv6 as far as a boot needs it: RFC 8415, section 18.2 "Client Behavior".
// Bytes in, bytes out, and time as an argument, as dhcp.h for DHCPv4.
//
//   solicit ──► advertise ──► request ──► reply: bound
//      │  └───────────────────────────────▲ rapid commit
//   information-request ──► reply: informed          (addresses come from a router)
//
// The client identifies itself by the Ethernet address (DUID-LL), so that the real root can
// continue the same lease.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "boot/dhcp/dhcp6_message.h"

namespace boot {

class Dhcp6Client {
  public:
    enum class Wants { kAddress, kInformation };

    /// @param seed  from which transaction numbers are derived
    Dhcp6Client(Wants wants, const MacAddress& mac, uint64_t seed, base::TimePoint now);

    /// When on_time() must be called next.
    [[nodiscard]] base::TimePoint wake() const { return wake_; }
    /// @return a message for all servers, if it is time for one
    std::optional<base::Bytes> on_time(base::TimePoint now);
    /// @param bytes  the payload of a datagram to the client's port, from anyone
    void on_message(base::ByteView bytes, base::TimePoint now);

    [[nodiscard]] bool is_done() const { return state_ == State::kDone; }
    /// The server's final answer. REQUIRES: is_done()
    [[nodiscard]] const Dhcp6Answer& answer() const { return *answer_; }
    /// The events so far, for the error of a caller that gives up.
    [[nodiscard]] std::string story() const;

  private:
    enum class State {
        kSoliciting,  // waits for an advertisement, or a reply to a rapid commit
        kRequesting,  // an offer was taken: waits for the server's answer
        kInforming,   // waits for a reply without an address
        kDone,
    };

    void restart(base::TimePoint at);
    void begin(State state, base::TimePoint now);
    void take_advertise(Dhcp6Answer answer, base::TimePoint now);
    void take_reply(Dhcp6Answer answer, base::TimePoint now);

    Dhcp6Identity identity_;
    State first_;
    State state_;
    uint32_t transaction_;
    base::TimePoint began_;
    base::TimePoint wake_;
    unsigned sent_ = 0;         // in all
    unsigned repetitions_ = 0;  // of the message of this state
    std::string trouble_;
    std::optional<Dhcp6Answer> answer_;
};

}  // namespace boot
