// SPDX-License-Identifier: GPL-2.0-or-later
//
// Checks whether policy allows the format of the namespace and whether this kernel can read it,
// before anything is mounted. Three sources are compared: the answers of the controller (Identify),
// the disk that the kernel created (sysfs), and the configuration.
//
// Linux carries no metadata over TCP. A namespace with metadata becomes a disk of 0 bytes (from
// kernel 6.9 on with protection information too; before that, the kernel made the controller insert
// and strip it). The size of the disk shows which of the two happened; the version of the kernel is
// never used.
//
// Linux does not report either whether it uses data digests. With data digests, however, the pages
// of a write must not change on their way. The kernel therefore marks the disk of such a path as
// one that needs stable pages, and shows that attribute (kernel 5.10 and later). Over TCP nothing
// else sets it.
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
    std::string integrity;  ///< T10-DIF-TYPE1-CRC…; `none` if the block layer has none
    /// Whether data digests are in use; absent if the kernel does not show it.
    std::optional<bool> data_digest;
};

/// Errors: the disk is incomplete.
base::Result<KernelView> read_kernel_view(const base::SysPaths& sys, const std::string& controller,
                                          const Disk& disk);

/// Format of the namespace. Errors: Identify, or a format that contradicts itself.
base::Result<nvme::PiFormat> read_format(AdminDevice& device, const RootNamespace& root);

/// kFormat, final, beginning with a stable id: `pi-kernel`, `pi-metadata`, `pi-separate`,
/// `size`, `block-size`, `pi-absent`, `pi-present`, `pi-type`, `pi-guard`. `size` and
/// `block-size` are passing if the kernel may not know the present values of the target yet.
Outcome<base::Nothing> judge_format(const nvme::PiFormat& format, uint64_t blocks,
                                    const KernelView& kernel, const FormatPolicy& policy);

/// The part of judge_format that policy alone decides.
Outcome<base::Nothing> judge_policy(const nvme::PiFormat& format, const FormatPolicy& policy);

/// kFormat, final: `digest-missing`, if policy requires data digests and the kernel shows that it
/// connected without them. A kernel that shows nothing is trusted, because it accepted the option.
Outcome<base::Nothing> judge_digest(const KernelView& kernel, Integrity policy);

/// The protection of the data, in one sentence: `512-byte blocks, no protection information…`.
std::string protection_sentence(const nvme::PiFormat& format, const KernelView& kernel);

}  // namespace boot
