// SPDX-License-Identifier: GPL-2.0-or-later
//
// From a live controller to the one namespace that is the root. The controller is asked (which
// NSIDs, and who are they), so that "none" and "two of them" are its own words; the disk that the
// kernel made of that NSID is then held against what the controller said (kernel_disk.h).
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

/// The one namespace that matches all of `choice`. kNamespace: none (passing: it may appear), or
/// several, or one whose other identifiers differ (final); or the controller refused to say
/// (passing). kConnect, passing: the kernel could not ask it.
/// @param deadline  null: none. A target may list as many as it likes.
Outcome<RootNamespace> choose_namespace(AdminDevice& device, const NamespaceChoice& choice,
                                        const base::Deadline* deadline = nullptr);

/// As choose_namespace, trying again until `deadline` while another try could go better; then
/// kNamespace is final.
Outcome<RootNamespace> await_namespace(AdminDevice& device, const NamespaceChoice& choice,
                                       base::Clock& clock, const base::Deadline& deadline);

}  // namespace boot
