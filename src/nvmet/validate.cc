// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/validate.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>

#include "base/text.h"
#include "nvme/nqn.h"

namespace nvmet {
namespace {

using Errors = std::vector<std::string>;

constexpr size_t kMaxNamespaces = 1024;  // NVMET_MAX_NAMESPACES

class Rules {
  public:
    explicit Rules(const Object& want) : want_(want) {}

    Errors run() {
        for (const Object& object : want_.children) {
            switch (object.kind) {
                case Kind::kHost:
                    check_host(object);
                    break;
                case Kind::kSubsystem:
                    check_subsystem(object);
                    break;
                case Kind::kPort:
                    check_port(object);
                    break;
                default:
                    break;
            }
        }
        check_asked_keys();
        return std::move(errors_);
    }

  private:
    void complain(const Object& object, const std::string& text) {
        const std::string place = object.place.empty() ? object.title() : object.place;
        errors_.push_back(place + ": " + text);
    }

    /// Behind a name that is not there: one that is, and differs from it in letters' case alone.
    [[nodiscard]] std::string nearly(Kind kind, const std::string& name) const {
        for (const Object* object : want_.all(kind)) {
            if (base::equal_ignoring_case(object->name, name)) {
                return " (but " + base::quoted(object->name) +
                       ", which differs only in the case of letters)";
            }
        }
        return "";
    }

    void check_host(const Object& host) {
        check_name(host);
        if (!host.get("dhchap_ctrl_key").empty() && host.get("dhchap_key").empty()) {
            complain(host,
                     "a key of the target without a key of the host: the kernel would not require "
                     "any authentication");
        }
    }

    void check_name(const Object& object) {
        if (const auto valid = nvme::check_name(object.name); !valid) {
            complain(object, valid.error().text);
        } else if (object.name.find('/') != std::string::npos || object.name.starts_with('.')) {
            complain(object, base::quoted(object.name) +
                                 ": a name that contains / or begins with a dot cannot be a "
                                 "directory of configfs");
        }
    }

    void check_subsystem(const Object& subsystem) {
        check_name(subsystem);
        const bool any = subsystem.get("attr_allow_any_host") == "1";
        if (any && !subsystem.links.empty()) {
            complain(subsystem,
                     "allow_any_host and a list of hosts: the kernel would request a key from no "
                     "host; remove one of the two");
        }
        for (const auto& [host, name] : subsystem.links) {
            if (want_.find(Kind::kHost, host) == nullptr) {
                complain(subsystem, "no host " + base::quoted(host) + nearly(Kind::kHost, host));
            }
        }
        check_controller_ids(subsystem);
        const std::string& discovery = want_.get("discovery_nqn");
        if (!discovery.empty() && subsystem.name.starts_with(discovery)) {
            complain(subsystem, "its NQN begins with the discovery NQN, which the kernel refuses");
        }
        check_disks(subsystem);
    }

    void check_controller_ids(const Object& subsystem) {
        const auto min = base::parse_u64(subsystem.get("attr_cntlid_min"));
        const auto max = base::parse_u64(subsystem.get("attr_cntlid_max"));
        if (min && max && *min > *max) {
            complain(subsystem, "cntlid_min is above cntlid_max");
        }
    }

    void check_disks(const Object& subsystem) {
        const auto namespaces = subsystem.all(Kind::kNamespace);
        const Object* passthru = subsystem.find(Kind::kPassthru, "");
        const bool passes = passthru != nullptr && passthru->get("enable") == "1";
        if (namespaces.size() > kMaxNamespaces) {
            complain(subsystem, "more than 1024 namespaces");
        }
        if (passes && passthru->get("device_path").empty()) {
            complain(*passthru, "passthru_enable without passthru");
        }
        for (const Object* ns : namespaces) {
            const bool enabled = ns->get("enable") == "1";
            if (enabled && ns->get("device_path").empty()) {
                complain(*ns, "no image");
            }
            if (enabled && passes) {
                complain(
                    *ns,
                    "its subsystem passes a controller through and cannot have other namespaces");
            }
            check_group(subsystem, *ns);
        }
    }

