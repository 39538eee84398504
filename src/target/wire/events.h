// SPDX-License-Identifier: GPL-2.0-or-later
//
// Events on a connection that an operator needs to read, without a log: the protocol
// core knows no log, so the server that owns one implements EventSink.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace target {

struct Event {
    enum class Kind : uint8_t {
        kConnected,      ///< a queue is connected to a controller
        kAuthenticated,  ///< detail: hash, group, direction
        kRefused,        ///< Connect or authentication refused; detail: why
        kDisconnected,   ///< an orderly end: controller shut down or reset, peer gone
        kFailed,         ///< we end the connection; detail: the peer's fault or the timeout
    };

    Kind kind;
    std::string_view peer;     ///< as Endpoints::peer
    std::string_view hostnqn;  ///< empty before Connect; bytes of a stranger: quote it
    std::string_view subnqn;   ///< the same
    uint16_t cntlid = 0;       ///< 0 before Connect
    uint16_t qid = 0;
    std::string detail;
    bool proved = false;  ///< the host has authenticated on this queue
};

/// As in `refused`.
std::string_view name(Event::Kind kind);
/// `host "NQN" at ADDRESS connected to "NQN", controller 3`
std::string describe(const Event& event);

class EventSink {
  public:
    virtual ~EventSink() = default;
    /// Called in the middle of the core's work: must not call back into it. The views die with the
    /// call.
    virtual void on_event(const Event& event) = 0;
};

}  // namespace target
