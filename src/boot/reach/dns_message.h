// SPDX-License-Identifier: GPL-2.0-or-later
//
// Queries to a name server and its answers: RFC 1035, section 4 "Messages", for the two types of
// addresses. The answer is not trusted: names are limited, compression pointers must point
// backwards, and aliases (CNAME) are followed only within one message and a limited number of
// times.
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
    /// Why there is none: "no such name", "server failure"; empty if the server has no address.
    std::string problem;
    /// Another server may know more.
    bool ask_another = false;
};

/// @return nothing if the message is malformed or does not answer this query
std::optional<DnsAnswer> parse_dns_answer(base::ByteView message, const DnsQuestion& question);

}  // namespace boot
