// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/event_log.h"

#include <ctime>
#include <utility>

#include "base/text.h"

namespace target {
namespace {

/// Lines of trouble at once, and the time after which there may be one more.
constexpr double kTroubleLines = 100;
constexpr base::milliseconds kTroubleInterval{200};

}  // namespace

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

void EventLog::audit(std::optional<AuditLog> audit) {
    std::erase_if(former_audits_, [](const AuditLog& log) { return log.is_finished(); });
    if (audit_) {
        audit_->finish();
        former_audits_.push_back(*std::move(audit_));
    }
    audit_ = std::move(audit);
}

void EventLog::on_event(const Event& event) {
    counts_.connected += event.kind == Event::Kind::kConnected ? 1 : 0;
    counts_.refused += event.kind == Event::Kind::kRefused ? 1 : 0;
    counts_.failed += event.kind == Event::Kind::kFailed ? 1 : 0;
    const bool trouble = event.kind == Event::Kind::kRefused || event.kind == Event::Kind::kFailed;
    if (trouble && !may_tell_trouble()) {
        ++left_out_;
        return;
    }
    if (trouble) {
        log_.warning(
            describe(event) +
            (left_out_ == 0 ? "" : "; lines left out before this: " + std::to_string(left_out_)));
    } else if (event.qid == 0) {
        log_.notice(describe(event));
    } else {
        log_.info(describe(event));
    }
    if (audit_) {
        write_audit(event);
    }
    left_out_ = trouble ? 0 : left_out_;
}

bool EventLog::may_tell_trouble() {
    const base::TimePoint now = clock_.now();
    if (trouble_.level(now, kTroubleInterval) >= kTroubleLines) {
        return false;
    }
    trouble_.add(now, kTroubleInterval);
    return true;
}

void EventLog::write_audit(const Event& event) {
    const bool trouble = event.kind == Event::Kind::kRefused || event.kind == Event::Kind::kFailed;
    const auto written = audit_->write(event, std::time(nullptr), trouble ? left_out_ : 0);
    if (!written) {
        log_.error("audit log: " + written.error().text + ", continuing without");
        audit_.reset();
    }
}

}  // namespace target
