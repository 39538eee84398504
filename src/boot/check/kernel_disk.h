// SPDX-License-Identifier: GPL-2.0-or-later
//
// The disk that the kernel made of a namespace. Never by name: the kernel scans in parallel, so
// nvme0n1 need not be NSID 1.
//
//     /sys/class/nvme/nvme0/nvme0c0n1/nsid             the path of a multipath disk: hidden, it has
//                                                      no node
//     /sys/class/nvme-subsystem/nvme-subsys0/nvme0n1   its head: the disk to use
//     /sys/class/nvme/nvme0/nvme0n1/nsid               or, without multipath, the disk itself
//
// The kernel makes it by steps while the client looks on, the path before the head, and each of
// them in this order (device_add_disk() of Linux 5.15 and later):
//
//     directory ─► size ─► wwid, uuid, … ─► node in /dev ─► integrity/ ─► queue/ ─► the node opens
//
// A disk that lacks one of these is not whole, and nothing is read from it: "not yet" until the
// deadline, then a refusal that names the step. Reading the partition table comes after
// (handover.h). A disk of 0 bytes goes through the same steps: it is whole, and pi_check.h says why
// it is empty.
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

/// The disk of an NSID of a controller. Errors: the first step that the kernel has not done yet, of
/// all but the last.
base::Result<Disk> find_disk(const base::SysPaths& sys, const std::string& controller,
                             uint32_t nsid);

/// Waits until the disk is whole, and compares identifiers and subsystem. Asks the kernel for
/// another look at the target while there is none: a target may have refused the first. A disk of
/// 0 bytes is returned too. kNamespace: not whole in time, another subsystem, identifiers that
/// differ from what the controller said. kConnect: the controller is not live at the deadline, or
/// the target does not answer what the kernel reads when the disk is opened.
Outcome<Disk> await_disk(const base::SysPaths& sys, const std::string& controller,
                         const std::string& subsysnqn, const RootNamespace& root,
                         base::Clock& clock, const Patience& patience);

/// Waits until the kernel has made a path to any namespace of a controller, or `deadline`; asks for
/// another look meanwhile. For a second path to a disk that is whole.
void await_first_path(const base::SysPaths& sys, const std::string& controller, base::Clock& clock,
                      const base::Deadline& deadline);

/// Has the kernel ask the controller for its namespaces again; it does so in its own time.
void rescan(const base::SysPaths& sys, const std::string& controller);

}  // namespace boot
