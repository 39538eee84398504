// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/secrets.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/fd.h"
#include "base/text.h"
#include "nvme/dhchap.h"

namespace boot {
namespace {

/// Far above the 107 characters of the longest secret, and small enough for the stack.
constexpr size_t kMaxFile = 4096;

base::Status check_owner_and_mode(int fd, const std::string& path) {
    struct stat st {};
    if (fstat(fd, &st) != 0) {
        return base::errno_error(errno, "look at " + path);
    }
    if (!S_ISREG(st.st_mode)) {
        return base::error(path + " is not a regular file");
    }
    if (st.st_uid != 0 && st.st_uid != geteuid()) {
        return base::error(path + " belongs to user " + std::to_string(st.st_uid) +
                           ": a secret must belong to root");
    }
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return base::error(
            base::format("%s has mode %04o: others could read the secret; chmod 0600 %s",
                         path.c_str(), st.st_mode & 07777U, path.c_str()));
    }
    return base::done();
}

}  // namespace

base::Result<base::Secret> parse_secret(std::string& text) {
    std::string trimmed(base::trim(text));
    base::wipe(text.data(), text.size());
    text.clear();
    base::Secret secret(trimmed);
    if (auto parsed = nvme::DhchapSecret::parse(secret.reveal()); !parsed) {
        return std::move(parsed).error();
    }
    return secret;
}

base::Result<base::Secret> load_secret(const std::string& path) {
    // O_NONBLOCK: a FIFO in place of the file must not hold up the boot.
    TRY(const base::UniqueFd fd, base::open_file(path, O_RDONLY | O_NONBLOCK));
    TRY_VOID(check_owner_and_mode(fd.get(), path));
    std::array<std::byte, kMaxFile + 1> buffer;
    const auto size = base::read_full(fd.get(), buffer);
    if (!size) {
        return base::Error(size.error()).in(path);
    }
    std::string text(reinterpret_cast<const char*>(buffer.data()), *size);
    base::wipe(buffer.data(), buffer.size());
    if (text.size() > kMaxFile) {
        base::wipe(text.data(), text.size());
        return base::error(path + " is larger than a secret can be");
    }
    auto secret = parse_secret(text);
    if (!secret) {
        return std::move(secret).error().in(path);
    }
    return secret;
}

base::Status check_private(const std::string& path) {
    TRY(const base::UniqueFd fd, base::open_file(path, O_RDONLY | O_NONBLOCK));
    return check_owner_and_mode(fd.get(), path);
}

}  // namespace boot
