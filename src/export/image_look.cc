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

/// What is no raw disk, by the bytes at one place.
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
    Format{0, "# Disk DescriptorFile"sv, "the description of a VMDK image", kConvert},
    Format{0, "vhdxfile"sv, "a VHDX image", kConvert},
    Format{0, "conectix"sv, "a VHD image", kConvert},
    Format{64, "\x7F\x10\xDA\xBE"sv, "a VDI image", kConvert},
    Format{0, "WithoutFreeSpace"sv, "a Parallels image", kConvert},
    Format{0, "WithouFreSpacExt"sv, "a Parallels image", kConvert},
    Format{0, "\x3A\xFF\x26\xED"sv, "an Android sparse image", "simg2img IMAGE RAW-IMAGE"},
    Format{0, "\xFD\x37zXZ\0"sv, "compressed by xz", "xz -dk IMAGE"},
    Format{0, "\x1F\x8B\x08"sv, "compressed by gzip", "gzip -dk IMAGE"},
    Format{0, "\x28\xB5\x2F\xFD"sv, "compressed by zstd", "zstd -d IMAGE"},
    Format{4, "1AY&SY"sv, "compressed by bzip2", "bzip2 -dk IMAGE"},
    Format{0, "\x04\x22\x4D\x18"sv, "compressed by lz4", "lz4 -d IMAGE RAW-IMAGE"},
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
        "in blocks of %u: set block_size = %u, or partition it anew",
        other, block_bytes, other);
}

base::Bytes read_at(int fd, off_t offset, size_t most) {
    base::Bytes bytes(most);
    const ssize_t count = pread(fd, bytes.data(), bytes.size(), offset);
    bytes.resize(static_cast<size_t>(std::max<ssize_t>(count, 0)));
    return bytes;
}

/// 0: nobody knows.
uint32_t block_bytes_of_device(const std::string& path) {
    const auto fd = base::open_file(path, O_RDONLY | O_NONBLOCK);
    int bytes = 0;
    return fd && ioctl(fd->get(), BLKSSZGET, &bytes) == 0 ? static_cast<uint32_t>(bytes) : 0;
}

}  // namespace

ImageVerdict judge_image(base::ByteView head, base::ByteView tail, uint32_t block_bytes) {
    const auto* const format = std::ranges::find_if(
        kFormats, [&](const Format& each) { return has(head, each.offset, each.magic); });
    if (format != kFormats.end()) {
        return {"it is " + std::string(format->name) +
                    ", no raw disk; make one: " + std::string(format->remedy),
                ""};
    }
    if (has(tail, 0, "conectix")) {
        return {"",
                "it ends as a VHD image of fixed size does, with 512 bytes that belong to no "
                "disk; make a raw disk: " +
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
    // Only what is no multiple of a page can have the footer of a VHD image behind it.
    const bool may_have_footer = S_ISREG(status.st_mode) && status.st_size % 4096 == kImageTail;
    const base::Bytes tail =
        may_have_footer
            ? read_at(fd.get(), status.st_size - static_cast<off_t>(kImageTail), kImageTail)
            : base::Bytes();
    return judge_image(read_at(fd.get(), 0, kImageHead), tail, block_bytes);
}

std::string look_at_image(Namespace& ns) {
    struct stat status {};
    ns.unserved.clear();
    if (stat(ns.image.c_str(), &status) != 0) {
        ns.unserved = base::errno_error(errno, ns.image).text;
        return "";
    }
    if (S_ISBLK(status.st_mode) && !ns.block_bytes_given) {
        ns.block_bytes = block_bytes_of_device(ns.image) == 4096 ? 4096 : 512;
    }
    const auto verdict = judge_image(ns.image, ns.block_bytes);
    if (!verdict) {
        return "";  // whoever serves it says why it cannot
    }
    ns.unserved = verdict->refusal.empty() ? "" : ns.image + ": " + verdict->refusal;
    return verdict->warning.empty() ? "" : ns.image + ": " + verdict->warning;
}

}  // namespace exports
