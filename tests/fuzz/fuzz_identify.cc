// SPDX-License-Identifier: GPL-2.0-or-later
//
// Identify structures as a target may send them: 384 bytes of Identify Namespace, then those of the
// NVM command set; and the same bytes as a list of namespace descriptors.
#include <algorithm>
#include <cstdlib>

#include "nvme/identify.h"
#include "nvme/pi_format.h"

namespace {

/// The struct whose first bytes are `bytes`, the rest zero.
template <class Wire>
Wire padded(base::ByteView bytes) {
    base::Bytes whole(bytes.begin(), bytes.end());
    whole.resize(sizeof(Wire));
    return *base::Reader(whole).take<Wire>();
}

void check(const base::Result<nvme::PiFormat>& format) {
    if (format && (format->block_bytes < 512 || format->block_bytes > 4096 || format->type > 3 ||
                   format->tuple_bytes() > format->metadata_bytes || describe(*format).empty())) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    const size_t first = std::min<size_t>(size, offsetof(nvme::IdentifyNamespace, note));
    const auto ns = padded<nvme::IdentifyNamespace>(bytes.first(first));
    const auto nvm = padded<nvme::IdentifyNvmNamespace>(bytes.subspan(first));
    check(nvme::decode_pi_format(ns, nullptr));
    check(nvme::decode_pi_format(ns, &nvm));
    if (const auto ids = nvme::parse_namespace_ids(bytes)) {
        const auto again = nvme::parse_namespace_ids(nvme::build_namespace_ids(*ids));
        if (!again || !(*again == *ids)) {
            std::abort();
        }
    }
    return 0;
}
