// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/handover/wait_report.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/text.h"

namespace boot {
namespace {

constexpr base::seconds kFirst{10};
constexpr base::seconds kEach{60};

constexpr size_t kLongest = 800;

/// One piece of news: `Sprobe`, `Tnobody answers`.
void take_news(std::string_view news, WaitLines& lines) {
    if (news.starts_with('S')) {
        lines.stage(news.substr(1));
    } else if (news.starts_with('T')) {
        lines.trouble(news.substr(1));
    }
}

/// Ends when the other end of the socket is closed, or the process at it has gone: children of its
/// own may hold the socket open.
void report(int socket, pid_t parent, WaitLines& lines, const base::Log& log,
            const base::Clock& clock) {
    constexpr base::milliseconds kLook{1000};
    while (::getppid() == parent) {
        const auto left = std::chrono::ceil<base::milliseconds>(lines.next() - clock.now());
        const auto span = std::clamp(left, base::milliseconds(0), kLook);
        pollfd entry{socket, POLLIN, 0};
        if (::poll(&entry, 1, static_cast<int>(span.count())) > 0) {
            std::array<char, kLongest + 1> buffer;
            const ssize_t size = ::recv(socket, buffer.data(), buffer.size(), 0);
            if (size <= 0) {
                return;
            }
            take_news({buffer.data(), static_cast<size_t>(size)}, lines);
        }
        if (const auto line = lines.take(clock.now())) {
            log.error(*line);
        }
    }
}

}  // namespace

WaitLines::WaitLines(base::TimePoint begin, base::TimePoint end)
    : end_(end), next_(begin + kFirst) {}

std::optional<std::string> WaitLines::take(base::TimePoint now) {
    const auto left = std::chrono::ceil<base::seconds>(end_ - now);
    if (now < next_ || left.count() <= 0) {
        return std::nullopt;
    }
    next_ = now + kEach;
    const std::string what = trouble_.empty() ? "waiting for the stage " + stage_ : trouble_;
    return "no root disk yet: " + what +
           base::format("; trying for %lld s more", static_cast<long long>(left.count()));
}

WaitReport::WaitReport(const base::Log& log, const base::Clock& clock, base::TimePoint end) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return;
    }
    base::UniqueFd reader(ends[0]);
    socket_ = base::UniqueFd(ends[1]);
    const pid_t parent = ::getpid();
    auto reporter = SideTask::start("wait report", [&]() -> base::Result<std::string> {
        socket_.reset();
        WaitLines lines(clock.now(), end);
        report(reader.get(), parent, lines, log, clock);
        return std::string();
    });
    if (reporter) {
        reporter_ = std::move(reporter).value();
    }
}

void WaitReport::tell(char kind, std::string_view text) const {
    if (!reporter_) {
        return;
    }
    const std::string news = kind + std::string(text.substr(0, kLongest));
    // It may have died, and who boots never waits for who only tells.
    (void)::send(socket_.get(), news.data(), news.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace boot
