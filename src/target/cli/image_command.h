// SPDX-License-Identifier: GPL-2.0-or-later
//
// `nvmeroot-target image info|protect|verify`: what they take and what they print.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/cli/options.h"
#include "base/result.h"

namespace target {

struct ImageOptions {
    std::string sidecar;
    uint32_t block_bytes = 0;  ///< 0: 512, or the block device's own
    uint8_t guard_bits = 16;
    uint64_t rate = 0;
    bool force = false;
    bool json = false;
};

std::span<const base::Option<ImageOptions>> image_option_table();

/// The output of a command, and whether all blocks matched.
struct ImageAnswer {
    std::string text;
    bool intact = true;
};

struct ImageAction {
    std::string_view name;
    /// Errors name the file.
    base::Result<ImageAnswer> (*run)(const std::string& image, const ImageOptions& options);
};

/// Null if there is no such action.
const ImageAction* find_image_action(std::string_view name);
base::Error unknown_image_action(std::string_view name);

}  // namespace target
