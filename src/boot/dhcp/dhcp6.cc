// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/dhcp/dhcp6.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.h"

namespace boot {
namespace {

// RFC 8415, section 7.6: SOL_TIMEOUT and REQ_TIMEOUT are 1 s, and double. A boot does not wait for
// the hour that the standard lets them grow to.
constexpr base::milliseconds kFirstDelay{1000};
constexpr unsigned kMostDoublings = 4;
constexpr unsigned kMostRequests = 4;  // for one offer, before it counts as lost

}  // namespace

Dhcp6Client::Dhcp6Client(Wants wants, const MacAddress& mac, uint64_t seed, base::TimePoint now)
    : identity_(dhcp6_identity(mac)),
      first_(wants == Wants::kAddress ? State::kSoliciting : State::kInforming),
      state_(first_),
      transaction_(static_cast<uint32_t>(seed)),
      began_(now),
      wake_(now) {}

std::optional<base::Bytes> Dhcp6Client::on_time(base::TimePoint now) {
    if (state_ == State::kDone || now < wake_) {
        return std::nullopt;
    }
    if (state_ == State::kRequesting && repetitions_ == kMostRequests) {
        trouble_ = "a DHCPv6 server offered an address and did not confirm it";
        restart(now);
    }
    const auto elapsed = std::chrono::duration_cast<base::milliseconds>(now - began_).count() / 10;
    Dhcp6Request request;
    request.transaction = transaction_;
    request.elapsed_centiseconds =
        static_cast<uint16_t>(std::min<long long>(elapsed, std::numeric_limits<uint16_t>::max()));
    switch (state_) {
        case State::kSoliciting:
            request.type = Dhcp6Type::kSolicit;
            break;
        case State::kRequesting:
            request.type = Dhcp6Type::kRequest;
            request.server_id = answer_->server_id;
            request.address = answer_->lease->address;
            break;
        case State::kInforming:
        case State::kDone:
            request.type = Dhcp6Type::kInformationRequest;
            break;
    }
    wake_ = now + kFirstDelay * (1U << std::min(repetitions_++, kMostDoublings));
    ++sent_;
    return build_dhcp6(request, identity_);
}

void Dhcp6Client::on_message(base::ByteView bytes, base::TimePoint now) {
    auto answer = parse_dhcp6(bytes, identity_.iaid);
    if (state_ == State::kDone || !answer || answer->client_id != identity_.duid ||
        answer->transaction != (transaction_ & 0xFFFFFFU)) {
        return;
    }
    if (answer->type == Dhcp6Type::kAdvertise) {
        take_advertise(std::move(*answer), now);
    } else {
        take_reply(std::move(*answer), now);
    }
}

void Dhcp6Client::take_advertise(Dhcp6Answer answer, base::TimePoint now) {
    if (state_ != State::kSoliciting) {
        return;
    }
    if (!answer.lease) {
        trouble_ = "a DHCPv6 server offers no address" +
                   (answer.refusal.empty() ? "" : ": " + answer.refusal);
        return;
    }
    answer_ = std::move(answer);
    begin(State::kRequesting, now);
}

void Dhcp6Client::take_reply(Dhcp6Answer answer, base::TimePoint now) {
    const bool informs = state_ == State::kInforming;
    if (state_ == State::kSoliciting && !answer.rapid_commit) {
        return;
    }
    if (!informs && !answer.lease) {
        trouble_ = "a DHCPv6 server refuses the address" +
                   (answer.refusal.empty() ? "" : ": " + answer.refusal);
        restart(now + kFirstDelay);
        return;
    }
    answer_ = std::move(answer);
    state_ = State::kDone;
    wake_ = base::TimePoint::max();
}

void Dhcp6Client::restart(base::TimePoint at) {
    answer_.reset();
    begin(first_, at);
}

void Dhcp6Client::begin(State state, base::TimePoint now) {
    state_ = state;
    ++transaction_;
    repetitions_ = 0;
    wake_ = now;
}

std::string Dhcp6Client::story() const {
    return trouble_.empty() ? base::format("no DHCPv6 server answered %u messages", sent_)
                            : trouble_;
}

}  // namespace boot
