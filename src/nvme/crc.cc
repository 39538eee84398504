// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/crc.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
#endif
#if defined(NVMEROOT_ISAL)
#include <isa-l.h>
#endif

namespace nvme {
namespace {

// Table code, "slicing by 8": table[k][b] is the sum of byte b followed by k zero bytes, so eight
// bytes take eight independent look-ups. The reflected sums work on the low bits first. Each table
// is made when it is first used: the boot client would carry 40 KiB of them and uses few.

template <class Word>
using Tables = std::array<std::array<Word, 256>, 8>;

template <class Word>
Tables<Word> reflected_tables(Word polynomial) {
    Tables<Word> tables{};
    for (unsigned byte = 0; byte < 256; ++byte) {
        Word sum = static_cast<Word>(byte);
        for (int bit = 0; bit < 8; ++bit) {
            sum = (sum & 1U) != 0 ? (sum >> 1U) ^ polynomial : sum >> 1U;
        }
        tables[0][byte] = sum;
    }
    for (unsigned k = 1; k < 8; ++k) {
        for (unsigned byte = 0; byte < 256; ++byte) {
            const Word sum = tables[k - 1][byte];
            tables[k][byte] = (sum >> 8U) ^ tables[0][sum & 0xFFU];
        }
    }
    return tables;
}

Tables<uint16_t> make_t10_tables() {
    constexpr unsigned kPolynomial = 0x8BB7;
    Tables<uint16_t> tables{};
    for (unsigned byte = 0; byte < 256; ++byte) {
        unsigned sum = byte << 8U;
        for (int bit = 0; bit < 8; ++bit) {
            sum = (sum & 0x8000U) != 0 ? sum << 1U ^ kPolynomial : sum << 1U;
        }
        tables[0][byte] = static_cast<uint16_t>(sum);
    }
    for (unsigned k = 1; k < 8; ++k) {
        for (unsigned byte = 0; byte < 256; ++byte) {
            const unsigned sum = tables[k - 1][byte];
            tables[k][byte] = static_cast<uint16_t>(sum << 8U ^ tables[0][sum >> 8U]);
        }
    }
    return tables;
}

const Tables<uint32_t>& crc32c_tables() {
    static const auto tables = reflected_tables<uint32_t>(0x82F63B78);
    return tables;
}

const Tables<uint32_t>& crc32_ieee_tables() {
    static const auto tables = reflected_tables<uint32_t>(0xEDB88320);
    return tables;
}

const Tables<uint64_t>& crc64_nvme_tables() {
    static const auto tables = reflected_tables<uint64_t>(0x9A6C9329AC4BC9B5);
    return tables;
}

const Tables<uint16_t>& t10_tables() {
    static const auto tables = make_t10_tables();
    return tables;
}

uint64_t load_le64(const std::byte* bytes) {
    uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}

template <class Word>
Word sum_reflected(const Tables<Word>& tables, base::ByteView bytes, Word before) {
    Word sum = ~before;
    while (bytes.size() >= 8) {
        const uint64_t word = load_le64(bytes.data()) ^ sum;
        sum = 0;
        for (unsigned k = 0; k < 8; ++k) {
            sum ^= tables[7 - k][word >> 8 * k & 0xFFU];
        }
        bytes = bytes.subspan(8);
    }
    for (const std::byte b : bytes) {
        sum = (sum >> 8U) ^ tables[0][(sum ^ std::to_integer<Word>(b)) & 0xFFU];
    }
    return ~sum;
}

#if defined(__x86_64__)

// The crc32 instruction takes eight bytes, and a new one may begin every cycle although each needs
// three: so three neighbouring lanes are summed at once and put together. A lane's sum is moved
// over the lane behind it by look-up: what zero bytes do to a register is linear, so it is the
// exclusive or of what they do to each of its four bytes.

constexpr size_t kLane = 168;  // three lanes and one word make a block of 512 bytes

using LaneTables = std::array<std::array<uint32_t, 256>, 4>;

uint32_t after_lane_of_zeros(uint32_t sum) {
    const auto& bytes = crc32c_tables()[0];
    for (size_t i = 0; i < kLane; ++i) {
        sum = (sum >> 8U) ^ bytes[sum & 0xFFU];
    }
    return sum;
}

LaneTables make_lane_tables() {
    LaneTables tables{};
    for (unsigned k = 0; k < 4; ++k) {
        for (uint32_t byte = 1; byte < 256; ++byte) {
            const uint32_t others = byte & (byte - 1);  // all bits but the lowest
            tables[k][byte] = others == 0 ? after_lane_of_zeros(byte << 8 * k)
                                          : tables[k][others] ^ tables[k][byte ^ others];
        }
    }
    return tables;
}

const LaneTables& lane_tables() {
    static const auto tables = make_lane_tables();
    return tables;
}

uint64_t over_lane(const LaneTables& tables, uint64_t sum) {
    return tables[0][sum & 0xFFU] ^ tables[1][sum >> 8U & 0xFFU] ^ tables[2][sum >> 16U & 0xFFU] ^
           tables[3][sum >> 24U];
}

__attribute__((target("sse4.2"))) uint32_t crc32c_instruction(base::ByteView bytes,
                                                              uint32_t before) {
    const std::byte* at = bytes.data();
    size_t left = bytes.size();
    uint64_t sum = ~before;
    const LaneTables& tables = lane_tables();
    for (; left >= 3 * kLane; at += 3 * kLane, left -= 3 * kLane) {
        uint64_t second = 0;
        uint64_t third = 0;
        for (size_t i = 0; i < kLane; i += 8) {
            sum = _mm_crc32_u64(sum, load_le64(at + i));
            second = _mm_crc32_u64(second, load_le64(at + kLane + i));
            third = _mm_crc32_u64(third, load_le64(at + 2 * kLane + i));
        }
        sum = over_lane(tables, over_lane(tables, sum) ^ second) ^ third;
    }
    for (; left >= 8; at += 8, left -= 8) {
        sum = _mm_crc32_u64(sum, load_le64(at));
    }
    auto rest = static_cast<uint32_t>(sum);
    for (; left > 0; ++at, --left) {
        rest = _mm_crc32_u8(rest, std::to_integer<uint8_t>(*at));
    }
    return ~rest;
}

const bool kHasInstruction = __builtin_cpu_supports("sse4.2") != 0;

// CRC-64 by folding: a sum is the remainder of the bytes as a polynomial, and a polynomial of 128
// bits that stands n bits before the end may be replaced by its product with x^n modulo the
// divisor. Four pieces of 16 bytes are folded over the next four at once; what is left at the end
// is summed by the tables. In this bit order a product is one bit short, so the powers are one
// lower.

constexpr uint64_t kPolynomial64 = 0x9A6C9329AC4BC9B5;

/// x^n modulo the divisor, lowest power in the highest bit.
constexpr uint64_t power_of_x(unsigned n) {
    uint64_t power = uint64_t{1} << 63U;
    for (; n > 0; --n) {
        power = (power & 1U) != 0 ? power >> 1U ^ kPolynomial64 : power >> 1U;
    }
    return power;
}

/// The constants that fold 16 bytes over those that begin `bits` bits after them.
struct FoldBy {
    uint64_t first_half;
    uint64_t second_half;
};
constexpr FoldBy fold_by(unsigned bits) {
    return {power_of_x(bits + 64 - 1), power_of_x(bits - 1)};
}
constexpr FoldBy kOverFour = fold_by(512);
constexpr FoldBy kOverOne = fold_by(128);

__attribute__((target("pclmul"))) __m128i fold(__m128i piece, __m128i by, __m128i next) {
    return _mm_xor_si128(
        _mm_xor_si128(_mm_clmulepi64_si128(piece, by, 0x00), _mm_clmulepi64_si128(piece, by, 0x11)),
        next);
}

__m128i load_piece(const std::byte* at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

__m128i factors(const FoldBy& by) {
    return _mm_set_epi64x(static_cast<int64_t>(by.second_half),
                          static_cast<int64_t>(by.first_half));
}

constexpr size_t kPiece = 16;
constexpr size_t kPieces = 4;
constexpr size_t kFour = kPieces * kPiece;

/// REQUIRES: at least kFour bytes
__attribute__((target("pclmul"))) uint64_t crc64_by_folding(base::ByteView bytes, uint64_t before) {
    const std::byte* at = bytes.data();
    __m128i pieces[kPieces];
    for (size_t i = 0; i < kPieces; ++i) {
        pieces[i] = load_piece(at + i * kPiece);
    }
    pieces[0] = _mm_xor_si128(pieces[0], _mm_set_epi64x(0, static_cast<int64_t>(~before)));
    size_t left = bytes.size() - kFour;
    at += kFour;
    for (const __m128i by = factors(kOverFour); left >= kFour; at += kFour, left -= kFour) {
        for (size_t i = 0; i < kPieces; ++i) {
            pieces[i] = fold(pieces[i], by, load_piece(at + i * kPiece));
        }
    }
    const __m128i by = factors(kOverOne);
    __m128i all = pieces[0];
    for (size_t i = 1; i < kPieces; ++i) {
        all = fold(all, by, pieces[i]);
    }
    for (; left >= kPiece; at += kPiece, left -= kPiece) {
        all = fold(all, by, load_piece(at));
    }
    std::array<std::byte, kPiece> rest;
    std::memcpy(rest.data(), &all, sizeof all);
    // A sum that begins with zeros in the register: the inversions cancel.
    const uint64_t sum = sum_reflected(crc64_nvme_tables(), base::ByteView(rest), ~uint64_t{0});
    return sum_reflected(crc64_nvme_tables(), bytes.last(left), sum);
}

const bool kHasMultiplication = __builtin_cpu_supports("pclmul") != 0;

#endif

}  // namespace

uint32_t crc32c_portable(base::ByteView bytes, uint32_t before) {
    return sum_reflected(crc32c_tables(), bytes, before);
}

uint32_t crc32c(base::ByteView bytes, uint32_t before) {
#if defined(__x86_64__)
    if (kHasInstruction) {
        return crc32c_instruction(bytes, before);
    }
#endif
    return crc32c_portable(bytes, before);
}

uint32_t crc32_ieee(base::ByteView bytes, uint32_t before) {
    return sum_reflected(crc32_ieee_tables(), bytes, before);
}

uint64_t crc64_nvme_portable(base::ByteView bytes, uint64_t before) {
    return sum_reflected(crc64_nvme_tables(), bytes, before);
}

uint64_t crc64_nvme(base::ByteView bytes, uint64_t before) {
#if defined(__x86_64__)
    if (kHasMultiplication && bytes.size() >= kFour) {
        return crc64_by_folding(bytes, before);
    }
#endif
    return crc64_nvme_portable(bytes, before);
}

uint16_t crc16_t10_portable(base::ByteView bytes, uint16_t before) {
    const auto& tables = t10_tables();
    unsigned sum = before;
    while (bytes.size() >= 8) {
        const auto at = [&](size_t i) { return std::to_integer<unsigned>(bytes[i]); };
        sum = tables[7][at(0) ^ sum >> 8U] ^ tables[6][at(1) ^ (sum & 0xFFU)] ^ tables[5][at(2)] ^
              tables[4][at(3)] ^ tables[3][at(4)] ^ tables[2][at(5)] ^ tables[1][at(6)] ^
              tables[0][at(7)];
        bytes = bytes.subspan(8);
    }
    for (const std::byte b : bytes) {
        sum = (sum << 8U ^ tables[0][(sum >> 8U ^ std::to_integer<unsigned>(b)) & 0xFFU]) & 0xFFFFU;
    }
    return static_cast<uint16_t>(sum);
}

uint16_t crc16_t10(base::ByteView bytes, uint16_t before) {
#if defined(NVMEROOT_ISAL)
    if (!bytes.empty()) {
        return crc16_t10dif(before, reinterpret_cast<const unsigned char*>(bytes.data()),
                            bytes.size());
    }
    return before;
#else
    return crc16_t10_portable(bytes, before);
#endif
}

}  // namespace nvme
