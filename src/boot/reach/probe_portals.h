// SPDX-License-Identifier: GPL-2.0-or-later
//
// Probes every portal from user space, all at once and with a deadline, before the kernel connects
// to one: TCP, ICReq, Connect on an admin queue. A dead portal costs the kernel seconds to minutes,
// in which it connects to no other target. The probe also gets the exact reason of a refusal.
// host/probe.h has the messages; this unit has the sockets and the time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "boot/failure.h"
#include "boot/plan/connect_request.h"
#include "host/probe.h"

namespace boot {

/// The meaning of a portal's verdict for this plan: success, or a failure without the address.
Outcome<base::Nothing> judge_verdict(const host::Verdict& verdict, Auth demanded);

/// Several failures as one. The failure is retried if one portal may still appear.
/// REQUIRES: at least one
Failure combined(const std::vector<Failure>& failures);

/// The portals that accepted Connect, in their order. Returns soon after the first portal accepted,
/// without waiting for the others; if none accepts, it returns at the deadline.
/// @param warn  called with a sentence for each portal that refused while another one is live
/// A failure names all portals: kUnreachable (retried) if one did not answer, kRefused, kConnect,
/// or kAuthentication if plan and target disagree about authentication.
Outcome<std::vector<Portal>> probe_portals(const ConnectRequest& request,
                                           const std::vector<Portal>& portals,
                                           const base::Clock& clock,
                                           const std::function<void(const std::string&)>& warn);

}  // namespace boot
