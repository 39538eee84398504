// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/reach/reach.h"

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "boot/reach/resolver.h"
#include "boot/reach/talk.h"

namespace boot {
namespace {

/// Ends as soon as it could begin.
class Knock : public host::Conversation {
  public:
    base::Bytes take_output() override {
        connected_ = true;
        return {};
    }
    void receive(base::ByteView) override {}
    void closed() override { closed_ = true; }
    void timed_out() override { closed_ = true; }
    [[nodiscard]] bool ended() const override { return connected_ || closed_; }
    [[nodiscard]] bool connected() const { return connected_; }

  private:
    bool connected_ = false;
    bool closed_ = false;
};

}  // namespace

base::Status reach(const std::vector<Portal>& portals, const Network& network,
                   const base::SysPaths& sys, const base::Clock& clock) {
    constexpr base::seconds kPatience{5};
    const base::Deadline deadline(clock, kPatience);
    TRY(const std::vector<Portal> numeric,
        resolve_portals(portals, name_servers(network, sys), deadline, [](const std::string&) {}));
    std::deque<Knock> knocks;
    std::vector<Talk> talks;
    for (const Portal& portal : numeric) {
        talks.emplace_back(portal, knocks.emplace_back());
    }
    run_talks(
        talks, [&](size_t i) { return knocks[i].connected(); }, base::milliseconds(0), deadline);
    if (std::ranges::none_of(knocks, &Knock::connected)) {
        return base::error("no answer");
    }
    return base::done();
}

}  // namespace boot
