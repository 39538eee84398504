// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/golden.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/fd.h"
#include "base/text.h"

namespace support {
namespace {

constexpr const char* kFolder = "tests/golden/";

[[noreturn]] void give_up(const std::string& name, const std::string& why) {
    std::fprintf(stderr, "%s%s: %s\n", kFolder, name.c_str(), why.c_str());
    std::abort();
}

/// `XX…`, `XX…*N` or `"text"`; false when it is none of them.
bool append_word(std::string_view word, base::Bytes& bytes) {
    if (word.size() >= 2 && word.front() == '"' && word.back() == '"') {
        base::Writer(bytes).put_bytes(base::bytes_of(word.substr(1, word.size() - 2)));
        return true;
    }
    const size_t star = std::min(word.find('*'), word.size());
    const auto piece = base::from_hex(word.substr(0, star));
    const auto count = star == word.size() ? base::Result<uint64_t>(1)
                                           : base::parse_u64(word.substr(star + 1), 4096);
    if (!piece || !count) {
        return false;
    }
    for (uint64_t i = 0; i < *count; ++i) {
        base::Writer(bytes).put_bytes(*piece);
    }
    return true;
}

void append_line(std::string_view line, Golden& golden) {
    line = base::trim(line.substr(0, line.find('#')));
    if (line.starts_with('!')) {
        line = base::trim(line.substr(1));
        const size_t end = std::min(line.find(' '), line.size());
        golden.says[std::string(line.substr(0, end))] = base::trim(line.substr(end));
        return;
    }
    for (const std::string_view word : base::split_words(line)) {
        if (!append_word(word, golden.bytes)) {
            give_up(golden.name, "cannot read " + base::quoted(word));
        }
    }
}

}  // namespace

Golden load_golden(const std::string& name) {
    const auto text = base::read_text(kFolder + name);
    if (!text) {
        give_up(name, text.error().text);
    }
    Golden golden{name, {}, {}};
    for (const std::string_view line : base::split(*text, '\n')) {
        append_line(line, golden);
    }
    return golden;
}

std::vector<Golden> load_goldens(const std::string& folder) {
    std::vector<Golden> goldens;
    for (const auto& entry : std::filesystem::directory_iterator(kFolder + folder)) {
        goldens.push_back(load_golden(folder + "/" + entry.path().filename().string()));
    }
    if (goldens.empty()) {
        give_up(folder, "no samples");
    }
    std::sort(goldens.begin(), goldens.end(),
              [](const Golden& a, const Golden& b) { return a.name < b.name; });
    return goldens;
}

base::Bytes golden(const std::string& name) {
    return load_golden(name).bytes;
}

}  // namespace support
