// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/namespace_finder.h"

#include <unistd.h>

#include <vector>

#include "base/text.h"
#include "boot/sysfs.h"

namespace boot {
namespace {

using base::Result;
using base::SysPaths;

/// While there is nothing to be woken by: short beside a round trip to the target.
constexpr base::milliseconds kPause{10};

Failure no_match(const std::string& text) {
    return Failure::passing(ExitCode::kNamespace, base::error(text));
}

Failure refusal(const std::string& text) {
    return Failure::final(ExitCode::kNamespace, base::error(text));
}

/// The active NSIDs above `after`.
Result<std::vector<uint32_t>> active_nsids(AdminDevice& device, uint32_t after) {
    TRY(const auto list,
        device.identify_as<nvme::NamespaceList>(nvme::Cns::kActiveNamespaces, after));
    std::vector<uint32_t> nsids;
    for (const nvme::le32 entry : list.nsid) {
        const uint32_t nsid = entry;
        if (nsid == 0) {
            break;
        }
        nsids.push_back(nsid);
    }
    return nsids;
}

std::string describe(const NamespaceChoice& choice) {
    std::string text = choice.nsid ? " NSID " + std::to_string(*choice.nsid) : "";
    text += choice.uuid ? " UUID " + nvme::to_text(*choice.uuid) : "";
    text += choice.nguid ? " NGUID " + nvme::to_text(*choice.nguid) : "";
    text += choice.eui64 ? " EUI-64 " + nvme::to_text(*choice.eui64) : "";
    return text.empty() ? "any namespace" : "the namespace with" + text;
}

bool ids_match(const NamespaceChoice& choice, const nvme::NamespaceIds& ids) {
    return (!choice.uuid || *choice.uuid == ids.uuid) &&
           (!choice.nguid || *choice.nguid == ids.nguid) &&
           (!choice.eui64 || *choice.eui64 == ids.eui64);
}

Outcome<RootNamespace> choose_by_nsid(AdminDevice& device, const NamespaceChoice& choice) {
    TRY(const auto active, staged(ExitCode::kNamespace, active_nsids(device, *choice.nsid - 1)));
    if (active.empty() || active.front() != *choice.nsid) {
        return no_match("the target does not offer this host NSID " + std::to_string(*choice.nsid) +
                        "; check the NSID in the URI and the target's configuration");
    }
    TRY(const RootNamespace found,
        staged(ExitCode::kNamespace, read_namespace(device, *choice.nsid)));
    if (!ids_match(choice, found.ids)) {
        return refusal("NSID " + std::to_string(*choice.nsid) + " is there, but it is not " +
                       describe(choice) + ": its UUID is " + nvme::to_text(found.ids.uuid) +
                       ", its NGUID " + nvme::to_text(found.ids.nguid));
    }
    return found;
}

Outcome<RootNamespace> choose_by_search(AdminDevice& device, const NamespaceChoice& choice) {
    TRY(const auto active, staged(ExitCode::kNamespace, active_nsids(device, 0)));
    std::optional<RootNamespace> match;
    for (const uint32_t nsid : active) {
        TRY(const RootNamespace candidate,
            staged(ExitCode::kNamespace, read_namespace(device, nsid)));
        if (!ids_match(choice, candidate.ids)) {
            continue;
        }
        if (match) {
            return refusal(
                "NSID " + std::to_string(match->nsid) + " and NSID " + std::to_string(nsid) +
                " both are " + describe(choice) +
                "; name one by nsid=, or give each namespace its own UUID on the target");
        }
        match = candidate;
    }
    if (!match) {
        return no_match("the target offers this host " + std::to_string(active.size()) +
                        " namespaces, none is " + describe(choice));
    }
    return *match;
}

// --- the kernel's side
// -----------------------------------------------------------------------------

/// `nvme0c1n2` or `nvme0n2`, cut up.
struct DiskName {
    std::string subsystem;  ///< 0
    bool path = false;      ///< the hidden path of a multipath disk
    std::string head;       ///< 2
};

std::string_view take_digits(std::string_view& text) {
    const size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string_view digits = text.substr(0, end);
    text.remove_prefix(end);
    return digits;
}

std::optional<DiskName> parse_disk_name(std::string_view name) {
    constexpr std::string_view kPrefix = "nvme";
    if (!name.starts_with(kPrefix)) {
        return std::nullopt;
    }
    name.remove_prefix(kPrefix.size());
    DiskName result;
    result.subsystem = take_digits(name);
    if (name.starts_with('c')) {
        name.remove_prefix(1);
        result.path = !take_digits(name).empty();
    }
    if (!name.starts_with('n')) {
        return std::nullopt;
    }
    name.remove_prefix(1);
    result.head = take_digits(name);
    if (result.head.empty() || result.subsystem.empty() || !name.empty()) {
        return std::nullopt;
    }
    return result;
}

/// The folder of a multipath head: in whichever subsystem has this controller.
std::string head_folder(const SysPaths& sys, const std::string& controller,
                        const std::string& head) {
    const std::string subsystems = sys.sys + "/class/nvme-subsystem";
    for (const std::string& subsystem : list_folder(subsystems)) {
        const std::string folder = subsystems + "/" + subsystem;
        const auto names = list_folder(folder);
        if (std::find(names.begin(), names.end(), controller) != names.end()) {
            return folder + "/" + head;
        }
    }
    return {};
}

/// sysfs writes identifiers with blanks or dashes between their digits.
std::string hex_digits(std::string_view text) {
    std::string digits;
    for (const char c : base::to_lower(text)) {
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) {
            digits += c;
        }
    }
    return digits;
}

Outcome<base::Nothing> compare_ids(const Disk& disk, const RootNamespace& root) {
    struct Id {
        const char* attribute;
        std::string wanted;
        bool known;
    };
    const Id ids[] = {
        {"uuid", nvme::to_text(root.ids.uuid), !root.ids.uuid.is_zero()},
        {"nguid", nvme::to_text(root.ids.nguid), !root.ids.nguid.is_zero()},
        {"eui", nvme::to_text(root.ids.eui64), !root.ids.eui64.is_zero()},
    };
    for (const Id& id : ids) {
        const std::string seen = attribute(disk.sysfs + "/" + id.attribute);
        if (id.known && hex_digits(seen) != hex_digits(id.wanted)) {
            return refusal("the kernel's disk " + disk.name + " has " + id.attribute + " " +
                           base::quoted(seen) + " where the controller says " + id.wanted +
                           "; the target changed its mind, check it");
        }
    }
    return base::done();
}

/// The kernel makes it a moment after the disk's folder.
bool has_node(const SysPaths& sys, const Disk& disk) {
    return ::access((sys.dev + "/" + disk.name).c_str(), F_OK) == 0;
}

std::string why_no_disk(const SysPaths& sys, const std::string& controller, uint32_t nsid) {
    const std::string folder = sys.sys + "/class/nvme/" + controller;
    for (const std::string& name : list_folder(folder)) {
        const std::string ana = attribute(folder + "/" + name + "/ana_state");
        if (attribute(folder + "/" + name + "/nsid") == std::to_string(nsid) && !ana.empty()) {
            return " (its path is there in ANA state " + ana + ")";
        }
    }
    return "";
}

}  // namespace

