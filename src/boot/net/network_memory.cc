// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/network_memory.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/sysfs.h"
#include "base/text.h"
#include "boot/dhcp/dhcp_message.h"

namespace boot {
namespace {

constexpr const char* kDirectory = "/nvmeroot/network";

std::optional<Lease> read_lease(std::string_view hex) {
    auto bytes = base::from_hex(hex);
    const auto message = bytes ? parse_dhcp(*bytes) : bytes.error();
    auto lease = message ? lease_of(*message) : message.error();
    if (!lease) {
        return std::nullopt;
    }
    lease->message = std::move(bytes).value();
    return std::move(lease).value();
}

/// A line that cannot be read is as good as none.
void read_line(std::string_view key, std::string_view value, Interface& note) {
    if (key == "LEASE") {
        note.lease = read_lease(value);
    } else if (key == "GRANTED" && note.lease) {
        const auto time = base::parse_u64(value, INT64_MAX / 1'000'000);
        note.lease->granted = base::TimePoint(base::milliseconds(time ? *time : 0));
    } else if (key == "ROUTER") {
        note.router_given = true;
    } else if (const auto address = Subnet::parse(value); !address) {
        return;
    } else if (key == "ADDRESS") {
        note.addresses.push_back(*address);
    } else if (key == "DNS") {
        note.dns.push_back(address->address);
    } else if (key == "DHCP6") {
        note.dhcp6.emplace().lease = Lease6{.address = address->address};
    }
}

/// One note for each interface, as far as it goes.
std::vector<Interface> read_notes(const base::SysPaths& sys) {
    std::vector<Interface> notes;
    for (const std::string& name : list_folder(sys.run + kDirectory)) {
        const auto text = base::read_text(sys.run + kDirectory + "/" + name);
        if (!text) {
            continue;
        }
        Interface& note = notes.emplace_back();
        for (const std::string_view line : base::split(*text, '\n')) {
            const size_t equals = std::min(line.find('='), line.size());
            read_line(line.substr(0, equals), line.substr(std::min(equals + 1, line.size())), note);
        }
    }
    return notes;
}

std::string text_of(const Interface& interface) {
    std::string text;
    for (const Subnet& address : interface.addresses) {
        if (!address.address.is_link_local()) {  // another interface may have the same
            text += "ADDRESS=" + address.text() + "\n";
        }
    }
    for (const IpAddress& server : interface.dns) {
        text += "DNS=" + server.text() + "\n";
    }
    if (interface.lease) {
        const auto since = std::chrono::duration_cast<base::milliseconds>(
            interface.lease->granted.time_since_epoch());
        text += "LEASE=" + base::to_hex(interface.lease->message) + "\n";
        text += "GRANTED=" + std::to_string(since.count()) + "\n";
    }
    if (interface.router_given) {
        text += "ROUTER=yes\n";
    }
    if (interface.dhcp6 && interface.dhcp6->lease) {
        text += "DHCP6=" + interface.dhcp6->lease->address.text() + "\n";
    }
    return text;
}

bool has(const Interface& interface, const IpAddress& address) {
    return std::ranges::any_of(interface.addresses,
                               [&](const Subnet& subnet) { return subnet.address == address; });
}

bool is_about(const Interface& note, const Interface& interface) {
    return std::ranges::any_of(
        note.addresses, [&](const Subnet& subnet) { return has(interface, subnet.address); });
}

void recall_one(Interface& note, Interface& interface) {
    if (!interface.lease && note.lease && has(interface, note.lease->address.address)) {
        interface.lease = std::move(note.lease);
        interface.mtu_given = interface.mtu_given || interface.lease->mtu.has_value();
    }
    interface.router_given = interface.router_given || note.router_given;
    if (!interface.dhcp6 && note.dhcp6 && has(interface, note.dhcp6->lease->address)) {
        interface.dhcp6 = std::move(note.dhcp6);
    }
    for (const IpAddress& server : note.dns) {
        if (std::ranges::find(interface.dns, server) == interface.dns.end()) {
            interface.dns.push_back(server);
        }
    }
}

}  // namespace

base::Status remember(const Network& network, const base::SysPaths& sys) {
    for (const Interface& interface : network.interfaces) {
        TRY_VOID(base::write_text_atomically(sys.run + kDirectory + "/" + interface.name,
                                             text_of(interface), 0644));
    }
    return base::done();
}

void recall(Network& network, const base::SysPaths& sys) {
    for (Interface& note : read_notes(sys)) {
        for (Interface& interface : network.interfaces) {
            if (is_about(note, interface)) {
                recall_one(note, interface);
            }
        }
    }
}

std::vector<Subnet> ended_leases(const base::SysPaths& sys, base::TimePoint now) {
    std::vector<Subnet> ended;
    for (const Interface& note : read_notes(sys)) {
        if (note.lease && now - note.lease->granted >= note.lease->duration) {
            ended.push_back(note.lease->address);
        }
    }
    return ended;
}

}  // namespace boot
