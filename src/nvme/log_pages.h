// SPDX-License-Identifier: GPL-2.0-or-later
//
// The structures of log pages that Get Log Page returns, but for the discovery log (fabrics.h).
//
// Base Specification 2.0: 5.16.1 "Log Specific Information".
#pragma once

#include "nvme/types.h"

namespace nvme {

/// Log 01h holds these, the newest first.
struct ErrorLogEntry {
    le64 error_count;  ///< 1 for the first error ever; 0: the entry is not used
    le16 sqid;
    le16 cid;
    le16 status;              ///< as in the completion entry
    le16 parameter_location;  ///< Status::parameter
    le64 lba;
    le32 nsid;
    uint8_t vendor_page = 0;
    uint8_t trtype = 0;  ///< 3: TCP
    Reserved<2> reserved30{};
    le64 command_specific;
    le16 transport_specific;
    Reserved<22> reserved42{};
};
static_assert(sizeof(ErrorLogEntry) == 64 && offsetof(ErrorLogEntry, lba) == 16);
static_assert(offsetof(ErrorLogEntry, command_specific) == 32);

/// Log 80h: the oldest notice that was not read yet.
struct ReservationLog {
    le64 count;  ///< of this notice; 0: there is none
    uint8_t type = 0;
    uint8_t available = 0;  ///< notices behind this one
    Reserved<2> reserved10{};
    le32 nsid;
    Reserved<48> reserved16{};
};
static_assert(sizeof(ReservationLog) == 64 && offsetof(ReservationLog, nsid) == 12);

/// A 128-bit number of the SMART log; more than 64 bits never come up here.
struct Counter128 {
    le64 low;
    le64 high;
};

/// Log 02h.
struct SmartLog {
    uint8_t critical_warning = 0;
    le16 temperature;  ///< kelvins; 0: there is no sensor
    uint8_t spare = 100;
    uint8_t spare_threshold = 10;
    uint8_t percentage_used = 0;
    uint8_t endurance_group_warnings = 0;
    Reserved<25> reserved7{};
    Counter128 data_units_read;  ///< thousands of 512 bytes, rounded up
    Counter128 data_units_written;
    Counter128 host_reads;
    Counter128 host_writes;
    Counter128 busy_minutes;
    Counter128 power_cycles;
    Counter128 power_on_hours;
    Counter128 unsafe_shutdowns;
    Counter128 media_errors;
    Counter128 error_log_entries;
    Reserved<320> reserved192{};
};
static_assert(sizeof(SmartLog) == 512 && offsetof(SmartLog, data_units_read) == 32);
static_assert(offsetof(SmartLog, power_cycles) == 112);
static_assert(offsetof(SmartLog, error_log_entries) == 176);

/// Log 0Ch: a header, then group descriptors, each with its NSIDs behind it.
struct AnaHeader {
    le64 change_count;
    le16 groups;
    Reserved<6> reserved10{};
};
static_assert(sizeof(AnaHeader) == 16);

struct AnaGroupDescriptor {
    le32 group;
    le32 nsid_count;
    le64 change_count;
    AnaState state = AnaState::kOptimized;
    Reserved<15> reserved17{};
};
static_assert(sizeof(AnaGroupDescriptor) == 32 && offsetof(AnaGroupDescriptor, state) == 16);

}  // namespace nvme
