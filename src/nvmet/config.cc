// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/config.h"

#include <algorithm>
#include <optional>

#include "nvme/dhchap.h"
#include "nvmet/config_ports.h"
#include "nvmet/config_sections.h"

namespace nvmet {
namespace {

using exports::Errors;
using exports::ExportConfig;

std::string text(const std::optional<nvme::DhchapSecret>& secret) {
    return secret ? secret->text().reveal() : std::string();
}

/// The kernel holds one hash and one group, which it prefers: of a list the strongest, on which
/// nvmeroot-target would agree with the host too.
/// @param lists  gets the place where there was a choice
template <class T>
std::string_view strongest(const std::vector<T>& allowed, const std::string& place,
                           std::vector<std::string>& lists) {
    if (allowed.size() > 1) {
        lists.push_back(place);
    }
    return nvme::name(*std::ranges::max_element(allowed));
}

/// Makes the objects that the sections ask for.
class StateBuilder {
  public:
    StateBuilder(const ConfigSections& sections, const ExportConfig& config)
        : sections_(sections), config_(config) {}

    /// Everything but the ports.
    Wanted build();

  private:
    void add_hosts();
    void warn_of_choice(std::string_view key, const std::vector<std::string>& places);
    void add_subsystems();
    void add_namespaces(const exports::Subsystem& config, Object& subsystem);
    void add_passthru(const Section* section, Object& subsystem);

    const ConfigSections& sections_;
    const ExportConfig& config_;
    Wanted wanted_;
    Object& root_ = wanted_.state;
};

void StateBuilder::add_hosts() {
    std::vector<std::string> hash_lists;
    std::vector<std::string> group_lists;
    for (const exports::Host& host : config_.hosts) {
        const Section* section = sections_.find("host", host.name);
        Object object{Kind::kHost, host.nqn, {}, {}, {}, section->place};
        object.attributes["dhchap_key"] = text(host.secret);
        object.attributes["dhchap_ctrl_key"] = text(host.ctrl_secret);
        if (sections_.has_shared("host." + host.name, "dhchap_hash")) {
            object.attributes["dhchap_hash"] =
                "hmac(" + std::string(strongest(host.hashes, section->place, hash_lists)) + ")";
        }
        if (sections_.has_shared("host." + host.name, "dhchap_dhgroup")) {
            object.attributes["dhchap_dhgroup"] =
                strongest(host.groups, section->place, group_lists);
        }
        fill(object, section, Kind::kHost);
        root_.children.push_back(std::move(object));
    }
    warn_of_choice("dhchap_hash", hash_lists);
    warn_of_choice("dhchap_dhgroup", group_lists);
}

void StateBuilder::warn_of_choice(std::string_view key, const std::vector<std::string>& places) {
    if (places.empty()) {
        return;
    }
    const std::string more =
        places.size() == 1 ? "" : " and " + std::to_string(places.size() - 1) + " more";
    wanted_.warnings.push_back(places[0] + more + " " + std::string(key) +
                               ": the kernel prefers the strongest of the list and enforces no "
                               "list: it accepts another one from a host that does not offer it");
}

void StateBuilder::add_subsystems() {
    for (const exports::Subsystem& subsystem : config_.subsystems) {
        const Section* section = sections_.find("subsystem", subsystem.name);
        Object object{Kind::kSubsystem, subsystem.nqn, {}, {}, {}, section->place};
        object.attributes["attr_serial"] = subsystem.serial;
        object.attributes["attr_model"] = subsystem.model;
        object.attributes["attr_allow_any_host"] = subsystem.allow_any_host ? "1" : "0";
        for (const std::string& host : subsystem.hosts) {
            object.links.emplace(host, host);
        }
        fill(object, section, Kind::kSubsystem);
        add_passthru(section, object);
        add_namespaces(subsystem, object);
        root_.children.push_back(std::move(object));
    }
}

void StateBuilder::add_passthru(const Section* section, Object& subsystem) {
    Object object{Kind::kPassthru, "", {}, {}, {}, subsystem.place};
    const bool given = section->values.contains(find_file(Kind::kPassthru, "device_path"));
    object.attributes["enable"] = given ? "1" : "0";
    fill(object, section, Kind::kPassthru);
    subsystem.children.push_back(std::move(object));
}

void StateBuilder::add_namespaces(const exports::Subsystem& config, Object& subsystem) {
    for (const exports::Namespace& ns : config.namespaces) {
        const Section* section = sections_.find("namespace", ns.name);
        Object object{Kind::kNamespace, std::to_string(ns.nsid), {}, {}, {}, section->place};
        object.attributes["device_uuid"] = nvme::to_text(ns.ids.uuid);
        object.attributes["device_nguid"] = nvme::to_text(nvme::Uuid{ns.ids.nguid.bytes});
        const bool image = section->values.contains(find_file(Kind::kNamespace, "device_path"));
        object.attributes["enable"] = image ? "1" : "0";
        fill(object, section, Kind::kNamespace);
        subsystem.children.push_back(std::move(object));
    }
}

Wanted StateBuilder::build() {
    wanted_.warnings = config_.warnings;
    fill(root_, sections_.find("target", ""), Kind::kRoot);
    add_hosts();
    add_subsystems();
    return std::move(wanted_);
}

}  // namespace

base::Result<Wanted, Errors> parse_config(std::string_view text, const std::string& path) {
    const auto settings = exports::parse_settings(text, path);
    if (!settings) {
        return settings.error();
    }
    const std::string folder = exports::folder_of(path);
    const ConfigSections sections(*settings, folder);
    const auto config = exports::assemble(sections.shared(), folder, exports::Demand::kWellFormed);
    Errors errors = sections.errors();
    if (!config) {
        errors.insert(errors.end(), config.error().begin(), config.error().end());
        return errors;
    }
    Wanted wanted = StateBuilder(sections, *config).build();
    const Errors more = add_ports(sections, *config, path, wanted.state);
    errors.insert(errors.end(), more.begin(), more.end());
    if (!errors.empty()) {
        return errors;
    }
    sort(wanted.state);
    wanted.says_nothing = settings->empty();
    wanted.strict = config->strict;
    return wanted;
}

}  // namespace nvmet
