// SPDX-License-Identifier: GPL-2.0-or-later
//
// Numbers with a decimal point, for the static boot client. sscanf(3), as libnvme and iniparser use it, and
// iniparser's atof(3) bring glibc's readers along, one for each width (78 KB); the client reads none. A call
// all the same would be a wrong number, so it ends the process and says which function was called.
// printf(3) brings the writers along (38 KB); the client writes by base/decimal.h, and nothing that it links
// writes any. A call all the same fails as a full disk would make it fail.
//
// Weak: where a glibc links the file that defines such a name for another reason, glibc's counts.

#include <unistd.h>

#define ABSENT(name)                                                                    \
    __attribute__((weak)) void name(void);                                              \
    void name(void) {                                                                   \
        static const char text[] = "nvmeroot: built to read no decimal point: " #name "\n"; \
        (void)!write(STDERR_FILENO, text, sizeof text - 1);                             \
        __builtin_trap();                                                               \
    }

// The compiler knows strtod as a function that returns a number; this one does not return.
#pragma GCC diagnostic ignored "-Wbuiltin-declaration-mismatch"
ABSENT(strtod)
ABSENT(__strtod_internal)
ABSENT(__strtof128_internal)
ABSENT(__strtof_internal)
ABSENT(__strtold_internal)

// By their names of glibc 2.36, and of later ones.
#define UNWRITTEN(name)                   \
    __attribute__((weak)) int name(void); \
    int name(void) {                      \
        return -1;                        \
    }

UNWRITTEN(___printf_fp)
UNWRITTEN(__printf_fp)
UNWRITTEN(__printf_fp_l)
UNWRITTEN(__printf_fphex)
UNWRITTEN(__printf_fp_buffer)
UNWRITTEN(__printf_fp_l_buffer)
UNWRITTEN(__printf_fphex_buffer)
UNWRITTEN(__printf_fphex_l_buffer)
