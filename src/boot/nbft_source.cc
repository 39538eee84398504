// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/nbft_source.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/fd.h"
#include "base/text.h"
#include "boot/ip_address.h"
#include "boot/sysfs.h"
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

/// The value of ip= that makes the network the firmware had. An IPv6 address is taken as it is,
/// wherever the firmware had it from.
std::string ip_text(const Nbft::Interface& interface) {
    const std::string device = device_text(interface);
    if (interface.dhcp && interface.address.size() != 16) {
        return device + ":dhcp";
    }
    std::string text = bracketed(interface.address) + "::" + bracketed(interface.gateway) + ":" +
                       (interface.address.empty() ? "" : std::to_string(interface.prefix_length)) +
                       ":" + host_name(interface) + ":" + device + ":none";
    for (const auto& server : interface.dns) {
        text += ":" + bracketed(server);
    }
    return text;
}

class TableSource {
  public:
    TableSource(std::string name, const Nbft& nbft, Sources& sources)
        : name_(std::move(name)), nbft_(nbft), sources_(sources) {}

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
        for (const Nbft::Interface& interface : nbft_.interfaces) {
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

    void add_subsystem(const Nbft::Subsystem& subsystem) {
        const std::string where = "SSNS " + std::to_string(subsystem.index);
        const nvme::Uri uri{text_of(subsystem.address), "", subsystem.port, subsystem.nqn,
                            subsystem.nid};
        if (!subsystem.bootable || sources_.of("uri").source > Source::kNbft) {
            return;
        }
        if (uri.is_discovery()) {
            interfaces_.insert(interfaces_.end(), subsystem.interfaces.begin(),
                               subsystem.interfaces.end());
            add("uri", uri.text(), where);
            return;
        }
        if (root_ && (root_->nqn != subsystem.nqn || root_->nid != subsystem.nid)) {
            warn(where + " is another namespace than the first");
            return;
        }
        root_ = &subsystem;
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
        if (!interfaces_.empty() && !used) {
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
        add("ip", ip_text(interface), where);
    }

    std::string name_;
    const Nbft& nbft_;
    Sources& sources_;
    const Nbft::Subsystem* root_ = nullptr;
    std::vector<unsigned> interfaces_;  ///< that lead to it
};

}  // namespace

void add_nbft_table(const std::string& name, const Nbft& nbft, Sources& sources) {
    TableSource(name, nbft, sources).run();
}

void add_nbft(const base::SysPaths& sys, Sources& sources) {
    const std::string folder = sys.sys + "/firmware/acpi/tables";
    for (const std::string& name : list_folder(folder)) {
        if (!name.starts_with("NBFT")) {
            continue;
        }
        const auto text = base::read_text(folder + "/" + name);
        const auto nbft = text ? nvme::parse_nbft(base::bytes_of(*text)) : text.error();
        if (nbft) {
            add_nbft_table(name, *nbft, sources);
        } else {
            sources.warnings.push_back(name + ": " + nbft.error().text + ", continuing without it");
        }
    }
}

}  // namespace boot
