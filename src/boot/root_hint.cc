// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/root_hint.h"

#include <fcntl.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>

#include "base/fd.h"
#include "base/text.h"
#include "boot/module_file_system.h"

namespace boot {
namespace {

/// Where a file system's superblock has its names.
struct Layout {
    std::string_view file_system;
    uint64_t uuid;
    uint64_t label;
    size_t label_size;
};
constexpr Layout kLayouts[] = {
    {"ext4", 0x468, 0x478, 16},
    {"xfs", 0x20, 0x6C, 12},
    {"btrfs", 0x10020, 0x1012B, 256},
    {"erofs", 0x430, 0x440, 16},
};

/// What has other block devices inside, of which nothing is known before somebody opens it.
struct Container {
    uint64_t offset;
    std::string_view magic;
};
constexpr Container kContainers[] = {
    {0, "LUKS\xba\xbe"}, {0x218, "LVM2 001"}, {0x1000, "\xfc\x4e\x2b\xa9"},  // md
};

struct Names {
    std::string uuid;
    std::string label;
};

std::string text_at(int fd, uint64_t offset, size_t size) {
    std::string text(size, '\0');
    const auto read = base::pread_full(fd, std::as_writable_bytes(std::span(text)), offset);
    text.resize(read ? *read : 0);
    return text;
}

bool is_container(const std::string& device) {
    const auto fd = base::open_file(device, O_RDONLY);
    return fd && std::any_of(std::begin(kContainers), std::end(kContainers), [&](const auto& each) {
               return text_at(fd->get(), each.offset, each.magic.size()) == each.magic;
           });
}

std::string uuid_text(std::string_view bytes) {
    std::string text;
    for (size_t i = 0; i < bytes.size(); ++i) {
        const bool dash = i == 4 || i == 6 || i == 8 || i == 10;
        text += base::format("%s%02x", dash ? "-" : "",
                             static_cast<unsigned>(static_cast<unsigned char>(bytes[i])));
    }
    return text;
}

Names names_on(const std::string& device, std::string_view file_system) {
    constexpr size_t kUuidSize = 16;
    const auto fd = base::open_file(device, O_RDONLY);
    for (const Layout& layout : kLayouts) {
        if (fd && layout.file_system == file_system) {
            const std::string uuid = text_at(fd->get(), layout.uuid, kUuidSize);
            const std::string label = text_at(fd->get(), layout.label, layout.label_size);
            return {uuid.size() == kUuidSize ? uuid_text(uuid) : "",
                    label.substr(0, label.find('\0'))};
        }
    }
    return {};
}

/// What root= asks for; both empty: nothing that a superblock could tell.
Names names_in(std::string_view root) {
    constexpr std::string_view kUuid = "UUID=";
    constexpr std::string_view kLabel = "LABEL=";
    constexpr std::string_view kLink = "/dev/disk/by-uuid/";
    const auto behind = [&](std::string_view prefix) {
        std::string_view text = root.substr(prefix.size());
        if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
            text = text.substr(1, text.size() - 2);
        }
        return std::string(text);
    };
    if (root.starts_with(kUuid)) {
        return {behind(kUuid), ""};
    }
    if (root.starts_with(kLink)) {
        return {behind(kLink), ""};
    }
    return {"", root.starts_with(kLabel) ? behind(kLabel) : ""};
}

}  // namespace

std::string root_hint(std::string_view root, const std::vector<std::string>& devices,
                      const base::SysPaths& sys) {
    const Names wanted = names_in(root);
    if (wanted.uuid.empty() && wanted.label.empty()) {
        return {};
    }
    std::string held;
    for (const std::string& device : devices) {
        const std::string path = sys.dev + "/" + device;
        if (is_container(path)) {
            return {};
        }
        const std::string file_system = file_system_on(path);
        const Names names = names_on(path, file_system);
        if (names.uuid.empty()) {
            continue;
        }
        if (wanted.uuid.empty() ? names.label == wanted.label
                                : base::equal_ignoring_case(names.uuid, wanted.uuid)) {
            return {};
        }
        held += (held.empty() ? "" : ", ") + device + " has " + file_system +
                " with UUID=" + names.uuid +
                (names.label.empty() ? "" : " and LABEL=" + base::quoted(names.label));
    }
    return held.empty() ? ""
                        : "root=" + std::string(root) + " is no file system of this disk: " + held;
}

}  // namespace boot
