// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdarg>
#include <cstdio>
#include <numeric>

#include "base/redaction.h"

namespace base {
namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kSpace = " \t\r\n\f\v";

struct Unit {
    std::string_view name;
    uint64_t factor;
};

constexpr std::array kSizeUnits = {
    Unit{"", 1},
    Unit{"K", 1ULL << 10U},
    Unit{"M", 1ULL << 20U},
    Unit{"G", 1ULL << 30U},
    Unit{"T", 1ULL << 40U},
};
constexpr std::array kTimeUnits = {
    Unit{"", 1000}, Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000}, Unit{"h", 3'600'000},
};

/// A number and the unit behind it, multiplied. @param max  the largest product allowed.
Result<uint64_t> parse_with_unit(std::string_view text, std::span<const Unit> units, uint64_t max,
                                 const char* what) {
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& candidate) {
        return candidate.name == text.substr(digits);
    });
    const auto number = parse_u64(text.substr(0, digits));
    uint64_t product = 0;
    if (unit == units.end() || !number || __builtin_mul_overflow(*number, unit->factor, &product) ||
        product > max) {
        return error(base::quoted(text) + " is not " + what);
    }
    return product;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const int lower = std::tolower(static_cast<unsigned char>(c));
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Characters that may not be shown as they are: controls, line separators, Unicode's Cf.
struct Range {
    uint32_t first;
    uint32_t last;
};
constexpr std::array kUnfit = {
    Range{0x0000, 0x001F},   Range{0x007F, 0x009F},   Range{0x00AD, 0x00AD},
    Range{0x0600, 0x0605},   Range{0x061C, 0x061C},   Range{0x06DD, 0x06DD},
    Range{0x070F, 0x070F},   Range{0x0890, 0x0891},   Range{0x08E2, 0x08E2},
    Range{0x180E, 0x180E},   Range{0x200B, 0x200F},   Range{0x2028, 0x202E},
    Range{0x2060, 0x206F},   Range{0xFEFF, 0xFEFF},   Range{0xFFF9, 0xFFFB},
    Range{0x110BD, 0x110BD}, Range{0x110CD, 0x110CD}, Range{0x13430, 0x1343F},
    Range{0x1BCA0, 0x1BCA3}, Range{0x1D173, 0x1D17A}, Range{0xE0000, 0xE007F},
};

std::string hex_escaped(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        out += format("\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    return out;
}

size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = std::exchange(row[0], i);
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
        }
    }
    return row[b.size()];
}

}  // namespace

Result<uint64_t> parse_u64(std::string_view text, uint64_t max) {
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    const std::string_view digits = hex ? text.substr(2) : text;
    uint64_t value = 0;
    const auto [end, code] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
    if (code == std::errc::result_out_of_range || (code == std::errc() && value > max)) {
        return error(base::quoted(text) + " is above " + std::to_string(max));
    }
    if (code != std::errc() || end != digits.data() + digits.size()) {
        return error(base::quoted(text) + " is not a number");
    }
    return value;
}

Result<int64_t> parse_i64(std::string_view text, int64_t min, int64_t max) {
    int64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code == std::errc::invalid_argument || end != text.data() + text.size()) {
        return error(base::quoted(text) + " is not a number");
    }
    if (code != std::errc() || value < min || value > max) {
        return error(base::quoted(text) + " is not between " + std::to_string(min) + " and " +
                     std::to_string(max));
    }
    return value;
}

Result<uint64_t> parse_size(std::string_view text) {
    return parse_with_unit(text, kSizeUnits, INT64_MAX,
                           "a size (a number, then nothing, K, M, G or T)");
}

Result<milliseconds> parse_duration(std::string_view text) {
    constexpr uint64_t kTenYears = 10ULL * 365 * 24 * 3'600'000;
    TRY(const uint64_t count, parse_with_unit(text, kTimeUnits, kTenYears,
                                              "a time (a number, then nothing, ms, s, m or h)"));
    return milliseconds(count);
}

Result<bool> parse_bool(std::string_view text) {
    for (const std::string_view word : {"yes", "true", "on", "1"}) {
        if (equal_ignoring_case(text, word)) {
            return true;
        }
    }
    for (const std::string_view word : {"no", "false", "off", "0"}) {
        if (equal_ignoring_case(text, word)) {
            return false;
        }
    }
    return error(base::quoted(text) + " is neither yes nor no");
}

