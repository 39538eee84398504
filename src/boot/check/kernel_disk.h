// SPDX-License-Identifier: GPL-2.0-or-later
//
// The disk that the kernel created for a namespace. It is never found by name: the kernel scans in
// parallel, so nvme0n1 need not be NSID 1.
//
//     /sys/class/nvme/nvme0/nvme0c0n1/nsid             the path of a multipath disk: hidden, it has
//                                                      no node
//     /sys/class/nvme-subsystem/nvme-subsys0/nvme0n1   its head: the disk to use
//     /sys/class/nvme/nvme0/nvme0n1/nsid               or, without multipath, the disk itself
//
// The kernel creates the disk in steps while the client watches: first the path, then the head, and
// each of them in this order (device_add_disk() of Linux 5.15 and later):
//
//     directory ─► size ─► wwid, uuid, … ─► node in /dev ─► integrity/ ─► queue/ ─► the node opens
//
// A disk that lacks one of these steps is incomplete, and the client reads nothing from it. Until
// the deadline it is "not yet" there; after the deadline it is refused, and the message names the
// step. The partition table is read later (handover.h). A disk of 0 bytes goes through the same
// steps; it is complete, and pi_check.h explains why it is empty.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/sys_paths.h"
#include "boot/check/disk_reads.h"
#include "boot/check/namespace_finder.h"
#include "boot/failure.h"

namespace boot {

struct Disk {
    std::string name;   ///< nvme0n1
    std::string sysfs;  ///< its directory
    std::string
        path;  ///< the directory of this controller's path to it; without multipath the same
    std::string wwid;  ///< uuid.…, eui.… or nvme.…, as udev's links have it
    uint64_t size_bytes = 0;
    std::string controller{};  ///< nvme0, by which it was found
};

/// The disk of an NSID of a controller. Errors: the first step that the kernel has not done yet,
/// except the last.
base::Result<Disk> find_disk(const base::SysPaths& sys, const std::string& controller,
                             uint32_t nsid);

/// Waits until the disk is complete, and compares identifiers and subsystem. While there is no
/// disk, it makes the kernel rescan the target, because the target may have refused the first scan.
/// A disk of 0 bytes is returned too. kNamespace: incomplete at the deadline, another subsystem, or
/// identifiers that differ from those of the controller. kConnect: the controller is not live at
/// the deadline, or the target does not answer the reads of the kernel when the disk is opened.
Outcome<Disk> await_disk(const base::SysPaths& sys, const std::string& controller,
                         const std::string& subsysnqn, const RootNamespace& root,
                         base::Clock& clock, const Patience& patience);

/// Waits until the kernel has created a path to any namespace of a controller, or `deadline`; makes
/// it rescan meanwhile. For a second path to a disk that is complete.
void await_first_path(const base::SysPaths& sys, const std::string& controller, base::Clock& clock,
                      const base::Deadline& deadline);

/// Makes the kernel rescan the namespaces of the controller, which it does asynchronously.
void rescan(const base::SysPaths& sys, const std::string& controller);

}  // namespace boot
