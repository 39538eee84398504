// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/root_path.h"

#include <string>

#include "base/text.h"
#include "boot/sources/target_choice.h"

namespace boot {
namespace {

/// Whether a root path is in the form of another protocol: iscsi:…, nfs:…, 192.0.2.1:/srv, /srv.
bool is_of_others(std::string_view root_path) {
    const std::string_view scheme = root_path.substr(0, root_path.find(':'));
    return root_path.starts_with('/') ||
           (scheme.size() < root_path.size() && !base::to_lower(scheme).starts_with("nvme"));
}

}  // namespace

Outcome<Target> target_of_root_path(std::string_view root_path, const BootPlan& plan) {
    const auto config = [](base::Error error) {
        return Failure::of(ExitCode::kConfig, std::move(error));
    };
    if (root_path.empty()) {
        return config(
            base::error("the DHCP server gave no root-path (option 17), which should "
                        "name the target"));
    }
    if (plan.any_protocol && is_of_others(root_path)) {
        return Failure::of(ExitCode::kNotAsked,
                           base::error("the DHCP server's root-path " + base::quoted(root_path) +
                                       " is for another protocol, which nvmeroot does not handle"));
    }
    auto target = target_of_uri({std::string(root_path), "DHCP root-path (option 17)"});
    if (!target) {
        return config(std::move(target).error());
    }
    if (auto agreed = narrow(target->choice, plan.demanded); !agreed) {
        return config(std::move(agreed).error().in("DHCP root-path (option 17)"));
    }
    if (auto named = check_name(*target, plan.subsystems); !named) {
        return config(std::move(named).error());
    }
    return std::move(target).value();
}

}  // namespace boot
