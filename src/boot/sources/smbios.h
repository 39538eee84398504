// SPDX-License-Identifier: GPL-2.0-or-later
//
// The strings that the vendor of a machine, or the operator of a virtual machine, stored in the
// firmware's table: SMBIOS type 11, "OEM Strings". The kernel shows the whole table to root; no
// module is needed.
//
// SMBIOS 3.2: 6.1.2 "Structure header format", 6.1.3 "Text strings", 7.12 "OEM Strings (Type 11)".
#pragma once

#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace boot {

/// The strings of all type 11 structures, views into the table. A truncated table
/// yields the strings before the truncation.
std::vector<std::string_view> oem_strings(base::ByteView table);

}  // namespace boot
