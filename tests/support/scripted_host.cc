// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/scripted_host.h"

#include <array>
#include <utility>

namespace support {
namespace {

constexpr uint32_t kAuthReceiveBytes = 4096;  // what Linux allocates
constexpr uint8_t kSubmissionEntry = 6;       // 2^6 bytes
constexpr uint8_t kCompletionEntry = 4;

}  // namespace

SessionPeer::SessionPeer(target::Session& session, std::function<base::TimePoint()> now,
                         std::function<void()> settle)
    : session_(session), now_(std::move(now)), settle_(std::move(settle)) {}

base::Bytes SessionPeer::exchange(base::ByteView bytes) {
    base::Bytes out;
    if (!bytes.empty()) {
        session_.receive(bytes, now_());
    }
    drain(out);
    settle_();
    drain(out);
    return out;
}

void SessionPeer::drain(base::Bytes& out) {
    std::array<base::ByteView, 4> segments;
    while (const size_t count = session_.output(segments)) {
        size_t size = 0;
        for (const base::ByteView segment : std::span(segments).first(count)) {
            out.insert(out.end(), segment.begin(), segment.end());
            size += segment.size();
        }
        session_.sent(size);
    }
}

ScriptedHost::ScriptedHost(Peer& peer, const host::QueueOptions& options)
    : peer_(peer), queue_(options) {}

bool ScriptedHost::handshake() {
    pump();
    return queue_.state() == host::Queue::State::kOpen;
}

void ScriptedHost::pump() {
    for (bool moved = true; moved;) {
        const base::Bytes out = queue_.take_output();
        moved = !send(out).empty() || !out.empty();
    }
}

base::Bytes ScriptedHost::send(base::ByteView bytes) {
    base::Bytes answer = peer_.exchange(bytes);
    received_.insert(received_.end(), answer.begin(), answer.end());
    queue_.receive(answer);
    return answer;
}

std::optional<host::Completion> ScriptedHost::run(host::Command command) {
    if (queue_.state() != host::Queue::State::kOpen || !queue_.submit(std::move(command))) {
        return std::nullopt;
    }
    pump();
    return queue_.take_completion();
}

std::optional<host::Completion> ScriptedHost::connect(const host::ConnectOptions& options) {
    return run(host::connect(options));
}

bool ScriptedHost::enable() {
    nvme::Configuration configuration;
    configuration.enable = true;
    configuration.submission_entry = kSubmissionEntry;
    configuration.completion_entry = kCompletionEntry;
    const auto set = run(host::property_set(nvme::Property::kCc, configuration.wire()));
    const auto get = run(host::property_get(nvme::Property::kCsts));
    return set && set->status.ok() && get && get->status.ok() &&
           (get->dw0 & nvme::ControllerStatus::kReady) != 0;
}

std::optional<host::Completion> ScriptedHost::authenticate(DhchapHost& dhchap) {
    base::Bytes message = dhchap.negotiate();
    for (;;) {
        const auto state = dhchap.state();
        const bool is_last =
            state == DhchapHost::State::kAuthenticated || state == DhchapHost::State::kFailed;
        auto sent = run(host::auth_send(message));
        if (is_last || !sent || !sent->status.ok()) {
            return sent;
        }
        auto received = run(host::auth_receive(kAuthReceiveBytes));
        if (!received || !received->status.ok()) {
            return received;
        }
        message = dhchap.answer(received->data);
        if (message.empty()) {
            return received;
        }
    }
}

}  // namespace support
