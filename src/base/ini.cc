// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/ini.h"

#include <fcntl.h>
#include <iniparser/iniparser.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <memory>

#include "base/fd.h"
#include "base/text.h"

namespace base {
namespace {

struct FreeDictionary {
    void operator()(dictionary* dict) const { iniparser_freedict(dict); }
};
using Dictionary = std::unique_ptr<dictionary, FreeDictionary>;

/// iniparser reports bad lines through a plain function, so what it says is collected here for the
/// time of one call. It may quote the line, and the line may hold a secret: only its number is
/// kept.
std::vector<int>* bad_lines = nullptr;

int collect_bad_line(const char* pattern, ...) {
    va_list args;
    va_start(args, pattern);
    char message[1024];
    std::vsnprintf(message, sizeof message, pattern, args);
    va_end(args);
    const std::string_view text = message;
    const size_t open = text.rfind(" (");
    const size_t close = text.find(')', std::min(open, text.size()));
    if (close != std::string_view::npos) {
        if (const auto line = parse_u64(text.substr(open + 2, close - open - 2), INT32_MAX)) {
            bad_lines->push_back(static_cast<int>(*line));
        }
    }
    return 0;
}

Error syntax_error(const std::string& path, const std::vector<int>& lines) {
    std::string text;
    for (const int line : lines) {
        text += (text.empty() ? "" : "; ") + path + ":" + std::to_string(line) +
                ": neither [section] nor key = value";
    }
    return error(text.empty() ? path + ": not an ini file" : text);
}

/// The whole file, in memory that is wiped.
Result<Secret> read_privately(const std::string& path) {
    constexpr size_t kMaxFile = 1U << 20U;
    TRY(const UniqueFd fd, open_file(path, O_RDONLY));
    std::string text(4096, '\0');
    for (size_t size = 0;;) {
        const auto n = read_full(fd.get(), std::as_writable_bytes(std::span(text).subspan(size)));
        if (!n) {
            return n.error().in(path);
        }
        size += *n;
        if (size < text.size()) {
            text.resize(size);
            return Secret(text);
        }
        std::string larger(size * 2, '\0');
        std::copy(text.begin(), text.end(), larger.begin());
        wipe(text.data(), text.size());
        if (size > kMaxFile) {
            wipe(larger.data(), larger.size());
            return Error{EFBIG, path + ": longer than " + std::to_string(kMaxFile) + " bytes"};
        }
        text = std::move(larger);
    }
}

/// `key` of a line `key = value`, as iniparser writes it.
std::string key_of(std::string_view content) {
    return to_lower(trim(content.substr(0, content.find('='))));
}

/// What stands behind the equals sign of a line.
std::string_view value_of(std::string_view content) {
    const size_t equals = content.find('=');
    return equals == std::string_view::npos ? std::string_view() : content.substr(equals + 1);
}

/// The text with the values of secrets overwritten, each character by an x.
std::string without_secrets(std::string_view text, std::span<const std::string_view> secrets) {
    std::string blanked(text);
    for (const std::string_view line : split(text, '\n')) {
        if (std::find(secrets.begin(), secrets.end(), key_of(line)) != secrets.end()) {
            const std::string_view value = trim(value_of(line));
            const auto begin = blanked.begin() + (value.data() - text.data());
            std::fill(begin, begin + static_cast<std::ptrdiff_t>(value.size()), 'x');
        }
    }
    return blanked;
}

/// The one word of a secret's value, its quotes and a comment behind it taken off. Empty when it is
/// not one word.
std::string_view secret_word(std::string_view value) {
    value = trim(value.substr(0, value.find_first_of(";#")));
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
        value.back() == value.front()) {
        value = value.substr(1, value.size() - 2);
    }
    return split_words(value).size() == 1 ? value : std::string_view();
}

/// The text as a file name that iniparser can open.
Result<UniqueFd> memory_file(std::string_view text) {
    UniqueFd fd(memfd_create("ini", MFD_CLOEXEC));
    if (!fd.valid()) {
        return errno_error(errno, "make a memory file");
    }
    TRY_VOID(write_all(fd.get(), text));
    return fd;
}

Result<Dictionary> load_dictionary(std::string_view text, const std::string& path) {
    TRY(const UniqueFd fd, memory_file(text));
    std::vector<int> lines;
    bad_lines = &lines;
    iniparser_set_error_callback(collect_bad_line);
    Dictionary dict(iniparser_load(("/proc/self/fd/" + std::to_string(fd.get())).c_str()));
    iniparser_set_error_callback(nullptr);
    bad_lines = nullptr;
    if (!dict || !lines.empty()) {
        return syntax_error(path, lines);
    }
    return dict;
}

/// A line of the file as far as its position matters: which section or key starts there.
struct Place {
    std::string section;
    std::string key;  ///< empty for a section's own line
    int line;
    std::string_view value;  ///< as it stands there
};

Result<std::vector<Place>> find_places(std::string_view text, const std::string& path) {
    std::vector<Place> places;
    std::string section;
    int line = 0;
    bool continued = false;
    for (const std::string_view raw : split(text, '\n')) {
        ++line;
        const std::string_view content = trim(raw);
        const bool inside_value = std::exchange(continued, content.ends_with('\\'));
        if (inside_value || content.empty() || content[0] == '#' || content[0] == ';') {
            continue;
        }
        const std::string at = path + ":" + std::to_string(line) + ": ";
        if (content[0] == '[') {
            section = to_lower(trim(content.substr(1, content.find(']') - 1)));
            if (section.empty() || section.find(':') != std::string::npos) {
                return error(at + "a section name must not be empty or hold a colon");
            }
            places.push_back({section, "", line, {}});
            continue;
        }
        std::string key = key_of(content);
        if (section.empty()) {
            return error(at + quoted(key) + " stands before the first [section]");
        }
        if (key.find(':') != std::string::npos) {
            return error(at + "a key must not hold a colon");
        }
        places.push_back({section, std::move(key), line, value_of(content)});
    }
    return places;
}

}  // namespace

