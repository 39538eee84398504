// SPDX-License-Identifier: GPL-2.0-or-later
//
// From URIs to one Target. Several URIs are several paths to the same root: they must agree on the
// subsystem, and must not contradict each other or the keys about the namespace.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "boot/plan/plan.h"
#include "boot/sources/keys.h"

namespace boot {

/// The target of one URI, with one portal or one discovery service. Errors begin with the URI's
/// origin: not a URI, a name that the kernel does not accept.
base::Result<Target> target_of_uri(const Given& uri);

/// Adds another path to the same root. Errors: another subsystem, another namespace. A portal that
/// is in the target already is not added again.
base::Status join(Target& target, Target other);

/// Adds the requirements of `other` to `choice`. Errors: they contradict each other.
base::Status narrow(NamespaceChoice& choice, const NamespaceChoice& other);

/// A hint to append to a message about two different names: empty, or that they differ only in
/// letter case.
std::string differ_in_case(std::string_view one, std::string_view other);

/// Errors: a URI and the key subsysnqn name different subsystems.
base::Status check_name(const Target& target, const std::string& subsystems);

/// Whether `text` matches `pattern`: * matches any characters, ? one character.
bool fits_pattern(std::string_view text, std::string_view pattern);

}  // namespace boot
