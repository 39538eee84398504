// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/operation.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "base/fd.h"
#include "base/text.h"

namespace target {
namespace {

std::string good(const std::string& text) {
    return "ok\n" + text;
}

std::string bad(const exports::Errors& errors) {
    std::string text = "error\n";
    for (const std::string& error : errors) {
        text += error + "\n";
    }
    return text;
}

std::string lines(const std::vector<exports::Change>& changes) {
    std::string text;
    for (const exports::Change& change : changes) {
        text += change.line() + "\n";
    }
    return text.empty() ? "nothing changes\n" : text;
}

std::string http(const std::string& body) {
    return "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

}  // namespace

OperationSockets operation_sockets(const exports::ExportConfig& config) {
    OperationSockets sockets{config.control, config.metrics};
    const char* folder = getenv("RUNTIME_DIRECTORY");
    if (sockets.control.empty() && folder != nullptr) {
        sockets.control = std::string(folder) + "/control";
    }
    return sockets;
}

Operation::Operation(Service& service, const ConfigSource& source, Reactor& reactor,
                     const base::Log& log, const Notifier& notifier)
    : service_(service),
      source_(source),
      reactor_(reactor),
      log_(log),
      notifier_(notifier),
      control_(reactor, "\n",
               [this](std::string_view question, const std::string& who) {
                   return answer(question, who);
               }),
      metrics_(reactor, "\r\n\r\n", [this](std::string_view, const std::string&) {
          return http(to_metrics(service_.status()));
      }) {}

base::Status Operation::open(const OperationSockets& sockets) {
    if (!sockets.control.empty()) {
        TRY_VOID(control_.listen_unix(sockets.control));
    }
    if (sockets.metrics.starts_with('/')) {
        return metrics_.listen_unix(sockets.metrics);
    }
    return sockets.metrics.empty() ? base::Status(base::done())
                                   : metrics_.listen_loopback(sockets.metrics);
}

std::string Operation::answer(std::string_view question, const std::string& who) {
    if (question == "status") {
        return good(to_text(service_.status()));
    }
    if (question == "status --json") {
        return good(to_json(service_.status()));
    }
    if (question == "metrics") {
        return good(to_metrics(service_.status()));
    }
    if (question == "plan") {
        return plan();
    }
    if (question == "reload") {
        return reload(who);
    }
    return bad({"no such question: " + base::quoted(question)});
}

std::string Operation::plan() {
    const auto next = source_();
    return next ? good(lines(service_.plan(*next))) : bad(next.error());
}

std::string Operation::reload(const std::string& who) {
    notifier_.reloading(reactor_.now());
    const auto changes = service_.reload(source_());
    notifier_.ready();
    if (!changes) {
        for (const std::string& error : changes.error()) {
            log_.error("reload (" + who + "): " + error);
        }
        log_.warning("reload (" + who + "): nothing was changed, continuing as before");
        return bad(changes.error());
    }
    for (const exports::Change& change : *changes) {
        log_.notice("reload (" + who + "): " + change.line());
    }
    log_.notice("reload (" + who + "): done, changes: " + std::to_string(changes->size()));
    return good(lines(*changes));
}

void Operation::stop() {
    notifier_.stopping();
    control_.stop();
    metrics_.stop();
}

base::Result<bool> command_server(const std::string& socket, std::string_view question) {
    TRY(const std::string answer, ask(socket, question));
    const size_t end = answer.find('\n');
    const std::string_view verdict = std::string_view(answer).substr(0, end);
    if (verdict != "ok" && verdict != "error") {
        return base::error(socket + ": not an answer of nvmeroot-target");
    }
    const bool done = verdict == "ok";
    TRY_VOID(base::write_all(done ? STDOUT_FILENO : STDERR_FILENO,
                             std::string_view(answer).substr(end + 1)));
    return done;
}

}  // namespace target
