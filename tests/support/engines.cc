// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/engines.h"

#include "support/test.h"

namespace support {

using target::Reactor;

const std::vector<Reactor::Engine>& engines() {
    static const std::vector<Reactor::Engine> all = [] {
        std::vector<Reactor::Engine> list{Reactor::Engine::kEpoll};
        if (Reactor::open(Reactor::Engine::kIoUring).ok()) {
            list.push_back(Reactor::Engine::kIoUring);
        }
        return list;
    }();
    return all;
}

std::unique_ptr<Reactor> open_reactor(Reactor::Engine engine) {
    auto reactor = Reactor::open(engine);
    BOOST_REQUIRE_MESSAGE(reactor.ok(), (reactor.ok() ? "" : reactor.error().text));
    return std::move(reactor).value();
}

}  // namespace support
