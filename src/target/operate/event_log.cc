// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/operate/event_log.h"

#include <ctime>
#include <utility>

#include "base/text.h"

namespace target {
namespace {

/// The rate for events that anyone can cause. The man page names the numbers.
constexpr LineBound::Rule kOfStrangers = {.at_once = 100, .interval = base::milliseconds(200)};
/// A fleet that boots is a line for each queue of each host.
constexpr LineBound::Rule kOfProved = {.at_once = 10'000, .interval = base::milliseconds(10)};

}  // namespace

void EventLog::audit(std::optional<AuditLog> audit) {
    std::erase_if(former_audits_, [](const AuditLog& log) { return log.is_finished(); });
    if (audit_) {
        audit_->finish();
        former_audits_.push_back(*std::move(audit_));
    }
    audit_ = std::move(audit);
}

std::optional<uint64_t> LineBound::pass(base::TimePoint now, const Rule& rule) {
    if (lines_.level(now, rule.interval) >= rule.at_once) {
        ++left_out_;
        return std::nullopt;
    }
    lines_.add(now, rule.interval);
    return std::exchange(left_out_, 0);
}

void EventLog::on_event(const Event& event) {
    counts_.connected += event.kind == Event::Kind::kConnected ? 1 : 0;
    counts_.refused += event.kind == Event::Kind::kRefused ? 1 : 0;
    counts_.failed += event.kind == Event::Kind::kFailed ? 1 : 0;
    const bool trouble = event.kind == Event::Kind::kRefused || event.kind == Event::Kind::kFailed;
    LineBound& bound = event.proved ? proved_ : trouble ? trouble_ : strangers_;
    const auto left_out = bound.pass(clock_.now(), event.proved ? kOfProved : kOfStrangers);
    if (!left_out) {
        ++counts_.left_out;
        return;
    }
    const std::string line =
        describe(event) +
        (*left_out == 0 ? "" : "; omitted lines before this: " + std::to_string(*left_out));
    if (trouble) {
        log_.warning(line);
    } else if (event.qid == 0) {
        log_.notice(line);
    } else {
        log_.info(line);
    }
    if (audit_) {
        write_audit(event, *left_out);
    }
}

void EventLog::write_audit(const Event& event, uint64_t left_out) {
    const auto written = audit_->write(event, std::time(nullptr), left_out);
    if (!written) {
        log_.error("audit log: " + written.error().text + ", continuing without");
        audit_.reset();
    }
}

}  // namespace target
