// SPDX-License-Identifier: GPL-2.0-or-later
//
// The options of a bond as people write them, mode=active-backup,miimon=100, in the kernel's form:
// attributes of the IFLA_BOND family. Names and words are those of the kernel's
// Documentation/networking/bonding.rst.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace boot {

struct BondOption {
    uint16_t attribute = 0;  ///< IFLA_BOND_…
    base::Bytes value;

    bool operator==(const BondOption&) const = default;
};

/// Whether this program knows an option of that name.
bool is_bond_option(std::string_view name);

/// Errors: no such option, not one of its words, a number out of range.
base::Result<BondOption> parse_bond_option(std::string_view name, std::string_view value);

}  // namespace boot
