// SPDX-License-Identifier: GPL-2.0-or-later
//
// Wire samples: files below tests/golden with hexadecimal digits, white space that means nothing,
// comments from # to the end of the line, XX*N for N times the byte XX, and "text" for its bytes.
// A line that begins with ! says how the bytes are to be read, or what is wrong with them:
//
//   ! error fes=1 fei=4
//   05 00 18 00      # type CapsuleResp, flags, HLEN, PDO
//   "nqn." 00*12
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace support {

struct Golden {
    std::string name;                         ///< the path below tests/golden
    std::map<std::string, std::string> says;  ///< of ! lines: first word -> the rest
    base::Bytes bytes;
};

/// The program ends with a message if the file is missing or malformed: the test is broken then.
Golden load_golden(const std::string& name);
/// Every sample of a directory below tests/golden, by name; never none.
std::vector<Golden> load_goldens(const std::string& folder);
/// The bytes alone.
base::Bytes golden(const std::string& name);

}  // namespace support
