// SPDX-License-Identifier: GPL-2.0-or-later
//
// Boost.Test, and how a failed check shows a value without an operator<<: an enumerator as its
// number, a value that can be copied byte by byte as its bytes, any other as its size.
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <ostream>
#include <span>
#include <type_traits>

namespace support {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
    out << value;
};

inline void print_bytes(std::ostream& out, std::span<const std::byte> bytes) {
    constexpr size_t kShown = 64;
    constexpr char kDigits[] = "0123456789abcdef";
    for (const std::byte byte : bytes.first(std::min(bytes.size(), kShown))) {
        out << kDigits[std::to_integer<unsigned>(byte) >> 4U]
            << kDigits[std::to_integer<unsigned>(byte) & 15U];
    }
    out << (bytes.size() > kShown ? "…" : "");
}

}  // namespace support

namespace boost::test_tools::tt_detail {

template <class T>
requires std::is_enum_v<T>
struct print_log_value<T> {
    void operator()(std::ostream& out, const T& value) { out << static_cast<long long>(value); }
};

template <class T>
requires(std::is_class_v<T> && !support::Streamable<T>) struct print_log_value<T> {
    void operator()(std::ostream& out, const T& value) {
        if constexpr (std::is_trivially_copyable_v<T>) {
            support::print_bytes(out, std::as_bytes(std::span(&value, 1)));
        } else {
            out << "a value of " << sizeof(T) << " bytes";
        }
    }
};

}  // namespace boost::test_tools::tt_detail
