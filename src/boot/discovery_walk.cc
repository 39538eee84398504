// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/discovery_walk.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "boot/identity.h"
#include "boot/ip_address.h"
#include "boot/probe_portals.h"
#include "boot/target_choice.h"

namespace boot {
namespace {

/// The place that an entry names, as seen from the service that named it.
base::Result<Portal> portal_of(const nvme::DiscoveryRecord& record, const Portal& service) {
    TRY_VOID(check_kernel_name(record.nqn));
    const auto address = IpAddress::parse(record.address);
    if (!address || address->v6 != record.v6 || !address->is_host_address()) {
        return base::error(base::quoted(record.address) + " is no address of a target");
    }
    const bool same_family = record.v6 == (service.address.find(':') != std::string::npos);
    Portal portal{address->text(),
                  record.port,
                  "discovery at " + place(service),
                  false,
                  same_family ? service.source : std::string(),
                  service.interface};
    if (record.v6 && address->is_link_local()) {
        const size_t zone = service.address.find('%');
        if (zone == std::string::npos) {
            return base::error(address->text() + " is link-local, and the service is not");
        }
        portal.address += service.address.substr(zone);
    }
    return portal;
}

bool holds(const std::vector<Portal>& portals, const Portal& portal) {
    return std::ranges::any_of(portals, [&](const Portal& each) { return each.same_path(portal); });
}

std::string list_of(const std::vector<std::string>& names) {
    constexpr size_t kShown = 4;
    std::string text;
    for (size_t i = 0; i < std::min(names.size(), kShown); ++i) {
        text += (i == 0 ? "" : ", ") + names[i];
    }
    return text + (names.size() > kShown ? ", …" : "");
}

}  // namespace

DiscoveryWalk::DiscoveryWalk(const std::vector<Portal>& services) {
    for (const Portal& service : services) {
        add_service(service);
    }
}

void DiscoveryWalk::add_service(Portal portal) {
    if (holds(seen_, portal)) {
        return;
    }
    if (seen_.size() == kMaxServices) {
        warnings_.push_back("discovery: more than " + std::to_string(kMaxServices) +
                            " services, continuing without " + place(portal));
        return;
    }
    seen_.push_back(portal);
    waiting_.push_back(std::move(portal));
}

void DiscoveryWalk::add_portal(const std::string& nqn, Portal portal) {
    const bool known = std::ranges::any_of(found_, [&](const Found& each) {
        return each.nqn == nqn && each.portal.same_path(portal);
    });
    if (!known && found_.size() < kMaxPortals) {
        found_.push_back({nqn, std::move(portal)});
    }
}

std::vector<Portal> DiscoveryWalk::next_round() {
    if (++rounds_ > kMaxRounds) {
        if (!waiting_.empty()) {
            warnings_.push_back("discovery: referrals lead on after " + std::to_string(kMaxRounds) +
                                " steps, continuing without " + place(waiting_.front()));
        }
        return {};
    }
    return std::exchange(waiting_, {});
}

void DiscoveryWalk::take(const Portal& service, const nvme::DiscoveryRecords& log) {
    ++logs_;
    std::vector<std::string> left_out = log.left_out;
    for (const nvme::DiscoveryRecord& record : log.records) {
        auto portal = portal_of(record, service);
        if (!portal) {
            left_out.push_back(portal.error().text);
        } else if (record.referral) {
            add_service(std::move(portal).value());
        } else {
            add_portal(record.nqn, std::move(portal).value());
        }
    }
    if (!left_out.empty()) {
        warnings_.push_back("discovery at " + place(service) + ": " +
                            std::to_string(left_out.size()) + " entries are of no use (" +
                            left_out.front() + "), continuing without them");
    }
}

void DiscoveryWalk::take(const Portal& service, Failure failure) {
    failure.error = std::move(failure.error).in("discovery at " + place(service));
    failures_.push_back(std::move(failure));
}

Outcome<Target> DiscoveryWalk::conclude(std::string_view pattern,
                                        const std::string& hostnqn) const {
    if (logs_ == 0 && !failures_.empty()) {
        return combined(failures_);
    }
    Target target;
    std::vector<std::string> names;
    std::vector<std::string> others;
    for (const Found& found : found_) {
        const bool fits = pattern.empty() || fits_pattern(found.nqn, pattern);
        std::vector<std::string>& list = fits ? names : others;
        if (std::ranges::find(list, found.nqn) == list.end()) {
            list.push_back(found.nqn);
        }
        if (fits) {
            target.subsysnqn = found.nqn;
            target.portals.push_back(found.portal);
        }
    }
    if (names.size() > 1) {
        return Failure::final(
            ExitCode::kNamespace,
            base::error("discovery found " + std::to_string(names.size()) + " subsystems (" +
                        list_of(names) + ") and the root is one; name it by nvmeroot.subsysnqn"));
    }
    if (names.empty()) {
        const std::string wanted =
            pattern.empty() ? "no subsystem" : "no subsystem " + std::string(pattern);
        return Failure{ExitCode::kRefused, !failures_.empty(),
                       base::error("discovery lists " + wanted + " for host " + hostnqn +
                                   (others.empty() ? "" : ", only " + list_of(others)) +
                                   "; allow this host on the target")};
    }
    return target;
}

}  // namespace boot
