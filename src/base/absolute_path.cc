// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/absolute_path.h"

#include <cstdlib>
#include <memory>

namespace base {

std::string absolute_path(const std::string& path) {
    const std::unique_ptr<char, decltype(&free)> found(
        realpath(path.empty() ? "." : path.c_str(), nullptr), free);
    return found == nullptr ? path : found.get();
}

}  // namespace base
