// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>

#include "base/text.h"

namespace nvmet {
namespace {

using base::errno_error;
using base::Result;
using base::Status;

struct CloseFolder {
    void operator()(DIR* folder) const { closedir(folder); }
};

Status checked(int result, const std::string& what) {
    return result == 0 ? Status(base::done()) : Status(errno_error(errno, what));
}

TreeEntry::Type type_of(const dirent& entry, int folder) {
    struct stat status {};
    if (fstatat(folder, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return TreeEntry::Type::kFile;
    }
    return S_ISDIR(status.st_mode)   ? TreeEntry::Type::kFolder
           : S_ISLNK(status.st_mode) ? TreeEntry::Type::kLink
                                     : TreeEntry::Type::kFile;
}

}  // namespace

Result<std::vector<TreeEntry>> SysTree::list(const std::string& folder) {
    std::vector<TreeEntry> entries;
    const std::unique_ptr<DIR, CloseFolder> open(opendir(at(folder).c_str()));
    if (!open) {
        return errno == ENOENT ? Result<std::vector<TreeEntry>>(entries)
                               : errno_error(errno, at(folder));
    }
    while (const dirent* entry = readdir(open.get())) {
        const std::string name = entry->d_name;
        if (name != "." && name != "..") {
            entries.push_back({name, type_of(*entry, dirfd(open.get()))});
        }
    }
    std::ranges::sort(entries, {}, &TreeEntry::name);
    return entries;
}

Result<std::string> SysTree::read(const std::string& file) {
    TRY(const std::string text, base::read_text(at(file)));
    return std::string(base::trim(text));
}

Result<std::string> SysTree::link_target(const std::string& link) {
    std::array<char, PATH_MAX> buffer;
    const ssize_t size = readlink(at(link).c_str(), buffer.data(), buffer.size());
    if (size < 0) {
        return errno_error(errno, at(link));
    }
    const std::string target(buffer.data(), static_cast<size_t>(size));
    return target.substr(target.rfind('/') + 1);
}

Status SysTree::write(const std::string& file, std::string_view value) {
    TRY(const base::UniqueFd fd, base::open_file(at(file), O_WRONLY | O_TRUNC));
    return base::write_all(fd.get(), value);
}

Status SysTree::make_folder(const std::string& folder) {
    return checked(mkdir(at(folder).c_str(), 0755), at(folder));
}

Status SysTree::remove_folder(const std::string& folder) {
    return checked(rmdir(at(folder).c_str()), at(folder));
}

Status SysTree::make_link(const std::string& link, const std::string& target) {
    return checked(symlink(at(target).c_str(), at(link).c_str()), at(link));
}

Status SysTree::remove_link(const std::string& link) {
    return checked(unlink(at(link).c_str()), at(link));
}

Status SysTree::close_file(const std::string& file) {
    struct stat status {};
    if (stat(at(file).c_str(), &status) != 0 || (status.st_mode & (S_IRWXG | S_IRWXO)) == 0) {
        return base::done();
    }
    return checked(chmod(at(file).c_str(), S_IRUSR | S_IWUSR), at(file));
}

bool is_configfs(const std::string& folder) {
    constexpr auto kConfigfsMagic = 0x62656570;
    struct statfs status {};
    return statfs(folder.c_str(), &status) == 0 && status.f_type == kConfigfsMagic;
}

Result<base::UniqueFd> lock_tree(const std::string& root) {
    TRY(base::UniqueFd fd, base::open_file(root, O_RDONLY | O_DIRECTORY));
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? base::error(root + ": another program is changing the tree")
                                    : errno_error(errno, root);
    }
    return fd;
}

}  // namespace nvmet