    /// A group that a port does not have is inaccessible there, without a word from the kernel.
    void check_group(const Object& subsystem, const Object& ns) {
        const std::string& group = ns.get("ana_grpid");
        if (group.empty() || group == "1") {
            return;
        }
        for (const Object* port : want_.all(Kind::kPort)) {
            if (port->links.contains(subsystem.name) &&
                port->find(Kind::kAnaGroup, group) == nullptr) {
                complain(ns, "ANA group " + group + ": " + port->title() +
                                 " does not have it, and no host could use the disk at that port");
            }
        }
    }

    void check_port(const Object& port) {
        for (const auto& [subsystem, name] : port.links) {
            if (want_.find(Kind::kSubsystem, subsystem) == nullptr) {
                complain(port, "no subsystem " + base::quoted(subsystem) +
                                   nearly(Kind::kSubsystem, subsystem));
            }
        }
        const std::string& type = port.get("addr_trtype");
        if (type.empty() && !port.links.empty()) {
            complain(port, "no trtype");
        }
        if (port.get("param_pi_enable") == "1" && type != "rdma") {
            complain(port, "pi_enable: only rdma supports protection information");
        }
        check_security(port, type);
        check_limits(port, type);
        if ((type == "tcp" || type == "rdma") && !port.links.empty()) {
            check_address(port);
        }
    }

    void check_security(const Object& port, const std::string& type) {
        const std::string& tsas = port.get("addr_tsas");
        if (tsas == "tls1.3" && type != "tcp") {
            complain(port, "tsas = tls1.3: only tcp supports it");
        }
        if (tsas == "tls1.3" && port.get("addr_treq") == "not specified") {
            complain(port, "tsas = tls1.3 requires treq = required, or not required");
        }
        if ((tsas == "connected" && type != "rdma") || (tsas == "none" && type != "tcp")) {
            complain(port, "tsas = " + tsas + " does not match trtype = " + type);
        }
    }

    /// Values that the kernel would clamp silently.
    void check_limits(const Object& port, const std::string& type) {
        const auto queue = base::parse_u64(port.get("param_max_queue_size"));
        const auto data = base::parse_u64(port.get("param_inline_data_size"));
        if (queue && *queue < 16) {
            complain(port, "max_queue_size is not between 16 and 1024");
        }
        if (data && *data > 16384 && type == "rdma") {
            complain(port, "inline_data_size: at most 16384 with rdma");
        }
    }

    void check_address(const Object& port) {
        const std::string& host = port.get("addr_traddr");
        const std::string& family = port.get("addr_adrfam");
        const std::string zone_free = host.substr(0, host.find('%'));
        std::array<std::byte, sizeof(in6_addr)> unused;
        if (family != "ipv4" && family != "ipv6") {
            complain(port, "adrfam is neither ipv4 nor ipv6");
        } else if (inet_pton(family == "ipv6" ? AF_INET6 : AF_INET, zone_free.c_str(),
                             unused.data()) != 1) {
            complain(port,
                     "traddr: " + base::quoted(host) + " is not a numeric " + family + " address");
        }
        const auto number = base::parse_u64(port.get("addr_trsvcid"), UINT16_MAX);
        if (!number || *number == 0) {
            complain(port, "port " + base::quoted(port.get("addr_trsvcid")) +
                               ": not a number between 1 and 65535");
        }
        const std::string address =
            port.get("addr_trtype") + " " + host + " port " + port.get("addr_trsvcid");
        const auto [other, fresh] = addresses_.emplace(address, port.title());
        if (!fresh) {
            complain(port, address + " is already used by " + other->second);
        }
    }

    /// Rejects a host key that is never used: no subsystem lists the host, and one allows any host.
    void check_asked_keys() {
        const auto subsystems = want_.all(Kind::kSubsystem);
        const auto open = std::ranges::find_if(subsystems, [](const Object* subsystem) {
            return subsystem->get("attr_allow_any_host") == "1";
        });
        for (const Object* host : want_.all(Kind::kHost)) {
            const bool listed = std::ranges::any_of(subsystems, [&](const Object* subsystem) {
                return subsystem->links.contains(host->name);
            });
            if (open != subsystems.end() && !listed && !host->get("dhchap_key").empty()) {
                complain(*host, "the host has a key and no subsystem lists it, but " +
                                    base::quoted((*open)->name) +
                                    " admits every host without a key");
            }
        }
    }

