// SPDX-License-Identifier: GPL-2.0-or-later
//
// File descriptors with an owner, and the few whole-buffer operations on them. EINTR is handled
// here and nowhere else. Every descriptor made here is CLOEXEC from birth.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace base {

/// Owns one file descriptor, or none (-1).
class UniqueFd {
  public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~UniqueFd() { reset(); }

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool valid() const { return fd_ >= 0; }
    /// Gives the descriptor to the caller, who must close it.
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }
    void reset();

  private:
    int fd_ = -1;
};

/// open(2) with O_CLOEXEC; the error names the path.
Result<UniqueFd> open_file(const std::string& path, int flags, unsigned mode = 0);

/// Reads until `out` is full. @return bytes read: less than out.size() only at the end of file.
Result<size_t> read_full(int fd, std::span<std::byte> out);

/// As read_full, from `offset` bytes into the file.
Result<size_t> pread_full(int fd, std::span<std::byte> out, uint64_t offset);

/// Writes all of `data`.
Status write_all(int fd, std::span<const std::byte> data);
Status write_all(int fd, std::string_view text);

/// As write_all, to `offset` bytes into the file.
Status pwrite_all(int fd, std::span<const std::byte> data, uint64_t offset);

/// The whole of a small file. @param limit  a longer file is an error (EFBIG), so that a hostile
/// file cannot eat memory.
Result<std::string> read_text(const std::string& path, size_t limit = 1U << 20U);

/// Writes `text` with one write(2) call, as sysfs attributes want it.
Status write_text(const std::string& path, std::string_view text);

/// Replaces `path` in one step: readers see the old text or the new, never a part. Missing parent
/// directories are made (mode 0755). The file and its directory are synced.
Status write_text_atomically(const std::string& path, std::string_view text, unsigned mode);

/// mkdir -p; an existing directory is not an error.
Status make_directories(const std::string& path, unsigned mode);

}  // namespace base
