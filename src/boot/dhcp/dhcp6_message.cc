// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/dhcp/dhcp6_message.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/endian.h"
#include "base/text.h"

namespace boot {
namespace {

using base::be16;
using base::be32;

constexpr uint16_t kDuidLinkLayer = 3;
constexpr uint16_t kEthernet = 1;
constexpr size_t kMostServers = 8;
constexpr size_t kLongestUrl = 1024;
constexpr size_t kLongestLabel = 63;

struct Head {
    uint8_t type;
    std::array<uint8_t, 3> transaction;
};
struct OptionHead {
    be16 code;
    be16 length;
};
struct IaNa {
    be32 iaid;
    be32 t1;
    be32 t2;
};
struct IaAddress {
    std::array<uint8_t, 16> address;
    be32 preferred;
    be32 valid;
};
static_assert(sizeof(Head) == 4 && sizeof(OptionHead) == 4);
static_assert(sizeof(IaNa) == 12 && sizeof(IaAddress) == 24);

void put_option(base::Bytes& out, Dhcp6Code code, base::ByteView value) {
    base::Writer(out)
        .put(OptionHead{static_cast<uint16_t>(code), static_cast<uint16_t>(value.size())})
        .put_bytes(value);
}

/// Calls `take` with each option. @return false when one runs past the end
template <class Take>
bool each_option(base::ByteView bytes, const Take& take) {
    base::Reader reader(bytes);
    while (reader.remaining() > 0) {
        const auto head = reader.take<OptionHead>();
        const auto value = head ? reader.take_bytes(head->length) : std::nullopt;
        if (!value || !take(static_cast<Dhcp6Code>(uint16_t{head->code}), *value)) {
            return false;
        }
    }
    return true;
}

/// A status code, and words of the server behind it.
void take_status(base::ByteView value, std::string& refusal) {
    base::Reader reader(value);
    const auto code = reader.take<be16>();
    if (code && *code != 0) {
        const std::string words(base::text_of(reader.take_rest()));
        refusal =
            "status " + std::to_string(*code) + (words.empty() ? "" : ", " + base::quoted(words));
    }
}

bool take_address(base::ByteView value, Dhcp6Answer& answer, const IaNa& ia) {
    base::Reader reader(value);
    const auto fields = reader.take<IaAddress>();
    if (!fields) {
        return false;
    }
    const IpAddress address{true, fields->address};
    if (!answer.lease && fields->valid != 0 && address.is_host_address() &&
        !address.is_link_local()) {
        answer.lease =
            Lease6{address, base::seconds(fields->preferred), base::seconds(fields->valid),
                   base::seconds(ia.t1), base::seconds(ia.t2)};
    }
    return each_option(reader.take_rest(), [&](Dhcp6Code code, base::ByteView inner) {
        if (code == Dhcp6Code::kStatus) {
            take_status(inner, answer.refusal);
        }
        return true;
    });
}

bool take_ia(base::ByteView value, Dhcp6Answer& answer, uint32_t iaid) {
    base::Reader reader(value);
    const auto ia = reader.take<IaNa>();
    if (!ia) {
        return false;
    }
    return ia->iaid != iaid ||
           each_option(reader.take_rest(), [&](Dhcp6Code code, base::ByteView inner) {
               if (code == Dhcp6Code::kStatus) {
                   take_status(inner, answer.refusal);
               }
               return code != Dhcp6Code::kIaAddress || take_address(inner, answer, *ia);
           });
}

void take_servers(base::ByteView value, std::vector<IpAddress>& dns) {
    base::Reader reader(value);
    while (const auto bytes = reader.take_bytes(sizeof(IpAddress::octets))) {
        const auto address = IpAddress::from_bytes(*bytes);
        if (address && address->is_host_address() && dns.size() < kMostServers) {
            dns.push_back(*address);
        }
    }
}

/// The first name of the list, in DNS's form without compression (RFC 8415, section 10).
std::string first_domain(base::ByteView value) {
    base::Reader reader(value);
    std::string name;
    while (const auto length = reader.take<uint8_t>()) {
        const auto label = reader.take_bytes(*length);
        if (*length > kLongestLabel || !label) {
            return {};
        }
        if (*length == 0) {
            return name;
        }
        name += (name.empty() ? "" : ".") + std::string(base::text_of(*label));
    }
    return {};
}

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

bool take_option(Dhcp6Code code, base::ByteView value, Dhcp6Answer& answer, uint32_t iaid) {
    switch (code) {
        case Dhcp6Code::kClientId:
            answer.client_id.assign(value.begin(), value.end());
            return true;
        case Dhcp6Code::kServerId:
            answer.server_id.assign(value.begin(), value.end());
            return true;
        case Dhcp6Code::kIaNa:
            return take_ia(value, answer, iaid);
        case Dhcp6Code::kStatus:
            take_status(value, answer.refusal);
            return true;
        case Dhcp6Code::kRapidCommit:
            answer.rapid_commit = true;
            return true;
        case Dhcp6Code::kDnsServers:
            take_servers(value, answer.dns);
            return true;
        case Dhcp6Code::kDomainList:
            answer.domain = first_domain(value);
            if (!is_printable(answer.domain)) {
                answer.domain.clear();
            }
            return true;
        case Dhcp6Code::kBootFileUrl:
            answer.boot_file_url = base::text_of(value);
            return value.size() <= kLongestUrl && is_printable(answer.boot_file_url);
        case Dhcp6Code::kIaAddress:
        case Dhcp6Code::kOptionRequest:
        case Dhcp6Code::kElapsedTime:
            break;
    }
    return true;
}

/// IA_NA, with the address that is asked for.
base::Bytes ia_of(const Dhcp6Request& request, uint32_t iaid) {
    base::Bytes ia;
    base::Writer(ia).put(IaNa{iaid, 0, 0});
    if (request.address) {
        put_option(ia, Dhcp6Code::kIaAddress,
                   base::bytes_of(IaAddress{request.address->octets, 0, 0}));
    }
    return ia;
}

}  // namespace

Dhcp6Identity dhcp6_identity(const MacAddress& mac) {
    Dhcp6Identity identity;
    base::Writer(identity.duid).put(be16(kDuidLinkLayer)).put(be16(kEthernet)).put(mac);
    be32 tail;
    std::memcpy(&tail, mac.octets.data() + 2, sizeof(tail));
    identity.iaid = tail;
    return identity;
}

base::Bytes build_dhcp6(const Dhcp6Request& request, const Dhcp6Identity& identity) {
    const std::array<be16, 3> kWanted = {static_cast<uint16_t>(Dhcp6Code::kDnsServers),
                                         static_cast<uint16_t>(Dhcp6Code::kDomainList),
                                         static_cast<uint16_t>(Dhcp6Code::kBootFileUrl)};
    base::Bytes message;
    base::Writer(message).put(
        be32((static_cast<uint32_t>(request.type) << 24U) | (request.transaction & 0xFFFFFFU)));
    put_option(message, Dhcp6Code::kClientId, identity.duid);
    if (!request.server_id.empty()) {
        put_option(message, Dhcp6Code::kServerId, request.server_id);
    }
    if (request.type != Dhcp6Type::kInformationRequest) {
        put_option(message, Dhcp6Code::kIaNa, ia_of(request, identity.iaid));
    }
    if (request.type == Dhcp6Type::kSolicit) {
        put_option(message, Dhcp6Code::kRapidCommit, {});
    }
    put_option(message, Dhcp6Code::kOptionRequest, std::as_bytes(std::span(kWanted)));
    put_option(message, Dhcp6Code::kElapsedTime,
               base::bytes_of(be16(request.elapsed_centiseconds)));
    return message;
}

base::Result<Dhcp6Answer> parse_dhcp6(base::ByteView message, uint32_t iaid) {
    base::Reader reader(message);
    const auto head = reader.take<Head>();
    Dhcp6Answer answer;
    if (!head || (head->type != static_cast<uint8_t>(Dhcp6Type::kAdvertise) &&
                  head->type != static_cast<uint8_t>(Dhcp6Type::kReply))) {
        return base::error("not an answer of a DHCPv6 server");
    }
    answer.type = static_cast<Dhcp6Type>(head->type);
    for (const uint8_t octet : head->transaction) {
        answer.transaction = answer.transaction << 8U | octet;
    }
    const bool whole = each_option(reader.take_rest(), [&](Dhcp6Code code, base::ByteView value) {
        return take_option(code, value, answer, iaid);
    });
    if (!whole || answer.server_id.empty()) {
        return base::error("a malformed answer of a DHCPv6 server");
    }
    return answer;
}

}  // namespace boot
