// SPDX-License-Identifier: GPL-2.0-or-later
//
// Reservations that survive a restart: a small text file for each namespace that has some.
//
//     generation 7
//     type 3
//     holder 11111111111111111111111111111111 nqn.2024-08.com.example:host7
//     registrant 11111111111111111111111111111111 0x1234 nqn.2024-08.com.example:host7
//
// Older versions wrote no NQN: such a host is known by its identifier alone.
#pragma once

#include <string>

#include "base/result.h"
#include "target/controller/reservations.h"

namespace target {

/// @return an empty state where there is no file. Errors: unreadable, not in this form.
base::Result<ReservationState> load_reservations(const std::string& path);

/// Replaces the file in one step and syncs it; removes it where the state does not persist.
base::Status save_reservations(const std::string& path, const ReservationState& state);

}  // namespace target
