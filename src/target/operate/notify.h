// SPDX-License-Identifier: GPL-2.0-or-later
//
// The protocol between systemd and a service, without its library: the state of the service by
// datagrams (sd_notify(3)), the watchdog, and sockets that were opened before the service started
// (sd_listen_fds(3)). Without systemd all of it does nothing.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "target/reactor/reactor.h"

namespace target {

class Notifier {
  public:
    /// Takes NOTIFY_SOCKET and WATCHDOG_USEC out of the environment, so that no child has them.
    static Notifier from_environment();

    /// Lines such as `READY=1`. A manager that does not listen does not stop the server.
    void send(std::string_view lines) const;
    void ready() const { send("READY=1\nSTATUS=serving"); }
    void reloading(base::TimePoint now) const;
    void stopping() const { send("STOPPING=1\nSTATUS=stopping"); }

    /// Sends WATCHDOG=1 twice in each period that systemd asks for. @return null: it asks for none
    [[nodiscard]] std::unique_ptr<Timer> start_watchdog(Reactor& reactor) const;

  private:
    std::string path_;  ///< empty: nobody listens
    base::milliseconds watchdog_{0};
};

/// Listening sockets that the service was started with; takes LISTEN_FDS out of the environment.
std::vector<base::UniqueFd> inherited_sockets();

}  // namespace target
