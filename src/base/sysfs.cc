// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/sysfs.h"

#include <dirent.h>

#include <algorithm>
#include <memory>

#include "base/fd.h"
#include "base/text.h"

namespace boot {
namespace {

struct FolderCloser {
    void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

std::vector<std::string> list_folder(const std::string& path) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, FolderCloser> folder(::opendir(path.c_str()));
    if (!folder) {
        return names;
    }
    while (const dirent* entry = ::readdir(folder.get())) {
        if (entry->d_name[0] != '.') {
            names.emplace_back(entry->d_name);
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::optional<std::string> attribute(const std::string& path) {
    const auto text = base::read_text(path);
    return text ? std::optional(std::string(base::trim(*text))) : std::nullopt;
}

std::optional<uint64_t> number_attribute(const std::string& path) {
    const auto text = attribute(path);
    if (!text) {
        return std::nullopt;
    }
    const auto number = base::parse_u64(*text);
    return number ? std::optional(*number) : std::nullopt;
}

}  // namespace boot
