// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/image_modules.h"

#include <string_view>

namespace boot {
namespace {

struct Row {
    std::string_view kind;
    std::string_view name;
};
constexpr Row kRows[] = {
    {"module", "nvme-core"},
    {"module", "nvme-fabrics"},
    {"module", "nvme-tcp"},
    // Only some kernels have these; nvme-common became nvme-auth.
    {"optional", "nvme-auth"},
    {"optional", "nvme-common"},
    {"optional", "nvme-keyring"},
    // The algorithms that nvme-core, nvme-tcp and nvme-auth request from the kernel's crypto layer
    // at run time, so that no dependency names them. Aliases, because the modules that provide them
    // are renamed or built in from one kernel to the next.
    {"optional", "crypto-crc64-rocksoft"},
    {"optional", "crypto-crc32c"},
    {"optional", "crypto-hmac"},
    {"optional", "crypto-sha256"},
    {"optional", "crypto-sha384"},
    {"optional", "crypto-sha512"},
    {"optional", "crypto-dh"},
    // The buses of virtual machines, below their network cards; QEMU's fw_cfg, which passes
    // credentials.
    {"optional", "virtio_pci"},
    {"optional", "virtio_mmio"},
    {"optional", "hv_vmbus"},
    {"optional", "qemu_fw_cfg"},
    // The devices of vlan=, bond= and bridge=.
    {"optional", "8021q"},
    {"optional", "bonding"},
    {"optional", "bridge"},
    {"driver", "virtio_net"},
    {"driver", "vmxnet3"},
    {"driver", "hv_netvsc"},
    {"driver", "xen-netfront"},
    {"drivers", "drivers/net/ethernet"},
    {"drivers", "drivers/net/phy"},
    {"drivers", "drivers/net/mdio"},
    {"drivers", "drivers/net/usb"},
};

}  // namespace

std::string image_modules() {
    std::string text;
    for (const Row& row : kRows) {
        text.append(row.kind).append("\t").append(row.name).append("\n");
    }
    return text;
}

}  // namespace boot
