// SPDX-License-Identifier: GPL-2.0-or-later
//
// One queue over one TCP connection: connects, shakes hands, sends Connect, authenticates if the
// controller asks for it or there are secrets, and then carries commands.
//
//   TCP ─► ICReq ─► Connect ─► (Negotiate … Success2) ─► opened ─► submit() … completed
//
// Every command submitted in one turn of the reactor goes out by one send.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "host/queue.h"
#include "load/authentication.h"
#include "target/reactor/reactor.h"
#include "target/wire/server.h"

namespace load {

struct LineOptions {
    target::SocketAddress address;
    host::ConnectOptions connect;
    const HostSecrets* secrets = nullptr;  ///< null: no authentication
    host::QueueOptions queue;
    size_t receive_bytes = size_t{256} << 10U;
};

class Line {
  public:
    struct Events {
        std::function<void()> opened;
        std::function<void(host::Completion)> completed;
        /// The line is of no use any more. Not called from inside open() or submit().
        std::function<void(base::Error)> lost;
    };

    Line(target::Reactor& reactor, LineOptions options, Events events);
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;
    /// REQUIRES: idle(), or the reactor runs no more.
    ~Line();

    void open();
    /// REQUIRES: opened, and fewer than max_commands are outstanding.
    uint16_t submit(host::Command command);
    /// Sets the capsule size from Identify Controller.
    void set_in_capsule_len(uint32_t length) { queue_.set_in_capsule_len(length); }
    /// Ends the connection. Nothing is called any more.
    void close();
    /// No operation of the reactor is left on the socket.
    [[nodiscard]] bool idle() const { return !connecting_ && !receiving_ && !sending_; }

    /// The controller id from Connect.
    [[nodiscard]] uint16_t cntlid() const { return cntlid_; }

  private:
    enum class Stage : uint8_t {
        kHandshake,
        kConnect,
        kAuthSend,     ///< a message of ours is on its way
        kAuthReceive,  ///< the controller's next one was asked for
        kOpen,
        kClosed,
    };

    base::Status open_socket();
    void on_connected(int result);
    void receive_more();
    void on_received(int result);
    void take_completions();
    void advance(const host::Completion& completion);
    base::Status step(const host::Completion& completion);
    base::Status on_auth_message(base::ByteView message);
    void send_auth(base::Bytes message);
    void now_open();
    void flush();
    void schedule_flush();
    void on_sent(int result);
    void fail(base::Error error);

    target::Reactor& reactor_;
    LineOptions options_;
    Events events_;
    host::Queue queue_;
    base::UniqueFd socket_;
    std::vector<std::byte> address_;  ///< a sockaddr, for the connect under way
    Stage stage_ = Stage::kHandshake;
    std::optional<Authentication> authentication_;
    uint16_t cntlid_ = 0;
    base::Bytes input_;
    base::Bytes output_;
    iovec part_{};
    bool connecting_ = false;
    bool receiving_ = false;
    bool sending_ = false;
    bool flush_scheduled_ = false;
};

}  // namespace load
