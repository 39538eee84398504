// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/nbft_source.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/join.h"
#include "base/sysfs.h"
#include "base/text.h"
#include "boot/dhcp/ip_address.h"
#include "boot/net/network_options.h"
#include "boot/plan/identity.h"
#include "boot/sources/target_choice.h"
#include "nvme/nbft.h"
#include "nvme/uri.h"

namespace boot {
namespace {

using nvme::Nbft;

/// More would be probed at once than a machine has sockets for.
constexpr size_t kMaxPaths = 64;

std::string text_of(const nvme::NbftAddress& address) {
    const auto parsed = IpAddress::from_bytes(address);
    return parsed ? parsed->text() : std::string();
}

/// In the syntax of ip=.
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

/// The name of the interface in ip=: its MAC, or the name that its VLAN gets.
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

/// The value of ip= that makes the network the firmware had. Values from a server or a router are
/// requested again: the address stays ours only as long as somebody renews it. A network of 0 bits
/// is one whose size the firmware did not say.
std::string ip_text(const Nbft::Interface& interface, bool v6) {
    const std::string device = device_text(interface);
    if (interface.origin == Nbft::Origin::kDhcp) {
        return device + (v6 ? ":dhcp6" : ":dhcp");
    }
    if (interface.origin == Nbft::Origin::kRouter) {
        return device + ":auto6";
    }
    const bool reachable = interface.gateway.size() == interface.address.size();
    const bool sized = !interface.address.empty() && interface.prefix_length != 0;
    std::string text = bracketed(interface.address) +
                       "::" + (reachable ? bracketed(interface.gateway) : "") + ":" +
                       (sized ? std::to_string(interface.prefix_length) : "") + ":" +
                       host_name(interface) + ":" + device + ":none";
    for (const auto& server : interface.dns) {
        text += ":" + bracketed(server);
    }
    return text;
}

/// The address to connect from: one that stays, and of the target's family.
std::string source_text(const Nbft::Interface& interface, const nvme::NbftAddress& target) {
    const auto address = IpAddress::from_bytes(interface.address);
    const bool fits = interface.origin == Nbft::Origin::kGiven && address &&
                      interface.address.size() == target.size() && !address->is_link_local();
    return fits ? address->text() : std::string();
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

/// `SSNS 2 has no address; HFI 3: a network of 200 bits`, as much of it as a line of the log takes.
std::string joined(const std::vector<std::string>& reasons) {
    constexpr size_t kMost = 6;
    const std::string text =
        base::join(std::span(reasons).first(std::min(reasons.size(), kMost)), "; ");
    return reasons.size() <= kMost
               ? text
               : text + "; and " + std::to_string(reasons.size() - kMost) + " more";
}

/// Of two entries; one that the firmware could not reach may name none, and is a path all the same.
bool is_another_namespace(const Nbft::Subsystem& one, const Nbft::Subsystem& other) {
    if (one.nqn != other.nqn) {
        return true;
    }
    if (one.nid == nvme::NamespaceId() || other.nid == nvme::NamespaceId()) {
        return false;
    }
    if (one.nid.index() == other.nid.index()) {
        return one.nid != other.nid;
    }
    return one.nsid == 0 || one.nsid != other.nsid;
}

/// One table as a source.
class TableSource {
  public:
    /// @param root  that of the tables before, or null; set
    TableSource(const base::SysPaths& sys, std::string name, const Nbft& nbft,
                const Nbft::Subsystem*& root, Sources& sources)
        : sys_(sys),
          name_(std::move(name)),
          nbft_(nbft),
          root_(root),
          sources_(sources),
          left_out_(nbft.left_out) {}

    void run() {
        find_usable_interfaces();
        add_identity();
        for (const Nbft::Subsystem& subsystem : nbft_.subsystems) {
            add_subsystem(subsystem);
        }
        if (root_ == nullptr) {
            for (const Nbft::Discovery& discovery : nbft_.discovery) {
                add_discovery(discovery);
            }
        }
        for (const Nbft::Interface& interface : by_preference(usable_)) {
            add_interface(interface);
        }
    }

    /// It names a target, or is not asked for one.
    [[nodiscard]] bool yields() const { return paths_ != 0 || is_overruled(KeyId::kUri); }
    /// The unusable entries; empty: there are none, or the table is not used.
    [[nodiscard]] std::string left_out() const {
        return left_out_.empty() || is_overruled(KeyId::kUri)
                   ? ""
                   : name_ + ": ignored: " + joined(left_out_);
    }
    /// Why it names no target.
    [[nodiscard]] std::string why_nothing() const {
        std::vector<std::string> reasons = left_out_;
        reasons.insert(reasons.end(), not_bootable_.begin(), not_bootable_.end());
        return name_ + ": it names no usable disk" +
               (reasons.empty() ? "" : " (" + joined(reasons) + ")");
    }
    /// The entries that are omitted because of the security that they demand.
    [[nodiscard]] const std::vector<std::string>& refused() const { return refused_; }

  private:
    void leave_out(std::string why) { left_out_.push_back(std::move(why)); }
    void add(KeyId key, Given given) {
        given.origin.insert(0, name_ + ": ");
        add_value(key_of(key), Source::kNbft, std::move(given), sources_);
    }
    /// A stronger source has it.
    [[nodiscard]] bool is_overruled(KeyId key) const {
        return sources_.of(key).source > Source::kNbft;
    }

    /// Both of the pair, or neither.
    void add_identity() {
        const Nbft::Host& host = nbft_.host;
        std::string nqn = host.nqn;
        if (const auto usable = check_kernel_name(nqn); !usable) {
            leave_out("the host NQN: " + usable.error().text);
            nqn.clear();
        }
        if (sources_.of(KeyId::kHostnqn).source >= Source::kNbft ||
            sources_.of(KeyId::kHostid).source >= Source::kNbft || (nqn.empty() && !host.id)) {
            return;
        }
        sources_.of(KeyId::kHostnqn).given.clear();
        sources_.of(KeyId::kHostid).given.clear();
        if (!nqn.empty()) {
            add(KeyId::kHostnqn, {nqn, "host"});
        }
        if (host.id) {
            add(KeyId::kHostid, {nvme::to_text(host_id(nqn, *host.id)), "host"});
        }
    }

    /// Firmware writes it in either byte order. The machine's other names tell which.
    [[nodiscard]] nvme::HostId host_id(std::string_view nqn, const nvme::HostId& id) const {
        const nvme::HostId other = nvme::in_other_byte_order(id);
        const std::string_view prefix = nvme::kUuidNqnPrefix;
        const auto named =
            nvme::parse_uuid(nqn.substr(nqn.starts_with(prefix) ? prefix.size() : nqn.size()));
        const auto machine = machine_uuid(sys_);
        for (const auto& known : {named, machine}) {
            if (known && (*known == id || *known == other)) {
                return *known;
            }
        }
        return id;
    }

    void find_usable_interfaces() {
        for (const Nbft::Interface& interface : nbft_.interfaces) {
            NetworkPlan trial;
            auto applied = apply_network_option(trial, "ip", ip_text(interface, is_v6(interface)));
            if (applied && interface.vlan != 0) {
                applied = apply_network_option(trial, "vlan", vlan_text(interface));
            }
            if (applied) {
                usable_.push_back(interface);
            } else {
                leave_out(applied.error().in(name_of(interface)).text);
            }
        }
    }
    static std::string name_of(const Nbft::Interface& interface) {
        return "HFI " + std::to_string(interface.index);
    }
    static std::string vlan_text(const Nbft::Interface& interface) {
        return device_text(interface) + ":" + mac_text(interface);
    }

    /// Adds the URI once for each of the interfaces that lead there.
    /// @return false: it is none that can be used, and was left out
    bool add_paths(const nvme::Uri& uri, const nvme::NbftAddress& target,
                   const std::vector<unsigned>& interfaces, const std::string& where) {
        Given given{uri.text(), where};
        if (const auto usable = target_of_uri(given); !usable) {
            leave_out(usable.error().text);
            return false;
        }
        std::vector<Given> paths;
        for (const unsigned index : interfaces) {
            if (paths.size() > kMaxPaths) {
                break;  // one more than are used, so that it is reported
            }
            const auto interface = std::ranges::find(usable_, index, &Nbft::Interface::index);
            if (interface != usable_.end()) {
                given.source = source_text(*interface, target);
                given.interface = device_text(*interface);
                paths.push_back(given);
                interfaces_.push_back(index);
            }
        }
        // A user who configures the network has other interfaces than the firmware had.
        if (paths.empty() || is_overruled(KeyId::kIp)) {
            paths = {Given{given.text, where}};
        }
        for (Given& path : paths) {
            if (paths_++ < kMaxPaths) {
                add(KeyId::kUri, std::move(path));
            } else if (paths_ == kMaxPaths + 1) {
                leave_out("the paths after the first " + std::to_string(kMaxPaths));
            }
        }
        return true;
    }

    /// Nothing wrong: no profile is demanded, or `demand` is what it says.
    base::Status read_demand(std::optional<unsigned> index, const std::string& subject,
                             std::optional<SecurityDemand>& demand) const {
        if (!index) {
            return base::done();
        }
        const std::string profile = "its security profile " + std::to_string(*index);
        const auto found = std::ranges::find(nbft_.security, *index, &Nbft::Security::index);
        if (found == nbft_.security.end()) {
            return base::error(profile + " is not described in the table");
        }
        if (found->secure_channel_required) {
            return base::error(profile +
                               " demands a secure channel (TLS), which nvmeroot does not support");
        }
        if (found->dhchap_excluded) {
            return base::error(
                profile + " does not allow DH-HMAC-CHAP, the only protocol that nvmeroot supports");
        }
        demand = SecurityDemand{name_ + ": " + subject, *found};
        return base::done();
    }

    /// The demands on a connection must be met, or there is no connection: such an entry is an
    /// error.
    bool meets_demand(std::optional<unsigned> index, const std::string& subject,
                      std::optional<SecurityDemand>& demand) {
        const auto read = read_demand(index, subject, demand);
        if (!read) {
            leave_out(subject + ": " + read.error().text);
            refused_.push_back(name_ + ": " + left_out_.back());
        }
        return read.ok();
    }

    void add_subsystem(const Nbft::Subsystem& subsystem) {
        const std::string where = "SSNS " + std::to_string(subsystem.index);
        nvme::Uri uri{text_of(subsystem.address), "", subsystem.port, subsystem.nqn, subsystem.nid};
        if (!subsystem.bootable) {
            not_bootable_.push_back(where + " is not bootable");
            return;
        }
        if (is_overruled(KeyId::kUri)) {
            return;
        }
        std::optional<SecurityDemand> demand;
        if (!meets_demand(subsystem.security, where + " (" + base::shown(subsystem.nqn) + ")",
                          demand)) {
            return;
        }
        const bool discovery = base::equal_ignoring_case(uri.subsysnqn, nvme::kDiscoveryNqn);
        if (!discovery && root_ != nullptr && is_another_namespace(subsystem, *root_)) {
            return leave_out(where + " is a different namespace than the first" +
                             differs_in_case(subsystem.nqn));
        }
        // The first that says which namespace it is speaks for all of them.
        const bool unnamed = root_ == nullptr || root_->nid == nvme::NamespaceId();
        if (!discovery && !unnamed) {
            uri.nid = root_->nid;
        }
        if (!add_paths(uri, subsystem.address, subsystem.interfaces, where)) {
            return;
        }
        if (demand) {
            sources_.security.push_back(std::move(*demand));
        }
        if (discovery) {
            return;
        }
        root_ = unnamed ? &subsystem : root_;
        if (subsystem.header_digest) {
            add(KeyId::kHdrDigest, {"yes", where});
        }
        if (subsystem.data_digest) {
            add(KeyId::kDataDigest, {"yes", where});
        }
    }

    [[nodiscard]] std::string differs_in_case(std::string_view nqn) const {
        return nqn != root_->nqn && base::equal_ignoring_case(nqn, root_->nqn)
                   ? " (their names differ only in letter case)"
                   : "";
    }

    /// If no SSNS names the root, the firmware's discovery services know it.
    void add_discovery(const Nbft::Discovery& discovery) {
        const std::string where = "discovery " + std::to_string(discovery.index);
        const auto uri = nvme::Uri::parse(discovery.uri);
        if (!uri || !uri->is_discovery()) {
            return leave_out(where + " has no URI of a discovery service (" +
                             base::shown(discovery.uri) + ")");
        }
        std::optional<SecurityDemand> demand;
        if (is_overruled(KeyId::kUri) || !meets_demand(discovery.security, where, demand)) {
            return;
        }
        const auto address = IpAddress::parse(uri->host);
        const nvme::NbftAddress target =
            address ? nvme::NbftAddress(address->bytes().begin(), address->bytes().end())
                    : nvme::NbftAddress();
        std::vector<unsigned> interfaces;
        if (discovery.interface) {
            interfaces.push_back(*discovery.interface);
        }
        if (add_paths(*uri, target, interfaces, where) && demand) {
            sources_.security.push_back(std::move(*demand));
        }
    }

    void add_interface(const Nbft::Interface& interface) {
        const bool used = std::ranges::find(interfaces_, interface.index) != interfaces_.end();
        const bool unknown = interfaces_.empty() && root_ == nullptr;
        if ((!used && !unknown) || is_overruled(KeyId::kIp)) {
            return;
        }
        const std::string where = name_of(interface);
        if (interface.vlan != 0) {
            sources_.network_words.push_back({"vlan", vlan_text(interface), name_ + ": " + where});
        }
        add(KeyId::kIp, {ip_text(interface, is_v6(interface)), where});
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

    const base::SysPaths& sys_;
    std::string name_;
    const Nbft& nbft_;
    const Nbft::Subsystem*& root_;
    Sources& sources_;
    std::vector<Nbft::Interface> usable_;
    std::vector<unsigned> interfaces_;  ///< of those, such as lead to it
    size_t paths_ = 0;
    std::vector<std::string> left_out_;
    std::vector<std::string> not_bootable_;
    std::vector<std::string> refused_;
};

/// The shortcomings of all tables.
struct Shortfall {
    std::vector<std::string> whys;     ///< of each table that names no target
    std::vector<std::string> refused;  ///< what security keeps out
};

/// A table that names no target is reported, however the machine boots.
void report(Shortfall shortfall, Sources& sources) {
    if (!sources.of(KeyId::kUri).given.empty()) {
        for (const std::string& why : shortfall.whys) {
            sources.warnings.push_back(why + ", continuing without it");
        }
    } else if (!shortfall.refused.empty()) {
        sources.refused = std::move(shortfall.refused);
    } else {
        sources.firmware = joined(shortfall.whys);
    }
}

}  // namespace

void add_nbft(const base::SysPaths& sys, Sources& sources) {
    const std::string folder = sys.sys + "/firmware/acpi/tables";
    std::vector<std::pair<std::string, Nbft>> tables;
    Shortfall shortfall;
    for (const std::string& name : list_folder(folder)) {
        if (!name.starts_with("NBFT")) {
            continue;
        }
        const auto text = base::read_text(folder + "/" + name);
        auto nbft = text ? nvme::parse_nbft(base::bytes_of(*text)) : text.error();
        if (nbft) {
            tables.emplace_back(name, std::move(nbft).value());
        } else {
            shortfall.whys.push_back(name + ": " + nbft.error().text);
        }
    }
    std::ranges::stable_sort(tables, {}, [](const auto& table) { return rank(table.second.host); });
    const Nbft::Subsystem* root = nullptr;
    for (const auto& [name, nbft] : tables) {
        TableSource table(sys, name, nbft, root, sources);
        table.run();
        if (!table.yields()) {
            shortfall.whys.push_back(table.why_nothing());
        } else if (!table.left_out().empty()) {
            sources.warnings.push_back(table.left_out());
        }
        shortfall.refused.insert(shortfall.refused.end(), table.refused().begin(),
                                 table.refused().end());
    }
    report(std::move(shortfall), sources);
}

}  // namespace boot
