// SPDX-License-Identifier: GPL-2.0-or-later
//
// The libkeyutils names that libnvme.a refers to from 1.6 on, for the static boot client. libnvme
// needs them for TLS keys, which the client does not have; they return what a kernel without
// keyrings returns.

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

typedef int32_t key_serial_t;

static long no_keyrings(void) {
    errno = ENOSYS;
    return -1;
}

// As keyutils.h has them, whose header need not be installed.
key_serial_t add_key(const char* type, const char* description, const void* payload, size_t size,
                     key_serial_t keyring);
key_serial_t find_key_by_type_and_desc(const char* type, const char* description,
                                       key_serial_t keyring);
int keyctl_describe_alloc(key_serial_t key, char** text);
long keyctl_link(key_serial_t key, key_serial_t keyring);
int keyctl_read_alloc(key_serial_t key, void** payload);
long keyctl_revoke(key_serial_t key);
long keyctl_search(key_serial_t keyring, const char* type, const char* description,
                   key_serial_t destination);
long keyctl_update(key_serial_t key, const void* payload, size_t size);
int recursive_key_scan(key_serial_t key, void* visit, void* data);

#define UNUSED __attribute__((unused))

key_serial_t add_key(UNUSED const char* type, UNUSED const char* description,
                     UNUSED const void* payload, UNUSED size_t size, UNUSED key_serial_t keyring) {
    return (key_serial_t)no_keyrings();
}

key_serial_t find_key_by_type_and_desc(UNUSED const char* type, UNUSED const char* description,
                                       UNUSED key_serial_t keyring) {
    return (key_serial_t)no_keyrings();
}

int keyctl_describe_alloc(UNUSED key_serial_t key, UNUSED char** text) {
    return (int)no_keyrings();
}

long keyctl_link(UNUSED key_serial_t key, UNUSED key_serial_t keyring) {
    return no_keyrings();
}

int keyctl_read_alloc(UNUSED key_serial_t key, UNUSED void** payload) {
    return (int)no_keyrings();
}

long keyctl_revoke(UNUSED key_serial_t key) {
    return no_keyrings();
}

long keyctl_search(UNUSED key_serial_t keyring, UNUSED const char* type,
                   UNUSED const char* description, UNUSED key_serial_t destination) {
    return no_keyrings();
}

long keyctl_update(UNUSED key_serial_t key, UNUSED const void* payload, UNUSED size_t size) {
    return no_keyrings();
}

int recursive_key_scan(UNUSED key_serial_t key, UNUSED void* visit, UNUSED void* data) {
    return 0;  // visited none
}
