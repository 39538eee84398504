// SPDX-License-Identifier: GPL-2.0-or-later
//
// Documentation as text that a test can compare with the program.
#pragma once

#include <string>
#include <string_view>

namespace support {

void replace_all(std::string& text, std::string_view what, std::string_view by);

/// A page without roff's fonts and escapes.
/// @param path  below the top directory, where tests run; the test fails if it cannot be read
std::string plain_page(const std::string& path);

/// From `begin` to the next `end`, or to the end of the text; empty when `begin` is not there.
std::string part_of(const std::string& text, const std::string& begin, const std::string& end);

}  // namespace support
