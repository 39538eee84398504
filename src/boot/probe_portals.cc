// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/probe_portals.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/fd.h"

namespace boot {
namespace {

using base::Error;
using base::Result;
using host::Verdict;

/// Once one portal is live, the others get this long to be live too.
constexpr base::milliseconds kGrace{50};

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

Result<SocketAddress> socket_address(const Portal& portal) {
    SocketAddress result;
    const size_t percent = portal.address.find('%');
    const std::string address = portal.address.substr(0, percent);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(portal.port);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(portal.port);
    if (percent != std::string::npos) {
        v6.sin6_scope_id = ::if_nametoindex(portal.address.substr(percent + 1).c_str());
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

host::ProbeOptions options_of(const BootPlan& plan) {
    host::ProbeOptions options;
    options.hostnqn = plan.host.nqn;
    options.hostid = plan.host.id;
    options.subsysnqn = plan.target.subsysnqn;
    options.header_digest = plan.connect.hdr_digest;
    options.data_digest = plan.connect.data_digest;
    options.kato_ms = static_cast<uint32_t>(
        std::chrono::duration_cast<base::milliseconds>(plan.connect.keep_alive_tmo).count());
    return options;
}

/// One portal's connection; it ends with a verdict.
class Attempt {
  public:
    Attempt(const Portal& portal, host::ProbeOptions options)
        : portal_(portal), probe_(std::move(options)) {
        if (const auto opened = open(); !opened) {
            fail(opened.error().text);
        }
    }

    [[nodiscard]] const Portal& portal() const { return portal_; }
    [[nodiscard]] const Verdict* verdict() const { return failed_ ? &*failed_ : probe_.verdict(); }
    [[nodiscard]] pollfd poll_entry() const {
        const bool writing = connecting_ || !output_.empty();
        return {verdict() != nullptr ? -1 : socket_.get(),
                static_cast<short>(writing ? POLLIN | POLLOUT : POLLIN), 0};
    }
    /// Goes on as far as the socket allows.
    void advance(short events) {
        if (connecting_ && events != 0 && !finish_connect()) {
            return;
        }
        if (!connecting_ && (events & (POLLIN | POLLHUP | POLLERR)) != 0) {
            receive();
        }
        if (!connecting_ && verdict() == nullptr) {
            send();
        }
    }
    void time_out() {
        if (verdict() == nullptr && connecting_) {
            fail("nobody answers");
        } else if (verdict() == nullptr) {
            probe_.timed_out();
        }
    }

  private:
    base::Status open() {
        TRY(const SocketAddress address, socket_address(portal_));
        socket_ = base::UniqueFd(
            ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (!socket_.valid()) {
            return base::errno_error(errno, "socket");
        }
        if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address.storage),
                      address.size) != 0 &&
            errno != EINPROGRESS) {
            return Error{errno, std::strerror(errno)};
        }
        return base::done();
    }
    bool finish_connect() {
        int code = 0;
        socklen_t size = sizeof code;
        (void)::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &code, &size);  // code stays 0
        if (code != 0) {
            fail(std::strerror(code));
            return false;
        }
        connecting_ = false;
        return true;
    }
    void receive() {
        std::byte buffer[4096];
        const ssize_t n = ::recv(socket_.get(), buffer, sizeof buffer, 0);
        if (n > 0) {
            probe_.receive(std::span(buffer).first(static_cast<size_t>(n)));
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            probe_.closed();
        }
    }
    void send() {
        const base::Bytes more = probe_.take_output();
        output_.insert(output_.end(), more.begin(), more.end());
        if (output_.empty()) {
            return;
        }
        const ssize_t n = ::send(socket_.get(), output_.data(), output_.size(), MSG_NOSIGNAL);
        if (n > 0) {
            output_.erase(output_.begin(), output_.begin() + n);
        } else if (errno != EAGAIN && errno != EINTR) {
            probe_.closed();
        }
    }
    void fail(std::string text) {
        failed_.emplace();
        failed_->kind = Verdict::Kind::kUnreachable;
        failed_->text = std::move(text);
    }

