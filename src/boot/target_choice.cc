// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/target_choice.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "boot/ip_address.h"
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

}  // namespace

base::Result<Target> target_of_uri(const Given& uri) {
    const auto parsed = nvme::Uri::parse(uri.text);
    if (!parsed) {
        return parsed.error().in(uri.origin);
    }
    if (parsed->is_discovery()) {
        return base::error(uri.origin + ": " + base::quoted(uri.text) +
                           " names no subsystem, and discovery is not supported");
    }
    if (auto usable = check_kernel_name(parsed->subsysnqn); !usable) {
        return std::move(usable).error().in(uri.origin);
    }
    Portal portal{parsed->host, parsed->port, uri.origin, !IpAddress::parse(parsed->host)};
    if (!parsed->zone.empty()) {
        portal.address += '%' + parsed->zone;
    }
    Target target{parsed->subsysnqn, {std::move(portal)}, {}};
    std::visit(ToChoice{target.choice}, parsed->nid);
    return target;
}

base::Status join(Target& target, Target other) {
    if (target.portals.empty()) {
        target = std::move(other);
        return base::done();
    }
    if (target.subsysnqn != other.subsysnqn) {
        return base::error("another subsystem (" + other.subsysnqn + ") than that of " +
                           target.portals.front().origin + " (" + target.subsysnqn +
                           "); there is one root");
    }
    TRY_VOID(narrow(target.choice, other.choice));
    for (Portal& portal : other.portals) {
        const bool known =
            std::any_of(target.portals.begin(), target.portals.end(), [&](const Portal& each) {
                return each.address == portal.address && each.port == portal.port;
            });
        if (!known) {
            target.portals.push_back(std::move(portal));
        }
    }
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

}  // namespace boot
