// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/nqn.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"

namespace nvme {
namespace {

using base::error;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_alphanumeric(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const size_t length = base::utf8_length(text);
        if (length == 0) {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < ' ' || byte == 0x7F;
    });
}

/// `yyyy-mm.`
bool begins_with_date(std::string_view text) {
    constexpr std::string_view kPattern = "dddd-dd.";
    if (text.size() < kPattern.size()) {
        return false;
    }
    for (size_t i = 0; i < kPattern.size(); ++i) {
        if (kPattern[i] == 'd' ? !is_digit(text[i]) : text[i] != kPattern[i]) {
            return false;
        }
    }
    const int month = (text[5] - '0') * 10 + (text[6] - '0');
    return month >= 1 && month <= 12;
}

/// Labels of letters, digits and inner hyphens, joined by dots.
bool is_domain(std::string_view text) {
    const auto labels = base::split(text, '.');
    return std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
        return !label.empty() && label.front() != '-' && label.back() != '-' &&
               std::all_of(label.begin(), label.end(),
                           [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; });
    });
}

template <class Id>
base::Result<Id> from_digits(std::string_view text, std::string_view digits, const char* what) {
    Id id;
    const auto bytes = base::from_hex(digits);
    if (!bytes || bytes->size() != id.bytes.size()) {
        return error(base::quoted(text) + " is not " + what);
    }
    std::copy(bytes->begin(), bytes->end(), id.bytes.begin());
    if (id.is_zero()) {
        return error(base::quoted(text) + " is all zeros, which means none");
    }
    return id;
}

std::string without(std::string_view text, std::string_view characters) {
    std::string rest;
    std::copy_if(text.begin(), text.end(), std::back_inserter(rest),
                 [&](char c) { return characters.find(c) == std::string_view::npos; });
    return rest;
}

/// Whether the hyphens are where a UUID has them, and nowhere else.
bool has_uuid_hyphens(std::string_view text) {
    constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    return text.size() == kForm.size() &&
           std::equal(text.begin(), text.end(), kForm.begin(),
                      [](char c, char form) { return (c == '-') == (form == '-'); });
}

/// Whether one separator, the same everywhere, stands between all bytes or none.
bool has_eui_separators(std::string_view text) {
    if (text.size() == 16) {
        return true;
    }
    const char separator = text.size() == 23 ? text[2] : '\0';
    if (separator != '-' && separator != ':') {
        return false;
    }
    for (size_t i = 0; i < text.size(); ++i) {
        if ((i % 3 == 2) != (text[i] == separator)) {
            return false;
        }
    }
    return true;
}

}  // namespace

base::Status check_nqn(std::string_view text) {
    if (text.size() > kMaxNqnBytes) {
        return error(base::format("an NQN of %zu bytes: at most 223 are allowed", text.size()));
    }
    if (!is_utf8(text) || has_control_character(text)) {
        return error(base::quoted(text) +
                     " is not an NQN: it has bytes that are not printable UTF-8");
    }
    if (text.starts_with(kUuidNqnPrefix)) {
        if (const auto uuid = parse_uuid(text.substr(kUuidNqnPrefix.size())); !uuid) {
            return uuid.error().in(base::quoted(text) + " is not an NQN");
        }
        return base::done();
    }
    const std::string_view rest = text.substr(std::min<size_t>(4, text.size()));
    if (!text.starts_with("nqn.") || !begins_with_date(rest)) {
        return error(base::quoted(text) + " is not an NQN: it does not begin with nqn.yyyy-mm.");
    }
    const std::string_view domain = rest.substr(8, rest.find(':', 8) - 8);
    if (!is_domain(domain)) {
        return error(base::quoted(text) + " is not an NQN: no domain name follows nqn.yyyy-mm.");
    }
    if (text.ends_with(':')) {
        return error(base::quoted(text) + " is not an NQN: nothing follows its colon");
    }
    return base::done();
}

base::Status check_name(std::string_view text) {
    if (text.empty()) {
        return error("an empty name");
    }
    if (text.size() > kMaxNqnBytes) {
        return error(base::format("a name of %zu bytes: at most 223 are allowed", text.size()));
    }
    if (has_control_character(text)) {
        return error(base::quoted(text) + " is not a name: it contains control characters");
    }
    return base::done();
}

std::string odd_name(std::string_view text) {
    const auto valid = text.empty() ? base::done() : check_nqn(text);
    return valid ? std::string() : valid.error().text + "; continuing with this name as it is";
}

base::Result<Uuid> parse_uuid(std::string_view text) {
    if (!has_uuid_hyphens(text)) {
        return error(base::quoted(text) + " is not a UUID (8-4-4-4-12 hexadecimal digits)");
    }
    return from_digits<Uuid>(text, without(text, "-"), "a UUID (8-4-4-4-12 hexadecimal digits)");
}

base::Result<Nguid> parse_nguid(std::string_view text) {
    constexpr const char* kWhat = "an NGUID (32 hexadecimal digits)";
    return from_digits<Nguid>(text, has_uuid_hyphens(text) ? without(text, "-") : std::string(text),
                              kWhat);
}

base::Result<Eui64> parse_eui64(std::string_view text) {
    constexpr const char* kWhat = "an EUI-64 (16 hexadecimal digits)";
    return from_digits<Eui64>(
        text, has_eui_separators(text) ? without(text, "-:") : std::string(text), kWhat);
}

std::string to_text(const Uuid& uuid) {
    std::string text = base::to_hex(uuid.bytes);
    for (const size_t hyphen : {8U, 13U, 18U, 23U}) {
        text.insert(hyphen, 1, '-');
    }
    return text;
}

std::string to_text(const Nguid& nguid) {
    return base::to_hex(nguid.bytes);
}

std::string to_text(const Eui64& eui64) {
    return base::to_hex(eui64.bytes);
}

std::string uuid_nqn(const Uuid& uuid) {
    return std::string(kUuidNqnPrefix) + to_text(uuid);
}

}  // namespace nvme
