// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/connect/root_controllers.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/fd.h"
#include "base/sysfs.h"
#include "base/text.h"
#include "boot/dhcp/ip_address.h"

namespace boot {
namespace {

using base::SysPaths;

constexpr const char* kOwner = "nvmeroot";

std::string controller_folder(const SysPaths& sys, const std::string& controller) {
    return sys.sys + "/class/nvme/" + controller;
}

std::string registry_folder(const SysPaths& sys) {
    return sys.run + "/nvme/registry";
}

/// One way to write an address, with its zone.
std::string normal(std::string_view address) {
    const size_t zone = address.find('%');
    const auto parsed = IpAddress::parse(address.substr(0, zone));
    std::string text = parsed ? parsed->text() : std::string(address.substr(0, zone));
    return zone == std::string_view::npos ? text : text + std::string(address.substr(zone));
}

/// `traddr=192.0.2.1,trsvcid=4420,src_addr=192.0.2.9`
std::string field(std::string_view attributes, std::string_view name) {
    for (const std::string_view part : base::split(attributes, ',')) {
        if (part.starts_with(name) && part.substr(name.size()).starts_with('=')) {
            return std::string(part.substr(name.size() + 1));
        }
    }
    return {};
}

}  // namespace

bool is_connected(const Portal& portal, const std::vector<std::string>& controllers,
                  const SysPaths& sys) {
    return std::ranges::any_of(controllers, [&](const std::string& controller) {
        const std::string address =
            attribute(controller_folder(sys, controller) + "/address").value_or("");
        return normal(field(address, "traddr")) == normal(portal.address) &&
               field(address, "trsvcid") == std::to_string(portal.port) &&
               normal(field(address, "host_traddr")) == normal(portal.source) &&
               field(address, "host_iface") == portal.interface;
    });
}

bool is_live(const std::string& controller, const SysPaths& sys) {
    return attribute(controller_folder(sys, controller) + "/state") == "live";
}

base::Status set_times(const std::string& controller, const ConnectOptions& options,
                       const SysPaths& sys) {
    // The kernel counts reconnects, as many as fit: the delay goes first.
    const std::pair<const char*, base::seconds> times[] = {
        {"reconnect_delay", options.reconnect_delay},
        {"ctrl_loss_tmo", options.ctrl_loss_tmo},
        {"fast_io_fail_tmo", options.fast_io_fail_tmo},
    };
    for (const auto& [name, time] : times) {
        TRY_VOID(base::write_text(controller_folder(sys, controller) + "/" + name,
                                  std::to_string(time.count())));
    }
    return base::done();
}

base::Status set_io_policy(const std::string& subsysnqn, const std::string& policy,
                           const SysPaths& sys) {
    const std::string folder = sys.sys + "/class/nvme-subsystem";
    for (const std::string& name : list_folder(folder)) {
        const std::string subsystem = folder + "/" + name;
        if (!policy.empty() && attribute(subsystem + "/subsysnqn") == subsysnqn) {
            TRY_VOID(base::write_text(subsystem + "/iopolicy", policy));
        }
    }
    return base::done();
}

base::Status take_secrets(const std::string& controller, AuthPlan& auth, const SysPaths& sys) {
    const std::pair<const char*, base::Secret*> secrets[] = {
        {"dhchap_secret", auth.mode != Auth::kOff ? &auth.host_secret : nullptr},
        {"dhchap_ctrl_secret", auth.mode == Auth::kMutual ? &auth.ctrl_secret : nullptr},
    };
    for (const auto& [name, secret] : secrets) {
        if (secret == nullptr) {
            continue;
        }
        const std::string path = controller_folder(sys, controller) + "/" + name;
        auto text = attribute(path);
        const bool usable = text && text->starts_with("DHHC-1:");
        if (usable) {
            *secret = base::Secret(*text);
        }
        if (text) {
            base::wipe(text->data(), text->size());
        }
        if (!usable) {
            return base::error(path + ": the kernel shows no secret");
        }
    }
    return base::done();
}

base::Status take_any_secrets(const std::vector<std::string>& controllers, AuthPlan& auth,
                              const SysPaths& sys) {
    base::Status taken = base::error("no controller is there");
    for (const std::string& controller : controllers) {
        taken = take_secrets(controller, auth, sys);
        if (taken) {
            break;
        }
    }
    return taken;
}

base::Status register_owner(const std::string& controller, const SysPaths& sys) {
    const std::string folder = registry_folder(sys) + "/" + controller;
    TRY_VOID(base::write_text_atomically(folder + "/owner", std::string(kOwner) + "\n", 0644));
    return base::write_text_atomically(
        folder + "/seqnum", attribute(sys.sys + "/kernel/uevent_seqnum").value_or("") + "\n", 0644);
}

std::vector<std::string> owned_controllers(const SysPaths& sys) {
    std::vector<std::string> names = list_folder(registry_folder(sys));
    std::erase_if(names, [&](const std::string& name) {
        return attribute(registry_folder(sys) + "/" + name + "/owner") != kOwner ||
               ::access(controller_folder(sys, name).c_str(), F_OK) != 0;
    });
    return names;
}

}  // namespace boot
