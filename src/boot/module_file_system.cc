// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/module_file_system.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <set>

#include "base/fd.h"
#include "boot/modules.h"

namespace boot {
namespace {

struct Magic {
    std::string_view file_system;
    off_t offset;
    std::string_view bytes;
};
constexpr Magic kMagics[] = {
    {"ext4", 0x438, "\x53\xef"},  // ext2 and ext3 too: its driver mounts them
    {"xfs", 0, "XFSB"},
    {"btrfs", 0x10040, "_BHRfS_M"},
    {"f2fs", 0x400, "\x10\x20\xf5\xf2"},
    {"erofs", 0x400, "\xe2\xe1\xf5\xe0"},
    {"squashfs", 0, "hsqs"},
};

bool has(int fd, const Magic& magic) {
    std::array<char, 8> found{};
    const ssize_t length = ::pread(fd, found.data(), magic.bytes.size(), magic.offset);
    return length > 0 && std::string_view(found.data(), static_cast<size_t>(length)) == magic.bytes;
}

}  // namespace

std::string file_system_on(const std::string& device) {
    if (const auto fd = base::open_file(device, O_RDONLY)) {
        for (const Magic& magic : kMagics) {
            if (has(fd->get(), magic)) {
                return std::string(magic.file_system);
            }
        }
    }
    return {};
}

std::vector<std::string> file_systems_on(const std::vector<std::string>& devices,
                                         const base::SysPaths& sys) {
    std::set<std::string> found;
    for (const std::string& device : devices) {
        found.insert(file_system_on(sys.dev + "/" + device));
    }
    found.erase(std::string());
    return {found.begin(), found.end()};
}

void load_file_systems(const std::vector<std::string_view>& names, const base::SysPaths& sys) {
    for (const std::string_view name : names) {
        load_optional_module("fs-" + std::string(name), sys);
    }
}

}  // namespace boot
