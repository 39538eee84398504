// SPDX-License-Identifier: GPL-2.0-or-later
//
// The measurements, as a table for people, as a plot, and as lines of JSON for other programs.
#pragma once

#include <string>
#include <vector>

#include "load/floor.h"
#include "load/storm.h"

namespace load {

/// One combination of what the command line lists, and the best of its rounds.
struct Row {
    Access access = Access::kRandomRead;
    uint32_t bytes = 4096;
    uint16_t depth = 1;
    uint16_t connections = 1;
    std::string digests;  ///< `-`, `H`, `D`, `H+D`
    Measured best;
    std::optional<Measured> floor;
};

/// `4K randread qd32 x1 H+D`
std::string name(const Row& row);

std::string table_head();
std::string table_line(const Row& row);
std::string json_line(const Row& row);
/// A bar for each row: commands a second, over those of the floor.
std::string svg(const std::vector<Row>& rows, const std::string& title);

std::string storm_text(const StormOptions& options, const StormResult& result);
std::string storm_json(const StormOptions& options, const StormResult& result);

}  // namespace load
