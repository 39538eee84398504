// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/fd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace base {
namespace {

/// Repeats a system call for as long as a signal interrupts it.
template <class Call>
auto uninterrupted(Call call) {
    decltype(call()) result;
    do {
        result = call();
    } while (result < 0 && errno == EINTR);
    return result;
}

/// @param read  reads into a span, knowing how much was read before
/// @return how much there was, at most all of `out`
template <class Read>
Result<size_t> fill(std::span<std::byte> out, Read read) {
    size_t filled = 0;
    while (filled < out.size()) {
        const ssize_t n = uninterrupted([&] { return read(out.subspan(filled), filled); });
        if (n < 0) {
            return errno_error(errno, "read");
        }
        if (n == 0) {
            break;
        }
        filled += static_cast<size_t>(n);
    }
    return filled;
}

std::string parent_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash);
}

/// A new file next to `path`, with an unused name. @param draft  receives the name
Result<UniqueFd> make_draft(const std::string& path, std::string& draft) {
    draft = path + ".XXXXXX";
    const int fd = ::mkostemp(draft.data(), O_CLOEXEC);
    if (fd < 0) {
        return errno_error(errno, "create a file next to " + path);
    }
    return UniqueFd(fd);
}

Status fill_draft(const UniqueFd& fd, const std::string& draft, std::string_view text,
                  unsigned mode) {
    TRY_VOID(write_all(fd.get(), text));
    if (::fchmod(fd.get(), mode) != 0) {
        return errno_error(errno, "set the mode of " + draft);
    }
    if (fsync(fd.get()) != 0) {
        return errno_error(errno, "sync " + draft);
    }
    return done();
}

}  // namespace

void UniqueFd::reset() {
    if (fd_ >= 0) {
        ::close(std::exchange(fd_, -1));
    }
}

Result<UniqueFd> open_file(const std::string& path, int flags, unsigned mode) {
    const int fd = uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); });
    if (fd < 0) {
        return errno_error(errno, "open " + path);
    }
    return UniqueFd(fd);
}

Result<size_t> read_full(int fd, std::span<std::byte> out) {
    return fill(out, [fd](std::span<std::byte> rest, size_t) {
        return ::read(fd, rest.data(), rest.size());
    });
}

Result<size_t> pread_full(int fd, std::span<std::byte> out, uint64_t offset) {
    return fill(out, [fd, offset](std::span<std::byte> rest, size_t filled) {
        return ::pread(fd, rest.data(), rest.size(), static_cast<off_t>(offset + filled));
    });
}

Status write_all(int fd, std::span<const std::byte> data) {
    while (!data.empty()) {
        const ssize_t n = uninterrupted([&] { return ::write(fd, data.data(), data.size()); });
        if (n < 0) {
            return errno_error(errno, "write");
        }
        data = data.subspan(static_cast<size_t>(n));
    }
    return done();
}

Status pwrite_all(int fd, std::span<const std::byte> data, uint64_t offset) {
    while (!data.empty()) {
        const ssize_t n = uninterrupted(
            [&] { return ::pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset)); });
        if (n < 0) {
            return errno_error(errno, "write");
        }
        data = data.subspan(static_cast<size_t>(n));
        offset += static_cast<uint64_t>(n);
    }
    return done();
}

Status write_all(int fd, std::string_view text) {
    return write_all(fd, std::as_bytes(std::span(text)));
}

Result<std::string> read_text(const std::string& path, size_t limit) {
    TRY(const UniqueFd fd, open_file(path, O_RDONLY));
    std::string text;
    std::byte chunk[4096];
    for (;;) {
        auto n = read_full(fd.get(), chunk);
        if (!n) {
            return std::move(n).error().in(path);
        }
        text.append(reinterpret_cast<const char*>(chunk), *n);
        if (text.size() > limit) {
            return Error{EFBIG, path + ": longer than " + std::to_string(limit) + " bytes"};
        }
        if (*n < sizeof chunk) {
            return text;
        }
    }
}

Status write_text(const std::string& path, std::string_view text) {
    TRY(const UniqueFd fd, open_file(path, O_WRONLY));
    const ssize_t n = uninterrupted([&] { return ::write(fd.get(), text.data(), text.size()); });
    if (n < 0) {
        return errno_error(errno, "write " + path);
    }
    if (static_cast<size_t>(n) != text.size()) {
        return Error{EIO, "write " + path + ": only a part was written"};
    }
    return done();
}

Status make_directories(const std::string& path, unsigned mode) {
    for (size_t end = 0; end != std::string::npos;) {
        end = path.find('/', end + 1);
        const std::string part = path.substr(0, end);
        if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) {
            return errno_error(errno, "create directory " + part);
        }
    }
    return done();
}

Status write_text_atomically(const std::string& path, std::string_view text, unsigned mode) {
    const std::string folder = parent_of(path);
    TRY_VOID(make_directories(folder, 0755));
    std::string draft;
    TRY(const UniqueFd fd, make_draft(path, draft));
    if (Status written = fill_draft(fd, draft, text, mode); !written) {
        (void)::unlink(draft.c_str());  // the write's own error is the one to tell
        return written;
    }
    if (::rename(draft.c_str(), path.c_str()) != 0) {
        const int code = errno;
        (void)::unlink(draft.c_str());  // as above
        return errno_error(code, "rename " + draft);
    }
    TRY(const UniqueFd dir, open_file(folder, O_RDONLY | O_DIRECTORY));
    if (fsync(dir.get()) != 0 && errno != EINVAL) {
        return errno_error(errno, "sync " + folder);
    }
    return done();
}

}  // namespace base
