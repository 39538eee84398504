// SPDX-License-Identifier: GPL-2.0-or-later
//
// From a live controller to the one namespace that is the root. The controller itself reports its
// NSIDs and identifiers, so that "none" and "two" are its own answers. The disk that the kernel
// created for that NSID is then compared with the answers (kernel_disk.h).
//
// Base Specification 2.0: 5.17.2 "Identify Data Structures", CNS 00h, 02h, 03h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "boot/failure.h"
#include "boot/kernel/admin_device.h"
#include "boot/plan/plan.h"
#include "nvme/identify.h"

namespace boot {

/// A namespace as its controller describes it.
struct RootNamespace {
    uint32_t nsid = 0;
    nvme::NamespaceIds ids;
    nvme::IdentifyNamespace identify;
};

/// Identifiers and format of one namespace. Errors: the controller's.
base::Result<RootNamespace> read_namespace(AdminDevice& device, uint32_t nsid);

/// The one namespace that matches all of `choice`. kNamespace: no namespace matches (passing: one
/// may appear), several match, or the other identifiers of the match differ (final); or the
/// controller refused to answer (passing). kConnect, passing: the kernel could not query it.
/// @param deadline  null: none. A target may list any number of namespaces.
Outcome<RootNamespace> choose_namespace(AdminDevice& device, const NamespaceChoice& choice,
                                        const base::Deadline* deadline = nullptr);

/// As choose_namespace, retried until `deadline` if a retry may succeed; after that, kNamespace is
/// final.
Outcome<RootNamespace> await_namespace(AdminDevice& device, const NamespaceChoice& choice,
                                       base::Clock& clock, const base::Deadline& deadline);

}  // namespace boot
