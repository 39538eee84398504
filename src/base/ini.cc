// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/ini.h"

#include <iniparser/iniparser.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <map>
#include <memory>

#include "base/fd.h"
#include "base/join.h"
#include "base/redaction.h"
#include "base/secret_file.h"
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

/// `key` of a line `key = value`, as iniparser writes it.
std::string key_of(std::string_view content) {
    return to_lower(trim(content.substr(0, content.find('='))));
}

/// The text after the equals sign of a line.
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
            if (!value.empty()) {  // an empty one need not lie in the text
                const auto begin = blanked.begin() + (value.data() - text.data());
                std::fill(begin, begin + static_cast<std::ptrdiff_t>(value.size()), 'x');
            }
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
        return errno_error(errno, "create a memory file");
    }
    TRY_VOID(write_all(fd.get(), text));
    return fd;
}

/// @param lines  gets the numbers of the lines that iniparser does not understand
Result<Dictionary> load_dictionary(std::string_view text, std::vector<int>& lines) {
    TRY(const UniqueFd fd, memory_file(text));
    bad_lines = &lines;
    iniparser_set_error_callback(collect_bad_line);
    Dictionary dict(iniparser_load(("/proc/self/fd/" + std::to_string(fd.get())).c_str()));
    iniparser_set_error_callback(nullptr);
    bad_lines = nullptr;
    if (!dict && lines.empty()) {
        return error("not an ini file");
    }
    return dict;
}

/// The text with lines that are too long for iniparser in a form that it takes.
/// @param values  gets their values, by number of the line
std::string without_long_lines(std::string_view text, const std::string& path,
                               std::map<int, std::string>& values,
                               std::vector<std::string>& problems) {
    constexpr size_t kLongest = 1000;  // of what a backslash at the end joins, all together
    const auto lines = split(text, '\n');
    std::string rest;
    for (size_t first = 0, next = 0; first < lines.size(); first = next) {
        std::string whole;
        bool continued = true;
        size_t length = 0;
        for (; continued && next < lines.size(); ++next) {
            std::string_view part = lines[next];
            part = part.substr(0, part.find_last_not_of(" \t\r\f\v") + 1);
            continued = part.ends_with('\\');
            whole += part.substr(0, part.size() - (continued ? 1 : 0));
            length += lines[next].size();
        }
        if (length <= kLongest) {
            for (size_t line = first; line < next; ++line) {
                rest += std::string(lines[line]) + "\n";
            }
            continue;
        }
        const std::string_view content = trim(whole);
        if (!content.empty() && content[0] != '#' && content[0] != ';') {
            const int line = static_cast<int>(first) + 1;
            const std::string_view value = trim(value_of(content));
            if (content[0] == '[' || value.empty() ||
                value.find_first_of("\"';#") != std::string_view::npos) {
                problems.push_back(path + ":" + std::to_string(line) + ": longer than " +
                                   std::to_string(kLongest) +
                                   " characters, which only a value without quotes and comments "
                                   "may be");
            } else {
                values.emplace(line, value);
                rest += key_of(content) + " = x";
            }
        }
        rest.append(next - first, '\n');
    }
    return rest;
}

/// The text with some of its lines made empty.
std::string without_lines(std::string_view text, const std::vector<int>& lines) {
    std::string rest;
    int line = 0;
    for (const std::string_view raw : split(text, '\n')) {
        const bool bad = std::find(lines.begin(), lines.end(), ++line) != lines.end();
        rest += std::string(bad ? "" : raw) + "\n";
    }
    return rest;
}

/// A line of the file as far as its position matters: which section or key starts there.
struct Place {
    std::string section;
    std::string key;  ///< empty for a section's own line
    int line;
};

/// The lines of sections and keys; errors that iniparser accepts and we do not go to `problems`.
class PlaceFinder {
  public:
    PlaceFinder(const std::string& path, std::vector<std::string>& problems)
        : path_(path), problems_(problems) {}

    std::vector<Place> find(std::string_view text) {
        bool continued = false;
        for (const std::string_view raw : split(text, '\n')) {
            ++line_;
            const std::string_view content = trim(raw);
            const bool inside_value = std::exchange(continued, content.ends_with('\\'));
            if (inside_value || content.empty() || content[0] == '#' || content[0] == ';') {
                continue;
            }
            content[0] == '[' ? take_section(content) : take_key(content);
        }
        return std::move(places_);
    }

