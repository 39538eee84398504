// SPDX-License-Identifier: GPL-2.0-or-later
//
// The four checksums of this world. Each function takes the sum of what came before, so that a
// buffer may be summed in pieces: crc32c(b, crc32c(a)) is the sum of a followed by b.
//
//   crc32c      digests of PDUs, guard of 32-bit protection information, state on disk
//   crc32_ieee  the end of a DHHC-1 secret (as zlib's crc32)
//   crc16_t10   guard of 16-bit protection information
//   crc64_nvme  guard of 64-bit protection information
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace nvme {

/// Uses the processor's instruction where there is one, tables elsewhere.
uint32_t crc32c(base::ByteView bytes, uint32_t before = 0);
/// The same by tables, on every processor.
uint32_t crc32c_portable(base::ByteView bytes, uint32_t before = 0);

uint32_t crc32_ieee(base::ByteView bytes, uint32_t before = 0);
/// By ISA-L in the programs that link it (the target), by tables elsewhere.
uint16_t crc16_t10(base::ByteView bytes, uint16_t before = 0);
/// The same by tables.
uint16_t crc16_t10_portable(base::ByteView bytes, uint16_t before = 0);

/// By carry-less multiplication where the processor has it, by tables elsewhere.
uint64_t crc64_nvme(base::ByteView bytes, uint64_t before = 0);
uint64_t crc64_nvme_portable(base::ByteView bytes, uint64_t before = 0);

}  // namespace nvme