    const Object& want_;
    Errors errors_;
    std::map<std::string, std::string> addresses_;
};

std::string what_it_takes(const Attribute& row) {
    if (row.kind == Kind::kHost) {
        return ", built with CONFIG_NVME_TARGET_AUTH";
    }
    if (row.kind == Kind::kPassthru) {
        return ", built with CONFIG_NVME_TARGET_PASSTHRU";
    }
    if (row.file.ends_with("pi_enable")) {
        return ", built with CONFIG_BLK_DEV_INTEGRITY";
    }
    return row.file == "p2pmem" ? ", built with CONFIG_PCI_P2PDMA" : "";
}

class MissingFinder {
  public:
    explicit MissingFinder(const Presence& presence) : presence_(presence) {}

    void look(const Object& object) {
        for (const Attribute& row : attributes()) {
            const std::string& value = object.get(row.file);
            if (row.kind == object.kind && writable(row, value) &&
                value != fresh_value(row, object.name)) {
                judge(object, row);
            }
        }
        for (const Object& child : object.children) {
            look(child);
        }
    }

    Errors errors;
    bool undecided = false;

  private:
    void judge(const Object& object, const Attribute& row) {
        const auto has = presence_.has(row);
        undecided = undecided || (!has && row.since != kFirst);
        if (has == false) {
            errors.push_back((object.place.empty() ? object.title() : object.place) + ": " +
                             std::string(row.key) + ": the running kernel's target has no " +
                             std::string(row.file) + " (Linux " + std::string(row.since) +
                             " or later" + what_it_takes(row) + ")");
        }
    }

    /// The first kernel with a target: what it had, all have.
    static constexpr std::string_view kFirst = "4.8";

    const Presence& presence_;
};

}  // namespace

Errors check_rules(const Object& want) {
    return Rules(want).run();
}

std::vector<std::string> look_at_names(const Object& state) {
    std::vector<std::string> warnings;
    std::map<std::pair<Kind, std::string>, const Object*> seen;
    for (const Object& object : state.children) {
        if (object.kind != Kind::kHost && object.kind != Kind::kSubsystem) {
            continue;
        }
        const std::string place = object.place.empty() ? object.title() : object.place;
        if (const std::string odd = nvme::odd_name(object.name); !odd.empty()) {
            warnings.push_back(place + ": " + odd);
        }
        const auto [entry, fresh] =
            seen.emplace(std::pair(object.kind, base::to_lower(object.name)), &object);
        if (!fresh) {
            warnings.push_back(place + ": " + base::quoted(object.name) + " and " +
                               base::quoted(entry->second->name) +
                               " differ only in the case of letters, and are two names");
        }
    }
    return warnings;
}

Errors check_presence(const Object& want, const Presence& presence, bool& undecided) {
    MissingFinder finder(presence);
    finder.look(want);
    undecided = finder.undecided;
    return std::move(finder.errors);
}

Errors check_lost_keys(const Object& have, const Object& want) {
    Errors errors;
    for (const Object* host : want.all(Kind::kHost)) {
        const Object* running = have.find(Kind::kHost, host->name);
        for (const char* file : {"dhchap_key", "dhchap_ctrl_key"}) {
            if (running != nullptr && !running->get(file).empty() && host->get(file).empty()) {
                errors.push_back((host->place.empty() ? host->title() : host->place) + ": " +
                                 base::quoted(host->name) + " has a " + file +
                                 " now and would lose it: the target would admit the host without "
                                 "that authentication (to allow this, use --drop-keys)");
            }
        }
    }
    return errors;
}

Errors check_reach(const Object& want) {
    Errors warnings;
    const auto ports = want.all(Kind::kPort);
    for (const Object* subsystem : want.all(Kind::kSubsystem)) {
        const bool is_offered = std::ranges::any_of(
            ports, [&](const Object* port) { return port->links.contains(subsystem->name); });
        if (!is_offered) {
            warnings.push_back((subsystem->place.empty() ? subsystem->title() : subsystem->place) +
                               ": no port exports it, and no host can connect");
        }
    }
    return warnings;
}

}  // namespace nvmet
