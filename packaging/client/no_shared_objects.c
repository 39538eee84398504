// SPDX-License-Identifier: GPL-2.0-or-later
//
// Loading shared objects at run time, which glibc does even in a static program, to convert between
// character sets: the static boot client converts nothing, and its initramfs has no such objects. These are
// glibc's own doors to dlopen(3) (29 KB); "not found" is an answer that it knows to live with.
//
// Weak: where a glibc links the file that defines such a name for another reason, glibc's counts.

#include <stddef.h>

#define NOT_FOUND(name)                       \
    __attribute__((weak)) void* name(void);   \
    void* name(void) {                        \
        return NULL;                          \
    }

NOT_FOUND(__libc_dlclose)
NOT_FOUND(__libc_dlopen_mode)
NOT_FOUND(__libc_dlsym)
NOT_FOUND(__libc_dlvsym)
