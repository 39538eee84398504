// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace support {

/// Keeps what the process writes to a descriptor, until the end of its life.
class CapturedOutput {
  public:
    explicit CapturedOutput(int fd)
        : fd_(fd), before_(::dup(fd)), file_(::memfd_create("output", MFD_CLOEXEC)) {
        (void)::dup2(file_, fd_);
    }
    ~CapturedOutput() {
        (void)::dup2(before_, fd_);
        (void)::close(before_);
        (void)::close(file_);
    }
    CapturedOutput(const CapturedOutput&) = delete;
    CapturedOutput& operator=(const CapturedOutput&) = delete;

    [[nodiscard]] std::string text() const {
        struct stat status {};
        (void)::fstat(file_, &status);
        std::string text(static_cast<size_t>(status.st_size), '\0');
        (void)!::pread(file_, text.data(), text.size(), 0);
        return text;
    }

  private:
    int fd_;
    int before_;
    int file_;
};

}  // namespace support
