// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/plan/templates.h"

#include <algorithm>
#include <utility>

#include "base/sysfs.h"
#include "base/text.h"
#include "boot/plan/identity.h"
#include "nvme/nqn.h"

namespace boot {
namespace {

bool fits(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_';
}

std::string fitted(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return !fits(c); }, '-');
    return text;
}

/// The value for what stands between the braces.
base::Result<std::string> value_of(std::string_view name, const MachineNames& names) {
    const std::pair<std::string_view, const std::string*> known[] = {
        {"uuid", &names.uuid},
        {"serial", &names.serial},
        {"mac", &names.mac},
        {"hostname", &names.hostname},
    };
    for (const auto& [word, value] : known) {
        if (word == name && value->empty()) {
            return base::error("${" + std::string(name) + "}: this machine has none");
        }
        if (word == name) {
            return fitted(*value);
        }
    }
    return base::error("${" + std::string(name) +
                       "}: only uuid, serial, mac and hostname can be filled in");
}

base::Result<std::string> filled_nqn(const std::string& text, const MachineNames& names) {
    TRY(std::string nqn, fill_in(text, names));
    TRY_VOID(nvme::check_name(nqn));
    TRY_VOID(check_kernel_name(nqn));
    return nqn;
}

}  // namespace

MachineNames machine_names(const Network& network, const NetworkPlan& plan,
                           const base::SysPaths& sys) {
    MachineNames names;
    if (const auto uuid = machine_uuid(sys)) {
        names.uuid = nvme::to_text(*uuid);
    }
    names.serial = attribute(sys.sys + "/class/dmi/id/product_serial").value_or("");
    if (!network.interfaces.empty()) {
        names.mac = fitted(network.interfaces.front().mac.text());
    }
    for (const Interface& interface : network.interfaces) {
        if (names.hostname.empty() && interface.lease) {
            names.hostname = interface.lease->hostname;
        }
    }
    for (const InterfacePlan& interface : plan.interfaces) {
        if (names.hostname.empty()) {
            names.hostname = interface.hostname;
        }
    }
    return names;
}

base::Result<std::string> fill_in(std::string_view text, const MachineNames& names) {
    std::string filled;
    for (;;) {
        const size_t begin = text.find("${");
        filled += text.substr(0, begin);
        if (begin == std::string_view::npos) {
            return filled;
        }
        const size_t end = text.find('}', begin);
        if (end == std::string_view::npos) {
            return base::error(base::quoted(text) + ": the brace is not closed");
        }
        TRY(const std::string value, value_of(text.substr(begin + 2, end - begin - 2), names));
        filled += value;
        text.remove_prefix(end + 1);
    }
}

Outcome<Destination> fill_in_names(const MachineNames& names, const BootPlan& plan, Target target) {
    Destination destination{plan.host, std::move(target), {}};
    TRY(destination.host.nqn, staged(ExitCode::kConfig, filled_nqn(plan.host.nqn, names)));
    std::string& subsysnqn = destination.target.subsysnqn;
    if (!subsysnqn.empty()) {
        TRY(subsysnqn, staged(ExitCode::kConfig, filled_nqn(subsysnqn, names)));
    }
    TRY(destination.subsystems, staged(ExitCode::kConfig, fill_in(plan.subsystems, names)));
    return destination;
}

}  // namespace boot
