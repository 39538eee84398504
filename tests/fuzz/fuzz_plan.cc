// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as an ini file (up to the first NUL) and a kernel command line (behind it), merged into
// a plan. A plan without errors must be one that the boot can rely on.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/fd.h"
#include "boot/sources/load_plan.h"
#include "boot/sources/plan_report.h"
#include "boot/sources/root_path.h"

namespace {

void require(bool condition) {
    if (!condition) {
        abort();
    }
}

void check_promises(const boot::BootPlan& plan) {
    const boot::Target& target = plan.target;
    require(plan.target_from_dhcp == (target.portals.empty() && target.discovery.empty()));
    require(target.portals.empty() || nvme::check_name(target.subsysnqn).ok());
    require((plan.auth.mode != boot::Auth::kOff) == !plan.auth.host_secret.empty());
    require((plan.auth.mode == boot::Auth::kMutual) == !plan.auth.ctrl_secret.empty());
    require(!plan.auth.hashes.empty() && !plan.auth.groups.empty());
    require(plan.timeouts.total > base::milliseconds(0));
    require(plan.connect.reconnect_delay >= base::seconds(1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::string_view ini = text.substr(0, text.find('\0'));
    const base::UniqueFd file(memfd_create("ini", MFD_CLOEXEC));
    require(base::write_all(file.get(), ini).ok());

    base::SysPaths sys;
    sys.sys = sys.etc = sys.usr_lib = "/nonexistent";
    boot::PlanInput input;
    input.config = "/proc/self/fd/" + std::to_string(file.get());
    input.cmdline = text.substr(std::min(ini.size() + 1, size));
    input.root = "/nonexistent";
    input.dry_run = true;

    boot::LoadedPlan loaded = boot::load_plan(input, sys);
    if (loaded.asked == boot::Asked::kYes && loaded.errors.empty()) {
        check_promises(loaded.plan);
    }
    require(!boot::plan_text(loaded).empty() && !boot::plan_json(loaded).empty());
    if (loaded.plan.target_from_dhcp) {
        if (auto target = boot::target_of_root_path(ini, loaded.plan)) {
            loaded.plan.target = std::move(target).value();
            loaded.plan.target_from_dhcp = false;
            check_promises(loaded.plan);
        }
    }
    return 0;
}
