// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/crc.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif
#if defined(NVMEROOT_ISAL)
#include <isa-l.h>
#endif

namespace nvme {
namespace {

// Table code, "slicing by 8": table[k][b] is the sum of byte b followed by k zero bytes, so eight
// bytes take eight independent look-ups. The reflected sums work on the low bits first.

template <class Word>
using Tables = std::array<std::array<Word, 256>, 8>;

template <class Word>
constexpr Tables<Word> reflected_tables(Word polynomial) {
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

constexpr Tables<uint16_t> t10_tables() {
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

constexpr Tables<uint32_t> kCrc32c = reflected_tables<uint32_t>(0x82F63B78);
constexpr Tables<uint32_t> kCrc32Ieee = reflected_tables<uint32_t>(0xEDB88320);
constexpr Tables<uint64_t> kCrc64Nvme = reflected_tables<uint64_t>(0x9A6C9329AC4BC9B5);
constexpr Tables<uint16_t> kCrc16T10 = t10_tables();

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

constexpr uint32_t after_lane_of_zeros(uint32_t sum) {
    for (size_t i = 0; i < kLane; ++i) {
        sum = (sum >> 8U) ^ kCrc32c[0][sum & 0xFFU];
    }
    return sum;
}

constexpr LaneTables lane_tables() {
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
constexpr LaneTables kOverLane = lane_tables();

uint64_t over_lane(uint64_t sum) {
    return kOverLane[0][sum & 0xFFU] ^ kOverLane[1][sum >> 8U & 0xFFU] ^
           kOverLane[2][sum >> 16U & 0xFFU] ^ kOverLane[3][sum >> 24U];
}

__attribute__((target("sse4.2"))) uint32_t crc32c_instruction(base::ByteView bytes,
                                                              uint32_t before) {
    const std::byte* at = bytes.data();
    size_t left = bytes.size();
    uint64_t sum = ~before;
    for (; left >= 3 * kLane; at += 3 * kLane, left -= 3 * kLane) {
        uint64_t second = 0;
        uint64_t third = 0;
        for (size_t i = 0; i < kLane; i += 8) {
            sum = _mm_crc32_u64(sum, load_le64(at + i));
            second = _mm_crc32_u64(second, load_le64(at + kLane + i));
            third = _mm_crc32_u64(third, load_le64(at + 2 * kLane + i));
        }
        sum = over_lane(over_lane(sum) ^ second) ^ third;
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

#endif

}  // namespace

uint32_t crc32c_portable(base::ByteView bytes, uint32_t before) {
    return sum_reflected(kCrc32c, bytes, before);
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
    return sum_reflected(kCrc32Ieee, bytes, before);
}

uint64_t crc64_nvme(base::ByteView bytes, uint64_t before) {
    return sum_reflected(kCrc64Nvme, bytes, before);
}

uint16_t crc16_t10_portable(base::ByteView bytes, uint16_t before) {
    unsigned sum = before;
    while (bytes.size() >= 8) {
        const auto at = [&](size_t i) { return std::to_integer<unsigned>(bytes[i]); };
        sum = kCrc16T10[7][at(0) ^ sum >> 8U] ^ kCrc16T10[6][at(1) ^ (sum & 0xFFU)] ^
              kCrc16T10[5][at(2)] ^ kCrc16T10[4][at(3)] ^ kCrc16T10[3][at(4)] ^
              kCrc16T10[2][at(5)] ^ kCrc16T10[1][at(6)] ^ kCrc16T10[0][at(7)];
        bytes = bytes.subspan(8);
    }
    for (const std::byte b : bytes) {
        sum = (sum << 8U ^ kCrc16T10[0][(sum >> 8U ^ std::to_integer<unsigned>(b)) & 0xFFU]) &
              0xFFFFU;
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
