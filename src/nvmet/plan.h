// SPDX-License-Identifier: GPL-2.0-or-later
//
// From a running and a wanted state to the steps between them, the fewest that there are: what is
// equal is not touched, so a plan from a state to itself is empty.
//
//     take down     links of ports ─► ports ─► allowed hosts ─► namespaces ─► subsystems ─► hosts
//     build         hosts ─► subsystems, namespaces, allowed hosts ─► ports ─► links of ports
//
// A host's keys are there before a subsystem admits it, and a subsystem is whole before a port
// shows it. An object that the kernel refuses to change, or could not revert if a later step
// failed, is removed and recreated; the steps say whom that disconnects.
#pragma once

#include <string>
#include <vector>

#include "nvmet/object.h"

namespace nvmet {

struct Step {
    enum class Op { kMakeFolder, kRemoveFolder, kWrite, kLink, kUnlink };
    Op op;
    std::string path;
    std::string value = {};   ///< what is written; where a link leads, a directory of the tree
    std::string before = {};  ///< what a write replaces
    const Attribute* row = nullptr;  ///< of a write
    bool fresh = false;              ///< a write into a directory that this plan makes
    Object saved = {};  ///< of a removed directory, or a port that a link enables: what it had
    std::string effect = {};  ///< what hosts notice; empty: nothing
    bool optional = false;    ///< if it fails, an image stays disabled, and the others are exported
};
using Steps = std::vector<Step>;

struct PlanOptions {
    bool resize = false;   ///< the kernel looks at the size of each namespace that stays
    bool partial = false;  ///< steps that export an image that is not exported now are optional
};

Steps make_plan(const Object& have, const Object& want, const PlanOptions& options = {});

}  // namespace nvmet
