// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/fd.h"
#include "base/text.h"

namespace base {
namespace {

/// Far above the 107 characters of the longest secret, and small enough for the stack.
constexpr size_t kMaxFile = 4096;

/// O_NONBLOCK: a FIFO in place of the file must not hold up the program.
constexpr int kFlags = O_RDONLY | O_NONBLOCK;

Status check_owner_and_mode(int fd, const std::string& path) {
    struct stat st {};
    if (fstat(fd, &st) != 0) {
        return errno_error(errno, "examine " + path);
    }
    if (!S_ISREG(st.st_mode)) {
        return error(path + " is not a regular file");
    }
    if (st.st_uid != 0 && st.st_uid != geteuid()) {
        return error(path + " belongs to user " + std::to_string(st.st_uid) +
                     ", neither root nor the current user");
    }
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return error(format("%s has mode %04o: others could read the secret; chmod 0600 %s",
                            path.c_str(), st.st_mode & 07777U, path.c_str()));
    }
    return done();
}

}  // namespace

Result<Secret> read_secret_file(const std::string& path) {
    TRY_VOID(parse_path(path));
    TRY(const UniqueFd fd, open_file(path, kFlags));
    TRY_VOID(check_owner_and_mode(fd.get(), path));
    std::array<std::byte, kMaxFile + 1> buffer;
    const auto size = read_full(fd.get(), buffer);
    if (!size) {
        return Error(size.error()).in(path);
    }
    std::string text(trim({reinterpret_cast<const char*>(buffer.data()), *size}));
    wipe(buffer.data(), buffer.size());
    Secret secret(text);
    if (*size > kMaxFile) {
        return error(path + " is larger than a secret can be");
    }
    return secret;
}

Result<Secret> read_wiped(const std::string& path) {
    constexpr size_t kMaxText = 1U << 20U;
    TRY(const UniqueFd fd, open_file(path, O_RDONLY));
    constexpr size_t kFirstBuffer = 4096;
    std::string text(kFirstBuffer, '\0');
    for (size_t size = 0;;) {
        const auto n = read_full(fd.get(), std::as_writable_bytes(std::span(text).subspan(size)));
        if (!n) {
            return n.error().in(path);
        }
        size += *n;
        if (size < text.size()) {
            text.resize(size);
            return Secret(text);
        }
        std::string larger(size * 2, '\0');
        std::copy(text.begin(), text.end(), larger.begin());
        wipe(text.data(), text.size());
        if (size > kMaxText) {
            wipe(larger.data(), larger.size());
            return Error{EFBIG, path + ": longer than " + std::to_string(kMaxText) + " bytes"};
        }
        text = std::move(larger);
    }
}

Status check_private(const std::string& path) {
    TRY(const UniqueFd fd, open_file(path, kFlags));
    return check_owner_and_mode(fd.get(), path);
}

}  // namespace base
