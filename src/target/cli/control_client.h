// SPDX-License-Identifier: GPL-2.0-or-later
//
// The operator's end of the control socket: asks a running server and shows what it says.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/cli/options.h"
#include "base/clock.h"
#include "base/result.h"

namespace target {

struct ControlOptions {
    std::string socket;
    bool json = false;
    bool cancel = false;
    base::seconds timeout{30};

    ControlOptions();
};

/// The options of one command.
std::span<const base::Option<ControlOptions>> control_option_table();  ///< of plan and reload
std::span<const base::Option<ControlOptions>> status_option_table();
std::span<const base::Option<ControlOptions>> drain_option_table();

/// Asks a running server and prints what it says. @return whether it said ok
base::Result<bool> command_server(const std::string& socket, std::string_view question);

/// Has a server send its hosts to their other paths, and waits until all have moved, or takes that
/// back. Prints the number of hosts that have yet to move each time it is another.
/// Errors: the server's, or hosts are left when the time is over.
base::Status drain_server(const ControlOptions& options, base::Clock& clock);

}  // namespace target
