// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/after/complete_command.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <utility>

#include "base/backoff.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/sysfs.h"
#include "base/text.h"
#include "boot/after/fabrics_conf.h"
#include "boot/after/path_history.h"
#include "boot/check/kernel_disk.h"
#include "boot/connect/auth_proof.h"
#include "boot/connect/connect.h"
#include "boot/connect/path_proof.h"
#include "boot/connect/proof_record.h"
#include "boot/connect/root_controllers.h"
#include "boot/handover/path_record.h"
#include "boot/reach/probe_portals.h"

namespace boot {
namespace {

using base::SysPaths;

/// The paths of one root on their way to completeness.
class Completion {
  public:
    Completion(BootPlan plan, const SysPaths& sys, base::Clock& clock, const base::Log& log)
        : plan_(std::move(plan)), sys_(sys), clock_(clock), log_(log) {}

    Outcome<base::Nothing> run();

  private:
    [[nodiscard]] std::vector<std::string> controllers() const {
        return controllers_of(sys_, plan_.target.subsysnqn);
    }
    [[nodiscard]] ConnectRequest request() const {
        return request_of(plan_, plan_.host, plan_.target.subsysnqn);
    }
    [[nodiscard]] std::vector<Portal> missing() const;
    Outcome<base::Nothing> judge_present(const std::string& controller);
    std::optional<Failure> prove_present();
    void keep_alive();
    std::optional<Failure> connect_missing(const std::vector<Portal>& portals);
    Outcome<base::Nothing> connect_one(const Portal& portal);
    Outcome<base::Nothing> prove(const Controller& controller, KernelLog& log);

