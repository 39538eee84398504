// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/check/root_hint.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/fd.h"
#include "base/join.h"
#include "base/sysfs.h"
#include "base/text.h"
#include "boot/check/disk_contents.h"

namespace boot {
namespace {

/// The whole disk, or one of its partitions.
struct Piece {
    std::string node;  ///< /dev/nvme0n1p2
    std::string link;  ///< /dev/nvmeroot/root-part2
    Contents contents;
    PartitionNames names;
};

/// By which name of a piece root= asks for it.
enum class By { kUuid, kLabel, kPartUuid, kPartLabel, kLink, kNode };

struct Form {
    std::string_view prefix;
    By by;
};
constexpr std::array kForms = {
    Form{"UUID=", By::kUuid},           Form{"/dev/disk/by-uuid/", By::kUuid},
    Form{"LABEL=", By::kLabel},         Form{"/dev/disk/by-label/", By::kLabel},
    Form{"PARTUUID=", By::kPartUuid},   Form{"/dev/disk/by-partuuid/", By::kPartUuid},
    Form{"PARTLABEL=", By::kPartLabel}, Form{"/dev/disk/by-partlabel/", By::kPartLabel},
};

const std::string& name_of(const Piece& piece, By by) {
    switch (by) {
        case By::kUuid:
            return piece.contents.uuid;
        case By::kLabel:
            return piece.contents.label;
        case By::kPartUuid:
            return piece.names.uuid;
        case By::kPartLabel:
            return piece.names.label;
        case By::kLink:
            return piece.link;
        case By::kNode:
            break;
    }
    return piece.node;
}

struct Wanted {
    By by;
    std::string name;
};

/// Nothing for words that nobody here understands: other devices, other protocols, a partition by
/// its distance from another one.
std::optional<Wanted> wanted_by(std::string_view word, const std::string& disk) {
    constexpr std::string_view kBlock = "block:";
    word.remove_prefix(word.starts_with(kBlock) ? kBlock.size() : 0);
    if (word.starts_with("/dev/nvmeroot/")) {
        return Wanted{By::kLink, std::string(word)};
    }
    if (word.starts_with("/dev/" + disk)) {
        return Wanted{By::kNode, std::string(word)};
    }
    const auto* form =
        std::ranges::find_if(kForms, [&](const Form& row) { return word.starts_with(row.prefix); });
    if (form == kForms.end()) {
        return std::nullopt;
    }
    std::string_view name = word.substr(form->prefix.size());
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
        name = name.substr(1, name.size() - 2);
    }
    if (form->by == By::kPartUuid && name.find('/') != std::string_view::npos) {
        return std::nullopt;
    }
    return Wanted{form->by, std::string(name)};
}

/// `/dev/nvmeroot/root-part2 (ext4, UUID=…)`
std::string describe(const Piece& piece) {
    std::string text = piece.contents.type.empty() ? "unknown" : piece.contents.type;
    if (!piece.contents.uuid.empty()) {
        text += ", UUID=" + piece.contents.uuid;
    } else if (!piece.names.uuid.empty()) {
        text += ", PARTUUID=" + piece.names.uuid;
    }
    return piece.link + " (" + text + ")";
}

bool is_container(const Piece& piece) {
    return !piece.contents.type.empty() && !piece.contents.file_system &&
           piece.contents.type != "swap";
}

/// Everything that is on the disk.
struct Disk {
    PartitionTable table;
    uint64_t block_size = 0;  ///< bytes; 0: unknown
    Piece whole;
    std::vector<Piece> partitions;
};

Disk read_disk(const RootPlace& place, const base::SysPaths& sys) {
    Disk disk;
    const std::string node = sys.dev + "/" + place.disk;
    disk.table = partition_table(node);
    const auto block_size = base::parse_u64(
        attribute(sys.sys + "/block/" + place.disk + "/queue/logical_block_size").value_or(""),
        UINT32_MAX);
    disk.block_size = block_size ? *block_size : 0;
    disk.whole = {"/dev/" + place.disk, "/dev/nvmeroot/root", contents_of(node), {}};
    for (const std::string& partition : place.partitions) {
        const std::string number = partition.substr(partition.rfind('p') + 1);
        const auto parsed = base::parse_u64(number, UINT16_MAX);
        disk.partitions.push_back(
            {"/dev/" + partition, "/dev/nvmeroot/root-part" + number,
             contents_of(sys.dev + "/" + partition),
             parsed ? disk.table.names_of(static_cast<unsigned>(*parsed)) : PartitionNames{}});
    }
    return disk;
}

const Piece* find(const Disk& disk, const Wanted& wanted) {
    const auto fits = [&](const Piece& piece) {
        return base::equal_ignoring_case(name_of(piece, wanted.by), wanted.name);
    };
    if (fits(disk.whole)) {
        return &disk.whole;
    }
    const auto part = std::ranges::find_if(disk.partitions, fits);
    return part == disk.partitions.end() ? nullptr : &*part;
}

/// A few of the partitions.
std::string list(const Disk& disk) {
    constexpr size_t kMost = 6;
    const size_t count = disk.partitions.size();
    const std::string text = base::join(std::span(disk.partitions).first(std::min(count, kMost)),
                                        ", ", [](const auto& part) { return describe(part); });
    return count > kMost ? text + " and " + std::to_string(count - kMost) + " more" : text;
}

/// Why a table that is there gives no partitions; empty where that is not the reason.
std::string wrong_block_size(const Disk& disk) {
    const auto made_for = disk.table.gpt_block_size;
    if (!made_for || disk.block_size == 0 || *made_for == disk.block_size) {
        return {};
    }
    return base::format(
        "its partition table is made for blocks of %u bytes, and the namespace has blocks of %u; "
        "serve it with blocks of %u bytes",
        *made_for, static_cast<unsigned>(disk.block_size), *made_for);
}

/// Whether the kernel, or a module that it has loaded, mounts such a file system. Yes where nobody
/// can tell.
bool is_mountable(const std::string& type, const base::SysPaths& sys) {
    const auto text = base::read_text(sys.proc + "/filesystems");
    if (!text) {
        return true;
    }
    return std::ranges::any_of(base::split(*text, '\n'),
                               [&](std::string_view line) { return base::trim(line) == type; });
}

std::string missing_driver(const Piece& piece, const base::SysPaths& sys) {
    const std::string& type = piece.contents.type;
    if (!piece.contents.file_system || is_mountable(type, sys)) {
        return {};
    }
    return "the root's file system is " + type +
           ", and this image has no driver for it; build the image with the module " + type +
           " (mkinitcpio: MODULES, dracut: add_drivers, initramfs-tools: "
           "/etc/initramfs-tools/modules)";
}

/// The command line names no device: the disk itself is to be mounted.
std::string hint_without_root(const Disk& disk) {
    const std::string wrong = wrong_block_size(disk);
    if (!wrong.empty()) {
        return "root= is missing on the command line, and the disk is not a file system: " + wrong;
    }
    return "root= is missing on the command line, and the disk has partitions: " + list(disk) +
           "; write root=UUID=… of the root, or root=/dev/nvmeroot/root-partN";
}

std::string hint_for_absent(const std::string& word, const Disk& disk) {
    const std::string begin = "root=" + word + " is not on the disk";
    const std::string wrong = wrong_block_size(disk);
    if (!wrong.empty()) {
        return begin + ": " + wrong;
    }
    return begin + (disk.partitions.empty() ? ", which has no partitions: " + describe(disk.whole)
                                            : ", which has " + list(disk));
}

}  // namespace

std::string root_hint(const RootPlace& place, const base::SysPaths& sys) {
    const bool absent = place.word.empty() || place.word == "dhcp" || place.word == "dhcp6";
    const auto wanted = absent ? std::nullopt : wanted_by(place.word, place.disk);
    if (!absent && !wanted) {
        return {};
    }
    const Disk disk = read_disk(place, sys);
    const Piece* piece = wanted ? find(disk, *wanted) : &disk.whole;
    if (piece == nullptr) {
        const bool may_be_inside =
            (wanted->by == By::kUuid || wanted->by == By::kLabel) &&
            (is_container(disk.whole) || std::ranges::any_of(disk.partitions, is_container));
        return may_be_inside ? std::string() : hint_for_absent(place.word, disk);
    }
    const bool is_table = !disk.partitions.empty() || !wrong_block_size(disk).empty();
    if (piece == &disk.whole && piece->contents.type.empty() && is_table) {
        return hint_without_root(disk);
    }
    return place.modules_loaded ? missing_driver(*piece, sys) : std::string();
}

}  // namespace boot
