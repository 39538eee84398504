// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the layers of a protected namespace count and tell, each for itself, so that an error can be
// laid at one door.
#pragma once

#include <cstdint>
#include <string>

#include "nvme/pi.h"

namespace target {

struct IntegrityCounters {
    uint64_t blocks_made = 0;     ///< tuples made from received data
    uint64_t blocks_checked = 0;  ///< blocks compared with their tuple on their way out
    uint64_t at_rest_errors = 0;  ///< commands failed because a block did not match its tuple
    uint64_t reread_saved = 0;    ///< mismatches that were gone when read again
};

struct IntegrityFault {
    uint64_t block = 0;
    nvme::PiField field = nvme::PiField::kGuard;
    uint64_t expected = 0;
    uint64_t found = 0;
    bool transient = false;  ///< the second read was good, and was served
};

/// `LBA 2000: guard is 1234h, 5678h expected; …`
std::string describe(const IntegrityFault& fault);

}  // namespace target
