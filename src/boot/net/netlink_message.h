// SPDX-License-Identifier: GPL-2.0-or-later
//
// The form of netlink(7) messages: a header, a fixed struct and attributes of length, type and
// value, each padded to four bytes; all numbers are in the machine's byte order.
#pragma once

#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "boot/dhcp/ip_address.h"

namespace boot {

/// One netlink message of a datagram.
struct NetlinkMessage {
    uint16_t type = 0;
    uint16_t flags = 0;
    uint32_t sequence = 0;
    base::ByteView payload;
};
/// @return the whole messages in a datagram, views into it; a damaged end is dropped.
std::vector<NetlinkMessage> split_netlink(base::ByteView datagram);

/// The answer of the kernel to a request.
/// @param payload  of an NLMSG_ERROR message
/// @return the errno and the text of the kernel, or success
base::Status parse_netlink_ack(base::ByteView payload);

/// AF_INET or AF_INET6.
inline uint8_t family_of(const IpAddress& address) {
    return address.v6 ? AF_INET6 : AF_INET;
}

/// The next sizeof(T) bytes as a struct of the kernel's interface.
template <class T>
std::optional<T> take_struct(base::Reader& reader) {
    const auto bytes = reader.take_bytes(sizeof(T));
    if (!bytes) {
        return std::nullopt;
    }
    T value;
    std::memcpy(&value, bytes->data(), sizeof(T));
    return value;
}

/// The bytes of a struct of the kernel's interface, views into it.
template <class T>
base::ByteView struct_bytes(const T& object) {
    return std::as_bytes(std::span(&object, 1));
}

/// The size that something of `size` bytes has in a message.
constexpr size_t padded(size_t size) {
    return (size + 3U) & ~size_t{3};
}

/// The attributes of a message by type, views into it. A later one of the same type wins.
template <size_t most>
class Attributes {
  public:
    explicit Attributes(base::ByteView bytes) {
        base::Reader reader(bytes);
        while (const auto header = take_struct<nlattr>(reader)) {
            const size_t size = header->nla_len;
            const auto value =
                size < sizeof(nlattr) ? std::nullopt : reader.take_bytes(size - sizeof(nlattr));
            if (!value) {
                break;
            }
            const unsigned type = header->nla_type & NLA_TYPE_MASK;
            if (type < most) {
                values_[type] = *value;
            }
            (void)reader.take_bytes(std::min(padded(size) - size, reader.remaining()));
        }
    }

    /// Empty if the attribute is absent.
    [[nodiscard]] base::ByteView bytes(unsigned type) const { return values_[type]; }
    [[nodiscard]] std::optional<uint32_t> u32(unsigned type) const {
        base::Reader reader(values_[type]);
        return take_struct<uint32_t>(reader);
    }
    [[nodiscard]] std::string text(unsigned type) const {
        const std::string_view whole = base::text_of(values_[type]);
        return std::string(whole.substr(0, whole.find('\0')));
    }
    [[nodiscard]] std::optional<MacAddress> mac(unsigned type) const {
        return base::Reader(values_[type]).take<MacAddress>();
    }

  private:
    std::array<base::ByteView, most> values_{};
};

/// Appends an attribute and its padding.
void put_attribute(base::Bytes& out, uint16_t type, base::ByteView value);

/// An attribute that contains others.
class Attribute {
  public:
    explicit Attribute(uint16_t type) : type_(type) {}

    Attribute& add(uint16_t type, base::ByteView value) {
        put_attribute(content_, type, value);
        return *this;
    }
    Attribute& add(uint16_t type, const std::string& text) {
        return add(type, base::bytes_of(text));
    }
    Attribute& add(const Attribute& inner) { return add(inner.type_, inner.content_); }

    [[nodiscard]] uint16_t type() const { return type_; }
    [[nodiscard]] base::ByteView content() const { return content_; }

  private:
    uint16_t type_;
    base::Bytes content_;
};

/// Builds a request: the header, a struct, then attributes.
class Request {
  public:
    template <class T>
    Request(uint16_t type, uint16_t flags, const T& body) {
        nlmsghdr header{};
        header.nlmsg_type = type;
        header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
        base::Writer(bytes_).put_bytes(struct_bytes(header)).put_bytes(struct_bytes(body));
        base::Writer(bytes_).put_zeros(padded(bytes_.size()) - bytes_.size());
    }

    Request& add(uint16_t type, base::ByteView value) {
        put_attribute(bytes_, type, value);
        return *this;
    }
    Request& add(uint16_t type, uint32_t value) { return add(type, struct_bytes(value)); }
    /// With its NUL.
    Request& add(uint16_t type, const std::string& text) {
        return add(type, std::as_bytes(std::span(text.c_str(), text.size() + 1)));
    }
    Request& add(const Attribute& nested) { return add(nested.type(), nested.content()); }

    [[nodiscard]] base::Bytes take() { return std::move(bytes_); }

  private:
    base::Bytes bytes_;
};

}  // namespace boot
