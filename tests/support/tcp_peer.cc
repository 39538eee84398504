// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/tcp_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <stdexcept>

namespace support {
namespace {

constexpr int kPatienceMs = 5000;

}  // namespace

base::UniqueFd connect_to(const target::SocketAddress& address, const std::string& source) {
    sockaddr_storage storage{};
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    if (inet_pton(AF_INET, address.address.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(address.port);
    } else if (inet_pton(AF_INET6, address.address.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(address.port);
    }
    base::UniqueFd fd(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in from{};
    from.sin_family = AF_INET;
    if (!source.empty() &&
        (inet_pton(AF_INET, source.c_str(), &from.sin_addr) != 1 ||
         bind(fd.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0)) {
        throw std::runtime_error("cannot connect from " + source);
    }
    const socklen_t length = storage.ss_family == AF_INET ? sizeof *v4 : sizeof *v6;
    if (connect(fd.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0) {
        throw std::runtime_error("nobody listens on " + target::to_text(address));
    }
    const int on = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

base::Bytes TcpPeer::exchange(base::ByteView bytes) {
    if (!base::write_all(socket_.get(), bytes).ok()) {
        closed_ = true;
    }
    pollfd poller{socket_.get(), POLLIN, 0};
    if (closed_ || poll(&poller, 1, waiting_() ? kPatienceMs : 0) != 1) {
        return {};
    }
    base::Bytes answer(1U << 20U);
    const ssize_t moved = recv(socket_.get(), answer.data(), answer.size(), 0);
    closed_ = moved <= 0;
    answer.resize(moved > 0 ? static_cast<size_t>(moved) : 0);
    return answer;
}

}  // namespace support
