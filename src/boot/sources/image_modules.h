// SPDX-License-Identifier: GPL-2.0-or-later
//
// `nvmeroot needs --modules`: the kernel modules of every image, decided once for the hooks of all
// generators. The configuration of a machine may name more (image_needs.h).
#pragma once

#include <string_view>

namespace boot {

/// A line for each module, with a tab between words:
///
///     module NAME        the image is useless without it
///     optional NAME      not every kernel has it
///     driver NAME        of a network card, unless the administrator names the drivers
///     drivers DIRECTORY  likewise: all modules of a directory of the kernel,
///                        as `drivers/net/ethernet`
///
/// NAME is a name or an alias.
std::string_view image_modules();

}  // namespace boot