Result<Ini> Ini::load(const std::string& path, std::span<const std::string_view> secrets) {
    TRY(const Secret text, read_privately(path));
    return parse(text.reveal(), path, secrets);
}

Result<Ini> Ini::parse(std::string_view text, const std::string& name,
                       std::span<const std::string_view> secrets) {
    if (text.find('\0') != std::string_view::npos) {
        return base::error(name + ": holds a NUL byte");
    }
    TRY(const Dictionary dict, load_dictionary(without_secrets(text, secrets), name));
    TRY(const std::vector<Place> places, find_places(text, name));
    Ini ini;
    ini.path_ = name;
    for (const Place& place : places) {
        if (place.key.empty()) {
            if (std::find(ini.sections_.begin(), ini.sections_.end(), place.section) ==
                ini.sections_.end()) {
                ini.sections_.push_back(place.section);
            }
            continue;
        }
        if (const Entry* first = ini.find(place.section, place.key)) {
            return base::error(ini.where({place.section, place.key, "", place.line, {}}) +
                               ": given before in line " + std::to_string(first->line));
        }
        if (std::find(secrets.begin(), secrets.end(), place.key) != secrets.end()) {
            std::string word(secret_word(place.value));
            ini.entries_.push_back({place.section, place.key, "", place.line, Secret(word)});
            if (ini.entries_.back().secret.empty()) {
                return base::error(ini.where(ini.entries_.back()) + ": wants one word, a secret");
            }
            continue;
        }
        const char* value =
            iniparser_getstring(dict.get(), (place.section + ":" + place.key).c_str(), nullptr);
        if (value == nullptr) {
            return syntax_error(name, {place.line});
        }
        ini.entries_.push_back({place.section, place.key, value, place.line, {}});
    }
    return ini;
}

const Ini::Entry* Ini::find(std::string_view section, std::string_view key) const {
    const auto entry = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& candidate) {
        return candidate.section == section && candidate.key == key;
    });
    return entry == entries_.end() ? nullptr : &*entry;
}

std::string Ini::where(const Entry& entry) const {
    return path_ + ":" + std::to_string(entry.line) + ": [" + entry.section + "] " + entry.key;
}

}  // namespace base