std::string_view trim(std::string_view text) {
    const size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

std::vector<std::string_view> split_words(std::string_view text) {
    std::vector<std::string_view> words;
    for (;;) {
        text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
        if (text.empty()) {
            return words;
        }
        const size_t end = std::min(text.find_first_of(kSpace), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
}

std::string to_lower(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return lower;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return to_lower(a) == to_lower(b);
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : without_secrets(text)) {
        const bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
        out += plain ? std::string(1, c) : hex_escaped({&c, 1});
    }
    return out + '"';
}

std::string shown(std::string_view text) {
    constexpr size_t kMost = 64;
    const bool plain =
        !text.empty() && !holds_secret(text) && std::all_of(text.begin(), text.end(), [](char c) {
            return c > ' ' && c <= '~' && c != '"' && c != '\\';
        });
    const std::string whole = plain ? std::string(text) : quoted(text);
    return whole.size() <= kMost ? whole : whole.substr(0, kMost) + "…";
}

std::string printable(std::string_view text) {
    const std::string safe = without_secrets(text);
    std::string out;
    for (std::string_view rest = safe; !rest.empty();) {
        const size_t length = printable_length(rest);
        const size_t taken = std::max<size_t>(length, 1);
        out += length == 0 ? hex_escaped(rest.substr(0, taken)) : rest.substr(0, taken);
        rest.remove_prefix(taken);
    }
    return out;
}

size_t printable_length(std::string_view text) {
    const size_t length = utf8_length(text);
    const uint32_t code = length == 0 ? 0 : utf8_code(text);
    const bool unfit = std::any_of(kUnfit.begin(), kUnfit.end(), [&](const Range& range) {
        return code >= range.first && code <= range.last;
    });
    return unfit ? 0 : length;
}

Result<std::string> parse_path(std::string_view text) {
    if (holds_secret(text)) {
        return error("a secret instead of the name of its file");
    }
    if (text.empty() || text.find('\0') != std::string_view::npos) {
        return error("not the name of a file");
    }
    return std::string(text);
}

std::string to_hex(ByteView bytes) {
    std::string text;
    for (const std::byte b : bytes) {
        text += format("%02x", std::to_integer<unsigned>(b));
    }
    return text;
}

Result<Bytes> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) {
        return error(base::quoted(text) + " has an odd number of hexadecimal digits");
    }
    Bytes bytes;
    for (size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_digit(text[i]);
        const int low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0) {
            return error(base::quoted(text) + " is not hexadecimal");
        }
        bytes.push_back(static_cast<std::byte>(high * 16 + low));
    }
    return bytes;
}

std::string to_base64(ByteView bytes) {
    std::string text;
    for (size_t i = 0; i < bytes.size(); i += 3) {
        const size_t count = std::min<size_t>(3, bytes.size() - i);
        uint32_t group = 0;
        for (size_t k = 0; k < 3; ++k) {
            group = group << 8U | (k < count ? std::to_integer<uint32_t>(bytes[i + k]) : 0U);
        }
        for (size_t k = 0; k < 4; ++k) {
            text += k <= count ? kBase64[group >> (18 - 6 * k) & 63U] : '=';
        }
    }
    return text;
}

// Its input may be a secret: an error never quotes it.
Result<Bytes> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) {
        return error("base64 text whose length is not a multiple of 4");
    }
    const size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    Bytes bytes;
    bytes.reserve(text.size() / 4 * 3);
    for (size_t i = 0; i < text.size(); i += 4) {
        const size_t letters = i + 4 == text.size() ? 4 - padding : 4;
        uint32_t group = 0;
        for (size_t k = 0; k < 4; ++k) {
            const size_t value = k < letters ? kBase64.find(text[i + k]) : 0;
            if (value == std::string_view::npos) {
                return error("a character that is not base64");
            }
            group = group << 6U | static_cast<uint32_t>(value);
        }
        if ((letters == 2 && (group & 0xFFFFU) != 0) || (letters == 3 && (group & 0xFFU) != 0)) {
            return error("base64 text with bits after its end");
        }
        for (size_t k = 0; k + 1 < letters; ++k) {
            bytes.push_back(static_cast<std::byte>(group >> (16 - 8 * k) & 0xFFU));
        }
    }
    return bytes;
}

Result<std::string> percent_decode(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0 || high + low == 0) {
            return error(base::quoted(text) +
                         " has a % that is not followed by two hexadecimal digits "
                         "of a character");
        }
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

size_t utf8_length(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    const size_t length = lead < 0x80                    ? 1
                          : lead >= 0xC2 && lead <= 0xDF ? 2
                          : lead >= 0xE0 && lead <= 0xEF ? 3
                          : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                         : 0;
    if (length == 0 || length > text.size()) {
        return 0;
    }
    for (size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) {
            return 0;
        }
    }
    const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
    const bool surrogate = lead == 0xED && byte(1) > 0x9F;
    const bool too_high = lead == 0xF4 && byte(1) > 0x8F;
    return overlong || surrogate || too_high ? 0 : length;
}

uint32_t utf8_code(std::string_view text) {
    constexpr std::array<uint32_t, 5> kLeadBits = {0, 0x7F, 0x1F, 0x0F, 0x07};
    const size_t length = utf8_length(text);
    uint32_t code = static_cast<unsigned char>(text[0]) & kLeadBits[length];
    for (size_t i = 1; i < length; ++i) {
        code = code << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
    }
    return code;
}

void append_utf8(uint32_t code, std::string& out) {
    const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
    const auto tail = [&](unsigned shift) { put(0x80U | (code >> shift & 0x3FU)); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0U | code >> 6U);
    } else if (code < 0x10000) {
        put(0xE0U | code >> 12U);
        tail(6);
    } else {
        put(0xF0U | code >> 18U);
        tail(12);
        tail(6);
    }
    if (code >= 0x80) {
        tail(0);
    }
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
    constexpr size_t kFar = 3;
    std::string_view best;
    size_t best_distance = kFar;
    for (const std::string_view candidate : candidates) {
        const size_t distance = edit_distance(word, candidate);
        if (distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

std::string format(const char* pattern, ...) {
    va_list args;
    va_list again;
    va_start(args, pattern);
    va_copy(again, args);
    std::string text(static_cast<size_t>(std::max(std::vsnprintf(nullptr, 0, pattern, args), 0)),
                     0);
    std::vsnprintf(text.data(), text.size() + 1, pattern, again);
    va_end(again);
    va_end(args);
    return text;
}

}  // namespace base
