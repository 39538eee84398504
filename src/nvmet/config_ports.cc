// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/config_ports.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "export/keys.h"
#include "nvmet/config_keys.h"

namespace nvmet {
namespace {

using exports::Errors;
using exports::ExportConfig;

/// Words of a list, in lower case as names of sections are.
std::vector<std::string> names(const std::string& list) {
    std::string words = base::to_lower(list);
    std::ranges::replace(words, ',', ' ');
    std::vector<std::string> found;
    for (const std::string_view word : base::split_words(words)) {
        found.emplace_back(word);
    }
    return found;
}

void take_address(Object& object, const exports::Address& address) {
    const bool v6 = address.host.find(':') != std::string::npos;
    object.attributes["addr_trtype"] = "tcp";
    object.attributes["addr_adrfam"] = v6 ? "ipv6" : "ipv4";
    object.attributes["addr_traddr"] = address.host;
    object.attributes["addr_trsvcid"] = std::to_string(address.port);
}

bool has_address(const Object& port, const exports::Address& address) {
    return port.get("addr_traddr") == address.host &&
           port.get("addr_trsvcid") == std::to_string(address.port);
}

class PortBuilder {
  public:
    PortBuilder(const ConfigSections& sections, const ExportConfig& config, std::string path,
                Object& root)
        : sections_(sections), config_(config), path_(std::move(path)), root_(root) {}

    Errors build() {
        add_ports();
        add_ana_groups();
        add_referrals();
        add_listed_referrals();
        return std::move(errors_);
    }

  private:
    void add_ports();
    void add_listening_ports();
    void link_subsystems(const Section* section, Object& port);
    void add_ana_groups();
    void add_ana_group(const Section& section, const std::string& number, Object& port);
    void add_usual_groups(Object& port);
    void add_referrals();
    void add_listed_referrals();

    std::vector<Object*> ports();
    Object* port_named(const Section& section, const std::string& name);
    Object* port_at(const Section& section, const exports::Address& address);
    std::vector<Object*> ports_of(const Section& section);
    std::optional<std::string> number(const Section& section, std::string_view key, int64_t min,
                                      int64_t max);
    void complain(const std::string& place, const std::string& text) {
        errors_.push_back(place + ": " + text);
    }

