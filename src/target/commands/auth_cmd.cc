// SPDX-License-Identifier: GPL-2.0-or-later
//
// Authentication Send and Receive: the two commands that carry DH-HMAC-CHAP messages. They come on
// any queue, before authentication and, to repeat it, at any later time.
#include <algorithm>

#include "nvme/fabrics.h"
#include "target/queue/request.h"
#include "target/queue/request_steps.h"

namespace target {

namespace status = nvme::status;

namespace {

/// No message of the protocol is longer; a host may allocate more than it needs to receive one.
constexpr uint32_t kMaxSendBytes = 4096;
constexpr uint32_t kMaxReceiveBytes = 16384;

Checked check(const Request& request, uint32_t limit) {
    const auto sqe = nvme::command_as<nvme::AuthSqe>(request.sqe);
    if (!request.queue->has_keys()) {
        return status::kInvalidOpcode.dnr().at(1);  // nothing to authenticate with
    }
    if (sqe.secp != nvme::AuthSqe::kSecp) {
        return status::kInvalidField.dnr().at(10, 24);
    }
    if (sqe.spsp0 != nvme::AuthSqe::kSpsp || sqe.spsp1 != nvme::AuthSqe::kSpsp) {
        return status::kInvalidField.dnr().at(10, sqe.spsp0 != nvme::AuthSqe::kSpsp ? 8 : 16);
    }
    if (sqe.length == 0 || sqe.length > limit) {
        return status::kInvalidField.dnr().at(11);
    }
    return uint32_t{sqe.length};
}

}  // namespace

Checked check_auth_send(const Request& request) {
    return check(request, kMaxSendBytes);
}

void auth_send(Request& request) {
    AuthSession& auth = request.queue->auth();
    const auto outcome = auth.negotiate().receive(request.payload());
    if (outcome == Authentication::Outcome::kComputing) {
        auth.compute(request);  // the host asks for the next message when this has ended
        return;
    }
    complete(request, status::kSuccess);
    auth.moved(outcome);
}

Checked check_auth_receive(const Request& request) {
    TRY(const uint32_t length, check(request, kMaxReceiveBytes));
    const Authentication* authentication = request.queue->auth().negotiation();
    if (authentication != nullptr && length < authentication->pending_bytes()) {
        return status::kInvalidField.dnr().at(11);
    }
    return length;
}

void auth_receive(Request& request) {
    AuthSession& auth = request.queue->auth();
    const auto message = auth.negotiate().produce();
    const base::MutableBytes out = request.payload();
    std::ranges::fill(out, std::byte{0});
    std::ranges::copy(
        base::ByteView(message.bytes).first(std::min(message.bytes.size(), out.size())),
        out.begin());
    if (message.outcome == Authentication::Outcome::kFailed) {
        request.queue->tell(Event::Kind::kRefused,
                            "authentication: " + auth.negotiation()->detail());
        auth.fail_attempt(request, status::kSuccess, 0, true);
        return;
    }
    complete(request, status::kSuccess);
    auth.moved(message.outcome);
}

}  // namespace target
