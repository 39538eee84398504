// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/redaction.h"

#include <algorithm>
#include <utility>

namespace base {
namespace {

constexpr std::string_view kSecretPrefixes[] = {"DHHC-1:", "NVMeTLSkey-1:"};
/// After the prefix; fewer characters are not a secret but words about one, such as DHHC-1:HH:KEY:.
constexpr size_t kShortestSecret = 12;

/// In either case. strncasecmp(3) would be 24 KB in a static program.
bool begins_with(std::string_view text, std::string_view prefix) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    };
    return text.size() >= prefix.size() &&
           std::ranges::equal(text.substr(0, prefix.size()), prefix, {}, lower, lower);
}

/// Base64 in both its alphabets, and what parts the fields of a secret.
constexpr std::string_view kSecretCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=:-_";

/// Begin and end of the secret part of the first secret in `text`; both npos: there is none.
std::pair<size_t, size_t> find_secret(std::string_view text) {
    for (size_t from = 0; from < text.size(); ++from) {
        for (const std::string_view prefix : kSecretPrefixes) {
            if (!begins_with(text.substr(from), prefix)) {
                continue;
            }
            const size_t begin = from + prefix.size();
            const size_t end =
                std::min(text.find_first_not_of(kSecretCharacters, begin), text.size());
            if (end - begin >= kShortestSecret) {
                return {begin, end};
            }
        }
    }
    return {std::string_view::npos, std::string_view::npos};
}

}  // namespace

bool holds_secret(std::string_view text) {
    return find_secret(text).first != std::string_view::npos;
}

std::string without_secrets(std::string_view text) {
    std::string out;
    while (true) {
        const auto [begin, end] = find_secret(text);
        out += text.substr(0, begin);
        if (begin == std::string_view::npos) {
            return out;
        }
        out += "(secret)";
        text.remove_prefix(end);
    }
}

}  // namespace base
