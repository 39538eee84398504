// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/nbft_source.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/text.h"
#include "boot/ip_address.h"
#include "boot/sysfs.h"
#include "nvme/nbft.h"
#include "nvme/uri.h"

namespace boot {
namespace {

using nvme::Nbft;

std::string text_of(const nvme::NbftAddress& address) {
    const auto parsed = IpAddress::from_bytes(address);
    return parsed ? parsed->text() : std::string();
}

/// As the grammar of ip= wants it.
std::string bracketed(const nvme::NbftAddress& address) {
    return address.size() == 16 ? "[" + text_of(address) + "]" : text_of(address);
}

/// A MAC with dashes stands for the interface that has it.
std::string mac_text(const Nbft::Interface& interface) {
    std::string text;
    for (const std::byte byte : interface.mac) {
        text += base::format(text.empty() ? "%02x" : "-%02x", std::to_integer<unsigned>(byte));
    }
    return text;
}

/// What ip= calls the interface: its MAC, or the name that its VLAN gets.
std::string device_text(const Nbft::Interface& interface) {
    return interface.vlan == 0 ? mac_text(interface)
                               : base::format("nbft%u.%u", interface.index, interface.vlan);
}

/// A name that ip= can carry, or nothing: it goes no further than a DHCP server.
std::string host_name(const Nbft::Interface& interface) {
    const std::string& name = interface.host_name;
    const bool good = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-' || c == '.';
    });
    return good ? name : std::string();
}

/// The value of ip= that makes the network the firmware had. What came from a server or a router is
/// asked for anew: the address stays ours only as long as somebody renews it.
std::string ip_text(const Nbft::Interface& interface, bool v6) {
    const std::string device = device_text(interface);
    if (interface.origin == Nbft::Origin::kDhcp) {
        return device + (v6 ? ":dhcp6" : ":dhcp");
    }
    if (interface.origin == Nbft::Origin::kRouter) {
        return device + ":auto6";
    }
    std::string text = bracketed(interface.address) + "::" + bracketed(interface.gateway) + ":" +
                       (interface.address.empty() ? "" : std::to_string(interface.prefix_length)) +
                       ":" + host_name(interface) + ":" + device + ":none";
    for (const auto& server : interface.dns) {
        text += ":" + bracketed(server);
    }
    return text;
}

/// Those whose routes the firmware preferred go first.
std::vector<Nbft::Interface> by_preference(std::vector<Nbft::Interface> interfaces) {
    std::ranges::stable_sort(interfaces, {}, [](const Nbft::Interface& interface) {
        const unsigned metric = interface.metric == 0 ? UINT16_MAX + 1U : interface.metric;
        return std::pair(!interface.is_default_route, metric);
    });
    return interfaces;
}

/// Of several tables the one that firmware selected goes first, those it put back last.
int rank(const Nbft::Host& host) {
    constexpr int kRanks[] = {1, 2, 0, 1};
    return kRanks[host.selection];
}

class TableSource {
  public:
    /// @param root  that of the tables before, or null; set
    TableSource(std::string name, const Nbft& nbft, const Nbft::Subsystem*& root, Sources& sources)
        : name_(std::move(name)), nbft_(nbft), root_(root), sources_(sources) {}

    void run() {
        add_identity();
        for (const Nbft::Subsystem& subsystem : nbft_.subsystems) {
            add_subsystem(subsystem);
        }
        if (root_ == nullptr) {
            for (const Nbft::Discovery& discovery : nbft_.discovery) {
                add_discovery(discovery);
            }
        }
        for (const Nbft::Interface& interface : by_preference(nbft_.interfaces)) {
            add_interface(interface);
        }
    }

  private:
    void warn(const std::string& text) {
        sources_.warnings.push_back(name_ + ": " + text + ", continuing without it");
    }
    void add(std::string_view key, std::string value, const std::string& where) {
        add_value(*find_key(key), Source::kNbft, {std::move(value), name_ + ": " + where},
                  sources_);
    }

    /// The pair as a whole, or none of it.
    void add_identity() {
        KeyValues& nqn = sources_.of("hostnqn");
        KeyValues& id = sources_.of("hostid");
        const Nbft::Host& host = nbft_.host;
        if (nqn.source >= Source::kNbft || id.source >= Source::kNbft ||
            (host.nqn.empty() && !host.id)) {
            return;
        }
        nqn.given.clear();
        id.given.clear();
        if (!host.nqn.empty()) {
            add("hostnqn", host.nqn, "host");
        }
        if (host.id) {
            add("hostid", nvme::to_text(*host.id), "host");
        }
    }

    /// An entry that the firmware could not reach may name no namespace, and is a path all the
    /// same.
    [[nodiscard]] bool is_another_namespace(const Nbft::Subsystem& subsystem) const {
        return subsystem.nqn != root_->nqn ||
               (subsystem.nid != nvme::NamespaceId() && subsystem.nid != root_->nid);
    }

