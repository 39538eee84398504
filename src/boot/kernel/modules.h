// SPDX-License-Identifier: GPL-2.0-or-later
//
// Kernel modules, and the only user of libkmod. There are two calls, because loading takes most of
// the time before the first packet of a boot: the network drivers are loaded first, so that links
// negotiate and DHCP runs while the rest loads.
//
// Network drivers are found by the modalias of each network device on a bus; no other devices of
// the machine are considered. The dependencies of nvme-tcp are loaded automatically, but the
// algorithms that it requests by name from the kernel's crypto layer are not: crc32c for digests,
// hmac(shaN), shaN and ffdheN(dh) for DH-HMAC-CHAP. The kernel would call /sbin/modprobe for them,
// which an initramfs may lack.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/plan/plan.h"

namespace boot {

/// The modaliases of devices that may be wired network devices: PCI devices of the network class
/// (except wireless and InfiniBand), and likely ones on virtio, USB, Hyper-V, Xen and the platform
/// bus.
struct NetworkAlias {
    std::string alias;
    bool any_driver = false;  ///< load every driver that matches, not only network drivers
};
std::vector<NetworkAlias> network_aliases(const base::SysPaths& sys);

/// @param path  of a module's file. False if the file is among drivers other than those of wired
/// networks. mkinitcpio keeps all modules in one directory; there, any module may be one.
bool may_be_network_driver(std::string_view path);

/// Loads the driver of QEMU's fw_cfg, which provides credentials, if the machine has that device.
void load_firmware_module(const base::SysPaths& sys);

/// Loads the module with a name or alias; it may be missing.
void load_optional_module(const std::string& name, const base::SysPaths& sys);

struct ModuleWish {
    std::string name;  ///< or an alias, `crypto-sha512`
    bool required = false;
    /// The kernel's name of an algorithm that several modules may provide: the first module that
    /// provides it ends the search.
    std::string algorithm = {};
};
/// Whether a module is portable code; code for this processor is tried before it.
bool is_generic_code(std::string_view module);
/// The modules that the connect needs.
std::vector<ModuleWish> storage_modules(const BootPlan& plan, const base::SysPaths& sys);

/// The modules for VLANs, bonds and bridges.
std::vector<ModuleWish> device_modules(const NetworkPlan& plan);

/// Loads the modules named by the plan and those of its devices, then the drivers of the network
/// devices and of the devices that appear after them. Finding none is not an error, because drivers
/// may be built in.
/// @return a sentence for each driver that did not load; another interface may be sufficient
/// Errors: a module that the plan names is missing or does not load.
base::Result<std::vector<std::string>> load_network_modules(const BootPlan& plan,
                                                            const base::SysPaths& sys);

/// Loads nvme-tcp and what it needs. Errors: a required module is neither loaded, built in, nor in
/// the image, or the kernel refuses it.
base::Status load_storage_modules(const BootPlan& plan, const base::SysPaths& sys);

}  // namespace boot
