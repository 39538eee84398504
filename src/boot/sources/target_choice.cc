// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/target_choice.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "boot/dhcp/ip_address.h"
#include "nvme/uri.h"

namespace boot {
namespace {

/// Which field of a choice each kind of identifier in a URI is.
struct ToChoice {
    NamespaceChoice& choice;
    void operator()(std::monostate) const {}
    void operator()(uint32_t nsid) const { choice.nsid = nsid; }
    void operator()(const nvme::Uuid& uuid) const { choice.uuid = uuid; }
    void operator()(const nvme::Nguid& nguid) const { choice.nguid = nguid; }
    void operator()(const nvme::Eui64& eui64) const { choice.eui64 = eui64; }
};

/// One field of a choice. The first demand stands; a second one must be the same.
template <class T>
bool agree(std::optional<T>& mine, const std::optional<T>& other) {
    if (!mine) {
        mine = other;
    }
    return !other || mine == other;
}

void add_new(std::vector<Portal>& portals, std::vector<Portal> others) {
    for (Portal& portal : others) {
        const auto same = [&](const Portal& each) { return each.same_path(portal); };
        if (std::ranges::none_of(portals, same)) {
            portals.push_back(std::move(portal));
        }
    }
}

}  // namespace

base::Result<Target> target_of_uri(const Given& uri) {
    const auto parsed = nvme::Uri::parse(uri.text);
    if (!parsed) {
        return parsed.error().in(uri.origin);
    }
    if (auto usable = check_kernel_name(parsed->subsysnqn); !usable) {
        return std::move(usable).error().in(uri.origin);
    }
    // One place has one spelling, so that it is not taken for two.
    const auto address = IpAddress::parse(parsed->host);
    Portal portal{address ? address->text() : base::to_lower(parsed->host),
                  parsed->port,
                  uri.origin,
                  !address,
                  uri.source,
                  uri.interface};
    if (!parsed->zone.empty()) {
        portal.address += '%' + parsed->zone;
    }
    Target target;
    if (parsed->is_discovery()) {
        target.discovery.push_back(std::move(portal));
    } else {
        target.subsysnqn = parsed->subsysnqn;
        target.portals.push_back(std::move(portal));
    }
    std::visit(ToChoice{target.choice}, parsed->nid);
    return target;
}

base::Status join(Target& target, Target other) {
    if (target.subsysnqn.empty()) {
        target.subsysnqn = other.subsysnqn;
    }
    if (!other.subsysnqn.empty() && target.subsysnqn != other.subsysnqn) {
        return base::error("another subsystem (" + other.subsysnqn + ") than that of " +
                           target.portals.front().origin + " (" + target.subsysnqn +
                           "); there can be only one root" +
                           differ_in_case(other.subsysnqn, target.subsysnqn));
    }
    TRY_VOID(narrow(target.choice, other.choice));
    add_new(target.portals, std::move(other.portals));
    add_new(target.discovery, std::move(other.discovery));
    return base::done();
}

base::Status narrow(NamespaceChoice& choice, const NamespaceChoice& other) {
    NamespaceChoice both = choice;
    const std::pair<bool, const char*> fields[] = {
        {agree(both.nsid, other.nsid), "NSID"},
        {agree(both.uuid, other.uuid), "UUID"},
        {agree(both.nguid, other.nguid), "NGUID"},
        {agree(both.eui64, other.eui64), "EUI-64"},
    };
    for (const auto& [agreed, what] : fields) {
        if (!agreed) {
            return base::error(std::string("two different values are given for the ") + what +
                               " of the root's namespace (URIs and keys must agree)");
        }
    }
    choice = both;
    return base::done();
}

std::string differ_in_case(std::string_view one, std::string_view other) {
    return base::equal_ignoring_case(one, other)
               ? "; the names differ only in letter case, write them as the target does"
               : "";
}

base::Status check_name(const Target& target, const std::string& subsystems) {
    if (target.subsysnqn.empty() || subsystems.empty() ||
        fits_pattern(target.subsysnqn, subsystems)) {
        return base::done();
    }
    return base::error(target.portals.front().origin + ": " + target.subsysnqn + " is not " +
                       subsystems + ", which subsysnqn names" +
                       differ_in_case(target.subsysnqn, subsystems));
}

bool fits_pattern(std::string_view text, std::string_view pattern) {
    size_t at = 0;
    size_t star = std::string_view::npos;  // the last one met, and where its text may end
    size_t resume = 0;
    for (size_t i = 0; i < text.size();) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            resume = i;
        } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[i])) {
            ++at;
            ++i;
        } else if (star != std::string_view::npos) {
            at = star + 1;
            i = ++resume;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

}  // namespace boot
