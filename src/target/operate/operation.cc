// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/operate/operation.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <utility>

#include "base/text.h"

namespace target {
namespace {

std::string good(const std::string& text) {
    return "ok\n" + text;
}

std::string bad(const exports::Errors& errors) {
    std::string text = "error\n";
    for (const std::string& error : errors) {
        text += base::printable(error) + "\n";
    }
    return text;
}

std::string lines(const std::vector<exports::Change>& changes) {
    std::string text;
    for (const exports::Change& change : changes) {
        text += base::printable(change.line()) + "\n";
    }
    return text.empty() ? "no changes\n" : text;
}

/// @param status  with its reason, and further header lines
std::string http(std::string_view status, const std::string& body) {
    return "HTTP/1.0 " + std::string(status) +
           "\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

/// Metrics can be read, and nothing else: RFC 9110, section 9 "Methods".
std::string answer_http(std::string_view request, const std::function<std::string()>& metrics) {
    const auto words = base::split_words(request.substr(0, request.find("\r\n")));
    if (words.size() != 3 || !words[2].starts_with("HTTP/")) {
        return http("400 Bad Request", "");
    }
    if (words[0] != "GET" && words[0] != "HEAD") {
        return http("405 Method Not Allowed\r\nAllow: GET, HEAD", "");
    }
    const std::string whole = http("200 OK", metrics());
    return words[0] == "GET" ? whole : whole.substr(0, whole.find("\r\n\r\n") + 4);
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
      metrics_(reactor, "\r\n\r\n", [this](std::string_view request, const std::string&) {
          return answer_http(request, [this] { return to_metrics(service_.status()); });
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

// clang-format off
const Operation::Question Operation::kQuestions[] = {
    {"status", &Operation::status},
    {"status --json", &Operation::status_json},
    {"metrics", &Operation::metrics},
    {"plan", &Operation::plan},
    {"reload", &Operation::reload},
    {"drain", &Operation::drain},
    {"drain --cancel", &Operation::end_drain},
};
// clang-format on

std::string Operation::answer(std::string_view question, const std::string& who) {
    const auto* row = std::ranges::find(kQuestions, question, &Question::words);
    return row == std::end(kQuestions) ? bad({"unknown request: " + base::quoted(question)})
                                       : (this->*row->answer)(who);
}

std::string Operation::status(const std::string& /*who*/) {
    return good(to_text(service_.status()));
}

std::string Operation::status_json(const std::string& /*who*/) {
    return good(to_json(service_.status()));
}

std::string Operation::metrics(const std::string& /*who*/) {
    return good(to_metrics(service_.status()));
}

std::string Operation::plan(const std::string& /*who*/) {
    auto next = source_();
    if (!next) {
        return bad(next.error());
    }
    const auto changes = service_.plan(std::move(*next));
    return changes ? good(lines(*changes)) : bad(changes.error());
}

/// Begins it, or tells how far it is.
std::string Operation::drain(const std::string& who) {
    if (service_.drain()) {
        log_.notice("drain (" + who + "): moving hosts to their other paths");
        notifier_.send("STATUS=draining");
    }
    return good(std::to_string(service_.undrained()) + "\n");
}

std::string Operation::end_drain(const std::string& who) {
    if (!service_.end_drain()) {
        return bad({"no drain is in progress"});
    }
    log_.notice("drain (" + who + "): cancelled");
    notifier_.ready();
    return good("hosts may connect again\n");
}

std::string Operation::reload(const std::string& who) {
    notifier_.reloading(reactor_.now());
    const auto changes = service_.reload(source_());
    notifier_.ready();
    if (!changes) {
        for (const std::string& error : changes.error()) {
            log_.error("reload (" + who + "): " + error);
        }
        log_.warning("reload (" + who +
                     "): no changes applied, continuing with the old configuration");
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

}  // namespace target
