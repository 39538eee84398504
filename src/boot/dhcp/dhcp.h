// SPDX-License-Identifier: GPL-2.0-or-later
//
// The client side of DHCPv4 as far as a boot needs it: RFC 2131, section 3.1 "Client-server
// interaction - allocating a network address". Bytes in, bytes out, and time as an argument; the
// socket and the waiting are the caller's (network.cc).
//
//   discover ──► offer ──► request ──► ack: bound
//      ▲ │ unanswered: again,   │ nak, or unanswered four times
//      └─┘ later and later ◄────┘
//
// The client identifies itself by hardware type and Ethernet address, as dracut's network back ends
// and firmware do, so that the real root can continue the same lease.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "boot/dhcp/dhcp_message.h"
#include "boot/dhcp/lease.h"

namespace boot {

struct DhcpIdentity {
    MacAddress mac;
    std::string hostname;             // option 12; empty: not sent
    std::optional<IpAddress> wanted;  // option 50 of the first request
};

class DhcpClient {
  public:
    /// @param seed  from which transaction numbers and the jitter of the delays are derived;
    ///              machines that boot together must differ in it
    DhcpClient(DhcpIdentity identity, uint64_t seed, base::TimePoint now);

    /// When on_time() must be called next.
    [[nodiscard]] base::TimePoint wake() const { return wake_; }

    /// @return a message to broadcast, if it is time for one
    std::optional<base::Bytes> on_time(base::TimePoint now);

    /// @param bytes  the payload of a datagram to the client's port, from anyone
    /// @return a message to broadcast in answer
    std::optional<base::Bytes> on_message(base::ByteView bytes, base::TimePoint now);

    /// Present once the server has granted it.
    [[nodiscard]] const std::optional<Lease>& lease() const { return lease_; }

    /// The events so far, for the error of a caller that gives up: "no DHCP server answered
    /// 4 discovers".
    [[nodiscard]] std::string story() const;

  private:
    enum class State {
        kSelecting,   // a discover is or will be out: waits for an offer
        kRequesting,  // an offer was taken: waits for the server's answer
        kBound,       // has the lease: waits for nothing
    };

    base::Bytes discover(base::TimePoint now);
    base::Bytes request(base::TimePoint now);
    [[nodiscard]] DhcpMessage message(DhcpType type) const;
    std::optional<base::Bytes> on_offer(const DhcpMessage& offer, base::TimePoint now);
    void on_ack(const DhcpMessage& ack, base::TimePoint now);
    void on_nak(const DhcpMessage& nak, base::TimePoint now);
    void restart(base::TimePoint at);
    void refuse(const DhcpMessage& message, const base::Error& why);
    [[nodiscard]] bool is_from_chosen_server(const DhcpMessage& message) const;
    /// The delay before repetition number `count`, with jitter.
    base::milliseconds back_off(unsigned count);
    uint64_t random();

    DhcpIdentity identity_;
    base::Bytes client_id_;
    uint64_t random_state_;
    State state_ = State::kSelecting;
    uint32_t xid_ = 0;
    base::TimePoint begin_;
    base::TimePoint wake_;
    uint16_t secs_ = 0;
    unsigned discovers_ = 0;    // sent in all
    unsigned repetitions_ = 0;  // of the message of this state
    unsigned naks_ = 0;         // in a row
    std::string trouble_;       // the last unusable answer
    std::optional<Lease> offer_;
    std::optional<Lease> lease_;
};

}  // namespace boot
