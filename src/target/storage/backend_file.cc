// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/storage/backend_file.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace target {
namespace {

/// The size of one write of write_zero_pages().
constexpr size_t kZeroChunk = 128U << 10U;
constinit const std::array<std::byte, kZeroChunk> kZeroes{};

constexpr base::seconds kTroubleInterval{10};

IoError io_error(int code) {
    switch (code) {
        case ENOSPC:
        case EDQUOT:
            return IoError::kNoSpace;
        case EROFS:
        case EBADF:
        case EPERM:
            return IoError::kReadOnly;
        case EOPNOTSUPP:
            return IoError::kUnsupported;
        default:
            return IoError::kMedium;
    }
}

/// fallocate(2) says one of these where the file system or the alignment does not allow the mode.
bool is_refusal(int code) {
    return code == EOPNOTSUPP || code == EINVAL || code == ENOSYS || code == ENODEV;
}

std::string_view verb(Io::Kind kind) {
    switch (kind) {
        case Io::Kind::kRead:
            return "read";
        case Io::Kind::kWrite:
            return "write";
        case Io::Kind::kFlush:
            return "flush";
        case Io::Kind::kWriteZeroes:
            return "write zeroes to";
        case Io::Kind::kDiscard:
            return "discard in";
    }
    return "use";
}

base::Result<uint64_t> size_of(int fd, const struct stat& status) {
    if (S_ISREG(status.st_mode)) {
        return static_cast<uint64_t>(status.st_size);
    }
    if (!S_ISBLK(status.st_mode)) {
        return base::error("neither a regular file nor a block device");
    }
    uint64_t bytes = 0;
    if (ioctl(fd, BLKGETSIZE64, &bytes) != 0) {
        return base::errno_error(errno, "ask for the size");
    }
    return bytes;
}

base::Status lock(int fd, bool shared) {
    struct flock range {};
    range.l_type = static_cast<short>(shared ? F_RDLCK : F_WRLCK);
    range.l_whence = SEEK_SET;
    if (fcntl(fd, F_OFD_SETLK, &range) == 0) {
        return base::done();
    }
    if (errno == EAGAIN || errno == EACCES) {
        return base::Error{EAGAIN, shared ? "a program that writes to it has locked it"
                                          : "another program or another namespace has locked it"};
    }
    return base::errno_error(errno, "lock");
}

/// Opened non-blocking for the sake of a FIFO; io_uring would answer EAGAIN from now on. Nobody
/// asks when a block was last read, but only a file's owner may leave that out.
bool set_modes(int fd) {
    return fcntl(fd, F_SETFL, O_NOATIME) == 0 || fcntl(fd, F_SETFL, 0) == 0;
}

/// The size of the image behind `fd`, once it is known to be fit and to be ours.
base::Result<uint64_t> claim(int fd, const FileBackend::Options& options) {
    struct stat status {};
    if (fstat(fd, &status) != 0) {
        return base::errno_error(errno, "stat");
    }
    TRY(const uint64_t size, size_of(fd, status));
    if (size == 0) {
        return base::error("empty");
    }
    if (size % options.block_size != 0) {
        return base::error(
            base::format("its size, %llu bytes, is not a multiple of the block size, %u",
                         static_cast<unsigned long long>(size), options.block_size));
    }
    if (!set_modes(fd)) {
        return base::errno_error(errno, "set blocking");
    }
    TRY_VOID(lock(fd, options.read_only || options.shared));
    return size;
}

bool is_in_memory(int fd) {
    struct statfs system {};
    return fstatfs(fd, &system) == 0 &&
           (system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC);
}

/// A block device that is mounted, or part of something, must not be written behind its user's
/// back: O_EXCL asks the kernel, which answers EBUSY.
int open_flags(const FileBackend::Options& options) {
    struct stat status {};
    const bool device = stat(options.path.c_str(), &status) == 0 && S_ISBLK(status.st_mode);
    return options.read_only ? O_RDONLY : O_RDWR | (device ? O_EXCL : 0);
}

}  // namespace

FailedSyncs::Flag FailedSyncs::of(int fd) {
    std::erase_if(flags_, [](const auto& entry) {
        return entry.second.use_count() == 1 && !entry.second->load();
    });
    struct statx status {};
    (void)statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &status);
    const bool device = S_ISBLK(status.stx_mode);
    const auto number = [](uint32_t major, uint32_t minor) {
        return uint64_t{major} << 32U | minor;
    };
    const uint64_t born = (status.stx_mask & STATX_BTIME) == 0
                              ? 0
                              : static_cast<uint64_t>(status.stx_btime.tv_sec) * 1'000'000'000 +
                                    status.stx_btime.tv_nsec;
    const std::array<uint64_t, 3> key =
        device ? std::array{number(status.stx_rdev_major, status.stx_rdev_minor), uint64_t{0},
                            uint64_t{0}}
               : std::array{number(status.stx_dev_major, status.stx_dev_minor),
                            uint64_t{status.stx_ino}, born};
    Flag& flag = flags_[key];
    if (flag == nullptr) {
        flag = std::make_shared<std::atomic<bool>>(false);
    }
    return flag;
}

