// SPDX-License-Identifier: GPL-2.0-or-later
//
// Integers as they lie on the wire: a byte array inside, so alignment is 1 and a struct of them has
// no padding; the conversion happens at each access. NVMe is little endian, DHCP and the PI tuples
// are big endian. Inside the program numbers are plain integers: convert at the edge.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace base {

/// An unsigned integer of type T stored in byte order `order`.
template <class T, std::endian order>
class Packed {
  public:
    Packed() = default;
    Packed(T value) { *this = value; }  // NOLINT: a field is assigned from a number

    Packed& operator=(T value) {
        const T wire = swap_if_needed(value);
        std::memcpy(bytes_.data(), &wire, sizeof(T));
        return *this;
    }

    operator T() const {  // NOLINT: a field reads as a number
        T wire;
        std::memcpy(&wire, bytes_.data(), sizeof(T));
        return swap_if_needed(wire);
    }

  private:
    static T swap_if_needed(T value) {
        if constexpr (order == std::endian::native) {
            return value;
        } else if constexpr (sizeof(T) == 2) {
            return __builtin_bswap16(value);
        } else if constexpr (sizeof(T) == 4) {
            return __builtin_bswap32(value);
        } else {
            return __builtin_bswap64(value);
        }
    }

    std::array<uint8_t, sizeof(T)> bytes_{};
};

using le16 = Packed<uint16_t, std::endian::little>;
using le32 = Packed<uint32_t, std::endian::little>;
using le64 = Packed<uint64_t, std::endian::little>;
using be16 = Packed<uint16_t, std::endian::big>;
using be32 = Packed<uint32_t, std::endian::big>;
using be64 = Packed<uint64_t, std::endian::big>;

static_assert(sizeof(le16) == 2 && alignof(le64) == 1 && sizeof(be32) == 4);

}  // namespace base
