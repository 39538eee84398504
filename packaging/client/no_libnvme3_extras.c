// SPDX-License-Identifier: GPL-2.0-or-later
//
// libnvme 3's doors to what the static boot client has no use for: devices behind a management interface
// (MCTP, found over D-Bus) and commands through io_uring. They are closed as libnvme closes them when it is
// built without, so that neither of these libraries is needed. libnvme 1 has none of the names.
//
// Weak: a libnvme 3 that was built without has doors of its own.

#include <errno.h>
#include <stddef.h>

#define REFUSE(name)                        \
    __attribute__((weak)) int name(void);   \
    int name(void) {                        \
        return -ENOTSUP;                    \
    }
#define NOTHING(name)                       \
    __attribute__((weak)) void* name(void); \
    void* name(void) {                      \
        return NULL;                        \
    }

// Management interface: no device is opened through it, so there are none to list or to close.
REFUSE(__libnvme_transport_handle_open_mi)
NOTHING(__libnvme_transport_handle_close_mi)
NOTHING(libnvme_mi_first_endpoint)
NOTHING(libnvme_mi_next_endpoint)
NOTHING(libnvme_mi_close)
REFUSE(libnvme_mi_admin_admin_passthru)

// io_uring
REFUSE(__libnvme_transport_handle_open_uring)
NOTHING(libnvme_close_uring)
REFUSE(libnvme_submit_admin_passthru)
REFUSE(libnvme_submit_io_passthru)
REFUSE(libnvme_reap_passthru)
REFUSE(libnvme_wait_passthru)
