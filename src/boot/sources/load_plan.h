// SPDX-License-Identifier: GPL-2.0-or-later
//
// All sources in, one checked plan out:
//
//     command line ─┐
//     credentials ──┤
//     NBFT ─────────┤
//     ini file ─────┼─► load_plan ─► LoadedPlan{plan, values, warnings, errors} ─► boot, or
//     defaults ─────┘  (sources.h, keys.h)                                      `nvmeroot plan`
//
// For each key the strongest source wins, in this order from the top. A boot continues only if
// `errors` is empty; all of them are collected, so that one look at the console is enough.
#pragma once

#include <string>
#include <vector>

#include "base/sys_paths.h"
#include "boot/failure.h"
#include "boot/plan/plan.h"

namespace boot {

/// A value of the plan, for `nvmeroot plan`. It never contains the text of a secret.
struct PlanValue {
    std::string section;
    std::string key;
    std::string value;
    std::string origin;
};

enum class Asked {
    kYes,
    kNo,
    kBroken,  ///< the boot firmware's table exists and names nothing usable
};

struct LoadedPlan {
    Asked asked = Asked::kNo;
    std::string asked_why;  ///< one sentence: which source requests a root, or why nothing is done
    BootPlan plan;          ///< meaningful when asked and errors is empty
    std::vector<PlanValue> values;
    std::vector<std::string> warnings;
    std::vector<std::string> errors;

    /// The errors as one failure (kConfig, kFirmware or kNotAsked). REQUIRES: not asked, or errors.
    [[nodiscard]] Failure failure() const;
};

struct PlanInput {
    std::string cmdline;
    /// Empty: etc/nvmeroot/nvmeroot.conf if it exists. A named file must exist.
    std::string config;
    /// Prefix of the absolute path of each file that the configuration names; the paths of `sys`
    /// must be below it too. Empty on the machine itself.
    std::string root;
    /// $CREDENTIALS_DIRECTORY; empty: not set.
    std::string credentials;
    /// An examination on another machine: a missing identity is only a warning, because the DMI
    /// UUID of the client may provide it.
    bool dry_run = false;
    /// Only reads the configuration file and checks its values.
    bool file_alone = false;
};

/// Reads the files that the input names and, of the machine, only its identity. It never fails as a
/// whole: all errors are in LoadedPlan::errors.
LoadedPlan load_plan(const PlanInput& input, const base::SysPaths& sys);

}  // namespace boot
