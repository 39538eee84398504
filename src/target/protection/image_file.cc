// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/protection/image_file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/clock.h"
#include "base/text.h"
#include "target/protection/tuple_room.h"
#include "target/storage/held.h"

namespace target {
namespace {

using base::Result;
using base::UniqueFd;

/// How much work a stopped `image protect` loses.
constexpr uint64_t kCheckpointBytes = 256U << 20U;

base::Status lock(int fd, short kind, const std::string& path) {
    struct flock range {};
    range.l_type = kind;
    range.l_whence = SEEK_SET;
    base::SystemClock clock;
    auto locked = while_held(clock, [&]() -> base::Status {
        if (fcntl(fd, F_OFD_SETLK, &range) != 0) {
            return base::errno_error(errno, "lock " + path);
        }
        return base::done();
    });
    if (!locked && locked.error().code == EAGAIN) {
        return base::error(path + ": in use by a server or by another command");
    }
    return locked;
}

Result<UniqueFd> open_locked(const std::string& path, int flags, short kind) {
    TRY(UniqueFd fd,
        base::open_file(path, flags | O_NONBLOCK));  // a FIFO is an error, and is not waited for
    TRY_VOID(lock(fd.get(), kind, path));
    return fd;
}

/// Only who may read the image may read its sidecar.
base::Status take_permissions(int sidecar, int image, const std::string& path) {
    constexpr mode_t kReadWrite = 0666;
    struct stat from {};
    if (fstat(image, &from) != 0) {
        return base::errno_error(errno, "stat");
    }
    const bool same_owner = fchown(sidecar, from.st_uid, from.st_gid) == 0;
    const mode_t mode = from.st_mode & (same_owner ? kReadWrite : S_IRUSR | S_IWUSR);
    if (fchmod(sidecar, mode | S_IRUSR | S_IWUSR) != 0) {
        return base::errno_error(errno, "set the mode of " + path);
    }
    return base::done();
}

/// Makes the file, or opens the one that is there: a regular file itself, not one that a symbolic
/// link points to.
Result<UniqueFd> open_sidecar(const std::string& path) {
    constexpr int kFlags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    auto fd = base::open_file(path, kFlags | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
    if (!fd && fd.error().code == EEXIST) {
        fd = base::open_file(path, kFlags);
    }
    if (!fd && fd.error().code == ELOOP) {
        return base::error(path + ": is a symbolic link; name the file itself with --sidecar");
    }
    if (!fd) {
        return std::move(fd).error();
    }
    struct stat status {};
    if (fstat(fd->get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return base::error(path + ": not a regular file");
    }
    TRY_VOID(lock(fd->get(), F_WRLCK, path));
    return fd;
}

/// Empties the sidecar and gives it the size and the room that it needs, unless it is gone on with.
base::Status begin(int sidecar, int image, const std::string& path, SidecarHeader& header) {
    if (header.built == 0) {
        if (ftruncate(sidecar, 0) != 0) {
            return base::errno_error(errno, "empty " + path);
        }
        TRY_VOID(take_permissions(sidecar, image, path));
    }
    FileStore store(sidecar);
    TRY_VOID(write_header(store, header));  // first: from now on it is known as what it is
    if (ftruncate(sidecar, static_cast<off_t>(sidecar_bytes(header))) != 0) {
        return base::errno_error(errno, "size " + path);
    }
    if (!allocate(sidecar, {0, header.tuple_offset})) {
        return base::errno_error(errno, "room for the log of " + path);
    }
    return base::done();
}

/// Whether one of the header's copies is at least meant to be one.
bool is_sidecar(FileStore& store) {
    for (const uint64_t slot : {uint64_t{0}, kSidecarPage}) {
        std::array<char, SidecarHeader::kMagic.size()> magic{};
        if (store.read(slot, std::as_writable_bytes(std::span(magic))) &&
            magic == SidecarHeader::kMagic) {
            return true;
        }
    }
    return false;
}

std::string path_or_default(const std::string& sidecar, const std::string& image) {
    return sidecar.empty() ? sidecar_path(image) : sidecar;
}

/// Why an existing sidecar must not be overwritten, or the header to continue with.
Result<SidecarHeader> start_header(const ProtectOptions& options, FileStore& store,
                                   uint64_t sidecar_size, int image, uint64_t blocks) {
    const auto old = read_header(store, sidecar_size);
    if (old && old->state != SidecarHeader::kBuilding && !options.force) {
        return base::error(
            "already protected; --force recomputes the checksums from the current contents");
    }
    const bool same_format = old && format_of(*old) == options.format && old->blocks == blocks;
    if (same_format && old->state == SidecarHeader::kBuilding && is_untouched(*old, image)) {
        return *old;
    }
    SidecarHeader header = new_header(options.format, blocks, random_id());
    header.sequence = old ? uint64_t{old->sequence} : 0;
    header.generation = old ? old->generation + 1 : 1;
    header.stamp = stamp_of(image);
    return header;
}

base::Status build(FileStore& image, FileStore& sidecar, SidecarHeader& header,
                   const Progress& progress) {
    const nvme::PiFormat format = format_of(header);
    const uint64_t chunk = kImageChunkBytes / format.block_bytes;
    base::Bytes data(kImageChunkBytes);
    base::Bytes tuples(chunk * format.metadata_bytes);
    uint64_t saved = header.built;
    for (uint64_t first = header.built; first < header.blocks;) {
        const uint64_t count = std::min(chunk, header.blocks - first);
        const auto part = std::span(data).first(count * format.block_bytes);
        const auto made = std::span(tuples).first(count * format.metadata_bytes);
        TRY_VOID(image.read(first * format.block_bytes, part));
        nvme::generate(format, nvme::Blocks::separate(format, part, made), tags_at_rest(first));
        TRY_VOID(sidecar.write(header.tuple_offset + first * format.metadata_bytes, made));
        first += count;
        if ((first - saved) * format.block_bytes >= kCheckpointBytes) {
            TRY_VOID(sidecar.sync());
            header.built = first;
            TRY_VOID(write_header(sidecar, header));
            saved = first;
        }
        progress(first, header.blocks);
    }
    header.built = header.blocks;
    return sidecar.sync();
}

/// A pair that a crash left is made whole and closed cleanly.
base::Status settle(const VerifyOptions& options, FileStore& image, FileStore& sidecar, int fd,
                    VerifyReport& report) {
    if (report.header.state != SidecarHeader::kInUse) {
        return base::done();
    }
    auto recovered = recover(image, sidecar, report.header, boot_of_machine());
    if (!recovered) {
        return std::move(recovered).error().in(options.image);
    }
    report.recovery = std::move(recovered).value();
    report.header.state = SidecarHeader::kClean;
    report.header.stamp = stamp_of(fd);
    return write_header(sidecar, report.header);
}

}  // namespace

bool is_untouched(const SidecarHeader& header, int image) {
    return header.stamp == stamp_of(image);
}

Result<uint64_t> size_of_image(int fd) {
    struct stat status {};
    if (fstat(fd, &status) != 0) {
        return base::errno_error(errno, "stat");
    }
    uint64_t bytes = static_cast<uint64_t>(status.st_size);
    if (S_ISBLK(status.st_mode) && ioctl(fd, BLKGETSIZE64, &bytes) != 0) {
        return base::errno_error(errno, "ask for the size");
    }
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
        return base::error("neither a regular file nor a block device");
    }
    return bytes;
}

Result<SidecarHeader> protect_image(const ProtectOptions& options, const Progress& progress) {
    const std::string path = path_or_default(options.sidecar, options.image);
    TRY(const UniqueFd image, open_locked(options.image, O_RDONLY, F_RDLCK));
    const auto size = size_of_image(image.get());
    if (!size) {
        return size.error().in(options.image);
    }
    const uint64_t bytes = *size;
    if (bytes == 0 || bytes % options.format.block_bytes != 0) {
        return base::error(
            base::format("%s: its size, %llu bytes, is not a multiple of %u", options.image.c_str(),
                         static_cast<unsigned long long>(bytes), options.format.block_bytes));
    }
    TRY(const UniqueFd sidecar, open_sidecar(path));
    TRY(const uint64_t old_size, size_of_image(sidecar.get()));
    FileStore image_store(image.get());
    FileStore store(sidecar.get());
    if (!options.force && old_size > 0 && !is_sidecar(store)) {
        return base::error(path + ": another file that is not a sidecar; --force replaces it");
    }
    auto header =
        start_header(options, store, old_size, image.get(), bytes / options.format.block_bytes);
    if (!header) {
        return std::move(header).error().in(path);
    }
    TRY_VOID(begin(sidecar.get(), image.get(), path, *header));
    TRY_VOID(build(image_store, store, *header, progress));
    if (!is_untouched(*header, image.get())) {
        return base::error(options.image +
                           ": the image changed during the run; run the command again");
    }
    header->state = SidecarHeader::kClean;
    TRY_VOID(write_header(store, *header));
    return header;
}

Result<VerifyReport> verify_image(const VerifyOptions& options, const Progress& progress) {
    const std::string path = path_or_default(options.sidecar, options.image);
    TRY(const UniqueFd image, open_locked(options.image, O_RDONLY, F_RDLCK));
    TRY(const uint64_t bytes, size_of_image(image.get()));
    TRY(const UniqueFd sidecar, open_locked(path, O_RDWR, F_WRLCK));
    TRY(const uint64_t sidecar_size, size_of_image(sidecar.get()));
    FileStore image_store(image.get());
    FileStore store(sidecar.get());
    VerifyReport report;
    auto header = read_header(store, sidecar_size);
    if (!header) {
        return std::move(header).error().in(path);
    }
    report.header = *header;
    if (auto fits = check_pair(*header, bytes); !fits) {
        return std::move(fits).error().in(path);
    }
    TRY_VOID(settle(options, image_store, store, image.get(), report));
    ImageWalk walk(image_store, store, report.header);
    TRY_VOID(walk.run(options.bytes_per_second, progress));
    report.wrong = walk.wrong();
    report.faults = walk.faults(VerifyReport::kListed);
    return report;
}

Result<ImageInfo> image_info(const std::string& image, const std::string& sidecar) {
    constexpr int kFlags = O_RDONLY | O_NONBLOCK;
    TRY(const UniqueFd fd, base::open_file(image, kFlags));
    auto bytes = size_of_image(fd.get());
    if (!bytes) {
        return std::move(bytes).error().in(image);
    }
    const std::string path = path_or_default(sidecar, image);
    auto file = base::open_file(path, kFlags);
    if (!file) {
        return ImageInfo{*bytes, path, std::move(file).error()};
    }
    auto size = size_of_image(file->get());
    if (!size) {
        return ImageInfo{*bytes, path, std::move(size).error().in(path)};
    }
    FileStore store(file->get());
    return ImageInfo{*bytes, path, read_header(store, *size)};
}

}  // namespace target
