// SPDX-License-Identifier: GPL-2.0-or-later
//
// Commands with a list of ranges.
#pragma once

#include "target/queue/request.h"

namespace target {

Checked check_dataset_management(const Request& request);
void dataset_management(Request& request);
Checked check_copy(const Request& request);
void copy(Request& request);
size_t scratch_of_copy(const Request& request);

}  // namespace target
