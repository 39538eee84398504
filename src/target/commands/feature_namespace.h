// SPDX-License-Identifier: GPL-2.0-or-later
//
// The features of one namespace that others share: reservations and write protection. Rows of the
// table in feature_cmd.cc.
#pragma once

#include "target/queue/request.h"

namespace target {

constexpr uint32_t kWriteProtectionStates = 7;  ///< WPS in CDW11

nvme::Status judge_write_protection(const Request& request);
void set_write_protection(Request& request);
uint64_t get_write_protection(const Request& request, bool of_default);

void set_reservation_mask(Request& request);
uint64_t get_reservation_mask(const Request& request, bool of_default);
nvme::Status judge_reservation_persistence(const Request& request);
void set_reservation_persistence(Request& request);
uint64_t get_reservation_persistence(const Request& request, bool of_default);

}  // namespace target
