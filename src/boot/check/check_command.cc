// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/check/check_command.h"

#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/json.h"
#include "base/sysfs.h"
#include "base/text.h"
#include "boot/check/block_audit.h"
#include "boot/check/kernel_disk.h"
#include "boot/check/pi_check.h"
#include "boot/connect/root_controllers.h"
#include "boot/kernel/admin_device.h"

namespace boot {
namespace {

using base::Result;
using base::SysPaths;

/// For nodes that are just coming, or a controller that is just coming back.
constexpr base::seconds kPatience{2};

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

/// A multipath head lies in its subsystem's directory, which links its controllers; any other disk
/// lies in its controller's directory.
std::string live_controller(const SysPaths& sys, const std::string& disk_folder) {
    const std::string parent = without_last_part(disk_folder);
    std::vector<std::string> candidates = list_folder(parent);
    candidates.push_back(last_part(parent));
    for (const std::string& name : candidates) {
        if (is_live(name, sys)) {
            return name;
        }
    }
    return {};
}

/// Rows of name and value, for people and for programs.
struct Verdict {
    std::vector<std::pair<const char*, std::string>> rows;
    ExitCode code = ExitCode::kDone;

    void refuse(const char* row, const Failure& failure) {
        rows.emplace_back(row, failure.error.text);
        code = failure.code;
    }
};

std::string target_row(const RootNamespace& root, const nvme::PiFormat& format) {
    const nvme::ProtectionNote& note = root.identify.note;
    std::string text = std::to_string(root.identify.nsze) + " blocks, " + nvme::describe(format);
    if (note.present() && format.type == 0) {
        text += "; protected at rest: type " + std::to_string(note.type) + ", " +
                std::to_string(note.guard_bits) + "-bit guard";
        if (note.audit_nsid != 0) {
            text += ", exposed as NSID " + std::to_string(note.audit_nsid) + " of " +
                    nvme::field_text({note.audit_nqn.data(), note.audit_nqn.size()});
        }
    }
    return text;
}

Outcome<std::string> audit(const CheckedDevice& found, const RootNamespace& root,
                           const nvme::PiFormat& format, const AuditPolicy& policy,
                           const SysPaths& sys) {
    if (format.type == 0) {
        return Failure::final(
            ExitCode::kFormat,
            base::error("audit-format: the namespace does not expose its checksums; connect its "
                        "audit view (nvme connect) and check that disk"));
    }
    base::SystemClock clock;
    TRY(PassthroughDevice blocks,
        staged(ExitCode::kNamespace,
               PassthroughDevice::open(passthrough_node(sys, found.disk), found.nsid, clock,
                                       base::Deadline(clock, kPatience))));
    TRY(const AuditReport report, audit_blocks(blocks, format, root.identify.nsze, policy));
    return describe(report);
}

Outcome<Verdict> examine(const CheckedDevice& found, const AuditPolicy& policy,
                         const SysPaths& sys) {
    base::SystemClock clock;
    TRY(CharDevice device,
        staged(ExitCode::kNamespace, CharDevice::open(sys.dev + "/" + found.controller, clock,
                                                      base::Deadline(clock, kPatience))));
    TRY(const RootNamespace root, staged(ExitCode::kNamespace, read_namespace(device, found.nsid)));
    TRY(const nvme::PiFormat format, staged(ExitCode::kFormat, read_format(device, root)));
    const auto disk = find_disk(sys, found.controller, found.nsid);
    if (!disk) {
        return Failure::final(ExitCode::kNamespace,
                              base::error(found.disk + " is incomplete: " + disk.error().text +
                                          "; it appeared or disappeared during the check"));
    }
    TRY(const KernelView kernel,
        staged(ExitCode::kNamespace, read_kernel_view(sys, found.controller, *disk)));

    Verdict verdict;
    verdict.rows.emplace_back(
        "namespace", "NSID " + std::to_string(root.nsid) + " of " +
                         attribute(sys.sys + "/class/nvme/" + found.controller + "/subsysnqn")
                             .value_or("a removed subsystem") +
                         " by " + found.controller + " (" + kernel.transport + "), " + disk->wwid);
    verdict.rows.emplace_back("target", target_row(root, format));
    verdict.rows.emplace_back("kernel", std::to_string(kernel.size_bytes) + " bytes, " +
                                            std::to_string(kernel.block_bytes) +
                                            "-byte blocks, integrity " + kernel.integrity);
    if (const auto judged = judge_format(format, root.identify.nsze, kernel, FormatPolicy{})) {
        verdict.rows.emplace_back("verdict", "readable: " + protection_sentence(format, kernel));
    } else {
        verdict.refuse("verdict", judged.error());
    }
    if (policy.extent != AuditPolicy::Extent::kNone) {
        const auto audited = audit(found, root, format, policy, sys);
        if (audited) {
            verdict.rows.emplace_back("audit", *audited);
            verdict.code = ExitCode::kDone;  // of blocks the kernel need not be able to read
        } else {
            verdict.refuse("audit", audited.error());
        }
    }
    return verdict;
}

std::string text_of(const Verdict& verdict) {
    std::string text;
    for (const auto& [name, value] : verdict.rows) {
        text += base::format("%-10s ", (std::string(name) + ":").c_str()) + value + "\n";
    }
    return text;
}

std::string json_of(const Verdict& verdict) {
    base::JsonWriter json;
    json.begin_object();
    for (const auto& [name, value] : verdict.rows) {
        json.key(name).string(value);
    }
    json.key("exit_code").number(static_cast<int64_t>(verdict.code)).end_object();
    return json.text() + "\n";
}

}  // namespace

Result<CheckedDevice> find_device(const std::string& device, const SysPaths& sys) {
    const std::string node =
        resolved(device.find('/') == std::string::npos ? sys.dev + "/" + device : device);
    CheckedDevice found;
    found.sysfs = node.empty() ? node : resolved(sys.sys + "/class/block/" + last_part(node));
    if (!found.sysfs.empty() && attribute(found.sysfs + "/partition")) {
        found.sysfs = without_last_part(found.sysfs);
    }
    const auto nsid = number_attribute(found.sysfs + "/nsid");
    if (found.sysfs.empty() || !nsid) {
        return base::error(device +
                           " is not an NVMe disk of this machine; use a name like /dev/nvme0n1");
    }
    found.nsid = static_cast<uint32_t>(*nsid);
    found.disk = last_part(found.sysfs);
    found.controller = live_controller(sys, found.sysfs);
    if (found.controller.empty()) {
        return base::error(device + " has no live controller now; see `nvme list-subsys`");
    }
    return found;
}

ExitCode check_command(const std::string& device, const AuditPolicy& audit, bool json,
                       const SysPaths& sys) {
    const auto found = staged(ExitCode::kNamespace, find_device(device, sys));
    const Outcome<Verdict> verdict = found ? examine(*found, audit, sys) : found.error();
    if (!verdict) {
        (void)base::write_all(STDERR_FILENO, "nvmeroot: " + verdict.error().error.text + "\n");
        return verdict.error().code;
    }
    (void)base::write_all(STDOUT_FILENO, json ? json_of(*verdict) : text_of(*verdict));
    return verdict->code;
}

}  // namespace boot
