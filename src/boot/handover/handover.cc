// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/handover/handover.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/fd.h"
#include "base/join.h"
#include "base/sysfs.h"
#include "base/text.h"
#include "boot/connect/root_controllers.h"
#include "boot/kernel/device_node.h"

namespace boot {
namespace {

using base::Status;
using base::SysPaths;

constexpr base::milliseconds kPause{10};
constexpr const char* kRootFile = "/nvmeroot/root";

Failure refusal(base::Error error) {
    return Failure::final(ExitCode::kHandOver, std::move(error));
}

/// Partitions as sysfs has them: directories `nvme0n1p1` of the disk's directory, whole or not.
std::vector<std::string> partitions_of(const Disk& disk) {
    std::vector<std::string> names;
    for (const std::string& name : list_folder(disk.sysfs)) {
        if (name.starts_with(disk.name + "p")) {
            names.push_back(name);
        }
    }
    return names;
}

/// The kernel scans a multipath head's partitions later, by itself, and refuses to be asked before
/// (EINVAL). EBUSY means that somebody has a partition open: it was scanned. Other answers may be
/// "not yet", as an open's are.
Status reread_table(const std::string& node, base::Clock& clock, const base::Deadline& deadline) {
    for (;;) {
        TRY(const base::UniqueFd fd, open_device(node, O_RDONLY, clock, deadline));
        if (::ioctl(fd.get(), BLKRRPART) == 0 || errno == EBUSY) {
            return base::done();
        }
        const int code = errno;
        if ((code != EINVAL && !is_not_yet(code)) || deadline.passed()) {
            return base::errno_error(code, "read the partition table of " + node);
        }
        clock.sleep(kPause);
    }
}

/// Returns when the kernel is at no scan of the disk: an open waits for that.
Status await_scan(const std::string& node, base::Clock& clock, const base::Deadline& deadline) {
    TRY(const base::UniqueFd fd, open_device(node, O_RDONLY, clock, deadline));
    return base::done();
}

/// Makes `link` point to `target`, whatever it was before.
Status replace_link(const std::string& target, const std::string& link) {
    const std::string draft = link + ".new";
    (void)::unlink(draft.c_str());  // of a run that was cut off
    if (::symlink(target.c_str(), draft.c_str()) != 0 ||
        ::rename(draft.c_str(), link.c_str()) != 0) {
        return base::errno_error(errno, "link " + link);
    }
    return base::done();
}

/// One link, and its name where the udev rule of the hooks finds it by the device's.
Status name_device(const std::string& device, const std::string& name, const SysPaths& sys) {
    TRY_VOID(replace_link("../" + device, sys.dev + "/nvmeroot/" + name));
    return base::write_text_atomically(sys.run + "/nvmeroot/block/" + device,
                                       "NVMEROOT_LINK=" + name + "\n", 0644);
}

Status make_links(const Root& root, const SysPaths& sys) {
    TRY_VOID(base::make_directories(sys.dev + "/nvmeroot", 0755));
    TRY_VOID(name_device(root.disk.name, "root", sys));
    for (const std::string& partition : root.partitions) {
        const std::string number = partition.substr(root.disk.name.size() + 1);
        TRY_VOID(name_device(partition, "root-part" + number, sys));
    }
    return base::done();
}

/// udev has seen the devices before they had their names; without udev nobody listens.
void announce(const Root& root) {
    (void)base::write_text(root.disk.sysfs + "/uevent", "change");
    for (const std::string& partition : root.partitions) {
        (void)base::write_text(root.disk.sysfs + "/" + partition + "/uevent", "change");
    }
}

std::string value_of(std::string_view text, std::string_view key) {
    for (const std::string_view line : base::split(text, '\n')) {
        if (line.starts_with(key) && line.substr(key.size()).starts_with('=')) {
            return std::string(line.substr(key.size() + 1));
        }
    }
    return {};
}

}  // namespace

base::Result<std::vector<std::string>> await_partitions(const SysPaths& sys, const Disk& disk,
                                                        base::Clock& clock,
                                                        const base::Deadline& deadline) {
    const std::string node = sys.dev + "/" + disk.name;
    for (auto before = partitions_of(disk);;) {
        TRY_VOID(await_scan(node, clock, deadline));
        auto after = partitions_of(disk);
        const auto missing = std::ranges::find_if(after, [&](const std::string& name) {
            return ::access((sys.dev + "/" + name).c_str(), F_OK) != 0;
        });
        if (before == after && missing == after.end()) {
            return after;
        }
        if (deadline.passed()) {
            return missing == after.end()
                       ? base::error("the partitions of " + node + " keep changing")
                       : base::error("device node " + sys.dev + "/" + *missing +
                                     " did not appear; is devtmpfs mounted on /dev?");
        }
        before = std::move(after);
        clock.sleep(kPause);
    }
}

Outcome<std::vector<std::string>> scan_partitions(const SysPaths& sys, const Disk& disk,
                                                  base::Clock& clock, const Patience& patience) {
    const auto work = [&]() -> base::Result<std::string> {
        TRY_VOID(reread_table(sys.dev + "/" + disk.name, clock, patience.next()));
        TRY(const auto partitions, await_partitions(sys, disk, clock, patience.next()));
        std::string text;
        for (const std::string& name : partitions) {
            text += name + "\n";
        }
        return text;
    };
    const auto names = run_reads(disk.name, disk.path, work, clock, patience);
    if (!names) {
        return reads_failed(ExitCode::kHandOver, names.error(), is_live(disk.controller, sys));
    }
    std::vector<std::string> partitions;
    for (const std::string_view name : base::split_words(*names)) {
        partitions.emplace_back(name);
    }
    return partitions;
}

std::string root_file(const Root& root, const Network& network) {
    std::string interfaces;
    std::string addresses;
    for (const Interface& interface : network.interfaces) {
        base::append_part(interfaces, ",", interface.name);
        for (const Subnet& address : interface.addresses) {
            base::append_part(addresses, ",", address.text());
        }
    }
    const std::pair<const char*, std::string> values[] = {
        {"DEVICE", "/dev/" + root.disk.name},
        {"ROOT", "/dev/nvmeroot/root"},
        {"CONTROLLER", root.controller.name},
        {"SUBSYSNQN", root.subsysnqn},
        {"NSID", std::to_string(root.nsid)},
        {"WWID", root.disk.wwid},
        {"INTERFACE", interfaces},
        {"ADDRESS", addresses},
    };
    std::string text;
    for (const auto& [key, value] : values) {
        text += std::string(key) + "=" + value + "\n";
    }
    return text;
}

Outcome<base::Nothing> hand_over(const Root& root, const Network& network, const SysPaths& sys) {
    if (Status linked = make_links(root, sys); !linked) {
        return refusal(std::move(linked).error());
    }
    if (Status registered = register_owner(root.controller.name, sys); !registered) {
        return refusal(std::move(registered).error());
    }
    // Last: a program that sees this file may rely on all the others.
    if (Status written =
            base::write_text_atomically(sys.run + kRootFile, root_file(root, network), 0644);
        !written) {
        return refusal(std::move(written).error());
    }
    announce(root);
    return base::done();
}

bool handed_over_already(const SysPaths& sys) {
    const auto text = base::read_text(sys.run + kRootFile);
    if (!text) {
        return false;
    }
    const std::string controller = value_of(*text, "CONTROLLER");
    return !controller.empty() &&
           ::access((sys.sys + "/class/nvme/" + controller).c_str(), F_OK) == 0;
}

}  // namespace boot
