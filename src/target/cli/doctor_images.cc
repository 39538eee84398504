// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/cli/doctor_images.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/fs.h>
#include <pwd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>

#include "base/fd.h"
#include "base/text.h"
#include "export/image_look.h"
#include "target/protection/image_file.h"
#include "target/reactor/reactor.h"
#include "target/storage/backend_file.h"

namespace target {
namespace {

using Verdict = Finding::Verdict;
using Findings = std::vector<Finding>;

constexpr const char* kServiceUser = "nvmeroot-target";  // of the unit

Finding finding(Verdict verdict, std::string text) {
    return {verdict, "", std::move(text)};
}

bool is_read_only_device(const std::string& path) {
    const auto fd = base::open_file(path, O_RDONLY | O_NONBLOCK);
    int read_only = 0;
    return fd && ioctl(fd->get(), BLKROGET, &read_only) == 0 && read_only != 0;
}

std::string group_name(gid_t gid) {
    const group* entry = getgrgid(gid);
    return entry == nullptr ? std::to_string(gid) : entry->gr_name;
}

std::string permission_remedy(mode_t mode, const std::string& group) {
    if (S_ISBLK(mode) || (mode & S_IWGRP) != 0) {
        return "add the user of the server to the group " + group +
               ": SupplementaryGroups=" + group +
               " in a drop-in of the unit (systemctl edit nvmeroot-target)";
    }
    return std::string("make the user of the server the owner: chown ") + kServiceUser + " IMAGE";
}

/// @param wanted  bits of S_IRWXO
bool may(mode_t wanted, const struct stat& image, uid_t user, const std::vector<gid_t>& groups) {
    const bool in_group = std::ranges::find(groups, image.st_gid) != groups.end();
    const mode_t mode = image.st_uid == user ? image.st_mode >> 6U
                        : in_group           ? image.st_mode >> 3U
                                             : image.st_mode;
    return (mode & wanted) == wanted;
}

/// Files that the unit cannot open, or sees differently, although a shell of root can open them.
std::string trouble_of_unit(const exports::Namespace& ns, const struct stat& image) {
    const passwd* user = getpwnam(kServiceUser);
    if (user == nullptr || (geteuid() != 0 && geteuid() != user->pw_uid)) {
        return "";
    }
    std::vector<gid_t> groups(64);
    int count = static_cast<int>(groups.size());
    (void)getgrouplist(kServiceUser, user->pw_gid, groups.data(), &count);
    groups.resize(std::min(groups.size(), static_cast<size_t>(std::max(count, 0))));
    if (const auto folder = closed_folder(ns.image, user->pw_uid, groups); !folder.empty()) {
        return "the unit's user, " + std::string(kServiceUser) + ", may not search " + folder +
               "; chmod o+x, or put the image elsewhere";
    }
    constexpr mode_t kRead = S_IROTH, kReadWrite = S_IROTH | S_IWOTH;
    if (!may(ns.read_only ? kRead : kReadWrite, image, user->pw_uid, groups)) {
        return "the unit's user, " + std::string(kServiceUser) + ", may not open it; " +
               permission_remedy(image.st_mode, group_name(image.st_gid));
    }
    return hidden_by_unit(ns.image, !ns.read_only);
}

/// As the server opens it; what is opened is closed again at once.
base::Result<std::unique_ptr<FileBackend>> try_to_open(const exports::Namespace& ns) {
    TRY(const auto reactor, Reactor::open(Reactor::Engine::kEpoll));
    return FileBackend::open(*reactor, {ns.image, ns.read_only, ns.block_bytes, {}, ns.shared});
}

Finding check_sidecar(const exports::Namespace& ns) {
    const auto info = image_info(ns.image, ns.sidecar);
    if (!info) {
        return finding(Verdict::kBad, info.error().text);
    }
    return info->header
               ? finding(Verdict::kGood, info->sidecar)
               : finding(Verdict::kBad, info->header.error().text +
                                            "; create it with `nvmeroot-target image protect`");
}

Findings check_image(const exports::Namespace& ns, bool serving) {
    struct stat image {};
    if (stat(ns.image.c_str(), &image) != 0) {
        return {finding(Verdict::kBad, base::errno_error(errno, ns.image).text)};
    }
    const auto verdict = exports::judge_image(ns.image, ns.block_bytes);
    if (verdict && !verdict->refusal.empty()) {
        return {finding(Verdict::kBad, ns.image + ": " + verdict->refusal)};
    }
    Findings findings;
    const auto opened =
        serving ? base::Result<std::unique_ptr<FileBackend>>(nullptr) : try_to_open(ns);
    const bool read_only_device = S_ISBLK(image.st_mode) && is_read_only_device(ns.image);
    if (!opened || (read_only_device && !ns.read_only)) {  // or no write would be taken
        const std::string what = remedy({.code = opened ? 0 : opened.error().code,
                                         .mode = image.st_mode,
                                         .group = group_name(image.st_gid),
                                         .writes = !ns.read_only,
                                         .read_only_device = read_only_device});
        return {finding(Verdict::kBad, (opened ? ns.image : opened.error().text) +
                                           (what.empty() ? "" : "; " + what))};
    }
    if (verdict && !verdict->warning.empty()) {
        findings.push_back(finding(Verdict::kWarning, ns.image + ": " + verdict->warning));
    }
    if ((image.st_mode & S_IWOTH) != 0) {
        findings.push_back(finding(Verdict::kWarning, ns.image + " is world-writable; chmod o-w"));
    }
    if (const std::string trouble = trouble_of_unit(ns, image); !trouble.empty()) {
        findings.push_back(finding(Verdict::kWarning, ns.image + ": " + trouble));
    }
    if (findings.empty()) {
        findings.push_back(finding(Verdict::kGood, ns.image));
    }
    if (ns.protection != exports::Protection::kNone) {
        findings.push_back(check_sidecar(ns));
    }
    return findings;
}

/// The possible growth of sparse images, by file system.
struct Growth {
    uint64_t bytes = 0;
    std::string example;
};

void add_growth(const std::string& path, std::map<dev_t, Growth>& all) {
    constexpr uint64_t kSector = 512;  // of st_blocks
    struct stat file {};
    if (stat(path.c_str(), &file) != 0 || !S_ISREG(file.st_mode)) {
        return;
    }
    const auto size = static_cast<uint64_t>(file.st_size);
    const uint64_t there = static_cast<uint64_t>(file.st_blocks) * kSector;
    Growth& growth = all[file.st_dev];
    growth.bytes += size - std::min(size, there);
    growth.example = path;
}

void add_growth(const exports::Namespace& ns, std::map<dev_t, Growth>& all) {
    if (ns.read_only) {
        return;
    }
    add_growth(ns.image, all);
    if (ns.protection != exports::Protection::kNone) {
        add_growth(ns.sidecar.empty() ? sidecar_path(ns.image) : ns.sidecar, all);
    }
}

Findings check_growth(const std::map<dev_t, Growth>& all) {
    Findings findings;
    for (const auto& [device, growth] : all) {
        struct statvfs system {};
        if (statvfs(growth.example.c_str(), &system) != 0) {
            continue;
        }
        const uint64_t room = uint64_t{system.f_bavail} * system.f_frsize;
        if (growth.bytes > room) {
            findings.push_back(
                finding(Verdict::kWarning,
                        base::format("the file system of %s has %llu bytes left, but its sparse "
                                     "images may need %llu: writes fail when it is full",
                                     growth.example.c_str(), static_cast<unsigned long long>(room),
                                     static_cast<unsigned long long>(growth.bytes))));
        }
    }
    return findings;
}

}  // namespace

std::string remedy(const ImageTrouble& trouble) {
    if (trouble.code == EROFS || (trouble.writes && trouble.read_only_device)) {
        return "the medium is read-only: set read_only = yes, or make it writable";
    }
    switch (trouble.code) {
        case EACCES:
        case EPERM:
            return permission_remedy(trouble.mode, trouble.group);
        case EBUSY:
            return "the device is mounted, or part of a volume group, a RAID or a device mapping: "
                   "release it";
        case EAGAIN:
            return "stop the program that uses it, or set read_only = yes in both";
        case EMFILE:
        case ENFILE:
            return "raise LimitNOFILE (or ulimit -Hn)";
        default:
            return "";
    }
}

std::string closed_folder(const std::string& path, uid_t user, const std::vector<gid_t>& groups) {
    for (size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        const std::string folder = path.substr(0, std::max<size_t>(slash, 1));
        struct stat status {};
        if (stat(folder.c_str(), &status) == 0 && !may(S_IXOTH, status, user, groups)) {
            return folder;
        }
    }
    return "";
}

std::string hidden_by_unit(const std::string& path, bool writes) {
    const auto is_below = [&path](std::string_view folder) { return path.starts_with(folder); };
    for (const std::string_view folder : {"/tmp/", "/var/tmp/"}) {
        if (is_below(folder)) {
            return "the unit has a private " + std::string(folder) +
                   " (PrivateTmp): put the image elsewhere";
        }
    }
    for (const std::string_view folder :
         {"/home/", "/root/", "/run/user/", "/usr/", "/boot/", "/efi/", "/etc/"}) {
        if (writes && is_below(folder)) {
            return "the unit may not write below " + std::string(folder) +
                   " (ProtectHome, ProtectSystem): put the image elsewhere, or set ReadWritePaths= "
                   "in a drop-in (systemctl edit nvmeroot-target)";
        }
    }
    return "";
}

Findings examine_images(const exports::ExportConfig& config, bool serving) {
    Findings findings;
    std::map<dev_t, Growth> growth;
    for (const exports::Subsystem& subsystem : config.subsystems) {
        for (const exports::Namespace& ns : subsystem.namespaces) {
            if (!ns.view_of.empty()) {
                continue;
            }
            for (Finding& each : check_image(ns, serving)) {
                findings.push_back(std::move(each));
            }
            add_growth(ns, growth);
        }
    }
    for (Finding& each : check_growth(growth)) {
        findings.push_back(std::move(each));
    }
    return findings;
}

}  // namespace target
