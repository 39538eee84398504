// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/check/pi_check.h"

#include <sys/utsname.h>

#include <cerrno>
#include <optional>

#include "base/sysfs.h"
#include "base/text.h"

namespace boot {
namespace {

using base::Result;
using base::SysPaths;
using nvme::PiFormat;

Failure refusal(const std::string& text) {
    return Failure::final(ExitCode::kFormat, base::error(text));
}

/// The kernel and the target differ: one of them may just have changed.
Failure difference(const std::string& text) {
    return Failure::passing(ExitCode::kFormat, base::error(text));
}

/// Whether each Linux makes a disk of such a namespace.
bool is_usual(const PiFormat& format) {
    constexpr uint32_t kSector = 512;
    constexpr uint32_t kSmallestPage = 4096;
    return format.metadata_bytes == 0 && format.block_bytes >= kSector &&
           format.block_bytes <= kSmallestPage;
}

std::string over(const KernelView& kernel) {
    return "this kernel (" + kernel.release + ") over " + kernel.transport;
}

/// Why a disk with blocks has no bytes.
std::string why_unreadable(const PiFormat& format, const KernelView& kernel) {
    if (format.metadata_bytes == 0) {
        return "block-size: " + over(kernel) + " creates a disk of 0 bytes for " +
               std::to_string(format.block_bytes) + "-byte blocks; use 512 or 4096 on the target";
    }
    const std::string what = "each block has " + std::to_string(format.metadata_bytes) +
                             " bytes of metadata and " + over(kernel) +
                             " cannot read such a namespace (its disk has 0 bytes); ";
    if (format.type == 0) {
        return "pi-metadata: " + what + "use a format without metadata on the target";
    }
    if (kernel.transport == "pcie") {
        return "pi-kernel: " + what + "format it with no metadata, or with the " +
               std::to_string(format.tuple_bytes()) + " bytes of its protection information only";
    }
    return "pi-kernel: " + what +
           "let the target keep the protection information to itself (protection at rest, or "
           "'insert and strip'), or boot over RDMA or PCIe";
}

/// @param profile  the block layer's; `nop` is one that only makes room for the metadata
std::string who_checks(const PiFormat& format, const std::string& profile) {
    if (format.type == 0) {
        return "no protection information";
    }
    if (profile == "none") {
        return "inserted and checked only by the controller";
    }
    return profile == "nop" ? "which this kernel neither generates nor checks"
                            : "checked by the block layer (" + profile + ")";
}

}  // namespace

Outcome<base::Nothing> judge_policy(const PiFormat& format, const FormatPolicy& policy) {
    const std::string type = std::to_string(format.type);
    if (policy.block_size && *policy.block_size != format.block_bytes) {
        return refusal("block-size: blocks have " + std::to_string(format.block_bytes) +
                       " bytes, nvmeroot.pi requires " + std::to_string(*policy.block_size));
    }
    if (!policy.pi_type) {
        return base::done();
    }
    if (*policy.pi_type == 0 && format.metadata_bytes != 0) {
        return refusal("pi-present: the namespace has " + nvme::describe(format) +
                       ", nvmeroot.pi requires none");
    }
    if (*policy.pi_type != 0 && format.type == 0) {
        return refusal(
            "pi-absent: the namespace has no protection information, nvmeroot.pi requires type " +
            std::to_string(*policy.pi_type));
    }
    if (*policy.pi_type != format.type) {
        return refusal("pi-type: the namespace has type " + type + ", nvmeroot.pi requires type " +
                       std::to_string(*policy.pi_type));
    }
    if (policy.guard_bits && format.type != 0 && *policy.guard_bits != format.guard_bits) {
        return refusal("pi-guard: the guard has " + std::to_string(format.guard_bits) +
                       " bits, nvmeroot.pi requires " + std::to_string(*policy.guard_bits));
    }
    return base::done();
}

Result<KernelView> read_kernel_view(const SysPaths& sys, const std::string& controller,
                                    const Disk& disk) {
    const auto transport = attribute(sys.sys + "/class/nvme/" + controller + "/transport");
    const auto block = number_attribute(disk.sysfs + "/queue/logical_block_size");
    if (!transport || !block) {
        return base::Error{EAGAIN, disk.name + " is incomplete, or " + controller + " went away"};
    }
    KernelView view;
    utsname name{};
    (void)::uname(&name);  // cannot fail with a valid buffer
    view.release = name.release;
    view.transport = *transport;
    view.size_bytes = disk.size_bytes;
    view.block_bytes = *block;
    // A whole disk has had its chance to show these two: without them the kernel knows none.
    view.integrity = attribute(disk.sysfs + "/integrity/format").value_or("none");
    const auto stable = number_attribute(disk.path + "/queue/stable_writes");
    if (view.transport == "tcp" && stable) {
        view.data_digest = *stable != 0;
    }
    return view;
}

Result<PiFormat> read_format(AdminDevice& device, const RootNamespace& root) {
    TRY(const auto controller,
        device.identify_as<nvme::IdentifyController>(nvme::Cns::kController, 0));
    std::optional<nvme::IdentifyNvmNamespace> nvm;
    if ((controller.ctratt & nvme::IdentifyController::kCtrattExtendedLbaFormats) != 0) {
        TRY(nvm, device.identify_as<nvme::IdentifyNvmNamespace>(nvme::Cns::kCommandSetNamespace,
                                                                root.nsid));
    }
    return nvme::decode_pi_format(root.identify, nvm ? &*nvm : nullptr);
}

Outcome<base::Nothing> judge_format(const PiFormat& format, uint64_t blocks,
                                    const KernelView& kernel, const FormatPolicy& policy) {
    uint64_t bytes = 0;
    if (blocks == 0 || __builtin_mul_overflow(blocks, uint64_t{format.block_bytes}, &bytes)) {
        return refusal("size: the target reports that the namespace has " + std::to_string(blocks) +
                       " blocks; set a size on the target");
    }
    if (format.metadata_bytes != 0 && !format.extended && kernel.transport != "pcie") {
        return refusal(
            "pi-separate: the " + std::to_string(format.metadata_bytes) +
            " metadata bytes of each block need a separate buffer, and NVMe over Fabrics supports "
            "only interleaved metadata; use a format without metadata on the target");
    }
    if (kernel.size_bytes == 0 && !is_usual(format)) {
        return refusal(why_unreadable(format, kernel));
    }
    if (kernel.size_bytes != bytes) {
        return difference("size: the kernel's disk has " + std::to_string(kernel.size_bytes) +
                          " bytes, the target reports " + std::to_string(bytes) +
                          "; the namespace was resized meanwhile, try again");
    }
    if (kernel.block_bytes != format.block_bytes) {
        return difference("block-size: the kernel uses " + std::to_string(kernel.block_bytes) +
                          "-byte blocks, the target reports " + std::to_string(format.block_bytes));
    }
    return judge_policy(format, policy);
}

Outcome<base::Nothing> judge_digest(const KernelView& kernel, Integrity policy) {
    const bool demanded = policy == Integrity::kWire || policy == Integrity::kEndToEnd;
    if (!demanded || kernel.data_digest.value_or(true)) {
        return base::done();
    }
    return refusal("digest-missing: " + over(kernel) +
                   " connected without data digests, which nvmeroot.integrity demands");
}

std::string protection_sentence(const PiFormat& format, const KernelView& kernel) {
    std::string text = nvme::describe(format) + ", " + who_checks(format, kernel.integrity);
    if (kernel.transport == "tcp") {
        text += !kernel.data_digest   ? ", the kernel does not show its data digests"
                : *kernel.data_digest ? ", data digest on the wire"
                                      : ", no data digest on the wire";
    }
    return text;
}

}  // namespace boot
