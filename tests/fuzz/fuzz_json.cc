// SPDX-License-Identifier: GPL-2.0-or-later
//
// JSON: a tree that was read and written again reads as the same tree.
#include <cstdlib>

#include "base/bytes.h"
#include "base/json_tree.h"

namespace {

using Kind = base::JsonTree::Kind;

bool same(const base::JsonTree& a, const base::JsonTree& b) {
    if (a.kind != b.kind || a.text != b.text || a.names != b.names ||
        a.items.size() != b.items.size()) {
        return false;
    }
    for (size_t i = 0; i < a.items.size(); ++i) {
        if (!same(a.items[i], b.items[i])) {
            return false;
        }
    }
    return true;
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        constexpr const char* kDigits = "0123456789abcdef";
        if (byte < ' ' || c == '"' || c == '\\') {
            out += {'\\', 'u', '0', '0', kDigits[byte >> 4U], kDigits[byte & 15U]};
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string written(const base::JsonTree& value) {
    if (value.kind == Kind::kString) {
        return quoted(value.text);
    }
    if (value.kind != Kind::kArray && value.kind != Kind::kObject) {
        return value.kind == Kind::kNull ? "null" : value.text;
    }
    std::string out(1, value.kind == Kind::kArray ? '[' : '{');
    for (size_t i = 0; i < value.items.size(); ++i) {
        out += i == 0 ? "" : ",";
        out += value.kind == Kind::kArray ? "" : quoted(value.names[i]) + ":";
        out += written(value.items[i]);
    }
    return out + (value.kind == Kind::kArray ? ']' : '}');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto value = base::parse_json(base::text_of(std::as_bytes(std::span(data, size))));
    if (value) {
        const auto again = base::parse_json(written(*value));
        if (!again || !same(*value, *again)) {
            std::abort();
        }
    }
    return 0;
}