base::Result<std::unique_ptr<FileBackend>> FileBackend::open(Reactor& reactor, Options options) {
    const std::string context = "image " + options.path;
    auto fd = base::open_file(options.path, open_flags(options) | O_NONBLOCK);
    if (!fd) {
        return std::move(fd).error().in("image");
    }
    const auto size = claim(fd->get(), options);
    if (!size) {
        return size.error().in(context);
    }
    auto shared = std::make_shared<Shared>();
    shared->sync_failed = options.failed_syncs == nullptr
                              ? std::make_shared<std::atomic<bool>>(false)
                              : options.failed_syncs->of(fd->get());
    return std::unique_ptr<FileBackend>(new FileBackend(
        reactor, std::move(options), std::move(fd).value(), *size, std::move(shared)));
}

base::Result<std::unique_ptr<FileBackend>> FileBackend::twin(Reactor& reactor) const {
    auto fd = base::open_file(options_.path, options_.read_only ? O_RDONLY : O_RDWR);
    if (!fd) {
        return std::move(fd).error().in("image again");
    }
    (void)set_modes(fd->get());  // it blocks already
    struct stat ours {};
    struct stat opened {};
    if (fstat(fd_.get(), &ours) != 0 || fstat(fd->get(), &opened) != 0 ||
        ours.st_dev != opened.st_dev || ours.st_ino != opened.st_ino) {
        return base::error("image " + options_.path + ": another file has its name now");
    }
    return std::unique_ptr<FileBackend>(
        new FileBackend(reactor, options_, std::move(fd).value(), size_bytes_, shared_));
}

FileBackend::FileBackend(Reactor& reactor, Options options, base::UniqueFd fd, uint64_t size_bytes,
                         std::shared_ptr<Shared> shared)
    : reactor_(reactor),
      options_(std::move(options)),
      fd_(std::move(fd)),
      size_bytes_(size_bytes),
      reads_at_once_(is_in_memory(fd_.get()) ? AtOnce::kAll : AtOnce::kIfNoWait),
      writes_at_once_(reads_at_once_),
      shared_(std::move(shared)) {}

void FileBackend::refresh() {
    struct stat status {};
    if (fstat(fd_.get(), &status) != 0) {
        return;
    }
    const auto size = size_of(fd_.get(), status);
    if (size && *size != 0 && *size % options_.block_size == 0) {
        size_bytes_ = *size;
        shared_->cut_at = UINT64_MAX;
    }
}

void FileBackend::note_cut(uint64_t size) {
    uint64_t least = shared_->cut_at;
    while (size < least && !shared_->cut_at.compare_exchange_weak(least, size)) {
    }
}

/// Whether the file is too short for this. Its size is asked for once in each turn that writes.
bool FileBackend::is_cut(const Io& io) {
    const bool reads = io.kind == Io::Kind::kRead;
    if (!reads && looked_at_ != reactor_.now()) {
        looked_at_ = reactor_.now();
        struct stat status {};
        if (fstat(fd_.get(), &status) == 0 && S_ISREG(status.st_mode) &&
            static_cast<uint64_t>(status.st_size) < size_bytes_) {
            note_cut(static_cast<uint64_t>(status.st_size));
        }
    }
    const uint64_t cut_at = shared_->cut_at.load(std::memory_order_relaxed);
    return cut_at != UINT64_MAX && (!reads || io.offset + io.length > cut_at);
}

void FileBackend::submit(Io& io) {
    io.progress = 0;
    if (io.kind != Io::Kind::kRead && io.kind != Io::Kind::kFlush && options_.read_only) {
        io.done(IoError::kReadOnly);
        return;
    }
    if (io.kind != Io::Kind::kFlush && is_cut(io)) {
        return fail(io, ENODATA);
    }
    switch (io.kind) {
        case Io::Kind::kRead:
        case Io::Kind::kWrite:
            return move_data(io);
        case Io::Kind::kFlush:
            return flush(io);
        case Io::Kind::kWriteZeroes:
            return write_zeroes(io);
        case Io::Kind::kDiscard:
            return discard(io);
    }
}

