// SPDX-License-Identifier: GPL-2.0-or-later
//
// Name look-up for the static boot client: numeric addresses only. libnvme calls getaddrinfo(3) for
// whatever it is given as an address; glibc's would bring its name service along (0.2 MB) and load
// shared objects at run time, which an initramfs does not have. The client resolves nothing through
// libnvme: it hands over numbers, and these functions read them.

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct answer {
    struct addrinfo info;
    struct sockaddr_storage address;
};

static int read_v4(const char* node, struct answer* answer) {
    struct sockaddr_in* v4 = (struct sockaddr_in*)&answer->address;
    if (inet_pton(AF_INET, node, &v4->sin_addr) != 1) {
        return 0;
    }
    v4->sin_family = AF_INET;
    answer->info.ai_addrlen = sizeof *v4;
    return 1;
}

// RFC 4007, section 11 "Textual Representation": an address, and perhaps %interface behind it.
static int read_v6(const char* node, struct answer* answer) {
    struct sockaddr_in6* v6 = (struct sockaddr_in6*)&answer->address;
    char text[INET6_ADDRSTRLEN];
    const size_t length = strcspn(node, "%");
    if (length >= sizeof text) {
        return 0;
    }
    memcpy(text, node, length);
    text[length] = 0;
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1) {
        return 0;
    }
    if (node[length] == '%') {
        v6->sin6_scope_id = if_nametoindex(node + length + 1);
        if (v6->sin6_scope_id == 0) {
            return 0;
        }
    }
    v6->sin6_family = AF_INET6;
    answer->info.ai_addrlen = sizeof *v6;
    return 1;
}

int getaddrinfo(const char* node, const char* service, const struct addrinfo* hints,
                struct addrinfo** result) {
    (void)service;
    struct answer* answer = calloc(1, sizeof *answer);
    if (answer == NULL) {
        return EAI_MEMORY;
    }
    const int family = hints != NULL ? hints->ai_family : AF_UNSPEC;
    if (node == NULL || !((family != AF_INET6 && read_v4(node, answer)) ||
                          (family != AF_INET && read_v6(node, answer)))) {
        free(answer);
        return EAI_NONAME;
    }
    answer->info.ai_family = answer->address.ss_family;
    answer->info.ai_socktype = hints != NULL ? hints->ai_socktype : 0;
    answer->info.ai_addr = (struct sockaddr*)&answer->address;
    *result = &answer->info;
    return 0;
}

void freeaddrinfo(struct addrinfo* info) { free(info); }

const char* gai_strerror(int code) {
    return code == EAI_MEMORY ? "out of memory" : "not a numeric address";
}
