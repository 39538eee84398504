// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/config.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/text.h"
#include "nvme/fabrics.h"

namespace nvmet {
namespace {

using base::quoted;
using exports::Errors;
using exports::Setting;

struct Name {
    std::string_view section;
    std::string_view key;
};

/// Read by src/export.
constexpr Name kShared[] = {
    {"target", "listen"},
    {"host", "nqn"},
    {"host", "dhchap_secret_file"},
    {"host", "dhchap_ctrl_secret_file"},
    {"host", "dhchap_hash"},
    {"host", "dhchap_dhgroup"},
    {"subsystem", "nqn"},
    {"subsystem", "hosts"},
    {"subsystem", "allow_any_host"},
    {"subsystem", "serial"},
    {"subsystem", "model"},
    {"subsystem", "require_auth"},
    {"namespace", "subsystem"},
    {"namespace", "nsid"},
    {"namespace", "uuid"},
    {"namespace", "nguid"},
};

/// Of `listen` and `subsystems`: an empty list.
constexpr std::string_view kNone = "none";

struct Refusal {
    std::string_view section;
    std::string_view key;
    std::string_view why;
};

/// Why the kernel cannot do what nvmeroot-target can; a key that has no row
/// gets kCannot.
constexpr std::string_view kCannot = "the kernel's target has nothing like it";
constexpr Refusal kRefusals[] = {
    {"target", "discovery",
     "the kernel answers discovery at every port; a [port.NAME] with trsvcid = "
     "8009 serves its "
     "subsystems there too"},
    {"target", "io_queues", "qid_max of [subsystem.NAME] says so here"},
    {"target", "queue_size", "max_queue_size of [port.NAME] says so here"},
    {"target", "mdts", "mdts of [port.NAME] says so here"},
    {"target", "discovery_auth", "the kernel answers the discovery log to everybody"},
    {"target", "dhchap_hash", "the kernel has no policy for all hosts; say it in [host.NAME]"},
    {"target", "dhchap_dhgroup", "the kernel has no policy for all hosts; say it in [host.NAME]"},
    {"host", "dhchap_secret_file_next", "the kernel has one key for a host, not two"},
    {"host", "dhchap_ctrl_secret_file_next", "the kernel has one key for a host, not two"},
    {"namespace", "hosts",
     "the kernel admits hosts to subsystems: whoever sees one namespace sees "
     "all; give it a "
     "subsystem of its own"},
    {"namespace", "read_only",
     "the kernel lets every host write; set the device itself read-only "
     "(blockdev --setro)"},
    {"namespace", "block_size",
     "the kernel takes the block size of the device, and of a file that of its "
     "file system"},
    {"namespace", "eui64", "the kernel's target has no EUI-64"},
    {"namespace", "pi",
     "the kernel takes protection information from the device's format; "
     "pi_enable of the subsystem "
     "and of an rdma port shows it"},
};

/// Keys that say where an object belongs.
constexpr exports::KeyHelp kStructure[] = {
    {"port", "portid", "0…65535", "", "the number of the port; needed"},
    {"port", "subsystems", "NAME,…|none", "all", "what it serves, by the names of their sections"},
    {"ana", "port", "NAME", "", "the port, by the name of its section; needed"},
    {"ana", "group", "1…127", "", "the number of the group; needed"},
    {"referral", "port", "NAME", "",
     "the port that tells of it, by the name of its section; needed"},
    {"referral", "name", "TEXT", "the section's", "its folder in configfs"},
};

std::string fallback_of(const Attribute& row) {
    if (row.file == "enable") {
        return row.kind == Kind::kPassthru ? "yes with passthru" : "yes";
    }
    if (row.secret() || row.form == "FILE") {
        return "none";
    }
    return row.fresh.empty() ? "the kernel's choice" : ini_value(row, std::string(row.fresh));
}

template <class Rows>
auto* find_name(Rows& rows, std::string_view section, std::string_view key) {
    auto* row = std::ranges::find_if(
        rows, [&](const auto& each) { return each.section == section && each.key == key; });
    return row == std::end(rows) ? nullptr : row;
}

/// Kinds whose attributes stand in a section.
std::vector<Kind> kinds_of(std::string_view section) {
    std::vector<Kind> found;
    for (const KindInfo& kind : kinds()) {
        if (section_of(kind.kind) == section) {
            found.push_back(kind.kind);
        }
    }
    return found;
}

const Attribute* find_own(std::string_view section, std::string_view key) {
    for (const Kind kind : kinds_of(section)) {
        if (const Attribute* row = find_key(kind, key)) {
            return row;
        }
    }
    return nullptr;
}

constexpr std::string_view kSections[] = {"target", "host", "subsystem", "namespace",
                                          "port",   "ana",  "referral"};

bool is_own_section(std::string_view section) {
    return section == "port" || section == "ana" || section == "referral";
}

/// `[section.NAME]` as far as this file reads it.
struct Section {
    std::string name;
    std::string place;
    std::map<std::string, std::string, std::less<>> structure;
    std::map<const Attribute*, std::string> values;
};

class ConfigReader {
  public:
    ConfigReader(std::string path, const std::vector<Setting>& settings)
        : path_(std::move(path)), folder_(exports::folder_of(path_)) {
        for (const Setting& setting : settings) {
            take(setting);
        }
    }
    base::Result<Wanted, Errors> finish();

