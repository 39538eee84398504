// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/event_log.h"

#include "base/text.h"

namespace target {
namespace {

std::string_view verb(Event::Kind kind) {
    switch (kind) {
        case Event::Kind::kConnected:
            return " connected";
        case Event::Kind::kAuthenticated:
            return " authenticated";
        case Event::Kind::kRefused:
            return " refused";
        case Event::Kind::kDisconnected:
            return " disconnected";
        case Event::Kind::kFailed:
            return " cut off";
    }
    return "";
}

}  // namespace

std::string describe(const Event& event) {
    const bool known = !event.hostnqn.empty();
    std::string text = known ? "host " + base::quoted(event.hostnqn) + " at " : "";
    text += std::string(event.peer) + std::string(verb(event.kind));
    if (!event.subnqn.empty()) {
        text += ", subsystem " + base::quoted(event.subnqn);
    }
    if (event.cntlid != 0) {
        text += ", controller " + std::to_string(event.cntlid);
    }
    if (event.qid != 0) {
        text += ", queue " + std::to_string(event.qid);
    }
    return event.detail.empty() ? text : text + ": " + event.detail;
}

void EventLog::on_event(const Event& event) {
    counts_.connected += event.kind == Event::Kind::kConnected ? 1 : 0;
    counts_.refused += event.kind == Event::Kind::kRefused ? 1 : 0;
    counts_.failed += event.kind == Event::Kind::kFailed ? 1 : 0;
    const bool trouble = event.kind == Event::Kind::kRefused || event.kind == Event::Kind::kFailed;
    if (trouble) {
        log_.warning(describe(event));
    } else if (event.qid == 0) {
        log_.notice(describe(event));
    } else {
        log_.info(describe(event));
    }
}

}  // namespace target
