// SPDX-License-Identifier: GPL-2.0-or-later
//
// The reservation commands: the wire around target/reservations.h.
#pragma once

#include "target/queue/request.h"

namespace target {

Checked check_reservation_register(const Request& request);
void reservation_register(Request& request);
Checked check_reservation_acquire(const Request& request);
void reservation_acquire(Request& request);
Checked check_reservation_release(const Request& request);
void reservation_release(Request& request);
Checked check_reservation_report(const Request& request);
void reservation_report(Request& request);

}  // namespace target
