// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as what a name server answers, with our number and question put in that a real server
// would have copied, so that the records are reached.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "boot/reach/dns_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const base::ByteView bytes = std::as_bytes(std::span(data, size));
    for (const auto type : {boot::DnsType::kA, boot::DnsType::kAaaa}) {
        const boot::DnsQuestion question{7, "disk.example", type};
        (void)boot::parse_dns_answer(bytes, question);

        base::Bytes answer = boot::build_dns_query(question).value();
        answer[2] = std::byte{0x81};
        answer[7] = std::byte{8};
        base::Writer(answer).put_bytes(bytes);
        const auto parsed = boot::parse_dns_answer(answer, question);
        if (!parsed || !std::ranges::all_of(parsed->addresses, [&](const boot::IpAddress& each) {
                return each.v6 == (type == boot::DnsType::kAaaa);
            })) {
            abort();  // the question is whole, whatever follows
        }
    }
    return 0;
}
