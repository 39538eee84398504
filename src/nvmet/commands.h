// SPDX-License-Identifier: GPL-2.0-or-later
//
// The work of the program on a tree and a file, without its arguments and its output.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "export/export_config.h"
#include "nvmet/command_options.h"
#include "nvmet/config.h"
#include "nvmet/object.h"
#include "nvmet/plan.h"
#include "nvmet/tree.h"

namespace nvmet {

/// The tree that the options name: the kernel's, or a copy.
struct OpenTree {
    std::string root;  ///< the nvmet directory
    bool kernels = false;
    std::unique_ptr<Tree> tree;
};
base::Result<OpenTree> open_tree(const std::string& configfs);

/// The requested state of a file: the target's ini file or nvmetcli's config.json.
base::Result<Wanted, exports::Errors> load(const std::string& path);

/// The prepared changes.
struct Prepared {
    Object want;
    Steps steps;
    std::vector<std::string> warnings;
};
/// Everything that can be found without a write. @param may_probe  scratch
/// objects may be made
base::Result<Prepared, exports::Errors> prepare(OpenTree& open, const CommandOptions& options,
                                                bool may_probe);
/// @param nqn  of one host or subsystem; empty: everything
base::Result<Prepared> prepare_clear(OpenTree& open, const std::string& nqn);

/// Does it. Signals that would end the program wait until it is done or taken back.
struct CarriedOut {
    std::vector<std::string> differences;  ///< values that the kernel did not keep, a sentence each
    std::vector<std::string> not_exported;  ///< images that the kernel refused, a sentence each
    bool serves_nothing = false;            ///< it refused all
};
base::Result<CarriedOut> carry_out(OpenTree& open, const Prepared& prepared);

}  // namespace nvmet
