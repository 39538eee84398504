// SPDX-License-Identifier: GPL-2.0-or-later
//
// NVMe Boot Firmware Tables for tests: what parse_nbft reads, written.
#pragma once

#include "base/bytes.h"
#include "nvme/nbft.h"

namespace support {

base::Bytes build_nbft(const nvme::Nbft& nbft);

/// Makes the checksum right again after a test changed a byte.
void fix_check_sum(base::Bytes& table);

/// One interface, one namespace behind it.
nvme::Nbft sample_nbft();

}  // namespace support
