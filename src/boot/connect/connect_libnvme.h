// SPDX-License-Identifier: GPL-2.0-or-later
//
// What libnvme does for the client: it writes the kernel's connect to an I/O controller. Its two
// generations share no name, so each has a file, and the Makefile compiles the one that is there:
//
//     connect_libnvme.cc      libnvme 1.3 to 1.16
//     connect_libnvme3.cc     libnvme 3, which lives in nvme-cli's repository
#pragma once

#include <string>

#include "base/result.h"
#include "boot/plan/plan.h"

namespace boot {

/// Returns when the kernel does, so it belongs in a side task. Options that the kernel does not
/// list are dropped without a word: check_options() comes before.
/// @return the controller's name. Errors have libnvme's words and its number, which may be an errno
///     or one of its own above 1000.
base::Result<std::string> connect_by_libnvme(const BootPlan& plan, const Portal& portal);

/// How both say that an option is not given.
inline const char* text_or_null(const std::string& text) {
    return text.empty() ? nullptr : text.c_str();
}

}  // namespace boot
