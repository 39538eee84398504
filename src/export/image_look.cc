// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/image_look.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/fd.h"
#include "base/text.h"

namespace exports {
namespace {

using namespace std::string_view_literals;

/// Files that are not raw disks, by the bytes at one place.
struct Format {
    size_t offset;
    std::string_view magic;
    std::string_view name;
    std::string_view remedy;  ///< behind `make one: `
};

constexpr std::string_view kConvert = "qemu-img convert -O raw IMAGE RAW-IMAGE";

constexpr std::array kFormats = {
    Format{0, "QFI\xFB"sv, "a qcow2 image", kConvert},
    Format{0, "QED\0"sv, "a QED image", kConvert},
    Format{0, "KDMV"sv, "a VMDK image", kConvert},
    Format{0, "COWD"sv, "a VMDK image", kConvert},
    Format{0, "\xBE\xBA\xFE\xCA\0\0\0\0"sv, "a VMDK image", kConvert},  // of ESXi's own kind
    Format{0, "# Disk DescriptorFile"sv, "the description of a VMDK image", kConvert},
    Format{0, "vhdxfile"sv, "a VHDX image", kConvert},
    Format{0, "conectix"sv, "a VHD image", kConvert},
    Format{64, "\x7F\x10\xDA\xBE"sv, "a VDI image", kConvert},
    Format{0, "WithoutFreeSpace"sv, "a Parallels image", kConvert},
    Format{0, "WithouFreSpacExt"sv, "a Parallels image", kConvert},
    Format{0, "Bochs Virtual HD Image"sv, "a Bochs image", kConvert},
    Format{0, "MSWIM\0\0\0"sv, "a WIM image", "wimlib-imagex apply IMAGE DISK"},
    Format{0, "partclone-image"sv, "a Partclone image",
           "partclone.restore -C -s IMAGE -O RAW-IMAGE"},
    Format{0, "\x3A\xFF\x26\xED"sv, "an Android sparse image", "simg2img IMAGE RAW-IMAGE"},
    Format{0, "\xFD\x37zXZ\0"sv, "compressed by xz", "xz -dk IMAGE"},
    Format{0, "\x1F\x8B\x08"sv, "compressed by gzip", "gzip -dk IMAGE"},
    Format{0, "\x28\xB5\x2F\xFD"sv, "compressed by zstd", "zstd -d IMAGE"},
    Format{0, "\x50\x2A\x4D\x18"sv, "compressed by zstd", "zstd -d IMAGE"},  // in several frames
    Format{0, "\x5D\0\0\x80\0"sv, "compressed by lzma", "xz -dk IMAGE"},
    Format{4, "1AY&SY"sv, "compressed by bzip2", "bzip2 -dk IMAGE"},
    Format{0, "\x04\x22\x4D\x18"sv, "compressed by lz4", "lz4 -d IMAGE RAW-IMAGE"},
    Format{0, "\x02\x21\x4C\x18"sv, "compressed by lz4", "lz4 -d IMAGE RAW-IMAGE"},  // of old
    Format{0, "\x89LZO\0\r\n\x1A\n"sv, "compressed by lzop", "lzop -dk IMAGE"},
    Format{0, "LZIP"sv, "compressed by lzip", "lzip -dk IMAGE"},
    Format{0, "7z\xBC\xAF\x27\x1C"sv, "a 7z archive", "7z x IMAGE"},
    Format{0, "PK\x03\x04"sv, "a zip archive", "unzip IMAGE"},
    Format{257, "ustar"sv, "a tar archive", "tar -xf IMAGE"},
};

bool has(base::ByteView bytes, size_t offset, std::string_view magic) {
    return bytes.size() >= offset + magic.size() &&
           std::ranges::equal(bytes.subspan(offset, magic.size()), std::as_bytes(std::span(magic)));
}

/// Hosts look for a partition table in the second block.
std::string check_partition_table(base::ByteView head, uint32_t block_bytes) {
    constexpr std::string_view kGpt = "EFI PART";
    const uint32_t other = block_bytes == 512 ? 4096 : 512;
    if (has(head, block_bytes, kGpt) || !has(head, other, kGpt)) {
        return "";
    }
    return base::format(
        "its partition table was made for blocks of %u bytes, and hosts will find no partition "
        "in blocks of %u: set block_size = %u, or partition it again",
        other, block_bytes, other);
}

base::Bytes read_at(int fd, off_t offset, size_t most) {
    base::Bytes bytes(most);
    const ssize_t count = pread(fd, bytes.data(), bytes.size(), offset);
    bytes.resize(static_cast<size_t>(std::max<ssize_t>(count, 0)));
    return bytes;
}

/// Why a regular file is not a disk by its size; empty: it is one. The size of a device is known
/// when it is opened.
std::string odd_size(const struct stat& status, uint32_t block_bytes) {
    if (!S_ISREG(status.st_mode) || (status.st_size > 0 && status.st_size % block_bytes == 0)) {
        return "";
    }
    return status.st_size == 0
               ? "it is empty"
               : base::format("its size, %llu bytes, is not a multiple of the block size, %u",
                              static_cast<unsigned long long>(status.st_size), block_bytes);
}

}  // namespace

ImageVerdict judge_image(base::ByteView head, base::ByteView tail, uint32_t block_bytes) {
    const auto* const format = std::ranges::find_if(
        kFormats, [&](const Format& each) { return has(head, each.offset, each.magic); });
    if (format != kFormats.end()) {
        return {"it is " + std::string(format->name) +
                    ", not a raw disk; convert it: " + std::string(format->remedy),
                ""};
    }
    if (has(tail, 0, "conectix")) {
        return {"",
                "it ends like a VHD image of fixed size, with 512 bytes that are not part of the "
                "disk; convert it: " +
                    std::string(kConvert)};
    }
    return {"", check_partition_table(head, block_bytes)};
}

base::Result<ImageVerdict> judge_image(const std::string& path, uint32_t block_bytes) {
    TRY(const base::UniqueFd fd, base::open_file(path, O_RDONLY | O_NONBLOCK));
    struct stat status {};
    if (fstat(fd.get(), &status) != 0) {
        return base::errno_error(errno, path);
    }
    const bool may_have_footer =
        S_ISREG(status.st_mode) && status.st_size > static_cast<off_t>(kImageTail);
    const base::Bytes tail =
        may_have_footer
            ? read_at(fd.get(), status.st_size - static_cast<off_t>(kImageTail), kImageTail)
            : base::Bytes();
    return judge_image(read_at(fd.get(), 0, kImageHead), tail, block_bytes);
}

uint32_t block_bytes_of_device(int logical_block_bytes) {
    constexpr int kLarger = 4096;  // a device of still larger blocks is written by whole pages too
    return logical_block_bytes >= kLarger ? kLarger : 512;
}

uint32_t default_block_bytes(const std::string& path) {
    const auto fd = base::open_file(path, O_RDONLY | O_NONBLOCK);
    int bytes = 0;
    return fd && ioctl(fd->get(), BLKSSZGET, &bytes) == 0 ? block_bytes_of_device(bytes) : 512;
}

std::string look_at_image(Namespace& ns) {
    struct stat status {};
    ns.unserved.clear();
    if (stat(ns.image.c_str(), &status) != 0) {
        ns.unserved = base::errno_error(errno, ns.image).text;
        return "";
    }
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
        ns.unserved = ns.image + " is neither a regular file nor a block device";
        return "";
    }
    if (S_ISBLK(status.st_mode) && !ns.block_bytes_given) {
        ns.block_bytes = default_block_bytes(ns.image);
    }
    const auto verdict = judge_image(ns.image, ns.block_bytes);
    if (!verdict) {
        return "";  // the server reports why it cannot serve it
    }
    const std::string why =
        verdict->refusal.empty() ? odd_size(status, ns.block_bytes) : verdict->refusal;
    ns.unserved = why.empty() ? "" : ns.image + ": " + why;
    return verdict->warning.empty() ? "" : ns.image + ": " + verdict->warning;
}

}  // namespace exports
