// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/operate/serve.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <utility>

#include "base/fd.h"
#include "target/operate/core_config.h"
#include "target/operate/notify.h"

namespace target {
namespace {

/// How long a stopping server lets commands in flight be answered; below the 90 s after which
/// systemd kills.
constexpr base::seconds kStopPatience{10};

/// SIGTERM, SIGINT and SIGHUP as a descriptor; the helper threads of the reactor inherit the mask.
/// A log whose reader went away must not end the server: SIGPIPE is ignored.
base::Result<base::UniqueFd> take_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    base::UniqueFd fd(signalfd(-1, &set, SFD_CLOEXEC));
    if (!fd.valid() || sigprocmask(SIG_BLOCK, &set, nullptr) != 0 ||
        signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
        return base::errno_error(errno, "take signals");
    }
    return fd;
}

/// Hands on each signal that comes, until its action says that it was the last.
class SignalReader {
  public:
    SignalReader(Reactor& reactor, int fd, std::function<bool(int signal)> action)
        : reactor_(reactor), fd_(fd), action_(std::move(action)) {
        wait();
    }

  private:
    void wait() {
        reactor_.wait_readable(fd_, [this](int) {
            signalfd_siginfo info{};
            if (read(fd_, &info, sizeof info) == sizeof info &&
                action_(static_cast<int>(info.ssi_signo))) {
                wait();
            }
        });
    }

    Reactor& reactor_;
    const int fd_;
    std::function<bool(int signal)> action_;
};

/// Each connection is a descriptor: as many as the system lets us have.
void raise_file_limit(const exports::ExportConfig& config, const base::Log& log) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);  // the check below warns if that is not enough
    constexpr rlim_t kOthers = 64;
    if (limit.rlim_cur < config.limits.max_connections + files_of_images(config) + kOthers) {
        log.warning("max_connections is " + std::to_string(config.limits.max_connections) +
                    ", but this process may open only " + std::to_string(limit.rlim_cur) +
                    " files (LimitNOFILE, ulimit -n), continuing with fewer connections");
    }
}

}  // namespace

base::Status serve(exports::ExportConfig config, const ConfigSource& source, Reactor::Engine engine,
                   const base::Log& log, Interposer& between) {
    const Notifier notifier = Notifier::from_environment();
    TRY(const base::UniqueFd signals, take_signals());
    raise_file_limit(config, log);
    TRY(const auto reactor, Reactor::open(engine));
    if (sysconf(_SC_NPROCESSORS_ONLN) > 1) {  // else it would keep from running what it waits for
        reactor->busy_poll(std::chrono::microseconds(config.limits.busy_poll_us));
    }
    const OperationSockets sockets = operation_sockets(config);
    TRY(const auto service,
        Service::open(std::move(config), *reactor, log, between, inherited_sockets()));
    Operation operation(*service, source, *reactor, log, notifier);
    TRY_VOID(operation.open(sockets));
    SignalReader reader(*reactor, signals.get(), [&](int signal) {
        if (signal == SIGHUP) {
            (void)operation.reload("SIGHUP");  // it has told the log
            return true;
        }
        operation.stop();
        service->stop(kStopPatience);
        return false;
    });
    service->tell_ready();
    notifier.ready();
    const auto watchdog = notifier.start_watchdog(*reactor);
    reactor->run();
    log.notice("stopped");
    return base::done();
}

}  // namespace target