  private:
    void take_section(std::string_view content) {
        section_ = to_lower(trim(content.substr(1, content.find(']') - 1)));
        skipping_ = section_.empty() || section_.find(':') != std::string::npos;
        if (skipping_) {
            complain("a section name must not be empty or contain a colon");
            return;
        }
        places_.push_back({section_, "", line_});
    }
    void take_key(std::string_view content) {
        const std::string key = key_of(content);
        if (skipping_) {
            return;
        }
        if (section_.empty()) {
            complain(base::quoted(key) + " is before the first [section]");
        } else if (key.find(':') != std::string::npos) {
            complain("a key must not contain a colon");
        } else {
            places_.push_back({section_, key, line_});
        }
    }
    void complain(const std::string& text) {
        problems_.push_back(path_ + ":" + std::to_string(line_) + ": " + text);
    }

    const std::string& path_;
    std::vector<std::string>& problems_;
    std::vector<Place> places_;
    std::string section_;
    bool skipping_ = false;  ///< the section at hand has a bad name
    int line_ = 0;
};

}  // namespace

Result<Ini> Ini::load(const std::string& path, std::span<const std::string_view> secrets) {
    TRY(const Secret text, read_wiped(path));
    return parse(text.reveal(), path, secrets);
}

Result<Ini> Ini::parse(std::string_view text, const std::string& name,
                       std::span<const std::string_view> secrets) {
    std::vector<std::string> problems;
    Ini ini = parse_leniently(text, name, problems, secrets);
    if (problems.empty()) {
        return ini;
    }
    std::string all;
    for (const std::string& problem : problems) {
        append_part(all, "; ", problem);
    }
    return base::error(std::move(all));
}

Ini Ini::parse_leniently(std::string_view text, const std::string& name,
                         std::vector<std::string>& problems,
                         std::span<const std::string_view> secrets) {
    Ini ini;
    ini.path_ = name;
    if (text.find('\0') != std::string_view::npos) {
        problems.push_back(name + ": contains a NUL byte");
        return ini;
    }
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text.starts_with(kByteOrderMark)) {
        text.remove_prefix(kByteOrderMark.size());
    }
    std::vector<int> bad;
    std::map<int, std::string> long_values;
    const std::string shown =
        without_long_lines(without_secrets(text, secrets), name, long_values, problems);
    auto dict = load_dictionary(shown, bad);
    const std::string rest = without_lines(shown, bad);
    if (dict && !bad.empty()) {
        std::vector<int> none;
        dict = load_dictionary(rest, none);
    }
    if (!dict) {
        problems.push_back(name + ": " + dict.error().text);
        return ini;
    }
    for (const int line : bad) {
        problems.push_back(name + ":" + std::to_string(line) +
                           ": neither [section] nor key = value");
    }
    std::map<std::string, int> lines;
    for (const Place& place : PlaceFinder(name, problems).find(rest)) {
        if (place.key.empty()) {
            if (std::find(ini.sections_.begin(), ini.sections_.end(), place.section) ==
                ini.sections_.end()) {
                ini.sections_.push_back(place.section);
            }
            continue;
        }
        const auto [first, fresh] = lines.emplace(place.section + ":" + place.key, place.line);
        const char* value =
            iniparser_getstring(dict->get(), (place.section + ":" + place.key).c_str(), nullptr);
        if (!fresh) {
            problems.push_back(ini.where({place.section, place.key, "", place.line, {}}) +
                               ": already given in line " + std::to_string(first->second));
        } else if (value == nullptr) {
            problems.push_back(name + ":" + std::to_string(place.line) +
                               ": neither [section] nor key = value");
        } else if (std::find(secrets.begin(), secrets.end(), place.key) != secrets.end()) {
            const auto raw = split(text, '\n')[static_cast<size_t>(place.line) - 1];
            std::string word(secret_word(value_of(raw)));
            ini.entries_.push_back({place.section, place.key, "", place.line, Secret(word)});
            if (ini.entries_.back().secret.empty()) {
                problems.push_back(ini.where(ini.entries_.back()) + ": needs one word, a secret");
            }
        } else {
            const auto whole = long_values.find(place.line);
            ini.entries_.push_back({place.section,
                                    place.key,
                                    whole == long_values.end() ? value : whole->second,
                                    place.line,
                                    {}});
        }
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
