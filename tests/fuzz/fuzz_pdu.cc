// SPDX-License-Identifier: GPL-2.0-or-later
//
// PDU headers and digests: the first byte chooses what the connection agreed on, the rest is a PDU.
// A header that is accepted must describe a PDU whose parts lie inside it and in order.
#include <cstdlib>

#include "nvme/tcp_pdu.h"
#include "support/data_digest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    base::Reader reader(std::as_bytes(std::span(data, size)));
    const auto choice = reader.take<uint8_t>();
    const base::ByteView pdu = reader.take_rest();
    const auto header = base::Reader(pdu).take<nvme::PduHeader>();
    if (!choice || !header) {
        return 0;
    }
    nvme::ReceiveRules rules;
    rules.sender = (*choice & 1U) != 0 ? nvme::Sender::kController : nvme::Sender::kHost;
    rules.header_digest = (*choice & 2U) != 0;
    rules.data_digest = (*choice & 4U) != 0;
    rules.pda = *choice >> 3U;
    const auto layout = nvme::check_header(*header, rules);
    if (!layout) {
        if (nvme::describe(layout.error()).empty()) {
            std::abort();
        }
        return 0;
    }
    const uint64_t data_end = uint64_t{layout->data_offset} + layout->data_length;
    if (layout->header_length > layout->length || data_end > layout->length ||
        layout->data_length > rules.max_data) {
        std::abort();
    }
    if (pdu.size() >= layout->length) {
        (void)nvme::check_header_digest(pdu, *layout);
        (void)support::data_digest_matches(pdu, *layout);
        (void)nvme::data_of(pdu, *layout);
    }
    return 0;
}
