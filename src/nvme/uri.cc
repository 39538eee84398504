// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/uri.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/text.h"
#include "nvme/fabrics.h"

namespace nvme {
namespace {

using base::error;

constexpr std::string_view kScheme = "nvme+tcp://";
constexpr size_t kMaxDnsName = 253;
constexpr size_t kMaxZone = 15;  // an interface's name

/// The part before `separator`; the part behind it goes to `rest`, empty when there is none.
std::string_view cut(std::string_view text, char separator, std::string_view& rest) {
    const size_t at = std::min(text.find(separator), text.size());
    rest = text.substr(std::min(at + 1, text.size()));
    return text.substr(0, at);
}

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool consists_of(std::string_view text, std::string_view punctuation) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return is_alphanumeric(c) || punctuation.find(c) != std::string_view::npos;
    });
}

bool is_address(int family, const std::string& text) {
    std::array<std::byte, sizeof(in6_addr)> address;
    return inet_pton(family, text.c_str(), address.data()) == 1;
}

/// `fe80::1%25eth0`: RFC 6874 writes the percent sign as %25; a bare one is taken too.
base::Status parse_ipv6(std::string_view text, Uri& uri) {
    std::string_view zone;
    uri.host = std::string(cut(text, '%', zone));
    if (zone.starts_with("25")) {
        zone.remove_prefix(2);
    }
    if (!is_address(AF_INET6, uri.host)) {
        return error(base::quoted(text) + " is not an IPv6 address");
    }
    if (text.find('%') != std::string_view::npos &&
        (!consists_of(zone, "-_.") || zone.size() > kMaxZone)) {
        return error(base::quoted(text) + " names no interface after its %");
    }
    uri.zone = std::string(zone);
    return base::done();
}

base::Status parse_name(std::string_view text, Uri& uri) {
    TRY(uri.host, base::percent_decode(text));
    const bool numeric = consists_of(uri.host, ".") &&
                         uri.host.find_first_not_of("0123456789.") == std::string::npos;
    if (numeric ? !is_address(AF_INET, uri.host)
                : !consists_of(uri.host, "-._") || uri.host.size() > kMaxDnsName ||
                      uri.host.front() == '-') {
        return error(base::quoted(text) + " is neither an address nor a host name");
    }
    return base::done();
}

bool is_ipv6(std::string_view text) {
    std::string_view zone;
    const std::string_view address = cut(text, '%', zone);
    return zone.find(':') == std::string_view::npos && is_address(AF_INET6, std::string(address));
}

bool looks_like_ipv6(std::string_view text) {
    const std::string_view address = text.substr(0, text.find('%'));
    return address.find(':') != address.rfind(':') &&
           address.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

/// For an IPv6 address without brackets, whose last part may be a port: how to write it.
base::Error missing_brackets(std::string_view text) {
    const size_t colon = text.rfind(':');
    const std::string_view front = text.substr(0, colon);
    std::string forms = is_ipv6(text) ? '[' + std::string(text) + ']' : std::string();
    if (is_ipv6(front)) {
        forms += (forms.empty() ? "[" : ", or with a port [") + std::string(front) + ']' +
                 std::string(text.substr(colon));
    }
    return error(base::quoted(text) + " lacks the square brackets of an IPv6 address" +
                 (forms.empty() ? "" : "; write " + forms));
}

/// `host`, `host:port`, `[address]`, `[address]:port`. A port of 0 stands for "not named".
base::Status parse_authority(std::string_view text, Uri& uri) {
    if (text.find('@') != std::string_view::npos) {
        return error("a user has no meaning here (the part before @)");
    }
    std::string_view port;
    if (text.starts_with('[')) {
        std::string_view behind;
        const std::string_view address = cut(text.substr(1), ']', behind);
        if (address.size() + 2 > text.size() || (!behind.empty() && behind[0] != ':')) {
            return error(base::quoted(text) + " is not an IPv6 address in brackets");
        }
        TRY_VOID(parse_ipv6(address, uri));
        port = behind.substr(behind.empty() ? 0 : 1);
    } else if (looks_like_ipv6(text)) {
        return missing_brackets(text);
    } else {
        TRY_VOID(parse_name(cut(text, ':', port), uri));
    }
    if (!port.empty()) {
        const auto number = base::parse_u64(port, UINT16_MAX);
        if (!number || *number == 0 || port.starts_with('0')) {
            return error(base::quoted(port) + " is not a port number");
        }
        uri.port = static_cast<uint16_t>(*number);
    }
    return base::done();
}

/// `subsysnqn/nid`, `subsysnqn`, or nothing.
base::Status parse_path(std::string_view text, Uri& uri) {
    std::string_view nid_text;
    TRY(uri.subsysnqn, base::percent_decode(cut(text, '/', nid_text)));
    if (uri.subsysnqn.empty() || base::equal_ignoring_case(uri.subsysnqn, kDiscoveryNqn)) {
        uri.subsysnqn = kDiscoveryNqn;
    }
    TRY_VOID(check_name(uri.subsysnqn));
    if (!nid_text.empty()) {
        TRY(const std::string nid, base::percent_decode(nid_text));
        TRY(uri.nid, parse_namespace_id(nid));
    }
    return base::done();
}

struct ToText {
    std::string operator()(std::monostate) const { return {}; }
    std::string operator()(uint32_t nsid) const { return std::to_string(nsid); }
    std::string operator()(const Uuid& uuid) const { return "uuid:" + to_text(uuid); }
    std::string operator()(const Nguid& nguid) const { return "nguid:" + to_text(nguid); }
    std::string operator()(const Eui64& eui64) const { return "eui64:" + to_text(eui64); }
};

/// `text` without `prefix`, whichever case the prefix has, or nothing.
std::optional<std::string_view> behind(std::string_view text, std::string_view prefix) {
    if (!base::equal_ignoring_case(text.substr(0, prefix.size()), prefix)) {
        return std::nullopt;
    }
    return text.substr(prefix.size());
}

template <class Id>
base::Result<NamespaceId> widen(base::Result<Id> id) {
    TRY(const Id value, std::move(id));
    return NamespaceId(value);
}

/// Everything but letters, digits and what a path segment may hold as it is.
std::string percent_encode(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (is_alphanumeric(c) || std::string_view("-._~:").find(c) != std::string_view::npos) {
            out += c;
        } else {
            out += base::format("%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
        }
    }
    return out;
}

}  // namespace