  private:
    using Sections = std::map<std::string, Section>;

    void take(const Setting& setting);
    void take_shared(const Setting& setting, const std::string& kind, Section& section);
    void take_own(const Setting& setting, const std::string& kind, Section& section);
    void unknown_key(const Setting& setting, const std::string& kind);
    [[nodiscard]] std::string resolved(std::string_view file) const;

    void fill(Object& object, const Section* section, Kind kind);
    const Section* section_named(std::string_view kind, const std::string& name) const;
    std::optional<int64_t> number(const Section& section, std::string_view key, int64_t min,
                                  int64_t max);

    void add_hosts(const exports::ExportConfig& config, Object& root);
    void add_subsystems(const exports::ExportConfig& config, Object& root);
    void add_namespaces(const exports::Subsystem& config, Object& subsystem);
    void add_passthru(const Section* section, Object& subsystem);
    void add_ports(const exports::ExportConfig& config, Object& root);
    void add_listening_ports(const exports::ExportConfig& config, Object& root);
    void add_ana_groups(Object& root);
    void add_referrals(Object& root);
    Object* port_of(const Section& section, Object& root);
    void link_subsystems(const Section& section, const exports::ExportConfig& config, Object& port);

    void complain(const std::string& place, const std::string& text) {
        errors_.push_back(place + ": " + text);
    }

