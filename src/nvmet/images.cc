// SPDX-License-Identifier: GPL-2.0-or-later
//
// Images that the kernel cannot export now: a volume group that is not active yet, a file system
// that is mounted later. Their namespaces are configured and stay disabled until the image is
// available; all others are exported.

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "export/image_look.h"
#include "nvmet/validate.h"

namespace nvmet {
namespace {

constexpr time_t kQuietSeconds = 10;

/// Why the kernel would not take it, or no host could use it, or nothing.
std::string unfit(Kind kind, const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) {
        return base::errno_error(errno, path).text;
    }
    if (kind == Kind::kPassthru) {
        return S_ISCHR(status.st_mode) ? "" : path + " is not a controller (such as /dev/nvme0)";
    }
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
        return path + " is neither a regular file nor a block device";
    }
    const auto verdict = exports::judge_image(path, exports::default_block_bytes(path));
    return verdict && !verdict->refusal.empty() ? path + ": " + verdict->refusal : "";
}

/// A state's namespace or passthru controller.
const Object* find_disk(const Object& state, const std::string& subsystem, const Object& disk) {
    const Object* parent = state.find(Kind::kSubsystem, subsystem);
    return parent == nullptr ? nullptr : parent->find(disk.kind, disk.name);
}

bool same_image(const Object& one, const Object& other) {
    return one.get("device_path") == other.get("device_path");
}

bool is_quiet(const std::string& image) {
    struct stat status {};
    return stat(image.c_str(), &status) == 0 &&
           (!S_ISREG(status.st_mode) || status.st_mtim.tv_sec + kQuietSeconds <= time(nullptr));
}

void set_aside(Object& disk, const Object* running, const std::string& why, Unavailable& result) {
    const std::string place = disk.place.empty() ? disk.title() : disk.place;
    if (running == nullptr || !is_exported(*running)) {
        disk.attributes.insert_or_assign("enable", std::string("0"));
        result.warnings.push_back(place + ": not exported yet: " + why +
                                  " (nvmeroot-nvmet apply --late exports it once it is available)");
    } else if (same_image(disk, *running)) {
        disk.attributes = running->attributes;
        result.warnings.push_back(place + ": still exported, without changes: " + why);
    } else {
        result.errors.push_back(place + ": " + why + "; it would replace " +
                                running->get("device_path") + ", which is exported now");
    }
}

}  // namespace

bool is_exported(const Object& disk) {
    return (disk.kind == Kind::kNamespace || disk.kind == Kind::kPassthru) &&
           disk.get("enable") == "1" && !disk.get("device_path").empty();
}

std::string image_problem(const Object& disk) {
    return is_exported(disk) ? unfit(disk.kind, disk.get("device_path")) : "";
}

std::vector<std::string> check_images(const Object& want) {
    std::vector<std::string> errors;
    for (const Object* subsystem : want.all(Kind::kSubsystem)) {
        for (const Object& child : subsystem->children) {
            if (const std::string why = image_problem(child); !why.empty()) {
                errors.push_back((child.place.empty() ? subsystem->title() : child.place) + ": " +
                                 why);
            }
        }
    }
    return errors;
}

Unavailable set_aside(Object& want, const Object& have) {
    Unavailable result;
    for (Object& subsystem : want.children) {
        if (subsystem.kind != Kind::kSubsystem) {
            continue;
        }
        for (Object& disk : subsystem.children) {
            if (const std::string why = image_problem(disk); !why.empty()) {
                set_aside(disk, find_disk(have, subsystem.name, disk), why, result);
            }
        }
    }
    if (!result.warnings.empty() && !exports_anything(want)) {
        result.errors = std::move(result.warnings);
        result.warnings.clear();
    }
    return result;
}

Object with_late_images(const Object& have, const Object& wanted) {
    Object next = have;
    for (Object& subsystem : next.children) {
        for (Object& disk : subsystem.children) {
            const Object* late = subsystem.kind == Kind::kSubsystem
                                     ? find_disk(wanted, subsystem.name, disk)
                                     : nullptr;
            if (late != nullptr && is_exported(*late) && !is_exported(disk) &&
                same_image(disk, *late) && image_problem(*late).empty() &&
                is_quiet(late->get("device_path"))) {
                disk = *late;
            }
        }
    }
    return next;
}

bool exports_anything(const Object& state) {
    return std::ranges::any_of(state.children, [](const Object& object) {
        return object.kind == Kind::kSubsystem && std::ranges::any_of(object.children, is_exported);
    });
}

}  // namespace nvmet
