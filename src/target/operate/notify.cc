// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/operate/notify.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <utility>

#include "base/text.h"

namespace target {
namespace {

std::string take_variable(const char* name) {
    const char* value = getenv(name);
    std::string text = value == nullptr ? "" : value;
    (void)unsetenv(name);  // fails for names that are none
    return text;
}

/// Whether a variable that names a process names this one.
bool is_ours(const std::string& pid) {
    return pid == std::to_string(getpid());
}

}  // namespace

Notifier Notifier::from_environment() {
    Notifier notifier;
    notifier.path_ = take_variable("NOTIFY_SOCKET");
    const std::string period = take_variable("WATCHDOG_USEC");
    const std::string pid = take_variable("WATCHDOG_PID");
    if (const auto us = base::parse_u64(period, INT64_MAX); us && (pid.empty() || is_ours(pid))) {
        notifier.watchdog_ = std::chrono::duration_cast<base::milliseconds>(
            std::chrono::microseconds(static_cast<int64_t>(*us)));
    }
    return notifier;
}

void Notifier::send(std::string_view lines) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.empty() || path_.size() >= sizeof address.sun_path) {
        return;
    }
    std::ranges::copy(path_, address.sun_path);
    if (address.sun_path[0] == '@') {
        address.sun_path[0] = '\0';  // a name outside the file system
    }
    const base::UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    (void)sendto(socket.get(), lines.data(), lines.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&address),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size()));
}

void Notifier::reloading(base::TimePoint now) const {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(us.count()));
}

std::unique_ptr<Timer> Notifier::start_watchdog(Reactor& reactor) const {
    if (watchdog_ <= base::milliseconds(0)) {
        return nullptr;
    }
    // The timer sets itself again, so its action has to know where it is.
    auto place = std::make_shared<Timer*>(nullptr);
    auto timer = std::make_unique<Timer>(reactor, [this, &reactor, place] {
        send("WATCHDOG=1");
        (*place)->set(reactor.now() + watchdog_ / 2);
    });
    *place = timer.get();
    timer->set(reactor.now() + watchdog_ / 2);
    return timer;
}

std::vector<base::UniqueFd> inherited_sockets() {
    constexpr int kFirst = 3;
    constexpr uint64_t kMost = 64;
    const std::string count = take_variable("LISTEN_FDS");
    const std::string pid = take_variable("LISTEN_PID");
    (void)take_variable("LISTEN_FDNAMES");
    std::vector<base::UniqueFd> sockets;
    const auto number = base::parse_u64(count, kMost);
    if (!number || !is_ours(pid)) {
        return sockets;
    }
    for (int fd = kFirst; fd < kFirst + static_cast<int>(*number); ++fd) {
        // A bad number shows when it is used. The reactor needs blocking sockets.
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
        sockets.emplace_back(fd);
    }
    return sockets;
}

}  // namespace target
