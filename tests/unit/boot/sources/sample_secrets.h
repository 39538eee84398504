// SPDX-License-Identifier: GPL-2.0-or-later
//
// Well-formed secrets for tests: the host's of 32 bytes, the controller's of 48 bytes.
#pragma once

#include <string_view>

inline constexpr std::string_view kHostSecret =
    "DHHC-1:00:JTA7RlFcZ3J9iJOeqbS/ytXg6/YBDBciLThDTllkb3qr02o2:";
inline constexpr std::string_view kCtrlSecret =
    "DHHC-1:02:Aw4ZJC86RVBbZnF8h5KdqLO+ydTf6vUACxYhLDdCTVhjbnmEj5qlsLvG0dzn8v0I2Am4Nw==:";
