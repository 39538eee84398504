// SPDX-License-Identifier: GPL-2.0-or-later
//
// The contradictions of a requested state with itself, with the kernel's rules, and with the
// running state: all of it is found before anything is written. In particular the ways in which the
// kernel's target turns authentication off without a word are refused.
#pragma once

#include <string>
#include <vector>

#include "nvmet/object.h"
#include "nvmet/presence.h"

namespace nvmet {

/// Errors that need no look at the running state. Never quotes a secret.
std::vector<std::string> check_rules(const Object& want);

/// Warnings about the names of hosts and subsystems: names that are not NQNs, and names that differ
/// only in the case of letters.
std::vector<std::string> look_at_names(const Object& state);

/// Attributes that are asked for and that this kernel lacks.
/// @param undecided  set when something is asked for that `presence` knows nothing of
std::vector<std::string> check_presence(const Object& want, const Presence& presence,
                                        bool& undecided);

/// Hosts that have a key now and would have none.
std::vector<std::string> check_lost_keys(const Object& have, const Object& want);

/// Subsystems that no port offers: allowed, and seldom meant.
std::vector<std::string> check_reach(const Object& want);

/// Images that are not there, or are nothing that the kernel takes.
std::vector<std::string> check_images(const Object& want);

}  // namespace nvmet