    std::string path_;
    std::string folder_;
    std::map<std::string, Sections, std::less<>> sections_;
    std::vector<Setting> shared_;
    std::map<std::string, std::string> port_numbers_;  ///< section -> portid
    bool no_listen_ = false;
    Errors errors_;
};

void ConfigReader::take(const Setting& setting) {
    const size_t dot = setting.section.find('.');
    const std::string kind = setting.section.substr(0, dot);
    const std::string name = dot == std::string::npos ? "" : setting.section.substr(dot + 1);
    if (kind == "access") {
        complain(setting.where(), "the kernel has one key for a host, not one for each subsystem");
        return;
    }
    if (kinds_of(kind).empty() || (kind == "target") != name.empty()) {
        const std::string_view near =
            base::nearest(kind, {std::begin(kSections), std::end(kSections)});
        if (errors_.empty() || !errors_.back().starts_with(setting.place + ": no such section")) {
            complain(setting.place,
                     "no such section; there are [target], [subsystem.NAME], "
                     "[namespace.NAME], "
                     "[host.NAME], [port.NAME], [ana.NAME] and [referral.NAME]" +
                         (near.empty() ? "" : "; did you mean " + quoted(near) + "?"));
        }
        return;
    }
    Section& section = sections_[kind][name];
    section.name = name;
    section.place = setting.place;
    if (setting.value.empty()) {
        complain(setting.where(), "no value");
    } else if (is_own_section(kind)) {
        take_own(setting, kind, section);
    } else {
        take_shared(setting, kind, section);
    }
}

void ConfigReader::take_shared(const Setting& setting, const std::string& kind, Section& section) {
    if (find_name(kShared, kind, setting.key) != nullptr) {
        // The kernel takes one of each, not a choice.
        const bool choice = setting.key == "dhchap_hash" || setting.key == "dhchap_dhgroup";
        if (choice && base::split(setting.value, ',').size() > 1) {
            complain(setting.where(), "the kernel takes one, not a list");
        }
        no_listen_ = no_listen_ || (setting.key == "listen" && setting.value == kNone);
        if (setting.key != "listen" || setting.value != kNone) {
            shared_.push_back(setting);
        }
        return;
    }
    const auto known = exports::key_help();
    const bool theirs = std::ranges::any_of(known, [&](const exports::KeyHelp& each) {
        return each.section.substr(0, each.section.find('.')) == kind && each.name == setting.key;
    });
    if (theirs && find_own(kind, setting.key) == nullptr) {
        const Refusal* refusal = find_name(kRefusals, kind, setting.key);
        complain(setting.where(), std::string(refusal == nullptr ? kCannot : refusal->why));
        return;
    }
    take_own(setting, kind, section);
}

void ConfigReader::take_own(const Setting& setting, const std::string& kind, Section& section) {
    const bool structure = std::ranges::any_of(kStructure, [&](const exports::KeyHelp& each) {
        return each.section == kind && each.name == setting.key;
    });
    if (structure) {
        section.structure[setting.key] = setting.value;
        return;
    }
    const Attribute* row = find_own(kind, setting.key);
    if (row == nullptr) {
        unknown_key(setting, kind);
        return;
    }
    const std::string value = row->form == "FILE" ? resolved(setting.value) : setting.value;
    auto canonical = row->canonical(*row, value);
    if (!canonical) {
        complain(setting.where(), canonical.error().text);
        return;
    }
    section.values[row] = std::move(*canonical);
}

void ConfigReader::unknown_key(const Setting& setting, const std::string& kind) {
    std::vector<std::string_view> names;
    for (const KeyDoc& each : key_docs()) {
        if (each.section == kind) {
            names.push_back(each.name);
        }
    }
    const std::string_view near = base::nearest(setting.key, names);
    complain(setting.where(),
             "no such key" + (near.empty() ? "" : "; did you mean " + quoted(near) + "?"));
}

/// The kernel knows no working folder of ours.
std::string ConfigReader::resolved(std::string_view file) const {
    const bool relative = !file.starts_with('/') && !folder_.empty();
    return (relative ? folder_ + "/" : "") + std::string(file);
}

const Section* ConfigReader::section_named(std::string_view kind, const std::string& name) const {
    const auto sections = sections_.find(kind);
    if (sections == sections_.end()) {
        return nullptr;
    }
    const auto section = sections->second.find(name);
    return section == sections->second.end() ? nullptr : &section->second;
}

/// The section's values of this kind; where it says nothing, what a new object
/// has.
void ConfigReader::fill(Object& object, const Section* section, Kind kind) {
    for (const Attribute& row : attributes()) {
        if (row.kind != kind || row.change == Change::kTrigger) {
            continue;
        }
        const auto given = section == nullptr
                               ? std::map<const Attribute*, std::string>::const_iterator()
                               : section->values.find(&row);
        if (section != nullptr && given != section->values.end()) {
            object.attributes[std::string(row.file)] = given->second;
        } else if (!row.fresh.empty() && !object.attributes.contains(row.file)) {
            object.attributes[std::string(row.file)] = row.fresh;
        }
    }
}

std::optional<int64_t> ConfigReader::number(const Section& section, std::string_view key,
                                            int64_t min, int64_t max) {
    const auto text = section.structure.find(key);
    if (text == section.structure.end()) {
        complain(section.place, "no " + std::string(key));
        return std::nullopt;
    }
    const auto value = base::parse_i64(text->second, min, max);
    if (!value) {
        complain(section.place + " " + std::string(key), value.error().text);
        return std::nullopt;
    }
    return *value;
}

void ConfigReader::add_hosts(const exports::ExportConfig& config, Object& root) {
    for (const exports::Host& host : config.hosts) {
        const Section* section = section_named("host", host.name);
        Object object{Kind::kHost, host.nqn, {}, {}, {}, section->place};
        const auto given = [&](std::string_view key) {
            return std::ranges::any_of(shared_, [&](const Setting& setting) {
                return setting.key == key && setting.section == "host." + host.name;
            });
        };
        const auto text = [](const std::optional<nvme::DhchapSecret>& secret) {
            return secret ? secret->text().reveal() : std::string();
        };
        object.attributes["dhchap_key"] = text(host.secret);
        object.attributes["dhchap_ctrl_key"] = text(host.ctrl_secret);
        if (given("dhchap_hash")) {
            object.attributes["dhchap_hash"] =
                "hmac(" + std::string(nvme::name(host.hashes[0])) + ")";
        }
        if (given("dhchap_dhgroup")) {
            object.attributes["dhchap_dhgroup"] = nvme::name(host.groups[0]);
        }
        fill(object, section, Kind::kHost);
        root.children.push_back(std::move(object));
    }
}

void ConfigReader::add_subsystems(const exports::ExportConfig& config, Object& root) {
    for (const exports::Subsystem& subsystem : config.subsystems) {
        const Section* section = section_named("subsystem", subsystem.name);
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
        root.children.push_back(std::move(object));
    }
}

void ConfigReader::add_passthru(const Section* section, Object& subsystem) {
    Object object{Kind::kPassthru, "", {}, {}, {}, subsystem.place};
    const bool given = section->values.contains(find_file(Kind::kPassthru, "device_path"));
    object.attributes["enable"] = given ? "1" : "0";
    fill(object, section, Kind::kPassthru);
    subsystem.children.push_back(std::move(object));
}

void ConfigReader::add_namespaces(const exports::Subsystem& config, Object& subsystem) {
    for (const exports::Namespace& ns : config.namespaces) {
        const Section* section = section_named("namespace", ns.name);
        Object object{Kind::kNamespace, std::to_string(ns.nsid), {}, {}, {}, section->place};
        object.attributes["device_uuid"] = nvme::to_text(ns.ids.uuid);
        object.attributes["device_nguid"] = nvme::to_text(nvme::Uuid{ns.ids.nguid.bytes});
        const bool image = section->values.contains(find_file(Kind::kNamespace, "device_path"));
        object.attributes["enable"] = image ? "1" : "0";
        fill(object, section, Kind::kNamespace);
        subsystem.children.push_back(std::move(object));
    }
}

/// The ports that `listen` asks for have the lowest numbers that no section
/// has.
void ConfigReader::add_listening_ports(const exports::ExportConfig& config, Object& root) {
    int number = 0;
    for (const exports::Address& address : config.listen) {
        do {
            ++number;
        } while (root.find(Kind::kPort, std::to_string(number)) != nullptr);
        Object port{Kind::kPort, std::to_string(number), {}, {}, {}, path_ + ": [target] listen"};
        port.attributes["addr_trtype"] = "tcp";
        port.attributes["addr_adrfam"] =
            address.host.find(':') == std::string::npos ? "ipv4" : "ipv6";
        port.attributes["addr_traddr"] = address.host;
        port.attributes["addr_trsvcid"] = std::to_string(address.port);
        fill(port, nullptr, Kind::kPort);
        link_subsystems({}, config, port);
        root.children.push_back(std::move(port));
    }
}

void ConfigReader::link_subsystems(const Section& section, const exports::ExportConfig& config,
                                   Object& port) {
    const auto list = section.structure.find("subsystems");
    if (list == section.structure.end()) {
        for (const exports::Subsystem& subsystem : config.subsystems) {
            port.links.emplace(subsystem.nqn, subsystem.nqn);
        }
        return;
    }
    std::string words = base::to_lower(list->second == kNone ? "" : list->second);
    std::ranges::replace(words, ',', ' ');
    for (const std::string_view name : base::split_words(words)) {
        const auto found = std::ranges::find(config.subsystems, name, &exports::Subsystem::name);
        if (found == config.subsystems.end()) {
            complain(section.place + " subsystems",
                     "no section [subsystem." + std::string(name) + "]");
        } else {
            port.links.emplace(found->nqn, found->nqn);
        }
    }
}

void ConfigReader::add_ports(const exports::ExportConfig& config, Object& root) {
    for (const auto& [name, section] : sections_["port"]) {
        const auto id = number(section, "portid", 0, UINT16_MAX);
        if (!id) {
            continue;
        }
        if (root.find(Kind::kPort, std::to_string(*id)) != nullptr) {
            complain(section.place, "another section has this portid");
            continue;
        }
        Object port{Kind::kPort, std::to_string(*id), {}, {}, {}, section.place};
        fill(port, &section, Kind::kPort);
        link_subsystems(section, config, port);
        port_numbers_[name] = port.name;
        root.children.push_back(std::move(port));
    }
    const bool listens = std::ranges::any_of(
        shared_, [](const Setting& setting) { return setting.key == "listen"; });
    if (listens || (sections_["port"].empty() && !no_listen_)) {
        add_listening_ports(config, root);
    }
}

Object* ConfigReader::port_of(const Section& section, Object& root) {
    const auto name = section.structure.find("port");
    if (name == section.structure.end()) {
        complain(section.place, "no port");
        return nullptr;
    }
    const auto number = port_numbers_.find(base::to_lower(name->second));
    if (number == port_numbers_.end()) {
        complain(section.place + " port", "no section [port." + name->second + "]");
        return nullptr;
    }
    return root.find(Kind::kPort, number->second);
}

void ConfigReader::add_ana_groups(Object& root) {
    for (const auto& [name, section] : sections_["ana"]) {
        Object* port = port_of(section, root);
        const auto id = number(section, "group", 1, 127);
        if (port == nullptr || !id) {
            continue;
        }
        if (port->find(Kind::kAnaGroup, std::to_string(*id)) != nullptr) {
            complain(section.place, "another section has this group of the port");
        }
        Object group{Kind::kAnaGroup, std::to_string(*id), {}, {}, {}, section.place};
        fill(group, &section, Kind::kAnaGroup);
        if (group.attributes.empty()) {
            complain(section.place, "no state");
        }
        port->children.push_back(std::move(group));
    }
    for (Object& port : root.children) {
        if (port.kind == Kind::kPort && port.find(Kind::kAnaGroup, "1") == nullptr) {
            port.children.push_back(
                {Kind::kAnaGroup, "1", {{"ana_state", "optimized"}}, {}, {}, port.place});
        }
    }
}

void ConfigReader::add_referrals(Object& root) {
    for (const auto& [name, section] : sections_["referral"]) {
        Object* port = port_of(section, root);
        if (port == nullptr) {
            continue;
        }
        const auto given = section.structure.find("name");
        const std::string folder = given == section.structure.end() ? name : given->second;
        if (folder.find('/') != std::string::npos || folder.starts_with('.')) {
            complain(section.place + " name", quoted(folder) + " cannot name a folder");
        }
        if (port->find(Kind::kReferral, folder) != nullptr) {
            complain(section.place, "another section has this name at the port");
        }
        Object referral{Kind::kReferral, folder, {{"enable", "1"}}, {}, {}, section.place};
        fill(referral, &section, Kind::kReferral);
        port->children.push_back(std::move(referral));
    }
}

base::Result<Wanted, Errors> ConfigReader::finish() {
    const auto config = exports::assemble(shared_, folder_, exports::Demand::kWellFormed);
    if (!config) {
        errors_.insert(errors_.end(), config.error().begin(), config.error().end());
        return std::move(errors_);
    }
    Wanted wanted;
    wanted.warnings = config->warnings;
    Object& root = wanted.state;
    fill(root, section_named("target", ""), Kind::kRoot);
    add_hosts(*config, root);
    add_subsystems(*config, root);
    add_ports(*config, root);
    add_ana_groups(root);
    add_referrals(root);
    if (!errors_.empty()) {
        return std::move(errors_);
    }
    sort(root);
    return wanted;
}

}  // namespace

base::Result<Wanted, Errors> parse_config(std::string_view text, const std::string& path) {
    const auto settings = exports::parse_settings(text, path);
    if (!settings) {
        return settings.error();
    }
    return ConfigReader(path, *settings).finish();
}

std::vector<KeyDoc> key_docs() {
    std::vector<KeyDoc> docs;
    const auto shared = exports::key_help();
    for (const std::string_view section : kSections) {
        for (const exports::KeyHelp& key : shared) {
            // The kernel takes one hash and one group: the row of its attribute tells
            // of them.
            const bool theirs = section != "host" || find_own(section, key.name) == nullptr;
            if (key.section.substr(0, key.section.find('.')) == section && theirs &&
                find_name(kShared, section, key.name) != nullptr) {
                docs.push_back({section, key.name, key.form, std::string(key.fallback), key.help,
                                find_own(section, key.name)});
            }
        }
        for (const exports::KeyHelp& key : kStructure) {
            if (key.section == section) {
                docs.push_back(
                    {section, key.name, key.form, std::string(key.fallback), key.help, nullptr});
            }
        }
        for (const Attribute& row : attributes()) {
            const bool told = std::ranges::any_of(docs, [&](const KeyDoc& doc) {
                return doc.section == section && doc.name == row.key;
            });
            if (section_of(row.kind) == section && !row.key.empty() && !told) {
                docs.push_back({section, row.key, row.form, fallback_of(row), row.help, &row});
            }
        }
    }
    return docs;
}

}  // namespace nvmet
