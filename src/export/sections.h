// SPDX-License-Identifier: GPL-2.0-or-later
//
// Settings -> sections, each by its key table; what sections say together is assemble.cc's.
#pragma once

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "export/keys.h"

namespace exports {

/// A section as read, with the place to name in an error.
template <class T>
struct Named {
    std::string name;
    std::string place;
    std::set<std::string_view> given;  ///< keys that are written there, well or not
    T section;
};

/// Null: no section has this name.
template <class T>
Named<T>* find(std::vector<Named<T>>& sections, std::string_view name) {
    const auto found = std::ranges::find(sections, name, &Named<T>::name);
    return found == sections.end() ? nullptr : &*found;
}

struct Sections {
    TargetSection target;
    std::vector<Named<HostSection>> hosts;
    std::vector<Named<AccessSection>> accesses;
    std::vector<Named<SubsystemSection>> subsystems;
    std::vector<Named<NamespaceSection>> namespaces;
    std::vector<Named<AnaSection>> ana;
};

/// @param settings  outlive the sections, which view their keys
/// @param folder    that relative paths start from
/// @param errors    gets what no key table takes
Sections read_sections(std::span<const Setting> settings, const std::string& folder,
                       Errors& errors);

/// An error's text with its place in front.
std::string at(const std::string& place, const std::string& text);

}  // namespace exports
