// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace boot {

/// One value as a source gives it; an empty text where none does.
struct Given {
    std::string text;
    std::string origin;  ///< to begin an error with: `command line: nvmeroot.auth`
    /// Of a URI: Portal's.
    std::string source{};
    std::string interface {};
};

}  // namespace boot
