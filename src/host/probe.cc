// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/probe.h"

#include <utility>

#include "base/text.h"
#include "nvme/nqn.h"

namespace host {
namespace {

using Kind = Verdict::Kind;
namespace status = nvme::status;

QueueOptions queue_options(const ProbeOptions& options) {
    QueueOptions queue;
    queue.header_digest = options.header_digest;
    queue.data_digest = options.data_digest;
    queue.max_commands = 1;
    queue.max_read_len = 0;  // Connect reads nothing
    return queue;
}

std::string accepted_text(const nvme::ConnectResult& result) {
    return base::format(
        "accepted as controller %u, %s", unsigned{result.cntlid},
        result.authentication_required ? "authentication required" : "no authentication asked for");
}

}  // namespace

Command connect(const ProbeOptions& options) {
    ConnectOptions connect_options;
    connect_options.hostnqn = options.hostnqn;
    connect_options.subsysnqn = options.subsysnqn;
    connect_options.hostid = options.hostid;
    connect_options.kato_ms = options.kato_ms;
    return connect(connect_options);
}

Verdict judge_broken_queue(const Queue& queue) {
    Verdict verdict{Kind::kUnusable, queue.problem(), queue.handshake_problem(), {}, {}};
    if (verdict.handshake == HandshakeProblem::kNone) {
        verdict.kind = Kind::kProtocolError;
    } else if (verdict.handshake == HandshakeProblem::kNotIcResp) {
        verdict.kind = Kind::kNotNvme;
    }
    return verdict;
}

Verdict judge_connect(const Completion& completion, const ProbeOptions& options) {
    const nvme::Status code = completion.status;
    const std::string field(nvme::name(nvme::ConnectInvalidField::from_dw0(completion.dw0)));
    const auto verdict = [&](Kind kind, std::string text) {
        return Verdict{kind, std::move(text), HandshakeProblem::kNone, code, {}};
    };
    if (code.ok()) {
        const auto result = nvme::ConnectResult::from_dw0(completion.dw0);
        Verdict accepted = verdict(Kind::kAccepted, accepted_text(result));
        accepted.connect = result;
        return accepted;
    }
    if (code == status::kConnectInvalidHost) {
        return verdict(Kind::kHostNotAllowed, "the target does not allow host " + options.hostnqn +
                                                  " in " + options.subsysnqn);
    }
    if (code == status::kConnectInvalidParameters && field == "SUBNQN") {
        return verdict(Kind::kNoSubsystem, "the target has no subsystem " + options.subsysnqn);
    }
    if (code == status::kConnectInvalidParameters && (field == "HOSTNQN" || field == "HOSTID")) {
        return verdict(Kind::kHostNotAllowed,
                       "the target does not accept " + field + " of host " + options.hostnqn);
    }
    if (code == status::kConnectControllerBusy) {
        return verdict(Kind::kBusy, "the target is busy: it has no controller to give");
    }
    const bool names_field = code == status::kConnectInvalidParameters && !field.empty();
    return verdict(code.final ? Kind::kRefused : Kind::kBusy,
                   "the target refuses Connect: " + nvme::describe(code, true) +
                       (names_field ? ", field " + field : std::string()));
}

Probe::Probe(ProbeOptions options)
    : options_(std::move(options)), queue_(queue_options(options_)) {}

void Probe::receive(base::ByteView bytes) {
    if (verdict_) {
        return;
    }
    queue_.receive(bytes);
    if (const auto completion = queue_.take_completion()) {
        verdict_ = judge_connect(*completion, options_);
    } else if (queue_.state() == Queue::State::kBroken) {
        verdict_ = judge_broken_queue(queue_);
    } else if (queue_.state() == Queue::State::kOpen && !submitted_) {
        submitted_ = queue_.submit(connect(options_)).has_value();
    }
}

void Probe::closed() {
    if (submitted_) {
        conclude(Kind::kProtocolError,
                 "the target closed the connection instead of answering Connect");
    } else {
        conclude(Kind::kUnreachable, "the target closed the connection instead of answering ICReq");
    }
}

void Probe::timed_out() {
    conclude(Kind::kUnreachable, base::format("the target takes connections but does not answer %s",
                                              submitted_ ? "Connect" : "ICReq"));
}

void Probe::conclude(Kind kind, std::string text) {
    if (!verdict_) {
        verdict_ = Verdict{kind, std::move(text), queue_.handshake_problem(), std::nullopt, {}};
    }
}

}  // namespace host
