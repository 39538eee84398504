// SPDX-License-Identifier: GPL-2.0-or-later
//
// Bytes travel as a span. Input is parsed by consuming: a Reader hands out typed copies or views
// and says when there is not enough, so that no other file does pointer arithmetic. Output is built
// by a Writer into a vector.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace base {

using ByteView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;
using Bytes = std::vector<std::byte>;

/// A type whose object representation is its wire form. Arrays are left out, so that a string
/// literal is text and does not take its NUL along.
template <class T>
concept WireType = std::is_trivially_copyable_v<T> && alignof(T) == 1 && !std::is_array_v<T>;

template <WireType T>
ByteView bytes_of(const T& object) {
    return std::as_bytes(std::span(&object, 1));
}

inline ByteView bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

inline std::string_view text_of(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Consumes a buffer from the front. It borrows the bytes.
class Reader {
  public:
    explicit Reader(ByteView bytes) : rest_(bytes), size_(bytes.size()) {}

    [[nodiscard]] size_t remaining() const { return rest_.size(); }
    /// Bytes consumed so far: the offset to name in an error.
    [[nodiscard]] size_t offset() const { return size_ - rest_.size(); }

    /// The next sizeof(T) bytes as a T; nothing is consumed when there are fewer.
    template <WireType T>
    [[nodiscard]] std::optional<T> take() {
        const auto bytes = take_bytes(sizeof(T));
        if (!bytes) {
            return std::nullopt;
        }
        T value;
        std::memcpy(&value, bytes->data(), sizeof(T));
        return value;
    }

    /// The next `count` bytes, a view into the buffer; nothing is consumed when there are fewer.
    [[nodiscard]] std::optional<ByteView> take_bytes(size_t count) {
        if (count > rest_.size()) {
            return std::nullopt;
        }
        const ByteView front = rest_.first(count);
        rest_ = rest_.subspan(count);
        return front;
    }

    [[nodiscard]] ByteView take_rest() { return *take_bytes(rest_.size()); }

  private:
    ByteView rest_;
    size_t size_;
};

/// Appends to a byte vector it borrows.
class Writer {
  public:
    explicit Writer(Bytes& out) : out_(out) {}

    template <WireType T>
    Writer& put(const T& object) {
        return put_bytes(bytes_of(object));
    }
    Writer& put_bytes(ByteView bytes) {
        out_.insert(out_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    Writer& put_zeros(size_t count) {
        out_.resize(out_.size() + count);
        return *this;
    }

  private:
    Bytes& out_;
};

}  // namespace base