    BootPlan plan_;
    const SysPaths& sys_;
    base::Clock& clock_;
    const base::Log& log_;
    std::set<std::string> proven_;   ///< controllers
    std::vector<Portal> refused_;    ///< such as another try would not mend
    std::vector<Failure> refusals_;  ///< why
};

std::vector<Portal> Completion::missing() const {
    std::vector<Portal> portals = plan_.target.portals;
    const std::vector<std::string> present = controllers();
    std::erase_if(portals, [&](const Portal& portal) {
        const auto same = [&](const Portal& each) { return each.same_path(portal); };
        return is_connected(portal, present, sys_) || std::ranges::any_of(refused_, same);
    });
    return portals;
}

/// By the kernel's log since the proof that was noted, or by another one.
Outcome<base::Nothing> Completion::judge_present(const std::string& controller) {
    if (!is_live(controller, sys_)) {
        return Failure::of(ExitCode::kUnreachable, base::error("it is not live"));
    }
    auto history = open_history({controller}, sys_);
    if (history && history->drain() &&
        standing_of(controller, *history, plan_.auth, sys_) == Standing::kProven) {
        return base::done();
    }
    return prove_path(plan_.auth, controller, sys_, clock_);
}

/// An existing path is not yet a path of the root: another program, udev or nvme-cli, may have made
/// it, and the boot's own may have been lost and come back before the watch began. A path that is
/// lost now is judged when it comes back (path_guard.h), and here if it does so in time.
/// @return the last path that is neither proven nor cut; none: there is none
std::optional<Failure> Completion::prove_present() {
    std::optional<Failure> last;
    for (const std::string& controller : controllers()) {
        if (proven_.contains(controller)) {
            continue;
        }
        auto proof = judge_present(controller);
        if (proof) {
            proven_.insert(controller);
            continue;
        }
        Failure why = std::move(proof).error();
        why.error = std::move(why.error).in("the path " + controller);
        if (why.retry) {
            last = std::move(why);
            continue;
        }
        log_.error(why.error.text + "; the path is disconnected");
        disconnect(controller, sys_, clock_);
    }
    return last;
}

/// Times and registry entries of what is connected and proven.
void Completion::keep_alive() {
    for (const std::string& controller : proven_) {
        auto kept = set_times(controller, plan_.connect, sys_);
        if (kept) {
            kept = register_owner(controller, sys_);
        }
        if (!kept) {
            log_.warning(controller + ": " + kept.error().text + ", continuing without it");
        }
    }
}

/// As boot.cc does it: the kernel's scan of the controller comes first.
Outcome<base::Nothing> Completion::prove(const Controller& controller, KernelLog& log) {
    TRY_VOID(judge_connect(plan_.auth, controller, log));
    constexpr base::seconds kPatience{10};
    await_first_path(sys_, controller.name, clock_, base::Deadline(clock_, kPatience));
    TRY(const AuthEvidence evidence,
        prove_authentication(plan_.auth, controller, reauthentication(plan_.auth, controller, sys_),
                             clock_, log));
    (void)note_proof(controller.name, log, sys_);  // without it the proof is asked for again
    if (const std::string unproven = what_is_unproven(evidence); !unproven.empty()) {
        log_.warning(controller.name + ": " + unproven);
    }
    return base::done();
}

Outcome<base::Nothing> Completion::connect_one(const Portal& portal) {
    TRY(KernelLog log, staged(ExitCode::kInternal, KernelLog::open(sys_)));
    auto controller = connect(request(), portal, sys_, clock_, log);
    if (!controller) {
        // Somebody else, udev or nvme-cli, may have been quicker: then that path is proven next.
        if (is_connected(portal, controllers(), sys_)) {
            return base::done();
        }
        return std::move(controller).error();
    }
    auto proven = prove(*controller, log);
    if (!proven) {
        disconnect(controller->name, sys_, clock_);
        return std::move(proven).error();
    }
    proven_.insert(controller->name);
    log_.notice("connected " + controller->name + " to " + portal.text());
    return base::done();
}

/// @return the last failure that may pass, or why no portal is of use; none: nothing is left to try
std::optional<Failure> Completion::connect_missing(const std::vector<Portal>& portals) {
    std::optional<Failure> last;
    auto live = probe_portals(request(), portals, clock_, [](const std::string&) {});
    if (!live) {
        return std::move(live).error();
    }
    for (const Portal& portal : *live) {
        auto connected = connect_one(portal);
        if (connected) {
            continue;
        }
        Failure why = std::move(connected).error();
        why.error = std::move(why.error).in(portal.text());
        if (why.retry) {
            last = std::move(why);
        } else {
            log_.error(why.error.text + ", continuing with the other paths");
            refused_.push_back(portal);
            refusals_.push_back(std::move(why));
        }
    }
    const std::vector<Portal> left = missing();
    if (!last && !left.empty()) {
        last = Failure::of(ExitCode::kUnreachable,
                           base::error(left.front().text() + " does not answer"));
    }
    return last;
}

Outcome<base::Nothing> Completion::run() {
    base::Backoff backoff(base::seconds(1), base::seconds(15));
    const base::Deadline deadline(clock_, plan_.timeouts.total);
    std::vector<std::string> present = controllers();
    if (present.empty()) {
        return Failure::final(ExitCode::kUnreachable,
                              base::error("no controller of the root is left"));
    }
    // The boot's own know the secrets; what somebody else connected may have none.
    const std::vector<std::string> own = owned_controllers(sys_);
    const auto is_own = [&](const std::string& name) {
        return std::ranges::find(own, name) != own.end();
    };
    std::stable_partition(present.begin(), present.end(), is_own);
    TRY_VOID(staged(ExitCode::kAuthentication, take_any_secrets(present, plan_.auth, sys_)));
    while (true) {
        const base::milliseconds pause = backoff.next();
        auto failure = prove_present();
        keep_alive();
        const std::vector<Portal> portals = missing();
        if (portals.empty() && !failure && !refusals_.empty()) {
            return combined(refusals_);
        }
        if (portals.empty() && !failure) {
            log_.notice("all " + std::to_string(plan_.target.portals.size()) +
                        " paths of the root are connected");
            return base::done();
        }
        if (!portals.empty()) {
            auto missed = connect_missing(portals);
            if (missed && (missed->retry || !failure)) {
                failure = std::move(missed);
            }
        }
        if (failure && (!failure->retry || deadline.left() <= pause)) {
            keep_alive();
            return *failure;
        }
        if (failure) {
            clock_.sleep(pause);
        }
    }
}

/// Without native multipath a second path would be a second disk.
bool has_multipath(const SysPaths& sys) {
    return attribute(sys.sys + "/module/nvme_core/parameters/multipath") != "N";
}

}  // namespace

std::vector<std::string> identity_mismatches(const HostIdentity& host, const SysPaths& sys) {
    const std::pair<const char*, std::string> halves[] = {{"hostnqn", host.nqn},
                                                          {"hostid", nvme::to_text(host.id)}};
    std::vector<std::string> texts;
    for (const auto& [name, used] : halves) {
        const std::string path = sys.etc + "/nvme/" + name;
        const auto written = attribute(path);
        if (written && !written->empty() && !base::equal_ignoring_case(*written, used)) {
            texts.push_back(path + " contains " + base::quoted(*written) + ", the boot used " +
                            used + ": nvme-cli would connect as another host; make them the same");
        }
    }
    return texts;
}

ExitCode complete_command(const SysPaths& sys) {
    const base::Log log("nvmeroot", base::Level::kNotice);
    const auto text = base::read_text(path_record_file(sys));
    if (!text && text.error().code == ENOENT) {
        log.notice("no boot of nvmeroot left paths to complete");
        return ExitCode::kNotAsked;
    }
    auto plan = text ? parse_path_record(*text, sys) : base::Result<BootPlan>(text.error());
    if (!plan) {
        log.error(std::move(plan).error().in(path_record_file(sys)).text);
        return ExitCode::kInternal;
    }
    for (const std::string& mismatch : identity_mismatches(plan->host, sys)) {
        log.warning(mismatch);
    }
    if (const auto offered = offer_to_nvme_cli(*plan, sys); !offered) {
        log.warning(offered.error().text + ", continuing without a file for nvme-cli");
    }
    if (const auto set = set_io_policy(plan->target.subsysnqn, plan->io_policy, sys); !set) {
        log.warning("iopolicy: " + set.error().text + ", continuing with the kernel's choice");
    }
    if (!has_multipath(sys)) {
        plan->target.portals.clear();
        log.notice("nvme_core.multipath is off: the root keeps its one path");
    }
    base::SystemClock clock;
    const auto completed = Completion(std::move(*plan), sys, clock, log).run();
    if (!completed) {
        log.error("paths are missing: " + completed.error().error.text);
        return completed.error().code;
    }
    return ExitCode::kDone;
}

}  // namespace boot
