// SPDX-License-Identifier: GPL-2.0-or-later
// Any text as the network words of a kernel command line, a word on each line. A word that is
// refused must leave no trace in the plan; one that is taken must be fit for use.
#include <cstdint>
#include <cstdlib>

#include "base/text.h"
#include "boot/net/address_settings.h"
#include "boot/net/network_options.h"

namespace {

size_t entries(const boot::NetworkPlan& plan) {
    return plan.interfaces.size() + plan.routes.size() + plan.dns.size() + plan.devices.size() +
           plan.names.size();
}

void check(const boot::DevicePlan& plan) {
    const bool vlan = plan.kind == boot::DevicePlan::Kind::kVlan;
    const bool numbered = plan.vlan_id > 0 && plan.vlan_id < 4095;
    if (plan.name.empty() || plan.name.size() > 15 || plan.ports.empty() || vlan != numbered ||
        (vlan && plan.ports.size() != 1)) {
        abort();
    }
}

void check(const boot::InterfacePlan& plan) {
    const boot::AddressSettings settings = boot::settings_of(plan);
    if (plan.name.size() > 15 || plan.name.find('/') != std::string::npos) {
        abort();
    }
    if (settings.address && settings.address->prefix_length > settings.address->address.bits()) {
        abort();
    }
    if (plan.gateway && plan.address && plan.gateway->v6 != plan.address->address.v6) {
        abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    boot::NetworkPlan plan;
    for (const std::string_view word : base::split(text, '\n')) {
        const size_t equals = word.find('=');
        const std::string_view key = word.substr(0, equals);
        if (equals == std::string_view::npos || !boot::is_network_option(key)) {
            continue;
        }
        const size_t before = entries(plan);
        if (!boot::apply_network_option(plan, key, word.substr(equals + 1)) &&
            entries(plan) != before) {
            abort();
        }
    }
    for (const boot::InterfacePlan& one : boot::interface_plans(plan)) {
        check(one);
    }
    for (const boot::DevicePlan& device : plan.devices) {
        check(device);
    }
    return 0;
}
