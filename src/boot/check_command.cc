// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/check_command.h"

#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "base/fd.h"
#include "base/text.h"
#include "boot/admin_device.h"
#include "boot/namespace_finder.h"
#include "boot/pi_check.h"
#include "boot/sysfs.h"

namespace boot {
namespace {

using base::Result;
using base::SysPaths;

struct Free {
    void operator()(char* text) const { ::free(text); }
};

/// The path without links; empty when there is nothing.
std::string resolved(const std::string& path) {
    const std::unique_ptr<char, Free> text(::realpath(path.c_str(), nullptr));
    return text ? std::string(text.get()) : std::string();
}

std::string last_part(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

std::string without_last_part(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

bool is_live(const SysPaths& sys, const std::string& controller) {
    return attribute(sys.sys + "/class/nvme/" + controller + "/state") == "live";
}

/// A multipath head lies in its subsystem's folder, which links its controllers; any other disk
/// lies in its controller's folder.
std::string live_controller(const SysPaths& sys, const std::string& disk_folder) {
    const std::string parent = without_last_part(disk_folder);
    std::vector<std::string> candidates = list_folder(parent);
    candidates.push_back(last_part(parent));
    for (const std::string& name : candidates) {
        if (is_live(sys, name)) {
            return name;
        }
    }
    return {};
}

struct Verdict {
    std::string text;
    ExitCode code = ExitCode::kDone;
};

Outcome<Verdict> examine(const CheckedDevice& found, const SysPaths& sys) {
    TRY(CharDevice device,
        staged(ExitCode::kNamespace, CharDevice::open(sys.dev + "/" + found.controller)));
    TRY(const RootNamespace root, staged(ExitCode::kNamespace, read_namespace(device, found.nsid)));
    TRY(const nvme::PiFormat format, staged(ExitCode::kFormat, read_format(device, root)));
    Disk disk{found.disk, found.sysfs, attribute(found.sysfs + "/wwid"), 0};
    const auto sectors = base::parse_u64(attribute(found.sysfs + "/size"));
    constexpr uint64_t kSectorBytes = 512;
    disk.size_bytes = sectors ? *sectors * kSectorBytes : 0;
    const KernelView kernel = read_kernel_view(sys, found.controller, disk);

    Verdict verdict;
    verdict.text = "namespace: NSID " + std::to_string(root.nsid) + " of " +
                   attribute(sys.sys + "/class/nvme/" + found.controller + "/subsysnqn") + " by " +
                   found.controller + " (" + kernel.transport + "), " + disk.wwid +
                   "\ntarget:    " + std::to_string(root.identify.nsze) + " blocks, " +
                   nvme::describe(format) + "\nkernel:    " + std::to_string(kernel.size_bytes) +
                   " bytes, " + std::to_string(kernel.block_bytes) + "-byte blocks, integrity " +
                   (kernel.integrity.empty() ? "none" : kernel.integrity) + "\nverdict:   ";
    const auto judged = judge_format(format, root.identify.nsze, kernel, FormatPolicy{});
    verdict.text += judged ? "readable: " + protection_sentence(format, kernel, std::nullopt)
                           : judged.error().error.text;
    verdict.code = judged ? ExitCode::kDone : judged.error().code;
    return verdict;
}

}  // namespace

Result<CheckedDevice> find_device(const std::string& device, const SysPaths& sys) {
    const std::string node =
        resolved(device.find('/') == std::string::npos ? sys.dev + "/" + device : device);
    CheckedDevice found;
    found.sysfs = node.empty() ? node : resolved(sys.sys + "/class/block/" + last_part(node));
    if (!found.sysfs.empty() && !attribute(found.sysfs + "/partition").empty()) {
        found.sysfs = without_last_part(found.sysfs);
    }
    const auto nsid = base::parse_u64(attribute(found.sysfs + "/nsid"), UINT32_MAX);
    if (found.sysfs.empty() || !nsid) {
        return base::error(device + " is no NVMe disk of this machine; name one like /dev/nvme0n1");
    }
    found.nsid = static_cast<uint32_t>(*nsid);
    found.disk = last_part(found.sysfs);
    found.controller = live_controller(sys, found.sysfs);
    if (found.controller.empty()) {
        return base::error(device + " has no live controller now; see `nvme list-subsys`");
    }
    return found;
}

ExitCode check_command(const std::string& device, const SysPaths& sys) {
    const auto found = staged(ExitCode::kNamespace, find_device(device, sys));
    const Outcome<Verdict> verdict = found ? examine(*found, sys) : found.error();
    if (!verdict) {
        (void)base::write_all(STDERR_FILENO, "nvmeroot: " + verdict.error().error.text + "\n");
        return verdict.error().code;
    }
    (void)base::write_all(STDOUT_FILENO, verdict->text + "\n");
    return verdict->code;
}

}  // namespace boot
