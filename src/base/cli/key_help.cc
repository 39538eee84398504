// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cli/key_help.h"

namespace base {

std::string key_paragraph(const KeyDoc& key) {
    std::string text = "  " + std::string(key.name) + " = " + std::string(key.form) + "\n        ";
    text += key.help;
    text += key.fallback.empty() ? "" : " (default " + std::string(key.fallback) + ")";
    return text + '\n';
}

}  // namespace base
