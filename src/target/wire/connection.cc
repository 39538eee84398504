// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/wire/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace target {
namespace {

/// A peer that takes nothing of what it asked for in this time is gone or hostile.
constexpr base::seconds kSendTimeout{30};
/// How long input is discarded after our last byte.
constexpr base::seconds kLingerTime{1};
/// Bytes taken from one socket in one turn, so that a fast sender does not starve the others.
constexpr size_t kTurnBytes = 1U << 20U;

}  // namespace

Connection::Connection(Reactor& reactor, ConnectionOwner& owner, base::UniqueFd socket,
                       base::MutableBytes scratch)
    : reactor_(&reactor),
      owner_(owner),
      socket_(std::move(socket)),
      scratch_(scratch),
      timer_(reactor, [this] { on_timer(); }) {}

Connection::~Connection() {
    scheduled_ = true;  // nothing is deferred any more
    session_.reset();
    reactor_->close(std::move(socket_));
}

void Connection::open(SessionFactory& factory, Endpoints endpoints) {
    session_ = factory.make(*this, std::move(endpoints), reactor_->now());
    schedule();
}

void Connection::stop_receiving() {
    stopped_ = true;
    if (session_ != nullptr) {
        session_->wind_down();
    }
}

bool Connection::quiet() const {
    std::array<base::ByteView, 1> first;
    return state_ != State::kOpen || (!sending_ && session_->output(first) == 0);
}

void Connection::close() {
    close_asked_ = true;
    stopped_ = true;
    schedule();
}

void Connection::abort() {
    end();
    schedule();
}

void Connection::schedule() {
    if (state_ == State::kClosed || std::exchange(scheduled_, true)) {
        return;
    }
    in_line_ = state_ == State::kOpen && paced_ && owner_.paces(*this);
    if (in_line_) {
        return;
    }
    if (reactor_->here()) {
        reactor_->defer([this] { pump(); });
    } else {
        reactor_->post([this] { pump(); });
    }
}

void Connection::go_on() {
    in_line_ = false;
    pump();
}

void Connection::pump() {
    take_received();
    take_sent();
    scheduled_ = false;
    if (state_ == State::kOpen) {
        send_output();
        if (!sending_ && (close_asked_ || session_->wants_close())) {
            linger();
        }
    }
    if (state_ == State::kEnding) {
        finish_ending();
        return;
    }
    if (state_ == State::kClosed) {
        return;
    }
    if (!admitted_) {
        look_at_standing();
    }
    if (next_home_ && state_ == State::kOpen) {
        if (!receiving_ && !sending_ && session_->is_still()) {
            change_home();
            return;
        }
    } else {
        receive_more();
    }
    arm_timer();
}

void Connection::look_at_standing() {
    const Standing standing = session_->standing();
    paced_ = standing.is_paced();
    admitted_ = standing.admitted;
    if (!admitted_) {
        return;
    }
    if (paced_) {  // what it does not read waits in the session, which bounds it
        for (const int option : {SO_SNDBUF, SO_RCVBUF}) {
            (void)setsockopt(socket_.get(), SOL_SOCKET, option, &kVisitorBuffer,
                             sizeof kVisitorBuffer);
        }
    }
    owner_.admitted(*this);
}

/// All that this reactor has of the connection goes over to the next one.
void Connection::change_home() {
    reactor_->release(socket_.get());
    timer_.move_to(next_home_->reactor);
    session_->move_to(next_home_->lane);
    reactor_ = &next_home_->reactor;
    scratch_ = next_home_->scratch;
    next_home_.reset();
    schedule();
}

void Connection::send_output() {
    if (sending_) {
        return;
    }
    std::array<base::ByteView, kMaxParts> views;
    const size_t count = session_->output(views);
    if (count == 0) {
        return;
    }
    std::transform(views.begin(), views.begin() + count, parts_.begin(), [](base::ByteView view) {
        return iovec{const_cast<std::byte*>(view.data()), view.size()};
    });
    sending_ = true;
    send_deadline_ = reactor_->now() + kSendTimeout;
    reactor_->send(socket_.get(), std::span(parts_).first(count),
                   [this](int result) { on_sent(result); });
}

