// SPDX-License-Identifier: GPL-2.0-or-later
//
// A target with a host on its admin queue, for tests of admin commands.
#pragma once

#include "nvme/identify.h"
#include "support/event_request.h"
#include "support/target_fixture.h"
#include "support/test.h"

namespace support {

/// The beginning of an answer's data as a structure; the test ends if there is none.
template <class Page>
Page page_of(const std::optional<host::Completion>& answer) {
    BOOST_REQUIRE(answer.has_value());
    BOOST_REQUIRE(answer->status.ok());
    BOOST_REQUIRE(answer->data.size() >= sizeof(Page));
    Page page;
    std::memcpy(&page, answer->data.data(), sizeof page);
    return page;
}

struct AdminFixture : TargetFixture {
    explicit AdminFixture(const target::Limits& limits = {})
        : TargetFixture(limits), admin(open_admin()) {
        BOOST_REQUIRE(admin);
    }
    /// @return the status
    uint16_t run(host::Command command) {
        const auto answer = admin->host.run(std::move(command));
        BOOST_REQUIRE(answer.has_value());
        return answer->status.number();
    }
    /// The admin queue keeps a request for events.
    void ask_for_event() { BOOST_REQUIRE(!admin->host.run(support::async_event_request())); }

    std::unique_ptr<Line> admin;
};

/// DW0 of the event that came on a line, 0: none did.
inline uint32_t event_on(Line& line) {
    line.host.pump();
    const auto completion = line.host.queue().take_completion();
    return completion ? completion->dw0 : 0;
}

/// A discovery controller's admin queue.
inline std::unique_ptr<Line> open_discovery(TargetFixture& f, const std::string& hostnqn,
                                            uint32_t kato_ms = 0) {
    auto line = f.open();
    auto options = f.connect_options();
    options.subsysnqn = nvme::kDiscoveryNqn;
    options.hostnqn = hostnqn;
    options.kato_ms = kato_ms;
    BOOST_REQUIRE(line->host.connect(options)->status.ok());
    BOOST_REQUIRE(line->host.enable());
    return line;
}

}  // namespace support
