// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/default_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace base {
namespace {

Error of_no_use(const std::string& path, const char* why) {
    return error(path + why + "; correct or remove it");
}

/// The file at the end of the links, or the error that they dangle.
Result<struct stat> follow(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) == 0) {
        return found;
    }
    if (errno == ENOENT || errno == ELOOP) {
        return of_no_use(path, " is a dangling symbolic link");
    }
    return errno_error(errno, "examine " + path);
}

/// Whether something has this name.
Result<bool> is_there(const std::string& path) {
    struct stat seen {};
    if (::lstat(path.c_str(), &seen) == 0) {
        return true;
    }
    if (errno == ENOENT || errno == ENOTDIR) {
        return false;
    }
    return errno_error(errno, "examine " + path);
}

}  // namespace

Result<bool> has_default_file(const std::string& path) {
    TRY(const bool there, is_there(path));
    if (!there) {
        // Something else in place of its directory hides what somebody relies on.
        TRY_VOID(has_default_directory(path.substr(0, path.rfind('/'))));
        return false;
    }
    TRY(const struct stat found, follow(path));
    if (!S_ISREG(found.st_mode)) {
        return of_no_use(path, " is not a regular file");
    }
    if (found.st_size == 0) {
        return of_no_use(path, " is empty");
    }
    return true;
}

Result<bool> has_default_directory(const std::string& path) {
    TRY(const bool there, is_there(path));
    if (!there) {
        return false;
    }
    TRY(const struct stat found, follow(path));
    if (!S_ISDIR(found.st_mode)) {
        return of_no_use(path, " is not a directory");
    }
    if (::access(path.c_str(), R_OK | X_OK) != 0) {
        return errno_error(errno, "read directory " + path);
    }
    return true;
}

}  // namespace base