    const ConfigSections& sections_;
    const ExportConfig& config_;
    std::string path_;
    Object& root_;
    std::map<std::string, std::string> port_numbers_;  ///< section -> portid
    Errors errors_;
};

std::optional<std::string> PortBuilder::number(const Section& section, std::string_view key,
                                               int64_t min, int64_t max) {
    const std::string* text = section.find(key);
    if (text == nullptr) {
        complain(section.place, "no " + std::string(key));
        return std::nullopt;
    }
    const auto value = base::parse_i64(*text, min, max);
    if (!value) {
        complain(section.place + " " + std::string(key), value.error().text);
        return std::nullopt;
    }
    return std::to_string(*value);
}

void PortBuilder::add_ports() {
    for (const auto& [name, section] : sections_.all("port")) {
        const auto id = number(section, "portid", 0, UINT16_MAX);
        if (!id) {
            continue;
        }
        if (root_.find(Kind::kPort, *id) != nullptr) {
            complain(section.place, "another section already has this portid");
            continue;
        }
        Object port{Kind::kPort, *id, {}, {}, {}, section.place};
        fill(port, &section, Kind::kPort);
        link_subsystems(&section, port);
        port_numbers_[name] = port.name;
        root_.children.push_back(std::move(port));
    }
    const bool listens = sections_.has_shared("target", "listen");
    if (listens || (sections_.all("port").empty() && !sections_.listens_nowhere())) {
        add_listening_ports();
    }
}

/// The ports that `listen` asks for have the lowest numbers that no section has.
void PortBuilder::add_listening_ports() {
    int number = 0;
    for (const exports::Address& address : config_.listen) {
        do {
            ++number;
        } while (root_.find(Kind::kPort, std::to_string(number)) != nullptr);
        Object port{Kind::kPort, std::to_string(number), {}, {}, {}, path_ + ": [target] listen"};
        take_address(port, address);
        fill(port, nullptr, Kind::kPort);
        link_subsystems(nullptr, port);
        root_.children.push_back(std::move(port));
    }
}

void PortBuilder::link_subsystems(const Section* section, Object& port) {
    const std::string* list = section == nullptr ? nullptr : section->find("subsystems");
    if (list == nullptr) {
        for (const exports::Subsystem& subsystem : config_.subsystems) {
            port.links.emplace(subsystem.nqn, subsystem.nqn);
        }
        return;
    }
    for (const std::string& name : *list == kNone ? std::vector<std::string>() : names(*list)) {
        const auto found = std::ranges::find(config_.subsystems, name, &exports::Subsystem::name);
        if (found == config_.subsystems.end()) {
            complain(section->place + " subsystems", "no section [subsystem." + name + "]");
        } else {
            port.links.emplace(found->nqn, found->nqn);
        }
    }
}

std::vector<Object*> PortBuilder::ports() {
    std::vector<Object*> found;
    for (Object& object : root_.children) {
        if (object.kind == Kind::kPort) {
            found.push_back(&object);
        }
    }
    return found;
}

Object* PortBuilder::port_named(const Section& section, const std::string& name) {
    const auto number = port_numbers_.find(name);
    if (number == port_numbers_.end()) {
        complain(section.place + " port", "no section [port." + name + "]");
        return nullptr;
    }
    return root_.find(Kind::kPort, number->second);
}

Object* PortBuilder::port_at(const Section& section, const exports::Address& address) {
    const auto all = ports();
    const auto port =
        std::ranges::find_if(all, [&](const Object* each) { return has_address(*each, address); });
    if (port == all.end()) {
        complain(section.place + " listen", "no port has the address " + address.host + " port " +
                                                std::to_string(address.port));
        return nullptr;
    }
    return *port;
}

/// Those that `port` and `listen` name.
std::vector<Object*> PortBuilder::ports_of(const Section& section) {
    std::vector<Object*> found;
    if (const std::string* list = section.find("port")) {
        for (const std::string& name : names(*list)) {
            if (Object* port = port_named(section, name)) {
                found.push_back(port);
            }
        }
    }
    std::vector<exports::Address> addresses;
    if (const std::string* list = section.find("listen")) {
        const auto parsed = exports::add_addresses(*list, nvme::kPortSubsystem, addresses);
        if (!parsed) {
            complain(section.place + " listen", parsed.error().text);
        }
    }
    for (const exports::Address& address : addresses) {
        if (Object* port = port_at(section, address)) {
            found.push_back(port);
        }
    }
    return found;
}

/// A section for named ports takes precedence over one for all ports, as in nvmeroot-target.
void PortBuilder::add_ana_groups() {
    std::map<std::string, const Section*> general;
    for (const auto& [name, section] : sections_.all("ana")) {
        const auto group = number(section, "group", 1, kMaxAnaGroup);
        if (!group) {
            continue;
        }
        if (section.find("port") == nullptr && section.find("listen") == nullptr &&
            !general.emplace(*group, &section).second) {
            complain(section.place, "another section already has this group for all ports");
        }
        for (Object* port : ports_of(section)) {
            if (port->find(Kind::kAnaGroup, *group) != nullptr) {
                complain(section.place, "another section already has this group for the port");
            }
            add_ana_group(section, *group, *port);
        }
    }
    for (Object* port : ports()) {
        for (const auto& [group, section] : general) {
            if (port->find(Kind::kAnaGroup, group) == nullptr) {
                add_ana_group(*section, group, *port);
            }
        }
        add_usual_groups(*port);
    }
}

void PortBuilder::add_ana_group(const Section& section, const std::string& number, Object& port) {
    Object group{Kind::kAnaGroup, number, {{"ana_state", "optimized"}}, {}, {}, section.place};
    fill(group, &section, Kind::kAnaGroup);
    port.children.push_back(std::move(group));
}

/// The groups of what the port serves, and the one that every port has.
void PortBuilder::add_usual_groups(Object& port) {
    std::vector<std::string> groups = {"1"};
    for (const auto& [nqn, name] : port.links) {
        for (const Object* ns : root_.find(Kind::kSubsystem, nqn)->all(Kind::kNamespace)) {
            groups.push_back(ns->get("ana_grpid"));
        }
    }
    for (const std::string& number : groups) {
        if (port.find(Kind::kAnaGroup, number) == nullptr) {
            add_ana_group({"", port.place, {}, {}}, number, port);
        }
    }
}

void PortBuilder::add_referrals() {
    for (const auto& [name, section] : sections_.all("referral")) {
        const std::string* wanted = section.find("port");
        if (wanted == nullptr) {
            complain(section.place, "no port");
            continue;
        }
        Object* port = port_named(section, base::to_lower(*wanted));
        if (port == nullptr) {
            continue;
        }
        const std::string* given = section.find("name");
        const std::string folder = given == nullptr ? name : *given;
        if (folder.find('/') != std::string::npos || folder.starts_with('.')) {
            complain(section.place + " name", base::quoted(folder) + " cannot name a directory");
        }
        if (port->find(Kind::kReferral, folder) != nullptr) {
            complain(section.place, "another section already has this name at the port");
        }
        Object referral{Kind::kReferral, folder, {{"enable", "1"}}, {}, {}, section.place};
        fill(referral, &section, Kind::kReferral);
        port->children.push_back(std::move(referral));
    }
}

/// The kernel's ports each have referrals of their own; `referrals` of the whole target are those
/// of every port.
void PortBuilder::add_listed_referrals() {
    for (Object* port : ports()) {
        for (const exports::Address& address : config_.referrals) {
            const std::string name = address.host + "-" + std::to_string(address.port);
            if (port->find(Kind::kReferral, name) != nullptr) {
                continue;
            }
            Object referral{Kind::kReferral, name, {{"enable", "1"}}, {}, {}, port->place};
            take_address(referral, address);
            fill(referral, nullptr, Kind::kReferral);
            port->children.push_back(std::move(referral));
        }
    }
}

}  // namespace

Errors add_ports(const ConfigSections& sections, const ExportConfig& config,
                 const std::string& path, Object& root) {
    return PortBuilder(sections, config, path, root).build();
}

}  // namespace nvmet
