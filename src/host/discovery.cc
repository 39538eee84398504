// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/discovery.h"

#include <utility>

namespace host {
namespace {

/// A round trip each; the deadline is the caller's, this ends a target that answers at once and is
/// never ready.
constexpr int kMaxStatusPolls = 20000;

QueueOptions queue_options(const ProbeOptions& options) {
    QueueOptions queue;
    queue.header_digest = options.header_digest;
    queue.data_digest = options.data_digest;
    queue.max_commands = 1;
    queue.max_read_len = nvme::DiscoveryReading::kPieceBytes;
    return queue;
}

Command enable() {
    nvme::Configuration cc;
    cc.enable = true;
    cc.submission_entry = 6;
    cc.completion_entry = 4;
    return property_set(nvme::Property::kCc, cc.wire());
}

}  // namespace

Discovery::Discovery(ProbeOptions options, nvme::DiscoveryReading::Filter wanted)
    : options_(std::move(options)), queue_(queue_options(options_)), reading_(std::move(wanted)) {}

void Discovery::receive(base::ByteView bytes) {
    if (ended()) {
        return;
    }
    queue_.receive(bytes);
    if (const auto completion = queue_.take_completion()) {
        on_completion(*completion);
    } else if (queue_.state() == Queue::State::kBroken) {
        if (step_ == Step::kNone || step_ == Step::kConnect) {
            verdict_ = judge_broken_queue(queue_);
        }
        end(queue_.problem());
    } else if (queue_.state() == Queue::State::kOpen && step_ == Step::kNone) {
        submit(Step::kConnect, connect(options_));
    }
}

void Discovery::timed_out() {
    constexpr const char* kAwaited[] = {"ICReq", "Connect", "Property Set", "Property Get",
                                        "Get Log Page"};
    end(std::string("the target takes connections but does not answer ") +
        kAwaited[static_cast<size_t>(step_)]);
}

void Discovery::submit(Step step, Command command) {
    step_ = step;
    if (!queue_.submit(std::move(command))) {  // nothing else is outstanding
        end(queue_.problem());
    }
}

void Discovery::on_completion(const Completion& completion) {
    if (step_ == Step::kConnect) {
        verdict_ = judge_connect(completion, options_);
        if (verdict_->kind != Verdict::Kind::kAccepted) {
            end(verdict_->text);
        } else if (verdict_->connect.secure_channel_required) {
            end("the discovery controller demands a secure channel (TLS)");
        } else if (verdict_->connect.authentication_required) {
            end("the discovery controller demands authentication");
        } else {
            submit(Step::kEnable, enable());
        }
    } else if (!completion.status.ok()) {
        end(std::string("the discovery controller refuses ") +
            (step_ == Step::kRead ? "its log" : "to start") + ": " +
            nvme::describe(completion.status, true));
    } else if (step_ == Step::kEnable) {
        submit(Step::kStatus, property_get(nvme::Property::kCsts));
    } else if (step_ == Step::kStatus) {
        on_status(completion);
    } else {
        on_piece(completion);
    }
}

void Discovery::on_status(const Completion& completion) {
    if ((completion.dw0 & nvme::ControllerStatus::kFatal) != 0) {
        end("the discovery controller reports a fatal status");
    } else if ((completion.dw0 & nvme::ControllerStatus::kReady) != 0) {
        const auto piece = reading_.next();
        submit(Step::kRead, get_log_page(nvme::LogPage::kDiscovery, piece.length, piece.offset));
    } else if (++status_polls_ < kMaxStatusPolls) {
        submit(Step::kStatus, property_get(nvme::Property::kCsts));
    } else {
        end("the discovery controller does not become ready");
    }
}

void Discovery::on_piece(const Completion& completion) {
    if (auto taken = reading_.take(completion.data); !taken) {
        return end(std::move(taken).error().text);
    }
    if (!reading_.done()) {
        const auto piece = reading_.next();
        submit(Step::kRead, get_log_page(nvme::LogPage::kDiscovery, piece.length, piece.offset));
    }
}

void Discovery::end(std::string problem) {
    if (!ended()) {
        problem_ = std::move(problem);
    }
}

base::Result<nvme::DiscoveryLog> Discovery::log() const {
    if (problem_) {
        return base::error(*problem_);
    }
    return reading_.log();
}

}  // namespace host
