// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/commands.h"

#include <sys/stat.h>

#include <csignal>
#include <vector>

#include "base/fd.h"
#include "base/text.h"
#include "nvme/nqn.h"
#include "nvmet/apply.h"
#include "nvmet/copy_tree.h"
#include "nvmet/nvmetcli.h"
#include "nvmet/presence.h"
#include "nvmet/report.h"
#include "nvmet/validate.h"

namespace nvmet {
namespace {

using base::Result;
using exports::Errors;

bool is_folder(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// Holds back what would end the program half way.
class SignalsWait {
  public:
    SignalsWait() {
        sigset_t set;
        sigemptyset(&set);
        for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
            sigaddset(&set, signal);
        }
        sigprocmask(SIG_BLOCK, &set, &before_);
    }
    SignalsWait(const SignalsWait&) = delete;
    SignalsWait& operator=(const SignalsWait&) = delete;
    ~SignalsWait() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_{};
};

void append(Errors& errors, const Errors& more) {
    errors.insert(errors.end(), more.begin(), more.end());
}

/// Only the images of the file that are not exported yet and can be.
Result<Prepared, Errors> prepare_late(const Object& have, const Wanted& wanted) {
    Prepared prepared{with_late_images(have, wanted.state), {}, {}};
    prepared.steps = make_plan(have, prepared.want, {.partial = true});
    return prepared;
}

bool everything_known(const Presence& presence) {
    return presence.knows(Kind::kHost) && presence.knows(Kind::kNamespace) &&
           presence.knows(Kind::kReferral);
}

}  // namespace

Result<OpenTree> open_tree(const std::string& configfs) {
    const std::string nested = configfs + "/nvmet";
    const std::string root = is_folder(nested + "/subsystems") ? nested : configfs;
    if (!is_folder(root + "/subsystems")) {
        return base::error(configfs +
                           (configfs == CommandOptions().configfs
                                ? ": nvmet is missing: run modprobe nvmet, and mount configfs"
                                : ": neither a configfs with nvmet nor a copy of one"));
    }
    if (is_configfs(root)) {
        return OpenTree{root, true, std::make_unique<SysTree>(root)};
    }
    return OpenTree{root, false, std::make_unique<CopyTree>(root)};
}

Result<Wanted, Errors> load(const std::string& path) {
    constexpr size_t kMaxBytes = 16U << 20U;  // some 10,000 namespaces
    const auto text = base::read_text(path, kMaxBytes);
    if (!text) {
        return Errors{text.error().text};
    }
    auto wanted = looks_like_json(*text) ? parse_nvmetcli(*text, path) : parse_config(*text, path);
    if (!wanted) {
        return wanted;
    }
    if (wanted->says_nothing) {
        return Errors{
            path +
            ": the file contains no configuration; to remove everything, use nvmeroot-nvmet clear"};
    }
    append(wanted->warnings, check_reach(wanted->state));
    return wanted;
}

Result<Prepared, Errors> prepare(OpenTree& open, const CommandOptions& options, bool may_probe) {
    auto wanted = load(options.file);
    if (!wanted) {
        return wanted.error();
    }
    const auto have = read_tree(*open.tree);
    if (!have) {
        return Errors{explained(have.error())};
    }
    Errors errors = check_rules(wanted->state);
    if (options.late) {
        return errors.empty() ? prepare_late(*have, *wanted) : errors;
    }
    if (!options.drop_keys) {
        append(errors, check_lost_keys(*have, wanted->state));
    }
    if (open.kernels && wanted->strict) {
        append(errors, check_images(wanted->state));
    } else if (open.kernels) {
        const Unavailable unavailable = set_aside(wanted->state, *have);
        append(errors, unavailable.errors);
        append(wanted->warnings, unavailable.warnings);
    }
    Presence presence = Presence::seen_in(*have);
    if (may_probe && errors.empty() && !everything_known(presence)) {
        auto probed = probe(*open.tree, presence);
        if (!probed) {
            return Errors{explained(probed.error().in("check the attributes of the kernel"))};
        }
        presence = std::move(*probed);
    }
    bool undecided = false;
    append(errors, check_presence(wanted->state, presence, undecided));
    if (!errors.empty()) {
        return errors;
    }
    Prepared prepared{std::move(wanted->state), {}, std::move(wanted->warnings)};
    prepared.steps =
        make_plan(*have, prepared.want, {.resize = options.resize, .partial = !wanted->strict});
    if (undecided) {
        prepared.warnings.emplace_back(
            "this kernel may lack attributes that the file needs: the tree does not show them yet; "
            "apply checks them before it writes");
    }
    return prepared;
}

Result<Prepared> prepare_clear(OpenTree& open, const std::string& nqn) {
    TRY(const Object have, read_tree(*open.tree));
    Prepared prepared;
    if (nqn.empty()) {
        if (have.attributes.contains("discovery_nqn")) {
            prepared.want.attributes["discovery_nqn"] = nvme::kDiscoveryNqn;
        }
    } else {
        prepared.want = have;
        for (Object& object : prepared.want.children) {
            object.links.erase(nqn);
        }
        const auto named = [&](const Object& object) {
            return object.name == nqn && object.kind != Kind::kPort;
        };
        if (std::erase_if(prepared.want.children, named) == 0) {
            return base::error("no host and no subsystem " + base::quoted(nqn));
        }
    }
    prepared.steps = make_plan(have, prepared.want);
    return prepared;
}

Result<CarriedOut> carry_out(OpenTree& open, const Prepared& prepared) {
    TRY(const base::UniqueFd lock, lock_tree(open.root));
    const SignalsWait wait;
    TRY(const NotDone not_done, apply(*open.tree, prepared.steps));
    TRY(const Object now, read_tree(*open.tree));
    TRY_VOID(close_keys(*open.tree, now));
    CarriedOut result;
    for (const auto& [path, reason] : not_done) {
        result.not_exported.push_back("not exported yet: " + reason);
    }
    result.serves_nothing = !not_done.empty() && !exports_anything(now);
    for (const Step& step : make_plan(now, prepared.want)) {
        if (!not_done.contains(step.path)) {
            result.differences.push_back(step.path +
                                         ": the kernel did not keep the value that was written");
        }
    }
    return result;
}

}  // namespace nvmet
