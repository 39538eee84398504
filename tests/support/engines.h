// SPDX-License-Identifier: GPL-2.0-or-later
//
// The reactor's engines as test data, so that one test runs on each: `BOOST_DATA_TEST_CASE(name,
// support::engines(), engine)`. io_uring is left out where the kernel forbids it.
#pragma once

#include <memory>
#include <ostream>
#include <vector>

#include "target/reactor/reactor.h"

namespace target {

inline std::ostream& operator<<(std::ostream& out, Reactor::Engine engine) {
    return out << (engine == Reactor::Engine::kEpoll ? "epoll" : "io_uring");
}

}  // namespace target

namespace support {

const std::vector<target::Reactor::Engine>& engines();

/// Fails the test if it cannot be had.
std::unique_ptr<target::Reactor> open_reactor(target::Reactor::Engine engine);

}  // namespace support
