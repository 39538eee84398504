// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/reach/discovery_walk.h"

#include <algorithm>
#include <utility>

#include "base/join.h"
#include "base/text.h"
#include "boot/dhcp/ip_address.h"
#include "boot/plan/identity.h"
#include "boot/reach/probe_portals.h"
#include "boot/sources/target_choice.h"

namespace boot {
namespace {

using nvme::DiscoveryLeftOut;

/// The place that an entry names, as seen from the service that named it.
base::Result<Portal, DiscoveryLeftOut> portal_of(const nvme::DiscoveryRecord& record,
                                                 const Portal& service) {
    if (!check_kernel_name(record.nqn)) {
        return DiscoveryLeftOut{"with a name that the kernel cannot connect to", record.nqn};
    }
    const auto address = IpAddress::parse(record.address);
    if (!address || address->v6 != record.v6 || !address->is_host_address()) {
        return DiscoveryLeftOut{"at an address that no target can have", record.address};
    }
    const bool same_family = record.v6 == (service.address.find(':') != std::string::npos);
    Portal portal{address->text(),
                  record.port,
                  "discovery at " + service.text(),
                  false,
                  same_family ? service.source : std::string(),
                  service.interface};
    if (record.v6 && address->is_link_local()) {
        const size_t zone = service.address.find('%');
        if (zone == std::string::npos) {
            return DiscoveryLeftOut{"at a link-local address, but the service has none",
                                    record.address};
        }
        portal.address += service.address.substr(zone);
    }
    return portal;
}

bool holds(const std::vector<Portal>& portals, const Portal& portal) {
    return std::ranges::any_of(portals, [&](const Portal& each) { return each.same_path(portal); });
}

std::string list_of(const std::vector<std::string>& names, bool more) {
    constexpr size_t kShown = 3;
    return base::join(std::span(names).first(std::min(names.size(), kShown)), ", ", base::shown) +
           (more || names.size() > kShown ? ", …" : "");
}

/// `2 entries over RDMA, not TCP (nqn.2024-08.com.example:disk); 1 entry …`
std::string list_of(const std::vector<DiscoveryLeftOut>& rows) {
    constexpr size_t kShown = 3;
    std::string text;
    uint64_t unsaid = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
        if (i >= kShown) {
            unsaid += rows[i].count;
            continue;
        }
        base::append_part(text, "; ",
                          std::to_string(rows[i].count) +
                              (rows[i].count == 1 ? " entry " : " entries ") + rows[i].why + " (" +
                              base::shown(rows[i].example) + ")");
    }
    return text + (unsaid == 0 ? "" : "; and " + std::to_string(unsaid) + " more");
}

}  // namespace

DiscoveryWalk::DiscoveryWalk(const std::vector<Portal>& services, std::string pattern)
    : pattern_(std::move(pattern)) {
    for (const Portal& service : services) {
        add_service(service);
    }
}

void DiscoveryWalk::add_service(Portal portal) {
    if (holds(seen_, portal)) {
        return;
    }
    if (seen_.size() == kMaxServices) {
        if (!std::exchange(full_, true)) {
            warnings_.push_back("discovery: more than " + std::to_string(kMaxServices) +
                                " services, continuing without " + portal.text() +
                                " and the services after it");
        }
        return;
    }
    seen_.push_back(portal);
    waiting_.push_back(std::move(portal));
}

bool DiscoveryWalk::add_portal(const std::string& nqn, Portal portal) {
    if (!pattern_.empty() && !fits_pattern(nqn, pattern_)) {
        if (std::ranges::find(similar_, nqn) == similar_.end() &&
            similar_.size() < nvme::DiscoveryLog::kMaxNames) {
            similar_.push_back(nqn);
        }
        return true;
    }
    auto found = std::ranges::find(found_, nqn, &Found::nqn);
    if (found == found_.end() && found_.size() < nvme::DiscoveryLog::kMaxNames) {
        found = found_.insert(found_.end(), Found{nqn, {}});
    }
    if (found == found_.end() || holds(found->portals, portal)) {
        return true;
    }
    if (found->portals.size() == kMaxPortals) {
        return false;
    }
    found->portals.push_back(std::move(portal));
    return true;
}

