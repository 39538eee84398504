// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/target_fixture.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "support/lanes.h"

namespace support {
namespace {

constexpr std::array kEventNames = {"connected", "authenticated", "refused", "disconnected",
                                    "failed"};
constexpr std::array kIoNames = {"read", "write", "flush", "write zeroes", "discard"};

target::SubsystemConfig subsystem_config() {
    target::SubsystemConfig config;
    config.nqn = kSubsysNqn;
    config.serial = "SERIAL1";
    config.model = "test disk";
    config.hosts = {kHostNqn};
    return config;
}

}  // namespace

void EventLog::on_event(const target::Event& event) {
    lines.push_back(std::string(kEventNames[static_cast<size_t>(event.kind)]) + ": " +
                    event.detail);
}

bool EventLog::has(const std::string& text) const {
    return std::ranges::any_of(
        lines, [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

void HeldBackend::submit(target::Io& io) {
    asked.push_back(base::format("%s %llu+%llu%s", kIoNames[static_cast<size_t>(io.kind)],
                                 static_cast<unsigned long long>(io.offset),
                                 static_cast<unsigned long long>(io.length),
                                 io.force_unit_access ? " fua" : ""));
    if (hold) {
        held.push_back(&io);
    } else {
        finish(io, target::IoError::kNone);
    }
}

void HeldBackend::settle(target::IoError error) {
    while (!held.empty()) {
        settle_one(error);
    }
}

void HeldBackend::settle_one(target::IoError error) {
    target::Io& io = *held.front();
    held.pop_front();
    finish(io, error);
}

void HeldBackend::finish(target::Io& io, target::IoError error) {
    const auto range = std::span(content).subspan(io.offset, io.length);
    if (io.kind == target::Io::Kind::kRead) {
        std::ranges::copy(range, io.data.begin());
    } else if (io.kind == target::Io::Kind::kWrite) {
        std::ranges::copy(io.data, range.begin());
    } else if (io.kind == target::Io::Kind::kWriteZeroes) {
        std::ranges::fill(range, std::byte{0});
    }
    io.done(error);
}

Line::Line(target::SessionFactory& factory, const FakeClock& fake_clock,
           const host::QueueOptions& options)
    : clock(fake_clock),
      session(spread(factory.make(*this, {"192.0.2.1", 4420, "192.0.2.9:5000"}, fake_clock.now()))),
      peer(*session, [this] { return clock.now(); }),
      host(peer, options) {}

TargetFixture::TargetFixture(const target::Limits& limits, size_t image_bytes)
    : target(limits, hosts, events) {
    spread(target);
    hosts.add(kHostNqn, nullptr);
    subsystem = &target.add_subsystem(subsystem_config());
    target::NamespaceConfig config;
    config.ids.uuid = *nvme::parse_uuid("33333333-3333-3333-3333-333333333333");
    auto store = std::make_unique<HeldBackend>(image_bytes);
    backend = store.get();
    subsystem->add_namespace(config, std::move(store));
}

std::unique_ptr<Line> TargetFixture::open(const host::QueueOptions& options) {
    auto line = std::make_unique<Line>(sessions, clock, options);
    line->host.handshake();
    return line;
}

host::ConnectOptions TargetFixture::connect_options(uint16_t qid, uint16_t controller) {
    host::ConnectOptions options;
    options.hostnqn = kHostNqn;
    options.subsysnqn = kSubsysNqn;
    options.hostid.bytes[0] = std::byte{0x11};
    options.qid = qid;
    options.cntlid = controller;
    options.kato_ms = qid == 0 ? 5000 : 0;
    if (qid != 0) {
        options.queue_size = target.limits().queue_entries;
    }
    return options;
}

std::unique_ptr<Line> TargetFixture::open_admin(const host::QueueOptions& options) {
    auto line = open(options);
    const auto connected = line->host.connect(connect_options());
    if (!connected || !connected->status.ok()) {
        return nullptr;
    }
    cntlid = nvme::ConnectResult::from_dw0(connected->dw0).cntlid;
    return line->host.enable() ? std::move(line) : nullptr;
}

std::unique_ptr<Line> TargetFixture::open_io(uint16_t qid, const host::QueueOptions& options) {
    auto line = open(options);
    const auto connected = line->host.connect(connect_options(qid, cntlid));
    return connected && connected->status.ok() ? std::move(line) : nullptr;
}

base::Bytes pattern(size_t size, unsigned seed) {
    base::Bytes out(size);
    uint32_t state = seed * 2654435761U + 1;
    for (std::byte& byte : out) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<std::byte>(state >> 24U);
    }
    return out;
}

}  // namespace support
