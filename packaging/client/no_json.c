// SPDX-License-Identifier: GPL-2.0-or-later
//
// libnvme's three doors to its JSON configuration (config.json), for the static boot client, which has a
// configuration of its own and never opens them: the same doors that libnvme closes when it is built
// without json-c. The JSON library stays out of the program.

#include <errno.h>

struct nvme_root;

int json_read_config(struct nvme_root* root, const char* file);
int json_update_config(struct nvme_root* root, const char* file);
int json_dump_tree(struct nvme_root* root);

static int refuse(void) {
    errno = ENOTSUP;
    return -1;
}

int json_read_config(struct nvme_root* root, const char* file) {
    (void)root;
    (void)file;
    return refuse();
}

int json_update_config(struct nvme_root* root, const char* file) {
    (void)root;
    (void)file;
    return refuse();
}

int json_dump_tree(struct nvme_root* root) {
    (void)root;
    return refuse();
}
