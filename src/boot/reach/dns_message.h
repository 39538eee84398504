// SPDX-License-Identifier: GPL-2.0-or-later
//
// Questions to a name server and its answers: RFC 1035, section 4 "Messages", for the two kinds of
// address there are. The answer is untrusted: names are bounded, compression pointers lead
// backwards only, and aliases (CNAME) are followed within one message and not forever.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "boot/dhcp/ip_address.h"

namespace boot {

enum class DnsType : uint16_t { kA = 1, kAaaa = 28 };

struct DnsQuestion {
    uint16_t id = 0;
    std::string name;
    DnsType type = DnsType::kA;
};

/// Errors: a label is empty or longer than 63 characters, the name longer than 253.
base::Result<base::Bytes> build_dns_query(const DnsQuestion& question);

struct DnsAnswer {
    std::vector<IpAddress> addresses;
    /// Why there is none: "no such name", "server failure"; empty where the server merely has none.
    std::string problem;
    /// Another server may know more.
    bool ask_another = false;
};

/// @return nothing for a message that is malformed or no answer to this question
std::optional<DnsAnswer> parse_dns_answer(base::ByteView message, const DnsQuestion& question);

}  // namespace boot