Result<RootNamespace> read_namespace(AdminDevice& device, uint32_t nsid) {
    RootNamespace root;
    root.nsid = nsid;
    TRY(root.identify, device.identify_as<nvme::IdentifyNamespace>(nvme::Cns::kNamespace, nsid));
    auto list = device.identify(nvme::Cns::kNamespaceDescriptors, nsid, 0);
    if (list) {
        TRY(root.ids, nvme::parse_namespace_ids(*list));
    } else if (list.error().code != 0) {
        return std::move(list).error();
    }
    // Controllers before 1.3 have no descriptors; later ones may repeat these two there.
    if (root.ids.nguid.is_zero()) {
        root.ids.nguid = root.identify.nguid;
    }
    if (root.ids.eui64.is_zero()) {
        root.ids.eui64 = root.identify.eui64;
    }
    return root;
}

Outcome<RootNamespace> choose_namespace(AdminDevice& device, const NamespaceChoice& choice) {
    return choice.nsid ? choose_by_nsid(device, choice) : choose_by_search(device, choice);
}

Outcome<RootNamespace> await_namespace(AdminDevice& device, const NamespaceChoice& choice,
                                       base::Clock& clock, const base::Deadline& deadline) {
    constexpr base::milliseconds kBetweenQuestions{200};
    for (;;) {
        auto found = choose_namespace(device, choice);
        if (found || !found.error().retry) {
            return found;
        }
        if (deadline.passed()) {
            return Failure::of(ExitCode::kNamespace, std::move(found).error().error);
        }
        clock.sleep(std::min(kBetweenQuestions, deadline.left()));
    }
}

std::optional<Disk> find_disk(const SysPaths& sys, const std::string& controller, uint32_t nsid) {
    const std::string folder = sys.sys + "/class/nvme/" + controller;
    for (const std::string& name : list_folder(folder)) {
        const auto parts = parse_disk_name(name);
        if (!parts || attribute(folder + "/" + name + "/nsid") != std::to_string(nsid)) {
            continue;
        }
        Disk disk;
        disk.path = folder + "/" + name;
        disk.name = parts->path ? "nvme" + parts->subsystem + "n" + parts->head : name;
        disk.sysfs = parts->path ? head_folder(sys, controller, disk.name) : disk.path;
        const auto sectors = base::parse_u64(attribute(disk.sysfs + "/size"));
        constexpr uint64_t kSectorBytes = 512;
        if (!sectors || __builtin_mul_overflow(*sectors, kSectorBytes, &disk.size_bytes)) {
            continue;  // the head comes after its path
        }
        disk.wwid = attribute(disk.sysfs + "/wwid");
        return disk;
    }
    return std::nullopt;
}

Outcome<Disk> await_disk(const SysPaths& sys, const std::string& controller,
                         const std::string& subsysnqn, const RootNamespace& root,
                         base::Clock& clock, const base::Deadline& deadline) {
    const std::string seen = attribute(sys.sys + "/class/nvme/" + controller + "/subsysnqn");
    if (seen != subsysnqn) {
        return refusal("the controller says it belongs to subsystem " + base::quoted(seen) +
                       ", not to " + base::quoted(subsysnqn));
    }
    for (;;) {
        const auto disk = find_disk(sys, controller, root.nsid);
        if (disk && has_node(sys, *disk)) {
            TRY_VOID(compare_ids(*disk, root));
            return *disk;
        }
        if (deadline.passed()) {
            return refusal("the kernel made no disk of NSID " + std::to_string(root.nsid) +
                           " in time" + why_no_disk(sys, controller, root.nsid) +
                           "; see the kernel's own lines, or raise nvmeroot.namespace_timeout");
        }
        clock.sleep(std::min(kPause, deadline.left()));
    }
}

}  // namespace boot
