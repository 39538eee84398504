// SPDX-License-Identifier: GPL-2.0-or-later
//
// sscanf(3) for the static boot client, as far as libnvme calls it: names such as "nvme%dn%d", the
// kernel's "instance=%d", the octets of a UUID. glibc's reads floating point of every width too, which
// is 0.08 MB. A conversion that is not known here ends the reading, as an input that does not match does.

#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kLongestNumber = 32 };

// Reads at most `width` characters of a number. Returns how many it was, 0 where there is none.
static size_t read_number(const char* text, size_t width, int base, long long* value) {
    char digits[kLongestNumber + 1];
    if (width == 0 || width > kLongestNumber) {
        width = kLongestNumber;
    }
    const size_t length = strnlen(text, width);
    memcpy(digits, text, length);
    digits[length] = 0;
    char* end = NULL;
    *value = strtoll(digits, &end, base);
    return (size_t)(end - digits);
}

// `size` is the length modifier: hh -2, h -1, none 0, l 1, ll 2.
static void store(void* where, int size, long long value) {
    switch (size) {
        case -2: *(char*)where = (char)value; return;
        case -1: *(short*)where = (short)value; return;
        case 0: *(int*)where = (int)value; return;
        case 1: *(long*)where = (long)value; return;
        default: *(long long*)where = value; return;
    }
}

struct conversion {
    size_t width;  // 0: as long as it gets
    int size;
    char kind;
};

// What stands behind a %. Returns where the format goes on, at `kind`.
static const char* read_conversion(const char* format, struct conversion* conversion) {
    conversion->width = 0;
    for (; isdigit((unsigned char)*format); ++format) {
        conversion->width = conversion->width * 10 + (size_t)(*format - '0');
    }
    conversion->size = 0;
    for (; *format == 'h' || *format == 'l'; ++format) {
        conversion->size += *format == 'h' ? -1 : 1;
    }
    conversion->kind = *format;
    return format;
}

static int base_of(char kind) {
    return kind == 'x' ? 16 : kind == 'd' || kind == 'u' ? 10 : 0;
}

static int scan(const char* text, const char* format, va_list arguments) {
    int stored = 0;
    for (; *format != 0; ++format) {
        if (*format != '%') {
            if (*text != *format) {
                break;
            }
            ++text;
            continue;
        }
        struct conversion conversion;
        format = read_conversion(format + 1, &conversion);
        const int base = base_of(conversion.kind);
        long long value = 0;
        const size_t length = base == 0 ? 0 : read_number(text, conversion.width, base, &value);
        if (length == 0) {
            break;
        }
        text += length;
        store(va_arg(arguments, void*), conversion.size, value);
        ++stored;
    }
    return stored == 0 && *text == 0 ? EOF : stored;
}

// One function under the names that <stdio.h> of glibc has for it.
#define SSCANF(name)                                        \
    int name(const char* text, const char* format, ...);  \
    int name(const char* text, const char* format, ...) {   \
        va_list arguments;                                  \
        va_start(arguments, format);                        \
        const int stored = scan(text, format, arguments);   \
        va_end(arguments);                                  \
        return stored;                                      \
    }

SSCANF(__isoc99_sscanf)
SSCANF(__isoc23_sscanf)
