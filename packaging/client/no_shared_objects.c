// SPDX-License-Identifier: GPL-2.0-or-later
//
// Loading shared objects at run time, which glibc does even in a static program, to convert between
// character sets, and which libkmod from 34 on can do to decompress: the static boot client converts
// nothing and has its decompressors, and its initramfs has no such objects. "Not found" is an answer that
// both know to live with; the loader would be 29 KB.
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
NOT_FOUND(dlclose)
NOT_FOUND(dlopen)
NOT_FOUND(dlsym)
