// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace boot {

/// One value of a source; an empty text if no source has one.
struct Given {
    std::string text;
    std::string origin;  ///< the beginning of an error: `command line: nvmeroot.auth`
    /// Of a URI: Portal's.
    std::string source{};
    std::string interface {};
};

}  // namespace boot
