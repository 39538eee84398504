// SPDX-License-Identifier: GPL-2.0-or-later
//
// Detects whether the target has hung up while the kernel is connecting. Linux does not notice that
// before a request times out after 60 s, and the kernel's own target hangs up after a wrong secret.
// The state of the kernel's sockets is in /proc/net/tcp and tcp6, in lines of the form
//
//     sl  local_address rem_address   st …
//      0: 0F02000A:9C40 0202000A:1144 01     01 established, 02 SYN sent, 08 the peer has closed
#pragma once

#include <string>
#include <string_view>

#include "base/sys_paths.h"
#include "boot/plan/plan.h"

namespace boot {

/// `rem_address` of a portal as the tables write it; empty when its address is not numeric.
std::string table_address(const Portal& portal);

/// True when a line of the table is a connection to `remote` that is up.
bool has_connection(std::string_view table, std::string_view remote);

/// Polls the tables.
class PeerWatch {
  public:
    PeerWatch(const Portal& portal, const base::SysPaths& sys);
    /// @return true if there was a connection and then none for kLooks polls. While a target lives,
    /// there is always a connection between two queues of a connect.
    bool hung_up();

    static constexpr int kLooks = 4;

  private:
    std::string remote_;
    std::string folder_;
    bool seen_ = false;
    int missed_ = 0;
};

}  // namespace boot
