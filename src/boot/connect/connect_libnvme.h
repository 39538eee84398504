// SPDX-License-Identifier: GPL-2.0-or-later
//
// The use of libnvme: it writes the kernel's connect to an I/O controller. The two generations of
// libnvme share no name, so each has a file, and the Makefile compiles the one that is installed:
//
//     connect_libnvme.cc      libnvme 1.3 to 1.16
//     connect_libnvme3.cc     libnvme 3, which is part of nvme-cli's repository
#pragma once

#include <string>

#include "base/result.h"
#include "boot/plan/connect_request.h"

namespace boot {

/// Returns when the kernel does, so it must run in a side task. libnvme silently drops options that
/// the kernel does not list; call check_options() first.
/// @return the controller's name. Errors have libnvme's text and its number, which may be an errno
///     or one of its own above 1000.
base::Result<std::string> connect_by_libnvme(const ConnectRequest& request, const Portal& portal);

/// How both generations represent an option that is not set.
inline const char* text_or_null(const std::string& text) {
    return text.empty() ? nullptr : text.c_str();
}

}  // namespace boot
