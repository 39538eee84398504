// SPDX-License-Identifier: GPL-2.0-or-later
//
// The boot client throws nothing, so the handler that libstdc++ would print an exception's
// demangled name with (47 KB) is never needed; out of memory ends the process.
#include <cstdlib>

namespace __gnu_cxx {
void __verbose_terminate_handler();
void __verbose_terminate_handler() {
    std::abort();
}
}  // namespace __gnu_cxx
