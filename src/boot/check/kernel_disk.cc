// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/check/kernel_disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/sysfs.h"
#include "base/text.h"
#include "boot/connect/root_controllers.h"
#include "boot/kernel/device_node.h"

namespace boot {
namespace {

using base::Result;
using base::SysPaths;

/// While there is nothing to be woken by: short compared with a round trip to the target.
constexpr base::milliseconds kPause{10};

Failure refusal(const std::string& text) {
    return Failure::final(ExitCode::kNamespace, base::error(text));
}

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

/// The directory of a multipath head: in whichever subsystem has this controller.
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

base::Error not_yet(const std::string& what) {
    return {EAGAIN, what};
}

/// An error until the kernel has made `queue/` of a disk. It makes the files of that directory at
/// once.
base::Status has_queue(const std::string& folder, const std::string& name) {
    if (!number_attribute(folder + "/queue/logical_block_size")) {
        return not_yet(name + " has no queue/logical_block_size");
    }
    return base::done();
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

/// Compares the identity of the disk in the kernel with that of the controller; an error if the
/// kernel does not show it yet.
struct Id {
    const char* attribute;
    std::string wanted;
    std::optional<std::string> seen;
};

Result<std::vector<Id>> ids_of(const Disk& disk, const RootNamespace& root) {
    const auto& known = root.ids;
    std::vector<Id> ids;
    const auto add = [&](const char* name, const auto& id) {
        if (!id.is_zero()) {
            ids.push_back({name, nvme::to_text(id), attribute(disk.sysfs + "/" + name)});
        }
    };
    add("uuid", known.uuid);
    add("nguid", known.nguid);
    add("eui", known.eui64);
    for (const Id& id : ids) {
        if (!id.seen) {
            return not_yet(disk.name + " has no " + id.attribute);
        }
    }
    return ids;
}

Outcome<base::Nothing> compare(const Disk& disk, const std::vector<Id>& ids) {
    for (const Id& id : ids) {
        if (hex_digits(*id.seen) != hex_digits(id.wanted)) {
            return refusal("the kernel's disk " + disk.name + " has " + id.attribute + " " +
                           base::quoted(*id.seen) + " but the controller reports " + id.wanted +
                           "; the target changed the identifier, check it");
        }
    }
    return base::done();
}

std::string ana_state(const std::string& folder) {
    const auto state = attribute(folder + "/ana_state");
    return state && !state->empty() ? " (its path is in ANA state " + *state + ")" : "";
}

/// Asks for another look when none was asked for during a while that grows.
class Rescans {
  public:
    Rescans(const SysPaths& sys, const std::string& controller, const base::Clock& clock)
        : sys_(sys), controller_(controller), clock_(clock), next_(clock, pause_) {}

    void ask_now_and_then() {
        if (next_.passed()) {
            rescan(sys_, controller_);
            pause_ *= 2;
            next_ = base::Deadline(clock_, pause_);
        }
    }

  private:
    const SysPaths& sys_;
    const std::string& controller_;
    const base::Clock& clock_;
    base::milliseconds pause_ = base::seconds(1);
    base::Deadline next_;
};

/// All of the disk but the last step.
Outcome<Disk> await_files(const SysPaths& sys, const std::string& controller,
                          const std::string& subsysnqn, const RootNamespace& root,
                          base::Clock& clock, const base::Deadline& deadline) {
    constexpr const char* kRemedy = "; see the kernel log, or raise nvmeroot.namespace_timeout";
    Rescans rescans(sys, controller, clock);
    for (;;) {
        const auto seen = attribute(sys.sys + "/class/nvme/" + controller + "/subsysnqn");
        if (seen && *seen != subsysnqn) {
            return refusal("the controller reports that it belongs to subsystem " +
                           base::quoted(*seen) + ", not to " + base::quoted(subsysnqn));
        }
        auto disk = find_disk(sys, controller, root.nsid);
        const auto ids = disk ? ids_of(*disk, root) : disk.error();
        if (seen && ids) {
            TRY_VOID(compare(*disk, *ids));
            return std::move(*disk);
        }
        if (deadline.passed()) {
            return is_live(controller, sys)
                       ? refusal("the kernel did not create a disk for NSID " +
                                 std::to_string(root.nsid) + " in time: " + ids.error().text +
                                 kRemedy)
                       : Failure::of(
                             ExitCode::kConnect,
                             base::error(
                                 controller +
                                 " lost its target while the kernel created a disk for NSID " +
                                 std::to_string(root.nsid) + kRemedy));
        }
        if (!disk) {
            rescans.ask_now_and_then();
        }
        clock.sleep(std::min(kPause, deadline.left()));
    }
}

/// The last step. The kernel may read the partition table first.
Outcome<base::Nothing> await_open(const SysPaths& sys, const Disk& disk, base::Clock& clock,
                                  const Patience& patience) {
    const std::string node = sys.dev + "/" + disk.name;
    const auto opened = run_reads(
        disk.name, disk.path,
        [&]() -> Result<std::string> {
            TRY(const base::UniqueFd fd, open_device(node, O_RDONLY, clock, patience.next()));
            return std::string();
        },
        clock, patience);
    if (!opened) {
        return reads_failed(ExitCode::kNamespace, opened.error(), is_live(disk.controller, sys));
    }
    return base::done();
}

}  // namespace

void rescan(const SysPaths& sys, const std::string& controller) {
    // Whatever comes of it is seen by what the kernel makes, or does not.
    (void)base::write_text(sys.sys + "/class/nvme/" + controller + "/rescan_controller", "1");
}

Result<Disk> find_disk(const SysPaths& sys, const std::string& controller, uint32_t nsid) {
    constexpr uint64_t kSectorBytes = 512;
    const std::string folder = sys.sys + "/class/nvme/" + controller;
    for (const std::string& name : list_folder(folder)) {
        const auto parts = parse_disk_name(name);
        if (!parts || number_attribute(folder + "/" + name + "/nsid") != nsid) {
            continue;
        }
        Disk disk;
        disk.controller = controller;
        disk.path = folder + "/" + name;
        disk.name = parts->path ? "nvme" + parts->subsystem + "n" + parts->head : name;
        disk.sysfs = parts->path ? head_folder(sys, controller, disk.name) : disk.path;
        TRY_VOID(has_queue(disk.path, name));
        const auto sectors = number_attribute(disk.sysfs + "/size");
        if (!sectors || __builtin_mul_overflow(*sectors, kSectorBytes, &disk.size_bytes)) {
            return not_yet(disk.name + " has no size" + ana_state(disk.path));
        }
        const auto wwid = attribute(disk.sysfs + "/wwid");
        if (!wwid) {
            return not_yet(disk.name + " has no wwid");
        }
        disk.wwid = *wwid;
        if (::access((sys.dev + "/" + disk.name).c_str(), F_OK) != 0) {
            return not_yet("there is no " + sys.dev + "/" + disk.name +
                           "; is devtmpfs mounted there?");
        }
        TRY_VOID(has_queue(disk.sysfs, disk.name));
        return disk;
    }
    return not_yet("there is no disk of " + controller);
}

void await_first_path(const SysPaths& sys, const std::string& controller, base::Clock& clock,
                      const base::Deadline& deadline) {
    const std::string folder = sys.sys + "/class/nvme/" + controller;
    Rescans rescans(sys, controller, clock);
    const auto is_path = [&](const std::string& name) {
        return parse_disk_name(name) && has_queue(folder + "/" + name, name);
    };
    while (std::ranges::none_of(list_folder(folder), is_path) && !deadline.passed()) {
        rescans.ask_now_and_then();
        clock.sleep(std::min(kPause, deadline.left()));
    }
}

Outcome<Disk> await_disk(const SysPaths& sys, const std::string& controller,
                         const std::string& subsysnqn, const RootNamespace& root,
                         base::Clock& clock, const Patience& patience) {
    TRY(Disk disk, await_files(sys, controller, subsysnqn, root, clock, patience.next()));
    TRY_VOID(await_open(sys, disk, clock, patience));
    return disk;
}

}  // namespace boot
