// SPDX-License-Identifier: GPL-2.0-or-later
//
// From a live controller to the one disk that is the root. Never by name: the kernel scans in
// parallel, so nvme0n1 need not be NSID 1. First the controller is asked (which NSIDs, and who are
// they), so that "none" and "two of them" are its own words; then the disk that the kernel made of
// that NSID is awaited and compared with what the controller said.
//
//     /sys/class/nvme/nvme0/nvme0c0n1/nsid             the path of a multipath disk (hidden, no
//     node) /sys/class/nvme-subsystem/nvme-subsys0/nvme0n1   its head: the disk to use
//     /sys/class/nvme/nvme0/nvme0n1/nsid               or, without multipath, the disk itself
//
// Base Specification 2.0: 5.17.2 "Identify Data Structures", CNS 00h, 02h, 03h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/sys_paths.h"
#include "boot/admin_device.h"
#include "boot/failure.h"
#include "boot/plan.h"
#include "nvme/identify.h"

namespace boot {

/// A namespace as its controller describes it.
struct RootNamespace {
    uint32_t nsid = 0;
    nvme::NamespaceIds ids;
    nvme::IdentifyNamespace identify;
};

/// The kernel's disk of a namespace.
struct Disk {
    std::string name;   ///< nvme0n1
    std::string sysfs;  ///< its folder
    std::string path;   ///< the folder of this controller's path to it; without multipath the same
    std::string wwid;   ///< uuid.…, eui.… or nvme.…, as udev's links have it
    uint64_t size_bytes = 0;
};

/// Identifiers and format of one namespace. Errors: the controller's.
base::Result<RootNamespace> read_namespace(AdminDevice& device, uint32_t nsid);

/// The one namespace that matches all of `choice`. kNamespace: none (may be tried again: it may
/// appear), or several, or one whose other identifiers differ (final).
Outcome<RootNamespace> choose_namespace(AdminDevice& device, const NamespaceChoice& choice);

/// As choose_namespace, trying again until `deadline` while there is none.
Outcome<RootNamespace> await_namespace(AdminDevice& device, const NamespaceChoice& choice,
                                       base::Clock& clock, const base::Deadline& deadline);

/// The disk that the kernel made of an NSID of a controller, if it is there already.
std::optional<Disk> find_disk(const base::SysPaths& sys, const std::string& controller,
                              uint32_t nsid);

/// Waits until the kernel has made a disk of it, and compares identifiers and subsystem. A disk of
/// 0 bytes is returned too: the format check says why. kNamespace: no disk in time, another
/// subsystem, identifiers that differ from what the controller said.
Outcome<Disk> await_disk(const base::SysPaths& sys, const std::string& controller,
                         const std::string& subsysnqn, const RootNamespace& root,
                         base::Clock& clock, const base::Deadline& deadline);

}  // namespace boot