    const Portal& portal_;
    host::Probe probe_;
    base::UniqueFd socket_;
    bool connecting_ = true;
    base::Bytes output_;
    std::optional<Verdict> failed_;  ///< before the first byte of NVMe/TCP
};

bool is_live(const Attempt& attempt, Auth demanded) {
    return attempt.verdict() != nullptr && judge_verdict(*attempt.verdict(), demanded).ok();
}

/// Drives all attempts until each has a verdict, or the deadline passes, or one has been live for
/// kGrace.
void run(std::vector<Attempt>& attempts, Auth demanded, base::Deadline deadline) {
    bool grace = false;
    for (;;) {
        std::vector<pollfd> entries;
        bool all_done = true;
        for (const Attempt& attempt : attempts) {
            entries.push_back(attempt.poll_entry());
            all_done = all_done && attempt.verdict() != nullptr;
            if (!grace && is_live(attempt, demanded)) {
                grace = true;
                deadline = deadline.within(kGrace);
            }
        }
        if (all_done || deadline.passed()) {
            return;
        }
        const int ready =
            ::poll(entries.data(), entries.size(), static_cast<int>(deadline.left().count()));
        for (size_t i = 0; ready > 0 && i < attempts.size(); ++i) {
            attempts[i].advance(entries[i].revents);
        }
    }
}

/// All that was said, as one failure. One portal that may come to life makes it worth a retry.
Failure combined(const std::vector<Failure>& failures) {
    const auto passing = std::find_if(failures.begin(), failures.end(),
                                      [](const Failure& failure) { return failure.retry; });
    Failure result = passing != failures.end() ? *passing : failures.front();
    result.error.text.clear();
    for (const Failure& failure : failures) {
        result.error.text += (result.error.text.empty() ? "" : "; ") + failure.error.text;
    }
    return result;
}

}  // namespace

std::string place(const Portal& portal) {
    const bool v6 = portal.address.find(':') != std::string::npos;
    return (v6 ? "[" + portal.address + "]" : portal.address) + ":" + std::to_string(portal.port);
}

Outcome<base::Nothing> judge_verdict(const Verdict& verdict, Auth demanded) {
    const auto failure = [&](ExitCode code, bool retry, const char* remedy) {
        return Failure{code, retry, base::error(verdict.text + remedy)};
    };
    switch (verdict.kind) {
        case Verdict::Kind::kAccepted:
            break;
        case Verdict::Kind::kUnreachable:
            return failure(ExitCode::kUnreachable, true,
                           "; check address, port, network and that the target runs");
        case Verdict::Kind::kNotNvme:
            return failure(ExitCode::kUnreachable, true, "; check the port");
        case Verdict::Kind::kUnusable:
            return failure(ExitCode::kConnect, false, "");
        case Verdict::Kind::kNoSubsystem:
            return failure(ExitCode::kRefused, false,
                           "; check the subsystem NQN in the URI and on the target");
        case Verdict::Kind::kHostNotAllowed:
            return failure(ExitCode::kRefused, false,
                           "; add this host's NQN to the subsystem's hosts on the target");
        case Verdict::Kind::kBusy:
            return failure(ExitCode::kRefused, true, "");
        case Verdict::Kind::kRefused:
            return failure(ExitCode::kRefused, false, "");
        case Verdict::Kind::kProtocolError:
            return failure(ExitCode::kConnect, true, "");
    }
    const char* problem = nullptr;
    if (verdict.connect.secure_channel_required) {
        problem = "the target demands a secure channel (TLS), which nvmeroot does not do";
    } else if (demanded != Auth::kOff && !verdict.connect.authentication_required) {
        problem =
            "the target does not ask this host for authentication; set this host's secrets on the "
            "target, or nvmeroot.auth=off here";
    } else if (demanded == Auth::kOff && verdict.connect.authentication_required) {
        problem =
            "the target demands authentication and no secret is configured here; set "
            "dhchap_secret_file";
    }
    if (problem != nullptr) {
        return Failure::final(ExitCode::kAuthentication, base::error(problem));
    }
    return base::done();
}

Outcome<std::vector<Portal>> probe_portals(const BootPlan& plan, const std::vector<Portal>& portals,
                                           const base::Clock& clock,
                                           const std::function<void(const std::string&)>& warn) {
    std::vector<Attempt> attempts;
    attempts.reserve(portals.size());
    for (const Portal& portal : portals) {
        attempts.emplace_back(portal, options_of(plan));
    }
    run(attempts, plan.auth.mode, base::Deadline(clock, plan.timeouts.probe));

    std::vector<Portal> live;
    std::vector<Failure> failures;
    for (Attempt& attempt : attempts) {
        attempt.time_out();
        auto judged = judge_verdict(*attempt.verdict(), plan.auth.mode);
        if (judged) {
            live.push_back(attempt.portal());
            continue;
        }
        Failure failure = std::move(judged).error();
        failure.error = std::move(failure.error).in(place(attempt.portal()));
        failures.push_back(std::move(failure));
    }
    if (live.empty()) {
        return combined(failures);
    }
    for (const Failure& failure : failures) {
        warn(failure.error.text + ", continuing with another portal");
    }
    return live;
}

}  // namespace boot
