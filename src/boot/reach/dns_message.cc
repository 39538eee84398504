// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/reach/dns_message.h"

#include <algorithm>
#include <utility>

#include "base/endian.h"
#include "base/text.h"

namespace boot {
namespace {

using base::be16;
using base::be32;

constexpr size_t kLongestLabel = 63;
constexpr size_t kLongestName = 253;  // as text
constexpr uint8_t kPointer = 0xC0;
constexpr uint16_t kInternet = 1;
constexpr uint16_t kAlias = 5;  // CNAME
constexpr uint16_t kResponse = 0x8000;
constexpr uint16_t kRecursionDesired = 0x0100;
constexpr uint16_t kResultMask = 0x000F;
constexpr size_t kMostRecords = 64;
constexpr size_t kMostAliases = 8;
constexpr size_t kMostAddresses = 16;

struct Header {
    be16 id;
    be16 flags;
    be16 questions;
    be16 answers;
    be16 authorities;
    be16 additional;
};
static_assert(sizeof(Header) == 12);

struct QuestionTail {
    be16 type;
    be16 klass;
};
struct RecordTail {
    be16 type;
    be16 klass;
    be32 ttl;
    be16 length;
};
static_assert(sizeof(RecordTail) == 10);

struct Record {
    std::string owner;
    uint16_t type = 0;
    base::ByteView data;
    std::string alias;  ///< of a CNAME
};

/// The name at `at`, in lower case, without its last dot. A pointer must lead to a place before the
/// name that has it, so that no chain of them is endless.
std::optional<std::string> name_at(base::ByteView message, size_t at) {
    std::string name;
    size_t limit = at;
    while (at < message.size()) {
        const auto length = std::to_integer<uint8_t>(message[at]);
        if (length == 0) {
            return name;
        }
        if ((length & kPointer) == kPointer) {
            if (at + 1 >= message.size()) {
                return std::nullopt;
            }
            const size_t to = static_cast<size_t>(length & ~unsigned{kPointer}) << 8U |
                              std::to_integer<size_t>(message[at + 1]);
            if (to >= limit) {
                return std::nullopt;
            }
            at = limit = to;
            continue;
        }
        if (length > kLongestLabel || at + 1 + length > message.size()) {
            return std::nullopt;
        }
        const auto label = base::text_of(message.subspan(at + 1, length));
        name += (name.empty() ? "" : ".") + base::to_lower(label);
        if (name.size() > kLongestName) {
            return std::nullopt;
        }
        at += 1U + length;
    }
    return std::nullopt;
}

/// Takes a name off the reader, which reads `message`.
std::optional<std::string> take_name(base::Reader& reader, base::ByteView message) {
    auto name = name_at(message, reader.offset());
    while (name) {
        const auto length = reader.take<uint8_t>();
        if (!length) {
            return std::nullopt;
        }
        if (*length == 0) {
            break;
        }
        const bool pointer = (*length & kPointer) == kPointer;
        if (!reader.take_bytes(pointer ? 1 : *length)) {
            return std::nullopt;
        }
        if (pointer) {
            break;
        }
    }
    return name;
}

std::optional<Record> take_record(base::Reader& reader, base::ByteView message) {
    auto owner = take_name(reader, message);
    const auto tail = owner ? reader.take<RecordTail>() : std::nullopt;
    const size_t data_at = reader.offset();
    const auto data = tail ? reader.take_bytes(tail->length) : std::nullopt;
    if (!data || tail->klass != kInternet) {
        return std::nullopt;
    }
    Record record{std::move(*owner), tail->type, *data, {}};
    if (record.type == kAlias) {
        auto alias = name_at(message, data_at);
        if (!alias) {
            return std::nullopt;
        }
        record.alias = std::move(*alias);
    }
    return record;
}

/// The addresses of `name` among the records, whatever name it is an alias of.
std::vector<IpAddress> addresses_of(std::string name, DnsType type,
                                    const std::vector<Record>& records) {
    std::vector<IpAddress> addresses;
    for (size_t round = 0; round <= kMostAliases; ++round) {
        std::string alias;
        for (const Record& record : records) {
            if (record.owner != name) {
                continue;
            }
            const auto address = IpAddress::from_bytes(record.data);
            if (record.type == kAlias) {
                alias = record.alias;
            } else if (record.type == static_cast<uint16_t>(type) && address &&
                       address->v6 == (type == DnsType::kAaaa) && address->is_host_address() &&
                       addresses.size() < kMostAddresses) {
                addresses.push_back(*address);
            }
        }
        if (!addresses.empty() || alias.empty()) {
            break;
        }
        name = std::move(alias);
    }
    return addresses;
}

std::string problem_of(uint16_t result) {
    constexpr const char* kNames[] = {"",
                                      "the server rejects the query as malformed",
                                      "server failure",
                                      "no such name",
                                      "the server does not support the query",
                                      "the server refuses to answer"};
    return result < std::size(kNames) ? kNames[result] : "error " + std::to_string(result);
}

}  // namespace

base::Result<base::Bytes> build_dns_query(const DnsQuestion& question) {
    std::string_view name = question.name;
    if (name.ends_with('.')) {
        name.remove_suffix(1);
    }
    base::Bytes message;
    base::Writer writer(message);
    writer.put(
        Header{question.id, kRecursionDesired, uint16_t{1}, uint16_t{0}, uint16_t{0}, uint16_t{0}});
    for (const std::string_view label : base::split(name, '.')) {
        if (label.empty() || label.size() > kLongestLabel || name.size() > kLongestName) {
            return base::error("not a DNS name: " + base::quoted(question.name));
        }
        writer.put(static_cast<uint8_t>(label.size())).put_bytes(base::bytes_of(label));
    }
    writer.put_zeros(1).put(QuestionTail{static_cast<uint16_t>(question.type), kInternet});
    return message;
}

std::optional<DnsAnswer> parse_dns_answer(base::ByteView message, const DnsQuestion& question) {
    base::Reader reader(message);
    const auto header = reader.take<Header>();
    if (!header || header->id != question.id || (header->flags & kResponse) == 0 ||
        header->questions != 1) {
        return std::nullopt;
    }
    std::string name = base::to_lower(question.name);
    if (name.ends_with('.')) {
        name.pop_back();
    }
    const auto asked = take_name(reader, message);
    const auto tail = reader.take<QuestionTail>();
    if (!asked || *asked != name || !tail || tail->type != static_cast<uint16_t>(question.type)) {
        return std::nullopt;
    }
    constexpr uint16_t kNoSuchName = 3;
    const uint16_t result = header->flags & kResultMask;
    if (result != 0) {
        return DnsAnswer{{}, problem_of(result), result != kNoSuchName};
    }
    std::vector<Record> records;
    // A cut message (TC) has whole records up to the cut, which is enough for an address.
    for (size_t i = 0; i < std::min<size_t>(header->answers, kMostRecords); ++i) {
        auto record = take_record(reader, message);
        if (!record) {
            break;
        }
        records.push_back(std::move(*record));
    }
    return DnsAnswer{addresses_of(std::move(name), question.type, records), {}, false};
}

}  // namespace boot
