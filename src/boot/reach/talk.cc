// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/reach/talk.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace boot {
namespace {

using base::Error;
using base::Result;

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
    [[nodiscard]] const sockaddr* get() const {
        return reinterpret_cast<const sockaddr*>(&storage);
    }
};

Result<SocketAddress> socket_address(const std::string& text, uint16_t port) {
    SocketAddress result;
    const size_t percent = text.find('%');
    const std::string address = text.substr(0, percent);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    if (percent != std::string::npos) {
        v6.sin6_scope_id = ::if_nametoindex(text.substr(percent + 1).c_str());
    }
    if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
        std::memcpy(&result.storage, &v4, sizeof v4);
        result.size = sizeof v4;
    } else if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
        std::memcpy(&result.storage, &v6, sizeof v6);
        result.size = sizeof v6;
    } else {
        return base::error("not a numeric address");
    }
    return result;
}

/// As the kernel's connect does with host_traddr and host_iface.
base::Status bind_to(int socket, const Portal& portal) {
    if (!portal.source.empty()) {
        TRY(const SocketAddress source, socket_address(portal.source, 0));
        if (::bind(socket, source.get(), source.size) != 0) {
            return base::errno_error(errno, "source address " + portal.source);
        }
    }
    const std::string& name = portal.interface;
    if (!name.empty() && ::setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, name.c_str(),
                                      static_cast<socklen_t>(name.size())) != 0) {
        return base::errno_error(errno, "interface " + name);
    }
    return base::done();
}

}  // namespace

Talk::Talk(const Portal& portal, host::Conversation& conversation) : conversation_(&conversation) {
    if (const auto opened = open(portal); !opened) {
        failure_ = opened.error().text;
    }
}

base::Status Talk::open(const Portal& portal) {
    TRY(const SocketAddress address, socket_address(portal.address, portal.port));
    socket_ = base::UniqueFd(
        ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_.valid()) {
        return base::errno_error(errno, "socket");
    }
    TRY_VOID(bind_to(socket_.get(), portal));
    if (::connect(socket_.get(), address.get(), address.size) != 0 && errno != EINPROGRESS) {
        return Error{errno, std::strerror(errno)};
    }
    return base::done();
}

pollfd Talk::poll_entry() const {
    const bool writing = connecting_ || !output_.empty();
    return {ended() ? -1 : socket_.get(), static_cast<short>(writing ? POLLIN | POLLOUT : POLLIN),
            0};
}

void Talk::advance(short events) {
    if (connecting_ && events != 0 && !finish_connect()) {
        return;
    }
    if (!connecting_ && (events & (POLLIN | POLLHUP | POLLERR)) != 0) {
        receive();
    }
    if (!connecting_ && !ended()) {
        send();
    }
}

void Talk::time_out() {
    if (!ended() && connecting_) {
        failure_ = "no answer";
    } else if (!ended()) {
        conversation_->timed_out();
    }
}

bool Talk::finish_connect() {
    int code = 0;
    socklen_t size = sizeof code;
    (void)::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &code, &size);  // code stays 0
    if (code != 0) {
        failure_ = std::strerror(code);
        return false;
    }
    connecting_ = false;
    return true;
}

void Talk::receive() {
    std::byte buffer[4096];
    const ssize_t n = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (n > 0) {
        conversation_->receive(std::span(buffer).first(static_cast<size_t>(n)));
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        conversation_->closed();
    }
}

void Talk::send() {
    const base::Bytes more = conversation_->take_output();
    output_.insert(output_.end(), more.begin(), more.end());
    if (output_.empty()) {
        return;
    }
    const ssize_t n = ::send(socket_.get(), output_.data(), output_.size(), MSG_NOSIGNAL);
    if (n > 0) {
        output_.erase(output_.begin(), output_.begin() + n);
    } else if (errno != EAGAIN && errno != EINTR) {
        conversation_->closed();
    }
}

void run_talks(std::span<Talk> talks, const std::function<bool(size_t index)>& is_good,
               base::milliseconds grace, base::Deadline deadline) {
    bool waiting_for_others = false;
    for (;;) {
        std::vector<pollfd> entries;
        for (size_t i = 0; i < talks.size(); ++i) {
            entries.push_back(talks[i].poll_entry());
            if (!waiting_for_others && talks[i].ended() && is_good(i)) {
                waiting_for_others = true;
                deadline = deadline.within(grace);
            }
        }
        if (std::ranges::all_of(talks, &Talk::ended)) {
            return;
        }
        if (deadline.passed()) {
            break;
        }
        const int ready =
            ::poll(entries.data(), entries.size(), static_cast<int>(deadline.left().count()));
        for (size_t i = 0; ready > 0 && i < talks.size(); ++i) {
            talks[i].advance(entries[i].revents);
        }
    }
    std::ranges::for_each(talks, &Talk::time_out);
}

}  // namespace boot
