// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/network_handover.h"

#include <algorithm>

#include "base/fd.h"
#include "base/text.h"
#include "boot/dhcp/dhcp6_message.h"

namespace boot {
namespace {

/// How the real root's manager is to get an interface's addresses of one family.
enum class Way { kNone, kGiven, kDhcp, kRouter, kLinkLocal };

struct Ways {
    Way v4 = Way::kNone;
    Way v6 = Way::kNone;
};

Ways ways_of(const Interface& interface) {
    Ways ways;
    for (const Subnet& subnet : interface.addresses) {
        if (!subnet.address.v6) {
            ways.v4 = Way::kGiven;
        } else if (!subnet.address.is_link_local()) {
            ways.v6 = Way::kGiven;
        } else if (ways.v6 == Way::kNone) {
            ways.v6 = Way::kLinkLocal;
        }
    }
    ways.v4 = interface.lease || interface.dhcp_pending ? Way::kDhcp : ways.v4;
    if (interface.router_given) {
        ways.v6 = interface.dhcp6 && interface.dhcp6->lease ? Way::kDhcp : Way::kRouter;
    }
    return ways;
}

bool is_given(const Subnet& subnet, const Ways& ways) {
    const Way way = subnet.address.v6 ? ways.v6 : ways.v4;
    return way == Way::kGiven && !(subnet.address.v6 && subnet.address.is_link_local());
}

bool is_given(const Route& route, const Ways& ways) {
    return (route.destination.address.v6 ? ways.v6 : ways.v4) == Way::kGiven;
}

const char* yes(bool value) {
    return value ? "yes" : "no";
}

// --- systemd-networkd ----------------------------------------------------------------------------

std::string networkd_match(const Interface& interface) {
    if (interface.made) {
        return "[Match]\nName=" + interface.name + "\n";
    }
    // Its name in the real root may be another one.
    const char* key = interface.permanent_mac ? "PermanentMACAddress=" : "MACAddress=";
    return std::string("[Match]\n") + key + interface.permanent_mac.value_or(interface.mac).text() +
           "\nType=ether\nKind=!*\n";
}

std::string networkd_file(const Interface& interface) {
    const Ways ways = ways_of(interface);
    const bool v4 = ways.v4 == Way::kDhcp;
    const bool v6 = ways.v6 == Way::kDhcp;
    std::string text =
        "# Written by nvmeroot: this interface connects the root disk. A file of the same name in\n"
        "# /etc/systemd/network overrides this one.\n" +
        networkd_match(interface) + "\n[Link]\nRequiredForOnline=no\n";
    if (interface.mtu_given) {
        text += "MTUBytes=" + std::to_string(interface.mtu) + "\n";
    }
    text +=
        "\n[Network]\nKeepConfiguration=yes\nConfigureWithoutCarrier=yes\nIgnoreCarrierLoss=yes\n";
    text += std::string("DHCP=") + (v4 && v6 ? "yes" : v4 ? "ipv4" : v6 ? "ipv6" : "no") + "\n";
    text += std::string("IPv6AcceptRA=") + yes(interface.router_given) + "\n";
    for (const Subnet& subnet : interface.addresses) {
        if (is_given(subnet, ways)) {
            text += "Address=" + subnet.text() + "\n";
        }
    }
    for (const IpAddress& server : interface.dns) {
        text += "DNS=" + server.text() + "\n";
    }
    for (const Route& route : interface.routes) {
        if (is_given(route, ways)) {
            text += "\n[Route]\nDestination=" + route.destination.text() + "\n";
            text += route.gateway ? "Gateway=" + route.gateway->text() + "\nGatewayOnLink=yes\n"
                                  : std::string("Scope=link\n");
        }
    }
    if (v4) {
        text += "\n[DHCPv4]\nClientIdentifier=mac\nSendRelease=no\n";
    }
    if (v6) {
        text += "\n[DHCPv6]\nDUIDType=link-layer\nIAID=" +
                std::to_string(dhcp6_identity(interface.mac).iaid) + "\nSendRelease=no\n";
    }
    return text;
}

// --- NetworkManager ------------------------------------------------------------------------------

/// A UUID that is the same at each boot of this interface, and another interface's is not.
std::string connection_uuid(const Interface& interface) {
    std::string digits = base::to_hex(interface.permanent_mac.value_or(interface.mac).bytes());
    return "6e766d65-726f-4f74-8000-" + digits;
}

const char* method_name(Way way, bool v6) {
    switch (way) {
        case Way::kNone:
            return v6 ? "ignore" : "disabled";
        case Way::kGiven:
            return "manual";
        case Way::kDhcp:
        case Way::kRouter:
            return "auto";
        case Way::kLinkLocal:
            break;
    }
    return "link-local";
}

std::string nm_family(const Interface& interface, bool v6) {
    const Ways ways = ways_of(interface);
    const Way way = v6 ? ways.v6 : ways.v4;
    std::string text = v6 ? "\n[ipv6]\n" : "\n[ipv4]\n";
    text += std::string("method=") + method_name(way, v6) + "\nmay-fail=yes\n";
    if (way == Way::kDhcp) {
        text += v6 ? "dhcp-duid=ll\ndhcp-iaid=mac\n" : "dhcp-client-id=mac\n";
    }
    unsigned number = 0;
    for (const Subnet& subnet : interface.addresses) {
        if (subnet.address.v6 == v6 && is_given(subnet, ways)) {
            text += base::format("address%u=", ++number) + subnet.text() + "\n";
        }
    }
    number = 0;
    for (const Route& route : interface.routes) {
        if (route.destination.address.v6 == v6 && is_given(route, ways)) {
            text += base::format("route%u=", ++number) + route.destination.text() +
                    (route.gateway ? "," + route.gateway->text() : "") + "\n";
        }
    }
    std::string servers;
    for (const IpAddress& server : interface.dns) {
        servers += server.v6 == v6 ? server.text() + ";" : "";
    }
    return servers.empty() || way == Way::kNone ? text : text + "dns=" + servers + "\n";
}

std::string nm_file(const Interface& interface) {
    std::string text =
        "# Written by nvmeroot: this interface connects the root disk.\n"
        "[connection]\nid=nvmeroot-" +
        interface.name + "\nuuid=" + connection_uuid(interface) +
        "\ntype=ethernet\nautoconnect-priority=100\n" +
        (interface.permanent_mac ? "" : "interface-name=" + interface.name + "\n") +
        "\n[ethernet]\n";
    if (interface.permanent_mac) {
        text += "mac-address=" + interface.permanent_mac->text() + "\n";
    }
    if (interface.mtu_given) {
        text += "mtu=" + std::to_string(interface.mtu) + "\n";
    }
    return text + nm_family(interface, false) + nm_family(interface, true);
}

/// NetworkManager's own note of what it had running when it ended: with the note, it takes the
/// existing configuration as that of this profile, and continues with it; without the note, as
/// foreign.
std::string nm_device_file(const Interface& interface) {
    return "[device]\nmanaged=true\nconnection-uuid=" + connection_uuid(interface) + "\n";
}

// --- klibc ---------------------------------------------------------------------------------------

/// The file is sourced by shells: a value that could mean more than itself is left out.
std::string klibc_line(const char* key, const std::string& value) {
    const bool plain = std::ranges::all_of(value, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("-._:/+,%").find(c) != std::string_view::npos;
    });
    return std::string(key) + "='" + (plain ? value : std::string()) + "'\n";
}

std::string netmask(uint8_t prefix_length) {
    const uint64_t ones = 0xFFFFFFFFULL << (32U - prefix_length);
    return IpAddress::from_v4(static_cast<uint32_t>(ones)).text();
}

std::string default_gateway(const Interface& interface, bool v6) {
    for (const Route& route : interface.routes) {
        if (route.destination.prefix_length == 0 && route.gateway && route.gateway->v6 == v6) {
            return route.gateway->text();
        }
    }
    return {};
}

std::string klibc_file(const Interface& interface) {
    std::string text = klibc_line("DEVICE", interface.name);
    text += klibc_line("PROTO", interface.lease ? "dhcp" : "none");
    const auto v4 = std::ranges::find_if(interface.addresses,
                                         [](const Subnet& each) { return !each.address.v6; });
    if (v4 != interface.addresses.end()) {
        const auto broadcast = v4->broadcast();
        text += klibc_line("IPV4ADDR", v4->address.text());
        text += klibc_line("IPV4BROADCAST", broadcast ? broadcast->text() : "");
        text += klibc_line("IPV4NETMASK", netmask(v4->prefix_length));
        text += klibc_line("IPV4GATEWAY", default_gateway(interface, false));
    }
    constexpr const char* kServers[] = {"IPV4DNS0", "IPV4DNS1"};
    size_t number = 0;
    for (const IpAddress& server : interface.dns) {
        if (!server.v6 && number < std::size(kServers)) {
            text += klibc_line(kServers[number++], server.text());
        }
    }
    if (interface.lease) {
        text += klibc_line("HOSTNAME", interface.lease->hostname);
        text += klibc_line("DNSDOMAIN", interface.lease->domain);
        text += klibc_line("ROOTSERVER", interface.lease->server.text());
        text += klibc_line("ROOTPATH", interface.lease->root_path);
        text += klibc_line("DHCPLEASETIME", std::to_string(interface.lease->duration.count()));
    }
    return text;
}

// --- all -----------------------------------------------------------------------------------------

std::string resolv_conf(const Network& network) {
    std::string text;
    for (const Interface& interface : network.interfaces) {
        if (interface.lease && !interface.lease->domain.empty()) {
            text += "search " + interface.lease->domain + "\n";
        }
        for (const IpAddress& server : interface.dns) {
            text += "nameserver " + server.text() + "\n";
        }
    }
    return text;
}

}  // namespace

