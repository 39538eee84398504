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

// images.cc

/// Whether a state exports this namespace or passthru controller.
bool is_exported(const Object& disk);

/// Why the kernel cannot export the image of an exported namespace or passthru controller now;
/// empty: it can, or nothing is exported.
std::string image_problem(const Object& disk);

/// The problems of all images of a state, one sentence each.
std::vector<std::string> check_images(const Object& want);

struct Unavailable {
    std::vector<std::string> warnings;  ///< images that are exported later, one sentence each
    std::vector<std::string> errors;    ///< why this state must not be applied
};

/// Disables in `want` what cannot be exported now. A namespace that the kernel exports already with
/// the same image stays as it runs.
/// Errors: another image that is exported now would be lost; no image at all can be exported.
Unavailable set_aside(Object& want, const Object& have);

/// The running state with the images of `wanted` that have become available since it was applied. A
/// file that was written to in the last ten seconds is not taken: it may be a copy that is not
/// complete.
Object with_late_images(const Object& have, const Object& wanted);

/// Whether a state exports an image or a controller.
bool exports_anything(const Object& state);

}  // namespace nvmet
