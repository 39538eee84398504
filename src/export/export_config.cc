// SPDX-License-Identifier: GPL-2.0-or-later
//
// The ini file as settings.
#include "export/export_config.h"

#include <algorithm>
#include <set>

#include "base/fd.h"
#include "base/ini.h"

namespace exports {
namespace {

/// `file:3: [section]`: the place of the section as its entry tells it.
std::string place_of(const base::Ini& ini, const base::Ini::Entry& entry) {
    const std::string where = ini.where(entry);
    return where.substr(0, where.size() - entry.key.size() - 1);
}

std::vector<Setting> settings_of(const base::Ini& ini) {
    std::vector<Setting> settings;
    for (const base::Ini::Entry& entry : ini.entries()) {
        settings.push_back(
            {entry.section, entry.key, entry.value, place_of(ini, entry), entry.key});
    }
    return settings;
}

Errors empty_sections(const base::Ini& ini, const std::string& path) {
    Errors errors;
    std::set<std::string_view> filled;
    for (const base::Ini::Entry& entry : ini.entries()) {
        filled.insert(entry.section);
    }
    for (const std::string& section : ini.sections()) {
        if (!filled.contains(section) && section != "target") {
            errors.push_back(path + ": [" + section + "]: an empty section");
        }
    }
    return errors;
}

}  // namespace

base::Result<ExportConfig, Errors> load_config(const std::string& path,
                                               const SelectSilent& select_silent) {
    const auto text = base::read_text(path);
    if (!text) {
        return Errors{text.error().text};
    }
    return parse_config(*text, path, select_silent);
}

std::string folder_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, std::max<size_t>(slash, 1));
}

base::Result<std::vector<Setting>, Errors> parse_settings(std::string_view text,
                                                          const std::string& path) {
    Errors errors;
    const auto ini = base::Ini::parse_leniently(text, path, errors);
    for (std::string& error : empty_sections(ini, path)) {
        errors.push_back(std::move(error));
    }
    if (!errors.empty()) {
        return errors;
    }
    return settings_of(ini);
}

base::Result<ExportConfig, Errors> parse_config(std::string_view text, const std::string& path,
                                                const SelectSilent& select_silent) {
    Errors errors;
    const auto ini = base::Ini::parse_leniently(text, path, errors);
    for (std::string& error : empty_sections(ini, path)) {
        errors.push_back(std::move(error));
    }
    auto config = assemble(settings_of(ini), folder_of(path), Demand::kServable, select_silent);
    if (!config) {
        errors.insert(errors.end(), config.error().begin(), config.error().end());
    }
    if (!errors.empty()) {
        return errors;
    }
    return config;
}

}  // namespace exports
