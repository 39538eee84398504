// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/image_modules.h"

namespace boot {
namespace {

// clang-format off
constexpr std::string_view kModules =
    "module\tnvme-core\n"
    "module\tnvme-fabrics\n"
    "module\tnvme-tcp\n"
    // Only some kernels have these; nvme-common became nvme-auth.
    "optional\tnvme-auth\n"
    "optional\tnvme-common\n"
    "optional\tnvme-keyring\n"
    // The algorithms that nvme-core, nvme-tcp and nvme-auth request from the kernel's crypto layer
    // at run time, so that no dependency names them. Aliases, because the modules that provide them
    // are renamed or built in from one kernel to the next.
    "optional\tcrypto-crc64-rocksoft\n"
    "optional\tcrypto-crc32c\n"
    "optional\tcrypto-hmac\n"
    "optional\tcrypto-sha256\n"
    "optional\tcrypto-sha384\n"
    "optional\tcrypto-sha512\n"
    "optional\tcrypto-dh\n"
    // The buses of virtual machines, below their network cards; QEMU's fw_cfg, which passes
    // credentials.
    "optional\tvirtio_pci\n"
    "optional\tvirtio_mmio\n"
    "optional\thv_vmbus\n"
    "optional\tqemu_fw_cfg\n"
    // The devices of vlan=, bond= and bridge=.
    "optional\t8021q\n"
    "optional\tbonding\n"
    "optional\tbridge\n"
    "driver\tvirtio_net\n"
    "driver\tvmxnet3\n"
    "driver\thv_netvsc\n"
    "driver\txen-netfront\n"
    "drivers\tdrivers/net/ethernet\n"
    "drivers\tdrivers/net/phy\n"
    "drivers\tdrivers/net/mdio\n"
    "drivers\tdrivers/net/usb\n";
// clang-format on

}  // namespace

std::string_view image_modules() {
    return kModules;
}

}  // namespace boot
