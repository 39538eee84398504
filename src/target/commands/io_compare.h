// SPDX-License-Identifier: GPL-2.0-or-later
//
// Commands that look at blocks and move none of them.
#pragma once

#include "target/queue/request.h"

namespace target {

Checked check_compare(const Request& request);
void compare(Request& request);
size_t scratch_of_compare(const Request& request);
Checked check_verify(const Request& request);
void verify(Request& request);
size_t scratch_of_verify(const Request& request);

}  // namespace target
