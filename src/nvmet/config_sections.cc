// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/config_sections.h"

#include <algorithm>

#include "base/absolute_path.h"
#include "nvmet/config_keys.h"

namespace nvmet {

using exports::Setting;

const std::string* Section::find(std::string_view key) const {
    const auto found = structure.find(key);
    return found == structure.end() ? nullptr : &found->second;
}

void fill(Object& object, const Section* section, Kind kind) {
    for (const Attribute& row : attributes()) {
        if (row.kind != kind || row.change == Change::kTrigger) {
            continue;
        }
        if (section != nullptr && section->values.contains(&row)) {
            object.attributes[std::string(row.file)] = section->values.at(&row);
        } else if (!row.fresh.empty() && !object.attributes.contains(row.file)) {
            object.attributes[std::string(row.file)] = row.fresh;
        }
    }
}

ConfigSections::ConfigSections(const std::vector<Setting>& settings, const std::string& folder)
    : folder_(base::absolute_path(folder)) {
    for (const Setting& setting : settings) {
        take(setting);
    }
}

const std::map<std::string, Section>& ConfigSections::all(std::string_view kind) const {
    static const std::map<std::string, Section> kEmpty;
    const auto found = sections_.find(kind);
    return found == sections_.end() ? kEmpty : found->second;
}

const Section* ConfigSections::find(std::string_view kind, const std::string& name) const {
    const auto& sections = all(kind);
    const auto found = sections.find(name);
    return found == sections.end() ? nullptr : &found->second;
}

bool ConfigSections::has_shared(const std::string& section, std::string_view key) const {
    return std::ranges::any_of(shared_, [&](const Setting& setting) {
        return setting.section == section && setting.key == key;
    });
}

void ConfigSections::take(const Setting& setting) {
    const size_t dot = setting.section.find('.');
    const std::string kind = setting.section.substr(0, dot);
    const std::string name = dot == std::string::npos ? "" : setting.section.substr(dot + 1);
    if (kind == "access") {
        complain(setting.where(),
                 "the kernel has one key per host, not one per subsystem; set it in [host.NAME]");
        return;
    }
    if (!is_section(kind) || (kind == "target") != name.empty()) {
        // Once for the section, not for each of its lines.
        if (errors_.empty() || !errors_.back().starts_with(setting.place + ": no such section")) {
            complain(setting.place, no_such_section(kind));
        }
        return;
    }
    Section& section = sections_[kind][name];
    section.name = name;
    section.place = setting.place;
    const Attribute* row = find_own_key(kind, setting.key);
    if (setting.value.empty()) {
        complain(setting.where(), "no value");
    } else if (is_shared_key(kind, setting.key)) {
        take_shared(setting);
    } else if (is_structure_key(kind, setting.key)) {
        section.structure[setting.key] = setting.value;
    } else if (row != nullptr) {
        take_attribute(setting, *row, section);
    } else if (const auto refusal = find_refusal(kind, setting.key); !refusal) {
        complain(setting.where(), no_such_key(kind, setting.key));
    } else if (setting.value != refusal->harmless) {
        complain(setting.where(), std::string(refusal->why));
    }
}

void ConfigSections::take_shared(const Setting& setting) {
    if (setting.key == "listen" && setting.value == kNone) {
        listens_nowhere_ = true;
    } else {
        shared_.push_back(setting);
    }
}

void ConfigSections::take_attribute(const Setting& setting, const Attribute& row,
                                    Section& section) {
    const bool relative = row.form == "FILE" && !setting.value.starts_with('/');
    const std::string value = (relative ? folder_ + "/" : "") + setting.value;
    auto canonical = row.canonical(row, value);
    if (canonical) {
        section.values[&row] = std::move(*canonical);
    } else {
        complain(setting.where(), canonical.error().text);
    }
}

}  // namespace nvmet