std::vector<HandoverFile> network_files(const Network& network) {
    std::vector<HandoverFile> files;
    std::string unmanaged;
    for (const Interface& interface : network.interfaces) {
        files.push_back({"/systemd/network/05-nvmeroot-" + interface.name + ".network",
                         networkd_file(interface)});
        files.push_back({"/net-" + interface.name + ".conf", klibc_file(interface)});
        if (interface.made) {
            // NetworkManager would recreate a device of a profile; it leaves alone what it does
            // not manage.
            unmanaged += "interface-name:" + interface.name + ";";
        } else {
            files.push_back(
                {"/NetworkManager/system-connections/nvmeroot-" + interface.name + ".nmconnection",
                 nm_file(interface), 0600});
            files.push_back({"/NetworkManager/devices/" + std::to_string(interface.index),
                             nm_device_file(interface)});
        }
    }
    if (!unmanaged.empty()) {
        files.push_back({"/NetworkManager/conf.d/nvmeroot.conf",
                         "# Written by nvmeroot: these interfaces connect the root disk.\n"
                         "[keyfile]\nunmanaged-devices=" +
                             unmanaged + "\n"});
    }
    files.push_back({"/nvmeroot/resolv.conf", resolv_conf(network)});
    return files;
}

base::Status write_network_files(const Network& network, const base::SysPaths& sys) {
    for (const HandoverFile& file : network_files(network)) {
        TRY_VOID(base::write_text_atomically(sys.run + file.path, file.text, file.mode));
    }
    return base::done();
}

}  // namespace boot
