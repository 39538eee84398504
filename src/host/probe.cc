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

Probe::Probe(ProbeOptions options)
    : options_(std::move(options)), queue_(queue_options(options_)) {}

void Probe::receive(base::ByteView bytes) {
    if (verdict_) {
        return;
    }
    queue_.receive(bytes);
    if (const auto completion = queue_.take_completion()) {
        judge_connect(*completion);
    } else if (queue_.state() == Queue::State::kBroken) {
        judge_broken_queue();
    } else if (queue_.state() == Queue::State::kOpen && !submitted_) {
        ConnectOptions connect_options;
        connect_options.hostnqn = options_.hostnqn;
        connect_options.subsysnqn = options_.subsysnqn;
        connect_options.hostid = options_.hostid;
        connect_options.kato_ms = options_.kato_ms;
        submitted_ = queue_.submit(connect(connect_options)).has_value();
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

void Probe::judge_broken_queue() {
    switch (queue_.handshake_problem()) {
        case HandshakeProblem::kNone:
            return conclude(Kind::kProtocolError, queue_.problem());
        case HandshakeProblem::kNotIcResp:
            return conclude(Kind::kNotNvme, queue_.problem());
        case HandshakeProblem::kVersion:
        case HandshakeProblem::kAlignment:
        case HandshakeProblem::kMaxData:
        case HandshakeProblem::kHeaderDigest:
        case HandshakeProblem::kDataDigest:
            return conclude(Kind::kUnusable, queue_.problem());
    }
}

void Probe::judge_connect(const Completion& completion) {
    const nvme::Status code = completion.status;
    const auto field = nvme::ConnectInvalidField::from_dw0(completion.dw0);
    const std::string field_name(nvme::name(field));
    if (code.ok()) {
        const auto result = nvme::ConnectResult::from_dw0(completion.dw0);
        conclude(Kind::kAccepted, accepted_text(result));
        verdict_->connect = result;
    } else if (code == status::kConnectInvalidHost) {
        conclude(Kind::kHostNotAllowed, "the target does not allow host " + options_.hostnqn +
                                            " in " + options_.subsysnqn);
    } else if (code == status::kConnectInvalidParameters && field_name == "SUBNQN") {
        conclude(Kind::kNoSubsystem, "the target has no subsystem " + options_.subsysnqn);
    } else if (code == status::kConnectInvalidParameters &&
               (field_name == "HOSTNQN" || field_name == "HOSTID")) {
        conclude(Kind::kHostNotAllowed,
                 "the target does not accept " + field_name + " of host " + options_.hostnqn);
    } else if (code == status::kConnectControllerBusy) {
        conclude(Kind::kBusy, "the target is busy: it has no controller to give");
    } else {
        conclude(code.final ? Kind::kRefused : Kind::kBusy,
                 "the target refuses Connect: " + nvme::describe(code, true) +
                     (code == status::kConnectInvalidParameters && !field_name.empty()
                          ? ", field " + field_name
                          : std::string()));
    }
    verdict_->status = code;
}

void Probe::conclude(Kind kind, std::string text) {
    if (!verdict_) {
        verdict_ = Verdict{kind, std::move(text), queue_.handshake_problem(), std::nullopt, {}};
    }
}

}  // namespace host
