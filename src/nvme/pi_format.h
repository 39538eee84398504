// SPDX-License-Identifier: GPL-2.0-or-later
//
// How the blocks of a namespace are laid out and protected, read from its Identify structures:
//
//   | data, block_bytes | metadata, metadata_bytes            |
//                       | rest of metadata | PI tuple         |   last  (dps bit 3 clear)
//                       | PI tuple | rest of metadata         |   first (dps bit 3 set)
//
// The tuple is 8 bytes with a 16-bit guard and 16 bytes with a 32-bit or 64-bit guard.
//
// NVM Command Set Specification 1.0: 5.2 "End-to-end Data Protection", 4.1.5.1 "NVM Command Set
// Identify Namespace Data Structure", 4.1.5.3 "I/O Command Set specific Identify Namespace".
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "nvme/identify.h"

namespace nvme {

struct PiFormat {
    uint32_t block_bytes = 512;
    uint32_t metadata_bytes = 0;
    bool extended = false;  ///< metadata travels behind each block's data
    uint8_t type = 0;       ///< 0: no protection information; 1 to 3
    uint8_t guard_bits = 16;
    bool first = false;  ///< the tuple is at the beginning of the metadata
    uint8_t storage_tag_bits = 0;

    [[nodiscard]] uint32_t tuple_bytes() const {
        return type == 0 ? 0U : guard_bits == 16 ? 8U : 16U;
    }
    bool operator==(const PiFormat&) const = default;
};

/// Reads the format in use.
/// @param nvm  CNS 05h of the same namespace, or null where the controller has no extended LBA
///             formats (CTRATT bit 15): then the guard has 16 bits.
/// Errors, each a sentence: a format index that does not exist, blocks below 512 bytes or above
/// 4096, a type above 3, a type or position the namespace says it cannot do, a tuple larger than
/// the metadata, a guard that is not defined.
base::Result<PiFormat> decode_pi_format(const IdentifyNamespace& ns,
                                        const IdentifyNvmNamespace* nvm);

/// `512-byte blocks`; `512+8-byte blocks, type 1 protection, 16-bit guard, in the last bytes`.
std::string describe(const PiFormat& format);

}  // namespace nvme
