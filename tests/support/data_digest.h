// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/bytes.h"
#include "nvme/crc.h"
#include "nvme/tcp_pdu.h"

namespace support {

/// @param pdu  the whole PDU
inline bool data_digest_matches(base::ByteView pdu, const nvme::PduLayout& layout) {
    if (!layout.data_digest) {
        return true;
    }
    base::Reader reader(pdu.subspan(layout.data_offset));
    const auto data = reader.take_bytes(layout.data_length);
    const auto received = reader.take<nvme::le32>();
    return data && received && nvme::crc32c(*data) == *received;
}

}  // namespace support
