// SPDX-License-Identifier: GPL-2.0-or-later
//
// Every portal asked from user space, all at once and with our own deadline, before the kernel may
// touch one: TCP, ICReq, Connect on an admin queue. A dead portal costs the kernel seconds to
// minutes in which nothing else connects; and what a target refuses, it tells here exactly. The
// questions and answers are host/probe.h's; this file has the sockets and the time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "boot/failure.h"
#include "boot/plan/plan.h"
#include "host/probe.h"

namespace boot {

/// What a portal's verdict means for this plan: nothing wrong, or a failure without the place.
Outcome<base::Nothing> judge_verdict(const host::Verdict& verdict, Auth demanded);

/// All that was said, as one failure. One portal that may come to life makes it worth a retry.
/// REQUIRES: there are some
Failure combined(const std::vector<Failure>& failures);

/// The portals that took our Connect, in their order. Returns soon after the first one did:
/// the others are not waited for, only their deadline is when there is none.
/// @param warn  told, in a sentence, of each portal that said no while another one is live
/// On failure all portals are named: kUnreachable (tried again) when one was silent, kRefused,
/// kConnect, or kAuthentication when plan and target disagree about it.
Outcome<std::vector<Portal>> probe_portals(const BootPlan& plan, const std::vector<Portal>& portals,
                                           const base::Clock& clock,
                                           const std::function<void(const std::string&)>& warn);

}  // namespace boot
