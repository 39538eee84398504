// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/dhcp/dhcp.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/endian.h"
#include "base/text.h"

namespace boot {

namespace {

using base::be16;
using base::milliseconds;

constexpr uint8_t kEthernet = 1;
constexpr std::string_view kVendor = "nvmeroot";
constexpr uint16_t kMaximumSize = 1472;  // what fits into one Ethernet frame
constexpr unsigned kMostRequests = 4;    // for one offer, before it counts as lost

// RFC 2131, section 4.1, requires delays that double, with jitter of a quarter, and suggests 4 s as
// the first on 10 Mbit/s Ethernet. Here a lost first discover is the rule (a switch port forwards
// some time after the carrier comes), and each second is a second of boot: begin with 1 s.
constexpr milliseconds kFirstDelay{1000};
constexpr unsigned kMostDoublings = 4;

constexpr std::array kWanted = {
    DhcpCode::kClasslessRoutes,  // RFC 3442: before kRouter
    DhcpCode::kSubnetMask,
    DhcpCode::kRouter,
    DhcpCode::kDnsServers,
    DhcpCode::kHostName,
    DhcpCode::kDomainName,
    DhcpCode::kRootPath,
    DhcpCode::kMtu,
    DhcpCode::kBroadcast,
    DhcpCode::kLeaseTime,
    DhcpCode::kServerId,
    DhcpCode::kRenewalTime,
    DhcpCode::kRebindingTime,
};

}  // namespace

DhcpClient::DhcpClient(DhcpIdentity identity, uint64_t seed, base::TimePoint now)
    : identity_(std::move(identity)), random_state_(seed), begin_(now), wake_(now) {
    base::Writer(client_id_).put(kEthernet).put(identity_.mac);
    xid_ = static_cast<uint32_t>(random());
}

std::optional<base::Bytes> DhcpClient::on_time(base::TimePoint now) {
    if (now < wake_) {
        return std::nullopt;
    }
    switch (state_) {
        case State::kSelecting:
            return discover(now);
        case State::kRequesting:
            if (repetitions_ == kMostRequests) {
                trouble_ = offer_->server.text() + " offered an address, but did not grant it";
                restart(now);
                return discover(now);
            }
            return request(now);
        case State::kBound:
            break;
    }
    return std::nullopt;
}

std::optional<base::Bytes> DhcpClient::on_message(base::ByteView bytes, base::TimePoint now) {
    const auto message = parse_dhcp(bytes);
    if (!message || !message->reply || message->xid != xid_ || message->chaddr != identity_.mac) {
        return std::nullopt;
    }
    if (state_ == State::kSelecting && message->type == DhcpType::kOffer && discovers_ > 0) {
        return on_offer(*message, now);
    }
    if (state_ == State::kRequesting && is_from_chosen_server(*message)) {
        if (message->type == DhcpType::kAck) {
            on_ack(*message, now);
        } else if (message->type == DhcpType::kNak) {
            on_nak(*message, now);
        }
    }
    return std::nullopt;
}

std::string DhcpClient::story() const {
    if (!trouble_.empty()) {
        return trouble_;
    }
    if (state_ == State::kRequesting) {
        return offer_->server.text() + " offered an address, but has not granted it";
    }
    return base::format("no DHCP server answered %u discover%s", discovers_,
                        discovers_ == 1 ? "" : "s");
}

base::Bytes DhcpClient::discover(base::TimePoint now) {
    const auto elapsed = std::chrono::duration_cast<base::seconds>(now - begin_).count();
    secs_ =
        static_cast<uint16_t>(std::min<long long>(elapsed, std::numeric_limits<uint16_t>::max()));
    ++discovers_;
    wake_ = now + back_off(repetitions_++);
    DhcpMessage out = message(DhcpType::kDiscover);
    if (identity_.wanted && naks_ == 0) {
        out.add(DhcpCode::kRequestedAddress, identity_.wanted->bytes());
    }
    return build_dhcp(out);
}

base::Bytes DhcpClient::request(base::TimePoint now) {
    wake_ = now + back_off(repetitions_++);
    DhcpMessage out = message(DhcpType::kRequest);
    out.add(DhcpCode::kRequestedAddress, offer_->address.address.bytes());
    out.add(DhcpCode::kServerId, offer_->server.bytes());
    return build_dhcp(out);
}

DhcpMessage DhcpClient::message(DhcpType type) const {
    DhcpMessage out;
    out.type = type;
    out.xid = xid_;
    out.secs = secs_;
    out.chaddr = identity_.mac;
    out.add(DhcpCode::kClientId, client_id_);
    out.add(DhcpCode::kMaximumSize, base::bytes_of(be16(kMaximumSize)));
    out.add(DhcpCode::kParameterList, std::as_bytes(std::span(kWanted)));
    out.add(DhcpCode::kVendorClass, base::bytes_of(kVendor));
    if (!identity_.hostname.empty()) {
        out.add(DhcpCode::kHostName, base::bytes_of(identity_.hostname));
    }
    return out;
}

std::optional<base::Bytes> DhcpClient::on_offer(const DhcpMessage& offer, base::TimePoint now) {
    auto lease = lease_of(offer);
    if (!lease) {
        refuse(offer, lease.error());
        return std::nullopt;
    }
    offer_ = std::move(*lease);
    state_ = State::kRequesting;
    repetitions_ = 0;
    return request(now);
}

void DhcpClient::on_ack(const DhcpMessage& ack, base::TimePoint now) {
    auto lease = lease_of(ack);
    if (!lease) {
        refuse(ack, lease.error());
        return;
    }
    lease_ = std::move(*lease);
    lease_->client_id = client_id_;
    lease_->message = build_dhcp(ack);
    lease_->granted = now;
    state_ = State::kBound;
    wake_ = base::TimePoint::max();
}

void DhcpClient::on_nak(const DhcpMessage& nak, base::TimePoint now) {
    const std::string words = dhcp_text(nak);
    trouble_ = offer_->server.text() + " withdrew its offer" + (words.empty() ? "" : ": ") + words;
    // The first time at once: a server that has just lost its memory answers well the second time.
    restart(naks_ == 0 ? now : now + back_off(naks_));
    ++naks_;
}

void DhcpClient::restart(base::TimePoint at) {
    state_ = State::kSelecting;
    offer_.reset();
    repetitions_ = 0;
    xid_ = static_cast<uint32_t>(random());
    wake_ = at;
}

void DhcpClient::refuse(const DhcpMessage& message, const base::Error& why) {
    const base::Bytes* server = message.find(DhcpCode::kServerId);
    const auto address = server == nullptr ? std::nullopt : IpAddress::from_bytes(*server);
    trouble_ =
        (address ? address->text() : "a DHCP server") + " made an unusable offer: " + why.text;
}

bool DhcpClient::is_from_chosen_server(const DhcpMessage& message) const {
    const base::Bytes* server = message.find(DhcpCode::kServerId);
    return server != nullptr && std::ranges::equal(*server, offer_->server.bytes());
}

milliseconds DhcpClient::back_off(unsigned count) {
    const milliseconds delay = kFirstDelay * (1U << std::min(count, kMostDoublings));
    const auto spread = static_cast<uint64_t>(delay.count() / 2);
    return delay * 3 / 4 + milliseconds(random() % spread);
}

/// SplitMix64: no secret, only a spread.
uint64_t DhcpClient::random() {
    uint64_t z = random_state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111eb;
    return z ^ (z >> 31U);
}

}  // namespace boot
