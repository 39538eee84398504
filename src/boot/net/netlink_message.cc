// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/netlink_message.h"

namespace boot {
namespace {

constexpr int32_t kLargestErrno = 4095;  // the kernel's MAX_ERRNO

}  // namespace

void put_attribute(base::Bytes& out, uint16_t type, base::ByteView value) {
    const nlattr attribute{static_cast<uint16_t>(sizeof(nlattr) + value.size()), type};
    base::Writer(out)
        .put_bytes(struct_bytes(attribute))
        .put_bytes(value)
        .put_zeros(padded(value.size()) - value.size());
}

std::vector<NetlinkMessage> split_netlink(base::ByteView datagram) {
    std::vector<NetlinkMessage> messages;
    base::Reader reader(datagram);
    while (const auto header = take_struct<nlmsghdr>(reader)) {
        const size_t size = header->nlmsg_len;
        const auto payload =
            size < sizeof(nlmsghdr) ? std::nullopt : reader.take_bytes(size - sizeof(nlmsghdr));
        if (!payload) {
            break;
        }
        messages.push_back({header->nlmsg_type, header->nlmsg_flags, header->nlmsg_seq, *payload});
        (void)reader.take_bytes(std::min(padded(size) - size, reader.remaining()));
    }
    return messages;
}

base::Status parse_netlink_ack(base::ByteView payload) {
    base::Reader reader(payload);
    const auto code = take_struct<int32_t>(reader);
    if (!code || *code > 0 || *code < -kLargestErrno || !take_struct<nlmsghdr>(reader)) {
        return base::error("the kernel's answer is malformed");
    }
    if (*code == 0) {
        return base::done();
    }
    const Attributes<NLMSGERR_ATTR_MSG + 1> attributes(reader.take_rest());
    const std::string words = attributes.text(NLMSGERR_ATTR_MSG);
    return words.empty() ? base::Error{-*code, std::strerror(-*code)} : base::Error{-*code, words};
}

}  // namespace boot