std::vector<Portal> DiscoveryWalk::next_round() {
    if (++rounds_ > kMaxRounds) {
        if (!waiting_.empty()) {
            warnings_.push_back("discovery: referrals continue after " +
                                std::to_string(kMaxRounds) + " steps, continuing without " +
                                waiting_.front().text());
        }
        return {};
    }
    return std::exchange(waiting_, {});
}

nvme::DiscoveryReading::Filter DiscoveryWalk::filter() const {
    if (pattern_.empty()) {
        return {};
    }
    return [lower = base::to_lower(pattern_)](std::string_view nqn) {
        return fits_pattern(base::to_lower(nqn), lower);
    };
}

void DiscoveryWalk::take(const Portal& service, const nvme::DiscoveryLog& log) {
    ++logs_;
    nvme::DiscoveryLog useless;
    useless.left_out = log.left_out;
    for (const nvme::DiscoveryRecord& record : log.records) {
        auto portal = portal_of(record, service);
        if (!portal) {
            useless.add(std::move(portal).error());
        } else if (record.referral) {
            add_service(std::move(portal).value());
        } else if (!add_portal(record.nqn, std::move(portal).value())) {
            useless.add(DiscoveryLeftOut{std::string(nvme::kTooManyPaths), record.address});
        }
    }
    if (!useless.left_out.empty()) {
        warnings_.push_back("discovery at " + service.text() + ": continuing without " +
                            list_of(useless.left_out));
    }
    for (const DiscoveryLeftOut& row : useless.left_out) {
        rest_.add(row);
    }
    for (const std::string& nqn : log.others) {
        rest_.add_other(nqn);
    }
    rest_.more_others |= log.more_others;
}

void DiscoveryWalk::take(const Portal& service, Failure failure) {
    failure.error = std::move(failure.error).in("discovery at " + service.text());
    failures_.push_back(std::move(failure));
}

Outcome<Target> DiscoveryWalk::conclude(const std::string& hostnqn) const {
    if (logs_ == 0 && !failures_.empty()) {
        return combined(failures_);
    }
    if (found_.size() > 1) {
        std::vector<std::string> names;
        std::ranges::transform(found_, std::back_inserter(names), &Found::nqn);
        return Failure::final(
            ExitCode::kNamespace,
            base::error("discovery found " + std::to_string(names.size()) + " subsystems (" +
                        list_of(names, false) + "); select the root with nvmeroot.subsysnqn"));
    }
    if (found_.empty()) {
        return Failure{ExitCode::kRefused, !failures_.empty(), base::error(why_nothing(hostnqn))};
    }
    Target target;
    target.subsysnqn = found_.front().nqn;
    target.portals = found_.front().portals;
    return target;
}

/// The entries that are listed instead of the root, and the remedy: a host that is not allowed sees
/// nothing at all, so only then is that the remedy.
std::string DiscoveryWalk::why_nothing(const std::string& hostnqn) const {
    std::string text = "discovery lists no subsystem " +
                       (pattern_.empty() ? std::string() : pattern_ + " ") + "for host " + hostnqn;
    if (!similar_.empty()) {
        return text + ", but " + list_of(similar_, false) +
               ", which differs only in letter case; write the name as the target does";
    }
    const bool others = !rest_.others.empty();
    if (others) {
        text += ", only " + list_of(rest_.others, rest_.more_others);
    }
    if (!rest_.left_out.empty()) {
        text += (others ? ", and " : " that is usable, only ") + list_of(rest_.left_out);
    }
    for (const Failure& failure : failures_) {
        text += "; " + failure.error.text;
    }
    if (others) {
        return text +
               "; check nvmeroot.subsysnqn, and that the target lists the subsystem for this host";
    }
    return rest_.left_out.empty() ? text + "; allow this host on the target"
                                  : text + "; see what the target offers over TCP";
}

}  // namespace boot
