// SPDX-License-Identifier: GPL-2.0-or-later
//
// Settings -> ExportConfig: each section by its key table, then the rules between sections. It
// continues after an error, so that all errors are reported at once.
#include <algorithm>
#include <map>
#include <set>

#include "base/cli/suggestion.h"
#include "base/text.h"
#include "export/audit_view.h"
#include "export/export_config.h"
#include "export/image_look.h"
#include "export/name_uuid.h"
#include "export/sections.h"
#include "nvme/fabrics.h"

namespace exports {
namespace {

class Assembler {
  public:
    Assembler(std::span<const Setting> settings, const std::string& folder, Demand demand,
              const SelectSilent& select_silent)
        : demand_(demand),
          select_silent_(select_silent),
          sections_(read_sections(settings, folder, errors_)) {}

    base::Result<ExportConfig, Errors> finish();

  private:
    void check_hosts();
    template <class T>
    void check_auth(Named<T>& named);
    /// The policy fills in what a section omits; the values of a section must be within the policy.
    template <class T, class Id>
    void bound_by_policy(const Named<T>& named, std::string_view key, std::vector<Id>& own,
                         const std::vector<Id>& allowed);
    void check_subsystems();
    void place_accesses();
    void admit(const std::string& name, const Host& host, Subsystem& subsystem);
    void check_required_auth();
    void check_host_list(Named<SubsystemSection>& named);
    /// @return null, having complained, when there is none
    const Host* host_named(const std::string& place, const std::string& name);
    void place_namespaces();
    void check_identity(Named<NamespaceSection>& named, const std::string& subsysnqn);
    void check_viewers(Named<NamespaceSection>& named, const Named<SubsystemSection>& subsystem);
    void check_image(const Named<NamespaceSection>& named);
    [[nodiscard]] std::set<std::string> silent_images() const;
    void look_at(Named<NamespaceSection>& named, bool is_silent);
    void check_sharing(const std::string& place, const Namespace& ns);
    void check_protection(const std::string& place, const Namespace& ns);
    void check_paths();
    void check_use();
    bool has_own_keys(const Host& host) const;

    void complain(const std::string& place, const std::string& text) {
        errors_.push_back(at(place, text));
    }
    /// Complains about what only a server needs.
    void miss(const std::string& place, const std::string& text) {
        if (demand_ == Demand::kServable) {
            complain(place, text);
        }
    }
    void warn(const std::string& place, const std::string& text) {
        config_.warnings.push_back(at(place, text));
    }
    template <class T>
    void need(const Named<T>& named, std::string_view key) {
        if (!named.given.contains(key)) {
            complain(named.place, "no " + std::string(key));
        }
    }
    /// Warns about a name that is not an NQN, and about names that differ only in the case of
    /// letters.
    void look_at_name(const std::string& place, const std::string& kind, const std::string& nqn);
    /// Remembers a thing that may be there once. @return false, having complained, the second time
    bool unique(const std::string& place, const std::string& thing);

