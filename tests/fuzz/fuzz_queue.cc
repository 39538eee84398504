// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes to a target, from a stranger or from a host that got as far as the first byte says. The
// target may answer, refuse and end the connection; it may not read or write what it should not,
// take memory without bound, or speak after its last word.
#include <cstdint>
#include <cstdlib>

#include "support/target_fixture.h"

namespace {

using support::Line;
using support::TargetFixture;

void require(bool condition) {
    if (!condition) {
        abort();
    }
}

host::QueueOptions options_of(uint8_t mode) {
    return {.header_digest = (mode & 0x10U) != 0, .data_digest = (mode & 0x20U) != 0};
}

void require_authentication(TargetFixture& f) {
    auto keys = std::make_shared<target::HostKeys>(target::HostKeys{
        .host = nvme::DhchapSecret::from_key({}, base::Bytes(32, std::byte{1})).value(),
        .controller = {},
        .hashes = {nvme::HashId::kSha256},
        .groups = {nvme::DhGroup::kNull}});
    keys->controller = keys->host.copy();
    f.hosts.add(support::kHostNqn, std::move(keys));
}

/// A discovery controller, which anybody may ask.
std::unique_ptr<Line> open_discovery(TargetFixture& f, uint8_t mode) {
    auto line = f.open(options_of(mode));
    auto options = f.connect_options();
    options.subsysnqn = nvme::kDiscoveryNqn;
    (void)line->host.connect(options);
    (void)line->host.enable();
    return line;
}

/// The changes of a reload between two pieces of the input.
void change(TargetFixture& f, size_t step) {
    switch (step % 5) {
        case 0:
            (void)f.subsystem->remove_namespace(2);
            break;
        case 1: {
            target::NamespaceConfig config;
            config.nsid = 2;
            config.ana_group = 7;
            f.subsystem->add_namespace(std::move(config),
                                       std::make_unique<support::HeldBackend>(1U << 16U));
            break;
        }
        case 2:
            f.target.set_ana_states(
                {{{7, target::AnaGroups::kEveryPortal},
                  step % 2 == 0 ? nvme::AnaState::kInaccessible : nvme::AnaState::kOptimized}});
            break;
        case 3:
            f.subsystem->protect_namespace(1, step % 2 == 0 ? target::WriteProtection::kProtected
                                                            : target::WriteProtection::kNone);
            break;
        default:
            f.target.set_referrals(std::vector<target::Referral>(step % 3));
            break;
    }
}

/// A connection at the stage that the low bits name.
std::unique_ptr<Line> open_line(TargetFixture& f, uint8_t mode, std::unique_ptr<Line>& admin) {
    switch (mode & 7U) {
        case 0:
            return std::make_unique<Line>(f.sessions, f.clock, host::QueueOptions{});
        case 1:
            return f.open(options_of(mode));
        case 2:
            return f.open_admin(options_of(mode));
        case 3: {
            require_authentication(f);
            auto line = f.open(options_of(mode));
            (void)line->host.connect(f.connect_options());
            return line;
        }
        case 4:
            return open_discovery(f, mode);
        default:
            admin = f.open_admin();
            return f.open_io(1, options_of(mode));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) {
        return 0;
    }
    const uint8_t mode = data[0];
    const size_t piece = size_t{data[1]} + 1;
    base::ByteView rest = std::as_bytes(std::span(data, size).subspan(2));
    TargetFixture f({.max_transfer_bytes = 65536}, 1U << 17U);
    std::unique_ptr<Line> admin;
    const auto line = open_line(f, mode, admin);
    f.backend->hold = (mode & 0x40U) != 0;
    const bool changing = (mode & 0x80U) != 0;
    size_t step = 0;
    while (!rest.empty() && !line->session->wants_close()) {
        const auto front = rest.first(std::min(piece, rest.size()));
        rest = rest.subspan(front.size());
        (void)line->peer.exchange(front);
        if (changing) {
            change(f, step++);
        }
        f.backend->settle();
        (void)line->peer.exchange({});
    }
    if (line->session->wants_close()) {
        require(line->peer.exchange(rest).empty());
        require(!line->session->next_deadline());
    }
    f.clock.sleep(base::seconds(1000));
    line->on_timer();
    return 0;
}
