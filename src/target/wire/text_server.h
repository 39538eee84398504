// SPDX-License-Identifier: GPL-2.0-or-later
//
// A question in, an answer out, and the end: what the control socket and the metrics speak. It
// listens on a Unix socket or on a loopback address; anyone who may connect may ask. A question
// ends with a line feed, an HTTP request with an empty line. Peers that dawdle are cut off, and the
// number of peers is bounded.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "base/alive.h"
#include "base/result.h"
#include "target/reactor/reactor.h"

namespace target {

class TextServer {
  public:
    /// @param question  without its end. @param who  the peer, for the log
    /// @return the answer, all of it
    using Handler = std::function<std::string(std::string_view question, const std::string& who)>;

    /// @param end  what ends a question. @param reactor  outlives the server
    TextServer(Reactor& reactor, std::string end, Handler handler);
    ~TextServer();
    TextServer(const TextServer&) = delete;
    TextServer& operator=(const TextServer&) = delete;

    /// A path, mode 0660; what an earlier server left there is replaced. Errors name the path.
    base::Status listen_unix(const std::string& path);
    /// ADDRESS:PORT of this machine alone: 127.0.0.0/8 or [::1]. Errors name the address.
    base::Status listen_loopback(const std::string& address);
    /// Ends everything at once; takes a turn of the reactor.
    void stop();

  private:
    class Peer;

    void start(base::UniqueFd listener);
    void accept_next();
    void on_accepted(int result);
    void forget(const Peer& peer);

    Reactor& reactor_;
    const std::string end_;
    Handler handler_;
    std::string path_;  ///< to remove at the end
    base::UniqueFd listener_;
    bool accepting_ = false;
    bool stopping_ = false;
    Timer retry_;  ///< of accepting
    std::list<std::unique_ptr<Peer>> peers_;
    base::Alive alive_;
};

/// Whether a socket can have this name, as far as can be seen. Errors: it is too long; another
/// file has the name. They do not name the path.
base::Status check_unix_path(const std::string& path);

/// A reload of many images takes seconds.
constexpr base::milliseconds kAnswerLimit{60'000};
/// Asks a server on a Unix socket, blocking. @return the whole answer
/// Errors: nobody listens, no answer within `limit`; they name the path.
base::Result<std::string> ask(const std::string& path, std::string_view question,
                              base::milliseconds limit = kAnswerLimit);

}  // namespace target