    const Demand demand_;
    const SelectSilent& select_silent_;
    ExportConfig config_;
    Errors errors_;
    Sections sections_;
    std::map<std::string, std::string> seen_;   ///< thing -> its first place
    std::map<std::string, std::string> names_;  ///< of a kind, in lower case -> as it stands
    std::set<std::string> used_hosts_;
};

bool Assembler::unique(const std::string& place, const std::string& thing) {
    const auto [entry, fresh] = seen_.emplace(thing, place);
    if (!fresh) {
        complain(place, thing + " is already defined: " + entry->second);
    }
    return fresh;
}

void Assembler::look_at_name(const std::string& place, const std::string& kind,
                             const std::string& nqn) {
    if (std::string odd = nvme::odd_name(nqn); !odd.empty()) {
        warn(place, odd);
    }
    const auto [entry, fresh] = names_.emplace(kind + base::to_lower(nqn), nqn);
    if (!fresh && entry->second != nqn) {
        warn(place, base::quoted(nqn) + " and " + base::quoted(entry->second) +
                        " differ only in the case of letters, and are two names");
    }
}

void Assembler::check_hosts() {
    for (Named<HostSection>& named : sections_.hosts) {
        Host& host = named.section.host;
        host.name = named.name;
        need(named, "nqn");
        if (!host.nqn.empty()) {
            unique(named.place, "host " + host.nqn);
            look_at_name(named.place, "host ", host.nqn);
        }
        check_auth(named);
    }
}

template <class T>
void Assembler::check_auth(Named<T>& named) {
    HostAuth& auth = named.section.auth();
    const auto given = [&](std::string_view key) { return named.given.contains(key); };
    if (given("dhchap_ctrl_secret_file") && !given("dhchap_secret_file")) {
        complain(named.place,
                 "dhchap_ctrl_secret_file requires dhchap_secret_file: the target authenticates "
                 "only to hosts that authenticate");
    }
    if (given("dhchap_secret_file_next") && !given("dhchap_secret_file")) {
        complain(named.place, "dhchap_secret_file_next requires dhchap_secret_file");
    }
    if (given("dhchap_ctrl_secret_file_next") && !given("dhchap_secret_file_next")) {
        complain(named.place, "dhchap_ctrl_secret_file_next requires dhchap_secret_file_next");
    }
    for (const auto* ours : {&auth.ctrl_secret, &auth.next_ctrl_secret}) {
        for (const auto* theirs : {&auth.secret, &auth.next_secret}) {
            if (*ours && *theirs && std::ranges::equal((*ours)->key(), (*theirs)->key())) {
                complain(
                    named.place,
                    "both secrets are the same: anyone who has it could impersonate both sides");
            }
        }
    }
    bound_by_policy(named, "dhchap_hash", auth.hashes, sections_.target.policy.hashes);
    bound_by_policy(named, "dhchap_dhgroup", auth.groups, sections_.target.policy.groups);
}

template <class T, class Id>
void Assembler::bound_by_policy(const Named<T>& named, std::string_view key, std::vector<Id>& own,
                                const std::vector<Id>& allowed) {
    if (!named.given.contains(key)) {
        own = allowed;
    }
    for (const Id id : own) {
        if (std::ranges::find(allowed, id) == allowed.end()) {
            complain(named.place,
                     std::string(key) + ": [target] does not allow " + std::string(nvme::name(id)));
        }
    }
}

void Assembler::place_accesses() {
    for (Named<AccessSection>& named : sections_.accesses) {
        Access& access = named.section.access;
        access.name = named.name;
        need(named, "host");
        need(named, "subsystem");
        need(named, "dhchap_secret_file");
        check_auth(named);
        Named<SubsystemSection>* subsystem = find(sections_.subsystems, named.section.subsystem);
        if (subsystem == nullptr && !named.section.subsystem.empty()) {
            complain(named.place,
                     "subsystem: no section [subsystem." + named.section.subsystem + "]" +
                         base::did_you_mean(named.section.subsystem, sections_.subsystems,
                                            &Named<SubsystemSection>::name));
        }
        const Host* host =
            named.section.host.empty() ? nullptr : host_named(named.place, named.section.host);
        if (subsystem == nullptr || host == nullptr) {
            continue;
        }
        Subsystem& into = subsystem->section.subsystem;
        if (into.allow_any_host) {
            complain(named.place, "[subsystem." + subsystem->name + "] admits every host");
        }
        if (unique(named.place, "access of host." + named.section.host + " to subsystem." +
                                    named.section.subsystem)) {
            access.hostnqn = host->nqn;
            admit(named.section.host, *host, into);
            into.access.push_back(std::move(access));
        }
    }
}

void Assembler::admit(const std::string& name, const Host& host, Subsystem& subsystem) {
    used_hosts_.insert(name);
    if (std::ranges::find(subsystem.hosts, host.nqn) == subsystem.hosts.end()) {
        subsystem.hosts.push_back(host.nqn);
    }
}

void Assembler::check_required_auth() {
    for (const Named<SubsystemSection>& named : sections_.subsystems) {
        const Subsystem& subsystem = named.section.subsystem;
        if (!subsystem.require_auth) {
            continue;
        }
        if (subsystem.allow_any_host) {
            complain(named.place, "allow_any_host and require_auth: remove one of the two");
        }
        for (const Named<HostSection>& host : sections_.hosts) {
            const std::string& nqn = host.section.host.nqn;
            const bool own_key = std::ranges::find(subsystem.access, nqn, &Access::hostnqn) !=
                                 subsystem.access.end();
            if (!host.given.contains("dhchap_secret_file") && !own_key &&
                std::ranges::find(subsystem.hosts, nqn) != subsystem.hosts.end()) {
                complain(named.place, "require_auth: [host." + host.name + "] has no secret");
            }
        }
    }
}

void Assembler::check_subsystems() {
    if (sections_.subsystems.empty() && demand_ == Demand::kServable) {
        errors_.emplace_back("no subsystem: nothing would be served");
    }
    for (Named<SubsystemSection>& named : sections_.subsystems) {
        Subsystem& subsystem = named.section.subsystem;
        subsystem.name = named.name;
        need(named, "nqn");
        if (!subsystem.nqn.empty()) {
            unique(named.place, "subsystem " + subsystem.nqn);
            look_at_name(named.place, "subsystem ", subsystem.nqn);
        }
        if (subsystem.serial.empty()) {
            subsystem.serial = subsystem_serial(subsystem.nqn);
        }
        if (subsystem.cntlid_min > subsystem.cntlid_max) {
            complain(named.place, "cntlid_min is above cntlid_max");
        }
        check_host_list(named);
    }
}

void Assembler::check_paths() {
    for (Named<AnaSection>& named : sections_.ana) {
        AnaGroup& ana = named.section.ana;
        ana.name = named.name;
        need(named, "group");
        const std::string group = "state of group " + std::to_string(ana.group);
        if (ana.listen.empty()) {
            unique(named.place, group);
        }
        for (const Address& address : ana.listen) {
            const std::string where = address.host + " port " + std::to_string(address.port);
            unique(named.place, group + " at " + where);
            if (std::ranges::find(sections_.target.listen, address) ==
                sections_.target.listen.end()) {
                complain(named.place, "listen: [target] does not listen on " + where);
            }
        }
    }
}

void Assembler::check_host_list(Named<SubsystemSection>& named) {
    Subsystem& subsystem = named.section.subsystem;
    if (subsystem.allow_any_host && !named.section.hosts.empty()) {
        complain(named.place,
                 "allow_any_host and hosts: a list has no effect if every host may connect; remove "
                 "one of the two");
    }
    if (subsystem.allow_any_host) {
        warn(named.place, "every host may connect, and hosts without a secret do not authenticate");
    } else if (!named.given.contains("hosts") &&
               std::ranges::none_of(sections_.accesses, [&](const Named<AccessSection>& access) {
                   return access.section.subsystem == named.name;
               })) {
        miss(named.place, "no hosts: no host could connect (or set allow_any_host = yes)");
    }
    for (const std::string& name : named.section.hosts) {
        if (const Host* host = host_named(named.place, name)) {
            admit(name, *host, subsystem);
        }
    }
}

const Host* Assembler::host_named(const std::string& place, const std::string& name) {
    const Named<HostSection>* host = find(sections_.hosts, name);
    if (host == nullptr) {
        complain(place, "hosts: no section [host." + name + "]" +
                            base::did_you_mean(name, sections_.hosts, &Named<HostSection>::name));
        return nullptr;
    }
    return &host->section.host;
}

std::set<std::string> Assembler::silent_images() const {
    std::vector<std::string> images;
    for (const Named<NamespaceSection>& named : sections_.namespaces) {
        if (!named.section.ns.image.empty()) {
            images.push_back(named.section.ns.image);
        }
    }
    return select_silent_ ? select_silent_(images) : std::set<std::string>();
}

void Assembler::place_namespaces() {
    const std::set<std::string> silent = silent_images();
    for (Named<NamespaceSection>& named : sections_.namespaces) {
        const std::string& name = named.section.subsystem;
        Named<SubsystemSection>* subsystem = find(sections_.subsystems, name);
        need(named, "subsystem");
        if (!named.given.contains("image")) {
            miss(named.place, "no image");
        }
        if (!name.empty() && subsystem == nullptr) {
            complain(named.place, "subsystem: no section [subsystem." + name + "]" +
                                      base::did_you_mean(name, sections_.subsystems,
                                                         &Named<SubsystemSection>::name));
        }
        if (!named.section.ns.image.empty()) {
            look_at(named, silent.contains(named.section.ns.image));
        }
        if (subsystem != nullptr) {
            check_identity(named, subsystem->section.subsystem.nqn);
            check_viewers(named, *subsystem);
            subsystem->section.subsystem.namespaces.push_back(named.section.ns);
        }
        if (!named.section.ns.image.empty()) {
            check_image(named);
        }
    }
    for (const Named<SubsystemSection>& named : sections_.subsystems) {
        if (named.section.subsystem.namespaces.empty()) {
            miss(named.place, "no [namespace.NAME] belongs to it");
        }
    }
}

void Assembler::check_identity(Named<NamespaceSection>& named, const std::string& subsysnqn) {
    Namespace& ns = named.section.ns;
    ns.name = named.name;
    ns.nsid = ns.nsid == 0 ? 1 : ns.nsid;
    unique(named.place, "nsid " + std::to_string(ns.nsid) + " of " + base::quoted(subsysnqn));
    if (ns.ids.uuid.is_zero()) {
        ns.ids.uuid = namespace_uuid(subsysnqn, ns.nsid);
    }
    if (!named.given.contains("nguid")) {
        ns.ids.nguid.bytes = ns.ids.uuid.bytes;
    }
    if (unique(named.place, "uuid " + nvme::to_text(ns.ids.uuid)) && !ns.ids.nguid.is_zero()) {
        unique(named.place, "nguid " + nvme::to_text(ns.ids.nguid));
    }
    if (!ns.ids.eui64.is_zero()) {
        unique(named.place, "eui64 " + nvme::to_text(ns.ids.eui64));
    }
}

void Assembler::check_viewers(Named<NamespaceSection>& named,
                              const Named<SubsystemSection>& subsystem) {
    for (const std::string& name : named.section.hosts) {
        const Host* host = host_named(named.place, name);
        if (host == nullptr) {
            continue;
        }
        const auto& admitted = subsystem.section.subsystem.hosts;
        if (!subsystem.section.subsystem.allow_any_host &&
            std::ranges::find(admitted, host->nqn) == admitted.end()) {
            complain(named.place,
                     "hosts: [subsystem." + subsystem.name + "] does not admit host." + name);
        }
        named.section.ns.hosts.push_back(host->nqn);
    }
}

/// An image that cannot be served is not an error of the other images, which are served.
void Assembler::look_at(Named<NamespaceSection>& named, bool is_silent) {
    std::string warning;
    std::string& unserved = named.section.ns.unserved;
    if (is_silent) {
        unserved = named.section.ns.image + ": its file system does not answer";
    } else {
        warning = look_at_image(named.section.ns);
    }
    if (!warning.empty()) {
        warn(named.place, "image " + warning);
    }
    if (unserved.empty()) {
        return;
    }
    if (sections_.target.strict) {
        complain(named.place, "image " + unserved);
    } else {
        warn(named.place, "image " + unserved + "; it is not served until that is corrected");
    }
}

void Assembler::check_image(const Named<NamespaceSection>& named) {
    const Namespace& ns = named.section.ns;
    check_sharing(named.place, ns);
    check_protection(named.place, ns);
}

void Assembler::check_protection(const std::string& place, const Namespace& ns) {
    if (ns.protection == Protection::kNone) {
        if (!ns.sidecar.empty() || !ns.fault_file.empty() || ns.scrub_rate != 0) {
            complain(place, "sidecar, scrub and fault_file require protection=at-rest or exposed");
        }
        return;
    }
    if (ns.pi_type != 0) {
        complain(place, "pi: protection=exposed reports the format of the sidecar");
    }
    if (ns.shared) {
        complain(place, "protection: two servers cannot share the sidecar of one image");
    }
}

void Assembler::check_sharing(const std::string& place, const Namespace& ns) {
    const bool writer_before = seen_.contains("writable image " + ns.image);
    if (!ns.read_only) {
        unique(place, "writable image " + ns.image);
    }
    if (ns.read_only ? writer_before : seen_.contains("read-only image " + ns.image)) {
        complain(place, "image: " + ns.image + " is written by one namespace and read by another");
    }
    if (ns.read_only) {
        seen_.emplace("read-only image " + ns.image, place);
    }
}

/// Wherever it may connect, there are keys for it.
bool Assembler::has_own_keys(const Host& host) const {
    return std::ranges::all_of(sections_.subsystems, [&](const Named<SubsystemSection>& named) {
        const Subsystem& subsystem = named.section.subsystem;
        return std::ranges::find(subsystem.hosts, host.nqn) == subsystem.hosts.end() ||
               std::ranges::find(subsystem.access, host.nqn, &Access::hostnqn) !=
                   subsystem.access.end();
    });
}

void Assembler::check_use() {
    for (const Named<HostSection>& named : sections_.hosts) {
        if (!used_hosts_.contains(named.name)) {
            warn(named.place, "no subsystem names this host");
        } else if (!named.section.host.secret && !has_own_keys(named.section.host)) {
            warn(named.place, "no dhchap_secret_file: anyone who claims this NQN may connect");
        }
    }
}

base::Result<ExportConfig, Errors> Assembler::finish() {
    check_hosts();
    check_subsystems();
    place_accesses();
    check_required_auth();
    place_namespaces();
    check_paths();
    check_use();
    if (!errors_.empty()) {
        return std::move(errors_);
    }
    static_cast<StartValues&>(config_) = std::move(sections_.target);
    static_cast<LiveValues&>(config_) = std::move(sections_.target);
    if (config_.listen.empty()) {
        config_.listen.push_back({"0.0.0.0", nvme::kPortSubsystem});
    }
    for (Named<AnaSection>& named : sections_.ana) {
        config_.ana.push_back(std::move(named.section.ana));
    }
    for (Named<HostSection>& named : sections_.hosts) {
        config_.hosts.push_back(std::move(named.section.host));
    }
    for (Named<SubsystemSection>& named : sections_.subsystems) {
        config_.subsystems.push_back(std::move(named.section.subsystem));
    }
    if (Errors errors = add_audit_views(config_); !errors.empty()) {
        return errors;
    }
    return std::move(config_);
}

}  // namespace

base::Result<ExportConfig, Errors> assemble(std::span<const Setting> settings,
                                            const std::string& folder, Demand demand,
                                            const SelectSilent& select_silent) {
    return Assembler(settings, folder, demand, select_silent).finish();
}

}  // namespace exports
