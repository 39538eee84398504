// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/copy_tree.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/fd.h"

namespace nvmet {
namespace {

using base::Status;

std::string name_of(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

std::string parent_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

/// The kind of a directory, by its parent directory.
const KindInfo* kind_of(const std::string& folder) {
    const std::string group = name_of(parent_of(folder));
    const auto kind = std::ranges::find(kinds(), group, &KindInfo::folder);
    return kind == kinds().end() || group.empty() ? nullptr : &*kind;
}

}  // namespace

Status CopyTree::write(const std::string& file, std::string_view value) {
    return SysTree::write(file, std::string(value) + "\n");
}

/// The files that the copied kernel gives such a directory; all that there are, where it shows
/// none.
Status CopyTree::fill(const std::string& folder, const std::string& name, Kind kind,
                      const Presence& presence) {
    TRY_VOID(SysTree::make_folder(folder));
    for (const Attribute& row : attributes()) {
        if (row.kind == kind && presence.has(row).value_or(true)) {
            const std::string path = at(inside(folder, row.file));
            TRY(const base::UniqueFd fd,
                base::open_file(path, O_WRONLY | O_CREAT, row.secret() ? 0600 : 0644));
            TRY_VOID(base::write_all(fd.get(), std::string(fresh_value(row, name)) + "\n"));
        }
    }
    for (const KindInfo& child : kinds()) {
        const bool passthru = child.kind == Kind::kPassthru;
        if (child.kind == Kind::kRoot || child.parent != kind ||
            (passthru && presence.knows(Kind::kPassthru) &&
             !presence.has(*find_file(Kind::kPassthru, "enable")).value_or(true))) {
            continue;
        }
        const std::string group = inside(folder, child.folder);
        TRY_VOID(passthru ? fill(group, "", Kind::kPassthru, presence)
                          : SysTree::make_folder(group));
        if (child.kind == Kind::kAnaGroup) {
            TRY_VOID(fill(inside(group, "1"), "1", Kind::kAnaGroup, presence));
        }
    }
    if (!info(kind).links.empty()) {
        return SysTree::make_folder(inside(folder, info(kind).links));
    }
    return base::done();
}

Status CopyTree::make_folder(const std::string& folder) {
    const KindInfo* kind = kind_of(folder);
    if (kind == nullptr) {
        return base::errno_error(EPERM, at(folder));
    }
    TRY(const Object state, read_tree(*this));
    return fill(folder, name_of(folder), kind->kind, Presence::seen_in(state));
}

Status CopyTree::remove_folder(const std::string& folder) {
    TRY(const auto entries, list(folder));
    for (const TreeEntry& entry : entries) {
        const std::string path = inside(folder, entry.name);
        if (entry.type == TreeEntry::Type::kFolder) {
            TRY_VOID(remove_folder(path));
        } else {
            TRY_VOID(remove_link(path));
        }
    }
    return SysTree::remove_folder(folder);
}

/// Relative, so that the copy can be moved.
Status CopyTree::make_link(const std::string& link, const std::string& target) {
    std::string up;
    for (auto depth = std::ranges::count(link, '/'); depth > 0; --depth) {
        up += "../";
    }
    return symlink((up + target).c_str(), at(link).c_str()) == 0
               ? Status(base::done())
               : Status(base::errno_error(errno, at(link)));
}

}  // namespace nvmet
