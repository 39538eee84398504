// SPDX-License-Identifier: GPL-2.0-or-later
//
// The admin commands, in three files: Identify, Get Log Page, features. Each has a table of what it
// knows; the discovery controller uses the same commands with fewer rows.
#pragma once

#include <string>
#include <string_view>

#include "nvme/fabrics.h"
#include "nvme/log_pages.h"
#include "target/controller/ana.h"
#include "target/queue/request.h"

namespace target {

class Target;
struct Limits;

Checked check_identify(const Request& request);
void identify(Request& request);

Checked check_get_log_page(const Request& request);
void get_log_page(Request& request);

Checked check_set_features(const Request& request);
void set_features(Request& request);
Checked check_get_features(const Request& request);
void get_features(Request& request);

void keep_async_event(Request& request);
void keep_alive(Request& request);

/// Granularity of the keep-alive timer.
constexpr uint32_t kKeepAliveUnitMs = 1000;
/// A keep-alive timeout as a host gives it, rounded up to whole units.
uint32_t whole_keep_alive_units(uint32_t ms);

/// A feature, and whether it is of one namespace, and known to discovery controllers.
struct FeatureScope {
    nvme::Feature feature{};
    bool of_namespace = false;
    bool in_discovery = false;
};
std::span<const FeatureScope> feature_scopes();

/// The discovery log page as this host may see it, over the connection it asks on: its size, and
/// its part from `offset` on, behind its end zeros.
uint64_t discovery_log_bytes(const Request& request);
void read_discovery_log(const Request& request, uint64_t offset, base::MutableBytes out);
/// Its other abilities: the parameter of its entry in the Supported Log Pages page.
constexpr uint16_t kDiscoveryParameters =
    nvme::DiscoveryHeader::kExtendedEntries | nvme::DiscoveryHeader::kPortLocal;

/// Bytes of an ANA log page before its NSIDs, if every group is there.
constexpr size_t kLargestAnaHead =
    sizeof(nvme::AnaHeader) + AnaGroups::kMaxGroup * sizeof(nvme::AnaGroupDescriptor);
/// MNAN, as long as there are not more already.
uint32_t namespace_limit(const Limits& limits);

constexpr std::string_view kFirmwareRevision = "1";

}  // namespace target
