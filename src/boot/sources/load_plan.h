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

/// A value as it was decided, for `nvmeroot plan`. A secret's text is never here.
struct PlanValue {
    std::string section;
    std::string key;
    std::string value;
    std::string origin;
};

enum class Asked {
    kYes,
    kNo,
    kBroken,  ///< the boot firmware's table is there and names nothing that can be used
};

struct LoadedPlan {
    Asked asked = Asked::kNo;
    std::string asked_why;  ///< one sentence: what asked, or why nothing is done
    BootPlan plan;          ///< meaningful when asked and errors is empty
    std::vector<PlanValue> values;
    std::vector<std::string> warnings;
    std::vector<std::string> errors;

    /// The errors as one failure (kConfig, kFirmware or kNotAsked). REQUIRES: not asked, or errors.
    [[nodiscard]] Failure failure() const;
};

struct PlanInput {
    std::string cmdline;
    /// Empty: etc/nvmeroot/nvmeroot.conf if it is there. A named file must be there.
    std::string config;
    /// Put before the absolute path of each file that the configuration names; `sys` is expected to
    /// lie under it too. Empty on the machine itself.
    std::string root;
    /// $CREDENTIALS_DIRECTORY; empty: not set.
    std::string credentials;
    /// A look from another machine: no identity yet is a warning, since the client's DMI tells it.
    bool dry_run = false;
    /// Only the configuration file is read and its values are checked: nothing is decided.
    bool file_alone = false;
};

/// Reads what the input names and nothing else of the machine but its identity. Never fails as
/// such: all that is wrong is in LoadedPlan::errors.
LoadedPlan load_plan(const PlanInput& input, const base::SysPaths& sys);

}  // namespace boot
