// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/wire/events.h"

#include "base/text.h"

namespace target {

std::string_view name(Event::Kind kind) {
    switch (kind) {
        case Event::Kind::kConnected:
            return "connected";
        case Event::Kind::kAuthenticated:
            return "authenticated";
        case Event::Kind::kRefused:
            return "refused";
        case Event::Kind::kDisconnected:
            return "disconnected";
        case Event::Kind::kFailed:
            return "cut off";
    }
    return "";
}

std::string describe(const Event& event) {
    const bool known = !event.hostnqn.empty();
    std::string text = known ? "host " + base::quoted(event.hostnqn) + " at " : "";
    text += std::string(event.peer) + " " + std::string(name(event.kind));
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

}  // namespace target
