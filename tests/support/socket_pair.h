// SPDX-License-Identifier: GPL-2.0-or-later
//
// Two connected stream sockets.
#pragma once

#include <sys/socket.h>

#include "base/fd.h"
#include "support/test.h"

namespace support {

struct SocketPair {
    SocketPair() {
        int fds[2];
        BOOST_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
        near = base::UniqueFd(fds[0]);
        far = base::UniqueFd(fds[1]);
    }
    base::UniqueFd near;
    base::UniqueFd far;
};

}  // namespace support
