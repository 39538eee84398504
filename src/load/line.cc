// SPDX-License-Identifier: GPL-2.0-or-later
#include "load/line.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cassert>
#include <cerrno>
#include <utility>

namespace load {

Line::Line(target::Reactor& reactor, LineOptions options, Events events)
    : reactor_(reactor),
      options_(std::move(options)),
      events_(std::move(events)),
      queue_(options_.queue),
      input_(options_.receive_bytes) {}

Line::~Line() {
    reactor_.close(std::move(socket_));
}

void Line::open() {
    if (auto status = open_socket(); !status) {
        reactor_.defer([this, error = std::move(status).error()] { fail(error); });
    }
}

base::Status Line::open_socket() {
    TRY(address_, target::to_sockaddr(options_.address));
    const auto family = reinterpret_cast<const sockaddr*>(address_.data())->sa_family;
    socket_ = base::UniqueFd(socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
    const int on = 1;
    if (!socket_.valid() ||
        setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
        return base::errno_error(errno, "socket");
    }
    connecting_ = true;
    reactor_.connect(socket_.get(), address_, [this](int result) { on_connected(result); });
    return base::done();
}

void Line::on_connected(int result) {
    connecting_ = false;
    if (stage_ == Stage::kClosed) {
        return;
    }
    if (result < 0) {
        return fail(base::errno_error(-result, "connect"));
    }
    receive_more();
    flush();
}

void Line::receive_more() {
    receiving_ = true;
    reactor_.receive(socket_.get(), input_, [this](int result) { on_received(result); });
}

void Line::on_received(int result) {
    receiving_ = false;
    if (stage_ == Stage::kClosed) {
        return;
    }
    if (result <= 0) {
        return fail(result == 0 ? base::error("the target closed the connection")
                                : base::errno_error(-result, "receive"));
    }
    queue_.receive(base::ByteView(input_).first(static_cast<size_t>(result)));
    if (queue_.state() == host::Queue::State::kBroken) {
        return fail(base::error(queue_.problem()));
    }
    if (stage_ == Stage::kHandshake && queue_.state() == host::Queue::State::kOpen) {
        stage_ = Stage::kConnect;
        (void)queue_.submit(host::connect(options_.connect));  // the first: there is room
    }
    take_completions();
    if (stage_ == Stage::kClosed) {
        return;
    }
    receive_more();
    schedule_flush();
}

void Line::take_completions() {
    while (auto completion = queue_.take_completion()) {
        if (stage_ == Stage::kOpen) {
            events_.completed(std::move(*completion));
        } else {
            advance(*completion);
        }
        if (stage_ == Stage::kClosed) {
            return;
        }
    }
}

void Line::advance(const host::Completion& completion) {
    if (auto status = step(completion); !status) {
        fail(std::move(status).error());
    }
}

base::Status Line::step(const host::Completion& completion) {
    if (!completion.status.ok()) {
        return base::error((stage_ == Stage::kConnect ? "Connect: " : "authentication: ") +
                           nvme::describe(completion.status, true));
    }
    switch (stage_) {
        case Stage::kConnect: {
            const auto result = nvme::ConnectResult::from_dw0(completion.dw0);
            cntlid_ = result.cntlid;
            if (result.authentication_required && options_.secrets == nullptr) {
                return base::error("the target requires authentication; use --key");
            }
            if (options_.secrets == nullptr) {
                now_open();
                return base::done();
            }
            authentication_.emplace(*options_.secrets, options_.connect.hostnqn,
                                    options_.connect.subsysnqn);
            send_auth(authentication_->negotiate());
            return base::done();
        }
        case Stage::kAuthSend:
            if (authentication_->done()) {
                now_open();
                return base::done();
            }
            stage_ = Stage::kAuthReceive;
            (void)queue_.submit(host::auth_receive(nvme::kMaxAuthBytes));
            return base::done();
        case Stage::kAuthReceive:
            return on_auth_message(completion.data);
        case Stage::kHandshake:
        case Stage::kOpen:
        case Stage::kClosed:
            break;
    }
    return base::error("unexpected completion");
}

base::Status Line::on_auth_message(base::ByteView message) {
    TRY(base::Bytes next, authentication_->answer(message));
    if (next.empty()) {
        now_open();
    } else {
        send_auth(std::move(next));
    }
    return base::done();
}

void Line::send_auth(base::Bytes message) {
    stage_ = Stage::kAuthSend;
    (void)queue_.submit(host::auth_send(message));
}

void Line::now_open() {
    stage_ = Stage::kOpen;
    authentication_.reset();
    events_.opened();
}

uint16_t Line::submit(host::Command command) {
    const auto cid = queue_.submit(std::move(command));
    assert(cid.has_value());
    schedule_flush();
    return cid.value_or(0);
}

void Line::schedule_flush() {
    if (!sending_ && !std::exchange(flush_scheduled_, true)) {
        reactor_.defer([this] {
            flush_scheduled_ = false;
            flush();
        });
    }
}

void Line::flush() {
    if (sending_ || connecting_ || stage_ == Stage::kClosed) {
        return;
    }
    if (part_.iov_len == 0) {
        output_ = queue_.take_output(std::move(output_));
        part_ = {output_.data(), output_.size()};
    }
    if (part_.iov_len > 0) {
        sending_ = true;
        reactor_.send(socket_.get(), std::span(&part_, 1), [this](int result) { on_sent(result); });
    }
}

void Line::on_sent(int result) {
    sending_ = false;
    if (stage_ == Stage::kClosed) {
        return;
    }
    if (result <= 0) {
        return fail(base::errno_error(-result, "send"));
    }
    part_.iov_base = static_cast<std::byte*>(part_.iov_base) + result;
    part_.iov_len -= static_cast<size_t>(result);
    schedule_flush();
}

void Line::close() {
    stage_ = Stage::kClosed;
    if (socket_.valid()) {
        (void)shutdown(socket_.get(), SHUT_RDWR);  // ends what is left on it
    }
}

void Line::fail(base::Error error) {
    if (stage_ != Stage::kClosed) {
        close();
        events_.lost(std::move(error));
    }
}

}  // namespace load
