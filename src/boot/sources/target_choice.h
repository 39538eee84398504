// SPDX-License-Identifier: GPL-2.0-or-later
//
// From URIs to one Target. Several URIs are several ways to the same root: they must agree on the
// subsystem and must not contradict each other, or the keys, about the namespace.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "boot/plan/plan.h"
#include "boot/sources/keys.h"

namespace boot {

/// The target of one URI, with one portal, or one discovery service. Errors begin with the URI's
/// origin: not a URI, a name that the kernel cannot take.
base::Result<Target> target_of_uri(const Given& uri);

/// Adds another way to the same root. Errors: another subsystem, another namespace. A portal that
/// is there already is not added again.
base::Status join(Target& target, Target other);

/// Lets `choice` demand what `other` demands too. Errors: they contradict each other.
base::Status narrow(NamespaceChoice& choice, const NamespaceChoice& other);

/// To be put behind two names that are not the same: nothing, or that only their letters' case
/// differs.
std::string differ_in_case(std::string_view one, std::string_view other);

/// Errors: a URI names another subsystem than the key subsysnqn, where both name one.
base::Status check_name(const Target& target, const std::string& subsystems);

/// Whether `text` is what `pattern` describes: * stands for any characters, ? for one.
bool fits_pattern(std::string_view text, std::string_view pattern);

}  // namespace boot
