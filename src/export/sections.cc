// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/sections.h"

#include <algorithm>
#include <map>

#include "base/cli/suggestion.h"
#include "export/kernel_words.h"

namespace exports {
namespace {

class SectionReader {
  public:
    SectionReader(const std::string& folder, Errors& errors) : folder_(folder), errors_(errors) {}

    Sections read(std::span<const Setting> settings);

  private:
    using Group = std::vector<const Setting*>;

    template <class T>
    void apply(std::span<const Key<T>> keys, const Group& group, T& section);
    template <class T>
    void read_named(std::span<const Key<T>> keys, std::string_view name, const Group& group,
                    std::vector<Named<T>>& into);
    void read_section(const std::string& section, const Group& group);
    void complain(const std::string& place, const std::string& text) {
        errors_.push_back(at(place, text));
    }

    const std::string& folder_;
    Errors& errors_;
    Sections sections_;
};

Sections SectionReader::read(std::span<const Setting> settings) {
    std::vector<std::string> order;
    std::map<std::string, Group> groups;
    for (const Setting& setting : settings) {
        Group& group = groups[setting.section];
        if (group.empty()) {
            order.push_back(setting.section);
        }
        group.push_back(&setting);
    }
    for (const std::string& section : order) {
        read_section(section, groups[section]);
    }
    return std::move(sections_);
}

void SectionReader::read_section(const std::string& section, const Group& group) {
    const size_t dot = section.find('.');
    const std::string kind = section.substr(0, dot);
    const std::string name = dot == std::string::npos ? "" : section.substr(dot + 1);
    if (section == "target") {
        apply(target_keys(), group, sections_.target);
    } else if (kind == "host" && !name.empty()) {
        read_named(host_keys(), name, group, sections_.hosts);
    } else if (kind == "access" && !name.empty()) {
        read_named(access_keys(), name, group, sections_.accesses);
    } else if (kind == "subsystem" && !name.empty()) {
        read_named(subsystem_keys(), name, group, sections_.subsystems);
    } else if (kind == "namespace" && !name.empty()) {
        read_named(namespace_keys(), name, group, sections_.namespaces);
    } else if (kind == "ana" && !name.empty()) {
        read_named(ana_keys(), name, group, sections_.ana);
    } else if (const auto why = kernel_word(kind, ""); !why.empty()) {
        complain(group[0]->place, std::string(why));
    } else {
        complain(group[0]->place,
                 "no such section; there are [target], [subsystem.NAME], [namespace.NAME], "
                 "[host.NAME], [access.NAME] and [ana.NAME]" +
                     base::did_you_mean(
                         kind, {"target", "subsystem", "namespace", "host", "access", "ana"}));
    }
}

template <class T>
void SectionReader::read_named(std::span<const Key<T>> keys, std::string_view name,
                               const Group& group, std::vector<Named<T>>& into) {
    Named<T>& named = into.emplace_back();
    named.name = name;
    named.place = group[0]->place;
    for (const Setting* setting : group) {
        named.given.insert(setting->key);
    }
    apply(keys, group, named.section);
}

template <class T>
void SectionReader::apply(std::span<const Key<T>> keys, const Group& group, T& section) {
    for (const Setting* setting : group) {
        const auto key = std::find_if(keys.begin(), keys.end(),
                                      [&](const Key<T>& k) { return k.name == setting->key; });
        const auto kind = std::string_view(setting->section).substr(0, setting->section.find('.'));
        if (const auto why = kernel_word(kind, setting->key); key == keys.end() && !why.empty()) {
            complain(setting->where(), std::string(why));
        } else if (key == keys.end()) {
            complain(setting->where(),
                     "no such key" + base::did_you_mean(setting->key, keys, &Key<T>::name));
        } else if (setting->value.empty()) {
            complain(setting->where(), "no value");
        } else if (const auto status = key->apply({setting->value, folder_}, section); !status) {
            complain(setting->where(), status.error().text);
        }
    }
}

}  // namespace

Sections read_sections(std::span<const Setting> settings, const std::string& folder,
                       Errors& errors) {
    return SectionReader(folder, errors).read(settings);
}

std::string at(const std::string& place, const std::string& text) {
    return place + (place.ends_with(':') ? " " : ": ") + text;
}

}  // namespace exports