void FileBackend::move_data(Io& io) {
    const base::MutableBytes rest = io.data.subspan(io.progress);
    if (rest.empty()) {
        io.done(IoError::kNone);
        return;
    }
    const uint64_t at = io.offset + io.progress;
    if (io.from_medium) {  // what is dirty stays, so it may still come from memory
        (void)posix_fadvise(fd_.get(), static_cast<off_t>(at), static_cast<off_t>(rest.size()),
                            POSIX_FADV_DONTNEED);
    } else if (const int moved_now = move_at_once(io, rest, at); moved_now != -EAGAIN) {
        return moved(io, moved_now);
    }
    if (io.kind == Io::Kind::kRead) {
        reactor_.read(fd_.get(), rest, at, [this, &io](int result) { moved(io, result); });
        return;
    }
    if (io.force_unit_access && *shared_->sync_failed) {
        return fail(io, EIO);
    }
    reactor_.write(fd_.get(), rest, at, io.force_unit_access,
                   [this, &io](int result) { moved(io, result); });
}

/// Moves what can be moved without waiting for a disk. @return as the reactor's `done`, or -EAGAIN
int FileBackend::move_at_once(const Io& io, base::MutableBytes rest, uint64_t at) {
    const bool reads = io.kind == Io::Kind::kRead;
    AtOnce& mode = reads ? reads_at_once_ : writes_at_once_;
    if (mode == AtOnce::kNone || (!reads && io.force_unit_access)) {
        return -EAGAIN;
    }
    const bool in_memory = mode == AtOnce::kAll;
    const int result = reads ? reactor_.read_now(fd_.get(), rest, at, in_memory)
                             : reactor_.write_now(fd_.get(), rest, at, in_memory);
    if (result == -EOPNOTSUPP || result == -ENOSYS) {
        mode = AtOnce::kNone;
        return -EAGAIN;
    }
    return result == -EINTR ? -EAGAIN : result;
}

void FileBackend::moved(Io& io, int result) {
    if (result == 0) {
        note_cut(io.offset + io.progress);
        return fail(io, ENODATA);  // somebody cut the file
    }
    if (result < 0) {
        // Whether it was the write or the sync that failed is not told.
        if (io.kind == Io::Kind::kWrite && io.force_unit_access) {
            *shared_->sync_failed = true;
        }
        return fail(io, -result);
    }
    io.progress += static_cast<uint64_t>(result);
    move_data(io);
}

void FileBackend::flush(Io& io) {
    if (options_.read_only) {
        io.done(IoError::kNone);
        return;
    }
    if (*shared_->sync_failed) {
        return fail(io, EIO);
    }
    reactor_.sync(fd_.get(), [this, &io](int result) {
        if (result == 0 && !*shared_->sync_failed) {
            io.done(IoError::kNone);
            return;
        }
        *shared_->sync_failed = true;
        fail(io, result == 0 ? EIO : -result);
    });
}

void FileBackend::write_zeroes(Io& io) {
    const Method method = io.may_deallocate ? kPunchHole : kZeroRange;
    if (!method_works_[method]) {
        return write_zero_pages(io);
    }
    const int mode =
        FALLOC_FL_KEEP_SIZE | (io.may_deallocate ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE);
    reactor_.allocate(fd_.get(), mode, io.offset, io.length, [this, &io, method](int result) {
        if (is_refusal(-result)) {
            method_works_[method] = result == -EINVAL;  // EINVAL is about this range alone
            return write_zero_pages(io);
        }
        result == 0 ? forced_or_done(io) : fail(io, -result);
    });
}

void FileBackend::write_zero_pages(Io& io) {
    const uint64_t rest = io.length - io.progress;
    if (rest == 0) {
        return forced_or_done(io);
    }
    const auto chunk = base::ByteView(kZeroes).first(std::min<uint64_t>(rest, kZeroChunk));
    reactor_.write(fd_.get(), chunk, io.offset + io.progress, false, [this, &io](int result) {
        if (result <= 0) {
            return fail(io, result == 0 ? EIO : -result);
        }
        io.progress += static_cast<uint64_t>(result);
        write_zero_pages(io);
    });
}

void FileBackend::discard(Io& io) {
    if (!method_works_[kPunchHole]) {
        io.done(IoError::kNone);
        return;
    }
    constexpr int kMode = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;
    reactor_.allocate(fd_.get(), kMode, io.offset, io.length, [this, &io](int result) {
        if (result == 0 || is_refusal(-result)) {
            method_works_[kPunchHole] = result == 0 || result == -EINVAL;
            io.done(IoError::kNone);  // only a hint
            return;
        }
        fail(io, -result);
    });
}

void FileBackend::forced_or_done(Io& io) {
    if (io.force_unit_access) {
        return flush(io);
    }
    io.done(IoError::kNone);
}

void FileBackend::fail(Io& io, int code) {
    if (options_.on_trouble && reactor_.now() >= quiet_until_) {
        quiet_until_ = reactor_.now() + kTroubleInterval;
        const std::string reason =
            *shared_->sync_failed ? " (the target trusts no flush after a failed one)" : "";
        options_.on_trouble(std::string(verb(io.kind)) + " " + options_.path + " at byte " +
                            std::to_string(io.offset + io.progress) + ": " + std::strerror(code) +
                            reason);
    }
    io.done(io_error(code));
}

}  // namespace target
