// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/word_hints.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "boot/net/ip_options.h"
#include "boot/net/network_options.h"

namespace boot {
namespace {

constexpr std::string_view kDhcpForm = "ip=INTERFACE:dhcp";

struct Hint {
    std::string_view word;
    std::string_view form;
};
constexpr std::array kHints = {
    Hint{"netmask", kStaticForm},
    Hint{"mask", kStaticForm},
    Hint{"subnetmask", kStaticForm},
    Hint{"gateway", kStaticForm},
    Hint{"gatewayip", kStaticForm},
    Hint{"gw", kStaticForm},
    Hint{"ipaddr", kStaticForm},
    Hint{"ipaddress", kStaticForm},
    Hint{"ip_addr", kStaticForm},
    Hint{"ip4", kStaticForm},
    Hint{"ip6", kStaticForm},
    Hint{"ipv4", kStaticForm},
    Hint{"ipv6", kStaticForm},
    Hint{"serverip", kStaticForm},
    Hint{"dhcp", kDhcpForm},
    Hint{"iface", kDhcpForm},
    Hint{"interface", kDhcpForm},
    Hint{"netif", kDhcpForm},
    Hint{"nic", kDhcpForm},
    Hint{"ksdevice", kDhcpForm},
    Hint{"dns", "nameserver=ADDRESS"},
    Hint{"dns1", "nameserver=ADDRESS"},
    Hint{"dns2", "nameserver=ADDRESS"},
    Hint{"dnsserver", "nameserver=ADDRESS"},
    Hint{"nameservers", "nameserver=ADDRESS"},
    Hint{"name-server", "nameserver=ADDRESS"},
    Hint{"route", "rd.route=DESTINATION:GATEWAY"},
    Hint{"mtu", "nvmeroot.mtu=BYTES"},
    Hint{"mac", "BOOTIF=MAC"},
    Hint{"macaddr", "BOOTIF=MAC"},
    Hint{"hwaddr", "BOOTIF=MAC"},
    Hint{"vlanid", "vlan=NAME:INTERFACE"},
    Hint{"vlan_id", "vlan=NAME:INTERFACE"},
};

/// A word of the network in other letter case, or with rd. in front where it has none, or without.
std::string_view respelt(std::string_view word) {
    constexpr std::string_view kPrefix = "rd.";
    const std::string_view bare = word.starts_with(kPrefix) ? word.substr(kPrefix.size()) : word;
    for (const std::string_view known : network_words()) {
        const std::string_view plain =
            known.starts_with(kPrefix) ? known.substr(kPrefix.size()) : known;
        if (base::equal_ignoring_case(bare, plain)) {
            return known;
        }
    }
    return {};
}

}  // namespace

std::string network_hint(std::string_view word) {
    const auto* row = std::ranges::find_if(
        kHints, [&](const Hint& hint) { return base::equal_ignoring_case(hint.word, word); });
    if (row != kHints.end()) {
        return std::string(row->form);
    }
    const std::string_view known = respelt(word);
    return known.empty() ? std::string() : std::string(known) + "=";
}

}  // namespace boot
