// SPDX-License-Identifier: GPL-2.0-or-later
//
// How many reactors the targets of these tests have: NVMEROOT_TEST_REACTORS, or one. The same tests
// hold for any number, so the whole program is run again with two.
//
// Targets without sockets get lanes without threads: what a queue refers to control, and control to
// a lane, is done behind each call into the queue's session.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "target/controller/target.h"
#include "target/reactor/lane.h"
#include "target/wire/session.h"

namespace support {

unsigned reactors();
/// `reactors=2` as a line of a configuration.
std::string reactors_line();

/// Lets I/O queues of `target` run on a lane of their own, if there shall be more than one.
void spread(target::Target& target);
/// The memory that the I/O queues of `target` share.
target::LaneMemory& io_memory(target::Target& target);
/// `session`, or one that moves it there as a server does.
std::unique_ptr<target::Session> spread(std::unique_ptr<target::Session> session);

}  // namespace support
