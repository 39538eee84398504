// SPDX-License-Identifier: GPL-2.0-or-later
//
// Messages of the C library in English and without wide characters, for the static boot client: an
// initramfs has no catalogs of translations, and nobody sets a language. glibc's own functions bring
// gettext and a second printf(3) along (49 KB).
//
// Weak: where a glibc links the file that defines such a name for another reason, glibc's counts.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WEAK __attribute__((weak))

char* __dcgettext(const char* domain, const char* text, int category);
void __assert_fail(const char* condition, const char* file, unsigned line, const char* function);

// The translation of strerror(3).
WEAK char* __dcgettext(const char* domain, const char* text, int category) {
    (void)domain;
    (void)category;
    return (char*)text;
}

WEAK void __assert_fail(const char* condition, const char* file, unsigned line,
                        const char* function) {
    dprintf(STDERR_FILENO, "nvmeroot: %s:%u: %s: '%s' does not hold\n", file, line, function, condition);
    abort();
}

// libnvme's, where memory or a device fails it
WEAK void perror(const char* what) {
    dprintf(STDERR_FILENO, "%s: %s\n", what, strerror(errno));
}