base::Result<NamespaceId> parse_namespace_id(std::string_view text) {
    for (const std::string_view prefix : {"urn:uuid:", "uuid:"}) {
        if (const auto uuid = behind(text, prefix)) {
            return widen(parse_uuid(*uuid));
        }
    }
    if (const auto nguid = behind(text, "nguid:")) {
        return widen(parse_nguid(*nguid));
    }
    if (const auto eui64 = behind(text, "eui64:")) {
        return widen(parse_eui64(*eui64));
    }
    switch (text.size()) {
        case 36:
            return widen(parse_uuid(text));
        case 32:
            return widen(parse_nguid(text));
        case 16:
            return widen(parse_eui64(text));
        default:
            break;
    }
    const auto nsid = base::parse_u64(text, UINT32_MAX - 1);
    if (!nsid || *nsid == 0) {
        return error(base::quoted(text) +
                     " is not a namespace (a number from 1, a UUID, NGUID or EUI-64)");
    }
    return NamespaceId(static_cast<uint32_t>(*nsid));
}

std::string to_text(const NamespaceId& id) {
    return std::visit(ToText{}, id);
}

base::Result<Uri> Uri::parse(std::string_view text) {
    const auto rest = behind(text, kScheme);
    if (!rest) {
        return error(base::quoted(text) + " does not begin with nvme+tcp://");
    }
    if (rest->find_first_of("?#") != std::string_view::npos) {
        return error(base::quoted(text) + " has a query or fragment, which has no meaning here");
    }
    Uri uri;
    std::string_view path;
    if (auto status = parse_authority(cut(*rest, '/', path), uri); !status) {
        return std::move(status).error().in(base::quoted(text));
    }
    if (auto status = parse_path(path, uri); !status) {
        return std::move(status).error().in(base::quoted(text));
    }
    if (uri.port == 0) {
        uri.port = uri.is_discovery() ? kPortDiscovery : kPortSubsystem;
    }
    return uri;
}

std::string Uri::portal() const {
    const bool ipv6 = host.find(':') != std::string::npos;
    const std::string address = zone.empty() ? host : host + '%' + zone;
    return (ipv6 ? '[' + address + ']' : address) + ':' + std::to_string(port);
}

std::string Uri::text() const {
    Uri shown = *this;
    if (!zone.empty()) {
        shown.zone = "25" + zone;
    }
    const std::string namespace_text = to_text(nid);
    return std::string(kScheme) + shown.portal() + '/' + percent_encode(subsysnqn) +
           (namespace_text.empty() ? "" : '/' + namespace_text);
}

}  // namespace nvme
