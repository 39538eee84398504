// SPDX-License-Identifier: GPL-2.0-or-later
// A format with protection information for tests: blocks of 512 bytes, extended.
#pragma once

#include "nvme/pi.h"

/// @param more  metadata in addition to the tuple
inline nvme::PiFormat make_format(uint8_t type, uint8_t guard, bool first, uint8_t storage_tag,
                                  bool more) {
    nvme::PiFormat format;
    format.block_bytes = 512;
    format.extended = true;
    format.type = type;
    format.guard_bits = guard;
    format.first = first;
    format.storage_tag_bits = storage_tag;
    format.metadata_bytes = format.tuple_bytes() + (more ? 24 : 0);
    return format;
}
