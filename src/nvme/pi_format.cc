// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/pi_format.h"

#include <array>
#include <optional>

#include "base/text.h"

namespace nvme {
namespace {

constexpr uint8_t kMinBlockShift = 9;
constexpr uint8_t kMaxBlockShift = 12;  // Linux needs large folios for more; none is in use
constexpr unsigned kMaxFormat = 63;
constexpr uint8_t kQualified = 3;  // PIF: the qualified format field counts

/// PIF and QPIF number guards alike.
std::optional<uint8_t> guard_bits(uint32_t pif) {
    constexpr std::array<uint8_t, 3> kBits = {16, 32, 64};
    return pif < kBits.size() ? std::optional(kBits[pif]) : std::nullopt;
}

/// The storage tag shares a field with the reference tag; how wide it may be depends on the guard.
base::Status check_storage_tag(const PiFormat& format) {
    const unsigned most = format.guard_bits == 16 ? 32 : format.guard_bits == 32 ? 64 : 48;
    const unsigned least = format.guard_bits == 32 ? 16 : 0;
    const unsigned bits = format.storage_tag_bits;
    if (bits < least || bits > most) {
        return base::error(
            base::format("a storage tag of %u bits with a guard of %u bits: %u to "
                         "%u are defined",
                         bits, unsigned{format.guard_bits}, least, most));
    }
    return base::done();
}

/// Adds what CNS 05h says about format `index`.
base::Status read_extended_format(const IdentifyNvmNamespace& nvm, unsigned index,
                                  PiFormat& format) {
    const uint32_t elbaf = nvm.elbaf[index];
    uint32_t pif = elbaf >> 7U & 3U;
    if (pif == kQualified && (nvm.pic & IdentifyNvmNamespace::kPicQualified) != 0) {
        pif = elbaf >> 9U & 15U;
    }
    const auto bits = guard_bits(pif);
    if (!bits) {
        return base::error(base::format("protection information format %u is not defined", pif));
    }
    format.guard_bits = *bits;
    format.storage_tag_bits = static_cast<uint8_t>(elbaf & 0x7FU);
    return check_storage_tag(format);
}

/// The fields of Identify must not contradict each other, or the tuple could be misplaced.
base::Status check_protection(const IdentifyNamespace& ns, const PiFormat& format) {
    if (format.type > 3) {
        return base::error(
            base::format("protection type %u is not defined", unsigned{format.type}));
    }
    if ((ns.dpc >> (format.type - 1) & 1) == 0) {
        return base::error(
            base::format("type %u protection is in use but not among the namespace's "
                         "capabilities (DPC %02Xh)",
                         unsigned{format.type}, unsigned{ns.dpc}));
    }
    if ((ns.dpc >> (format.first ? 3U : 4U) & 1U) == 0) {
        return base::error(
            base::format("protection information in the %s bytes is in use but not "
                         "among the namespace's capabilities (DPC %02Xh)",
                         format.first ? "first" : "last", unsigned{ns.dpc}));
    }
    if (format.metadata_bytes < format.tuple_bytes()) {
        return base::error(
            base::format("%u metadata bytes cannot hold protection information of "
                         "%u bytes",
                         format.metadata_bytes, format.tuple_bytes()));
    }
    return base::done();
}

}  // namespace

base::Result<PiFormat> decode_pi_format(const IdentifyNamespace& ns,
                                        const IdentifyNvmNamespace* nvm) {
    const unsigned index = ns.format_index();
    if (index > unsigned{ns.nlbaf} + ns.nulbaf || index > kMaxFormat) {
        return base::error(base::format("LBA format %u is in use but there are only %u", index,
                                        unsigned{ns.nlbaf} + ns.nulbaf + 1));
    }
    const LbaFormat& lba = ns.lbaf[index];
    if (lba.lbads < kMinBlockShift || lba.lbads > kMaxBlockShift) {
        return base::error(
            base::format("blocks of 2^%u bytes: 512 to 4096 are supported", unsigned{lba.lbads}));
    }
    PiFormat format;
    format.block_bytes = 1U << lba.lbads;
    format.metadata_bytes = lba.ms;
    format.extended = (ns.flbas & IdentifyNamespace::kFlbasExtended) != 0;
    format.type = ns.dps & IdentifyNamespace::kDpsTypeMask;
    format.first = (ns.dps & IdentifyNamespace::kDpsFirst) != 0;
    if (nvm != nullptr && format.metadata_bytes != 0) {
        TRY_VOID(read_extended_format(*nvm, index, format));
    }
    if (format.type != 0) {
        TRY_VOID(check_protection(ns, format));
    }
    return format;
}

std::string describe(const PiFormat& format) {
    std::string text = std::to_string(format.block_bytes);
    if (format.metadata_bytes != 0) {
        text += "+" + std::to_string(format.metadata_bytes);
    }
    text += "-byte blocks";
    if (format.type == 0) {
        return format.metadata_bytes == 0 ? text
                                          : text + ", metadata without protection information";
    }
    text +=
        base::format(", type %u protection, %u-bit guard, in the %s bytes", unsigned{format.type},
                     unsigned{format.guard_bits}, format.first ? "first" : "last");
    if (format.storage_tag_bits != 0) {
        text += base::format(", %u-bit storage tag", unsigned{format.storage_tag_bits});
    }
    return text;
}

}  // namespace nvme
