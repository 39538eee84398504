// SPDX-License-Identifier: GPL-2.0-or-later
//
// Wire samples: files below tests/golden with hexadecimal digits, white space that means nothing,
// comments from # to the end of the line, and XX*N for N times the byte XX.
#pragma once

#include <string>

#include "base/bytes.h"

namespace support {

/// @param name  the path below tests/golden
/// The program ends with a message if the file is missing or malformed: the test is broken then.
base::Bytes golden(const std::string& name);

}  // namespace support
