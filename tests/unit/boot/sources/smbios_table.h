// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

/// A structure of the SMBIOS table with `fields` bytes of fields.
inline std::string smbios_structure(char type, size_t fields,
                                    const std::vector<std::string>& strings) {
    std::string text = {type, static_cast<char>(4 + fields), 0, 1};
    text.append(fields, '\0');
    for (const std::string& each : strings) {
        text += each;
        text += '\0';
    }
    text.append(strings.empty() ? 2 : 1, '\0');
    return text;
}
