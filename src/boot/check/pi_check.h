// SPDX-License-Identifier: GPL-2.0-or-later
//
// Is the namespace in a format that policy allows and this kernel can read? Judged before anything
// is mounted, from three sides: what the controller says (Identify), what the kernel made of it
// (sysfs) and what the configuration demands.
//
// Linux carries no metadata over TCP. A namespace with metadata becomes a disk of 0 bytes (from
// kernel 6.9 on with protection information too; before, the kernel had the controller insert and
// strip it). Whether it did is read off the disk's size, never off the kernel's version.
//
// Nor does Linux say that it uses data digests. But with them the pages of a write must not change
// on their way, so it marks the disk of such a path as one that wants stable pages, and that
// attribute is shown (by kernel 5.10 and later). Over TCP nothing else sets it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/sys_paths.h"
#include "boot/check/kernel_disk.h"
#include "boot/failure.h"
#include "boot/kernel/admin_device.h"
#include "boot/plan/plan.h"
#include "nvme/pi_format.h"

namespace boot {

/// The block layer's view of a disk.
struct KernelView {
    std::string transport;  ///< tcp, pcie…
    std::string release;    ///< of the kernel, for messages
    uint64_t size_bytes = 0;
    uint64_t block_bytes = 0;
    std::string integrity;  ///< T10-DIF-TYPE1-CRC…; `none` when the block layer has none
    /// Whether data digests are in use; absent where the kernel does not show it.
    std::optional<bool> data_digest;
};

/// Errors: the kernel has not made the disk whole.
base::Result<KernelView> read_kernel_view(const base::SysPaths& sys, const std::string& controller,
                                          const Disk& disk);

/// Format of the namespace. Errors: Identify, or a format that contradicts itself.
base::Result<nvme::PiFormat> read_format(AdminDevice& device, const RootNamespace& root);

/// kFormat, final, with a stable id in front: `pi-kernel`, `pi-metadata`, `pi-separate`,
/// `size`, `block-size`, `pi-absent`, `pi-present`, `pi-type`, `pi-guard`. Passing are `size` and
/// `block-size` where the kernel may not have seen yet what the target says.
Outcome<base::Nothing> judge_format(const nvme::PiFormat& format, uint64_t blocks,
                                    const KernelView& kernel, const FormatPolicy& policy);

/// The part of judge_format that policy alone decides.
Outcome<base::Nothing> judge_policy(const nvme::PiFormat& format, const FormatPolicy& policy);

/// kFormat, final: `digest-missing`, when policy demands data digests and the kernel shows that it
/// connected without them. One that shows nothing is believed: it took the option.
Outcome<base::Nothing> judge_digest(const KernelView& kernel, Integrity policy);

/// What is protected where, in one sentence: `512-byte blocks, no protection information…`.
std::string protection_sentence(const nvme::PiFormat& format, const KernelView& kernel);

}  // namespace boot