void Connection::on_sent(int result) {
    sent_ = result;
    if (!paced_ || state_ != State::kOpen) {
        take_sent();
    }
    schedule();
}

void Connection::take_sent() {
    const auto result = std::exchange(sent_, std::nullopt);
    if (!result) {
        return;
    }
    sending_ = false;
    if (*result > 0) {
        session_->sent(static_cast<size_t>(*result));
    } else if (state_ == State::kOpen) {
        end();
    }
}

void Connection::receive_more() {
    const bool wanted = state_ == State::kLingering || (!stopped_ && session_->wants_input());
    if (receiving_ || !wanted) {
        return;
    }
    receiving_ = true;
    // Commands of an admin queue move little, and some take long: a few in a turn are enough.
    const size_t size = paced_ || !session_->spreads() ? kPacedBytes : kInputBytes;
    reactor_->receive(socket_.get(), base::MutableBytes(input_).first(size),
                      [this](int result) { on_received(result); });
}

void Connection::on_received(int result) {
    received_ = result;
    if (!paced_ || state_ != State::kOpen) {
        take_received();
    }
    schedule();
}

void Connection::take_received() {
    const auto result = std::exchange(received_, std::nullopt);
    if (!result) {
        return;
    }
    receiving_ = false;
    if (*result <= 0) {
        end();
    } else if (state_ == State::kOpen && !stopped_) {
        const auto count = static_cast<size_t>(*result);
        session_->receive(base::ByteView(input_).first(count), reactor_->now());
        if (count == input_.size() && session_->spreads()) {
            drain_socket();
        }
    }
}

void Connection::drain_socket() {
    for (size_t taken = 0; taken < kTurnBytes && session_->wants_input();) {
        const ssize_t moved = recv(socket_.get(), scratch_.data(), scratch_.size(), MSG_DONTWAIT);
        if (moved <= 0) {
            return;  // an error or the end comes back with the next posted receive
        }
        taken += static_cast<size_t>(moved);
        session_->receive(scratch_.first(static_cast<size_t>(moved)), reactor_->now());
        if (static_cast<size_t>(moved) < scratch_.size()) {
            return;  // that was all
        }
    }
}

void Connection::arm_timer() {
    if (state_ != State::kOpen) {
        return;
    }
    auto deadline = session_->next_deadline();
    if (sending_) {
        deadline = std::min(deadline.value_or(send_deadline_), send_deadline_);
    }
    // A deadline that moved away is looked at when the timer fires: most move with every command.
    if (deadline && (!timer_.armed() || *deadline < timer_.at())) {
        timer_.set(*deadline);
    }
}

void Connection::on_timer() {
    if (state_ == State::kLingering || (sending_ && send_deadline_ <= reactor_->now())) {
        end();
    } else if (state_ == State::kOpen) {
        session_->on_timer(reactor_->now());
    }
    schedule();
}

void Connection::linger() {
    state_ = State::kLingering;
    timer_.set(reactor_->now() + kLingerTime);
    (void)shutdown(socket_.get(), SHUT_WR);  // fails when the peer is gone, which receive tells
}

void Connection::end() {
    if (state_ == State::kEnding || state_ == State::kClosed) {
        return;
    }
    state_ = State::kEnding;
    timer_.clear();
    (void)shutdown(socket_.get(), SHUT_RDWR);  // ends the operations that are left
    if (std::exchange(in_line_, false)) {
        owner_.hurries(*this);
        scheduled_ = false;
        schedule();
    }
}

void Connection::finish_ending() {
    if (receiving_ || sending_) {
        return;
    }
    state_ = State::kClosed;
    owner_.closed(*this);
}

}  // namespace target