    void add_subsystem(const Nbft::Subsystem& subsystem) {
        const std::string where = "SSNS " + std::to_string(subsystem.index);
        nvme::Uri uri{text_of(subsystem.address), "", subsystem.port, subsystem.nqn, subsystem.nid};
        if (!subsystem.bootable || sources_.of("uri").source > Source::kNbft) {
            return;
        }
        if (uri.is_discovery()) {
            interfaces_.insert(interfaces_.end(), subsystem.interfaces.begin(),
                               subsystem.interfaces.end());
            add("uri", uri.text(), where);
            return;
        }
        if (root_ == nullptr) {
            root_ = &subsystem;
        } else if (is_another_namespace(subsystem)) {
            warn(where + " is another namespace than the first");
            return;
        }
        uri.nid = root_->nid;
        interfaces_.insert(interfaces_.end(), subsystem.interfaces.begin(),
                           subsystem.interfaces.end());
        add("uri", uri.text(), where);
        if (subsystem.header_digest) {
            add("hdr_digest", "yes", where);
        }
        if (subsystem.data_digest) {
            add("data_digest", "yes", where);
        }
        if (subsystem.security) {
            add_security(*subsystem.security, name_ + ": " + where + " (" + subsystem.nqn + ")");
        }
    }

    /// Where no SSNS names the root, the firmware's discovery services know it.
    void add_discovery(const Nbft::Discovery& discovery) {
        const std::string where = "discovery " + std::to_string(discovery.index);
        const auto uri = nvme::Uri::parse(discovery.uri);
        if (!uri || !uri->is_discovery()) {
            warn(where + " has no URI of a discovery service (" + base::quoted(discovery.uri) +
                 ")");
            return;
        }
        if (sources_.of("uri").source > Source::kNbft) {
            return;
        }
        if (discovery.interface) {
            interfaces_.push_back(*discovery.interface);
        }
        add("uri", uri->text(), where);
        if (discovery.security) {
            add_security(*discovery.security, name_ + ": " + where);
        }
    }

    void add_security(unsigned index, const std::string& subject) {
        const auto profile =
            std::find_if(nbft_.security.begin(), nbft_.security.end(),
                         [&](const Nbft::Security& candidate) { return candidate.index == index; });
        if (profile == nbft_.security.end()) {
            sources_.errors.push_back(subject + " has security profile " + std::to_string(index) +
                                      ", which the table does not describe");
            return;
        }
        sources_.security.push_back({subject, *profile});
    }

    void add_interface(const Nbft::Interface& interface) {
        const bool used =
            std::find(interfaces_.begin(), interfaces_.end(), interface.index) != interfaces_.end();
        const bool unknown = interfaces_.empty() && root_ == nullptr;
        if (!used && !unknown) {
            return;
        }
        const std::string where = "HFI " + std::to_string(interface.index);
        if (sources_.of("ip").source > Source::kNbft) {
            return;
        }
        if (interface.vlan != 0) {
            sources_.network_words.push_back(
                {"vlan", device_text(interface) + ":" + mac_text(interface), name_ + ": " + where});
        }
        add("ip", ip_text(interface, is_v6(interface)), where);
    }

    /// Of an interface without an address only its targets tell.
    [[nodiscard]] bool is_v6(const Nbft::Interface& interface) const {
        if (!interface.address.empty()) {
            return interface.address.size() == 16;
        }
        const auto leads_to_v6 = [&](const Nbft::Subsystem& subsystem) {
            return std::ranges::find(subsystem.interfaces, interface.index) !=
                       subsystem.interfaces.end() &&
                   subsystem.address.size() == 16;
        };
        return std::ranges::any_of(nbft_.subsystems, leads_to_v6);
    }

    std::string name_;
    const Nbft& nbft_;
    const Nbft::Subsystem*& root_;
    Sources& sources_;
    std::vector<unsigned> interfaces_;  ///< that lead to it
};

}  // namespace

void add_nbft(const base::SysPaths& sys, Sources& sources) {
    const std::string folder = sys.sys + "/firmware/acpi/tables";
    std::vector<std::pair<std::string, Nbft>> tables;
    for (const std::string& name : list_folder(folder)) {
        if (!name.starts_with("NBFT")) {
            continue;
        }
        const auto text = base::read_text(folder + "/" + name);
        auto nbft = text ? nvme::parse_nbft(base::bytes_of(*text)) : text.error();
        if (nbft) {
            tables.emplace_back(name, std::move(nbft).value());
        } else {
            sources.warnings.push_back(name + ": " + nbft.error().text + ", continuing without it");
        }
    }
    std::ranges::stable_sort(tables, {}, [](const auto& table) { return rank(table.second.host); });
    const Nbft::Subsystem* root = nullptr;
    for (const auto& [name, nbft] : tables) {
        TableSource(name, nbft, root, sources).run();
    }
}

}  // namespace boot
