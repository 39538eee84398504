// SPDX-License-Identifier: GPL-2.0-or-later
//
// recvmsg(2) with one control message (cmsg(3)), which describes the datagram.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>

#include "base/bytes.h"

namespace boot {

template <class T>
struct Datagram {
    base::ByteView bytes;      ///< views into the buffer
    std::optional<T> control;  ///< empty if the kernel sent none
};

/// The next datagram of a socket.
/// @param level, type  of the control message, which holds a T
/// @return nothing if no datagram is left or the socket failed; errno distinguishes the two
template <class T>
std::optional<Datagram<T>> receive_datagram(int fd, std::span<std::byte> buffer, int level,
                                            int type) {
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(T))> control;
    iovec part{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t size = 0;
    do {
        size = ::recvmsg(fd, &message, 0);
    } while (size < 0 && errno == EINTR);
    if (size < 0) {
        return std::nullopt;
    }
    Datagram<T> datagram{base::ByteView(buffer).first(static_cast<size_t>(size)), std::nullopt};
    const cmsghdr* const first = CMSG_FIRSTHDR(&message);
    if (first != nullptr && first->cmsg_level == level && first->cmsg_type == type &&
        first->cmsg_len >= CMSG_LEN(sizeof(T))) {
        std::memcpy(&datagram.control.emplace(), CMSG_DATA(first), sizeof(T));
    }
    return datagram;
}

}  // namespace boot
