// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/bond_options.h"

#include <linux/if_link.h>
#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "base/text.h"
#include "boot/dhcp/ip_address.h"

namespace boot {
namespace {

using Words = std::string_view;

/// The words for the numbers from 0 on, separated by spaces.
constexpr Words kModes =
    "balance-rr active-backup balance-xor broadcast 802.3ad balance-tlb balance-alb";
constexpr Words kHashPolicies = "layer2 layer3+4 layer2+3 encap2+3 encap3+4 vlan+srcmac";
constexpr Words kArpValidate = "none active backup all filter filter_active filter_backup";
constexpr Words kNumber = "";

enum class Width : uint8_t { k8, k16, k32, kAddresses };

struct Row {
    std::string_view name;
    uint16_t attribute;
    Width width;
    Words words;
};
constexpr std::array kRows = {
    Row{"mode", IFLA_BOND_MODE, Width::k8, kModes},
    Row{"miimon", IFLA_BOND_MIIMON, Width::k32, kNumber},
    Row{"updelay", IFLA_BOND_UPDELAY, Width::k32, kNumber},
    Row{"downdelay", IFLA_BOND_DOWNDELAY, Width::k32, kNumber},
    Row{"peer_notif_delay", IFLA_BOND_PEER_NOTIF_DELAY, Width::k32, kNumber},
    Row{"use_carrier", IFLA_BOND_USE_CARRIER, Width::k8, kNumber},
    Row{"arp_interval", IFLA_BOND_ARP_INTERVAL, Width::k32, kNumber},
    Row{"arp_ip_target", IFLA_BOND_ARP_IP_TARGET, Width::kAddresses, kNumber},
    Row{"arp_validate", IFLA_BOND_ARP_VALIDATE, Width::k32, kArpValidate},
    Row{"arp_all_targets", IFLA_BOND_ARP_ALL_TARGETS, Width::k32, "any all"},
    Row{"primary_reselect", IFLA_BOND_PRIMARY_RESELECT, Width::k8, "always better failure"},
    Row{"fail_over_mac", IFLA_BOND_FAIL_OVER_MAC, Width::k8, "none active follow"},
    Row{"xmit_hash_policy", IFLA_BOND_XMIT_HASH_POLICY, Width::k8, kHashPolicies},
    Row{"resend_igmp", IFLA_BOND_RESEND_IGMP, Width::k32, kNumber},
    Row{"num_grat_arp", IFLA_BOND_NUM_PEER_NOTIF, Width::k8, kNumber},
    Row{"num_unsol_na", IFLA_BOND_NUM_PEER_NOTIF, Width::k8, kNumber},
    Row{"all_slaves_active", IFLA_BOND_ALL_SLAVES_ACTIVE, Width::k8, kNumber},
    Row{"min_links", IFLA_BOND_MIN_LINKS, Width::k32, kNumber},
    Row{"lp_interval", IFLA_BOND_LP_INTERVAL, Width::k32, kNumber},
    Row{"packets_per_slave", IFLA_BOND_PACKETS_PER_SLAVE, Width::k32, kNumber},
    Row{"lacp_rate", IFLA_BOND_AD_LACP_RATE, Width::k8, "slow fast"},
    Row{"ad_select", IFLA_BOND_AD_SELECT, Width::k8, "stable bandwidth count"},
    Row{"ad_actor_sys_prio", IFLA_BOND_AD_ACTOR_SYS_PRIO, Width::k16, kNumber},
    Row{"ad_user_port_key", IFLA_BOND_AD_USER_PORT_KEY, Width::k16, kNumber},
    Row{"tlb_dynamic_lb", IFLA_BOND_TLB_DYNAMIC_LB, Width::k8, kNumber},
};

template <class T>
base::Bytes native_bytes(uint64_t value) {
    const T narrow = static_cast<T>(value);
    const base::ByteView view = std::as_bytes(std::span(&narrow, 1));
    return {view.begin(), view.end()};
}

/// Addresses between semicolons or commas, each an attribute named by its position.
base::Result<base::Bytes> parse_addresses(std::string_view text) {
    constexpr size_t kMost = 16;  // BOND_MAX_ARP_TARGETS
    base::Bytes list;
    uint16_t index = 0;
    for (const std::string_view part : base::split(text, ';')) {
        TRY(const IpAddress address, IpAddress::parse(part));
        if (address.v6 || index == kMost) {
            return base::error("needs at most 16 addresses, all of them IPv4");
        }
        const nlattr header{static_cast<uint16_t>(sizeof(nlattr) + address.bytes().size()),
                            index++};
        base::Writer(list)
            .put_bytes(std::as_bytes(std::span(&header, 1)))
            .put_bytes(address.bytes());
    }
    return list;
}

base::Result<uint64_t> parse_number(const Row& row, std::string_view value) {
    const std::vector<std::string_view> words = base::split_words(row.words);
    if (const auto word = std::ranges::find(words, value); word != words.end()) {
        return static_cast<uint64_t>(word - words.begin());
    }
    constexpr uint64_t kMost[] = {std::numeric_limits<uint8_t>::max(),
                                  std::numeric_limits<uint16_t>::max(),
                                  std::numeric_limits<int32_t>::max()};
    const uint64_t most = words.empty() ? kMost[static_cast<size_t>(row.width)] : words.size() - 1;
    const auto number = base::parse_u64(value, most);
    if (!number) {
        return base::error(base::quoted(value) + " is " +
                           (words.empty() ? "not a number in the valid range"
                                          : "not one of: " + std::string(row.words)));
    }
    return number;
}

}  // namespace

bool is_bond_option(std::string_view name) {
    return std::ranges::find(kRows, name, &Row::name) != kRows.end();
}

base::Result<BondOption> parse_bond_option(std::string_view name, std::string_view value) {
    const auto* row = std::ranges::find(kRows, name, &Row::name);
    if (row == kRows.end()) {
        return base::error("unknown bond option: " + base::quoted(name));
    }
    BondOption option{row->attribute, {}};
    if (row->width == Width::kAddresses) {
        auto addresses = parse_addresses(value);
        if (!addresses) {
            return addresses.error().in(name);
        }
        option.value = std::move(*addresses);
        return option;
    }
    const auto number = parse_number(*row, value);
    if (!number) {
        return number.error().in(name);
    }
    option.value = row->width == Width::k8    ? native_bytes<uint8_t>(*number)
                   : row->width == Width::k16 ? native_bytes<uint16_t>(*number)
                                              : native_bytes<uint32_t>(*number);
    return option;
}

}  // namespace boot
