// SPDX-License-Identifier: GPL-2.0-or-later
//
// The lines of an ini file, sorted by their reader: src/export reads what is shared with
// nvmeroot-target, and the rest stays here by section. Values of attributes are checked and
// canonical.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "export/export_config.h"
#include "nvmet/object.h"

namespace nvmet {

/// `[section.NAME]` as far as src/export does not read it.
struct Section {
    std::string name;
    std::string place;  ///< to begin an error with
    std::map<std::string, std::string, std::less<>> structure;
    std::map<const Attribute*, std::string> values;

    /// @return null when the section does not say it
    [[nodiscard]] const std::string* find(std::string_view key) const;
};

/// Gives an object the section's values of its kind; where that says nothing, or is null, what a
/// new object has. Existing values of the object stay.
void fill(Object& object, const Section* section, Kind kind);

class ConfigSections {
  public:
    /// @param folder  where relative names of images start
    ConfigSections(const std::vector<exports::Setting>& settings, const std::string& folder);

    /// Those of a kind by their names; `target` has the empty name.
    [[nodiscard]] const std::map<std::string, Section>& all(std::string_view kind) const;
    /// @return null when there is none
    [[nodiscard]] const Section* find(std::string_view kind, const std::string& name) const;
    /// For src/export.
    [[nodiscard]] const std::vector<exports::Setting>& shared() const { return shared_; }
    [[nodiscard]] bool has_shared(const std::string& section, std::string_view key) const;
    /// `listen = none`
    [[nodiscard]] bool listens_nowhere() const { return listens_nowhere_; }
    [[nodiscard]] const exports::Errors& errors() const { return errors_; }

  private:
    void take(const exports::Setting& setting);
    void take_shared(const exports::Setting& setting);
    void take_attribute(const exports::Setting& setting, const Attribute& row, Section& section);
    void complain(const std::string& place, const std::string& text) {
        errors_.push_back(place + ": " + text);
    }

    std::string folder_;  ///< absolute: the kernel knows no working directory of ours
    std::map<std::string, std::map<std::string, Section>, std::less<>> sections_;
    std::vector<exports::Setting> shared_;
    bool listens_nowhere_ = false;
    exports::Errors errors_;
};

}  // namespace nvmet
