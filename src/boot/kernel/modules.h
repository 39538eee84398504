// SPDX-License-Identifier: GPL-2.0-or-later
//
// Kernel modules, and the only user of libkmod. Two calls, because loading takes most of the time a
// boot takes before the first packet: the network drivers first, so that links negotiate and DHCP
// runs while the rest loads.
//
// Network drivers are found by the modalias of each network device on a bus; nothing else of the
// machine is loaded. nvme-tcp's own dependencies come by themselves, but the algorithms it asks the
// kernel's crypto layer for by name do not: crc32c for digests, hmac(shaN), shaN and ffdheN(dh) for
// DH-HMAC-CHAP. The kernel would call /sbin/modprobe for them, which an initramfs may lack.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/plan/plan.h"

namespace boot {

/// The modaliases of the devices that may be a wired network's: PCI devices of the network class
/// (wireless and Infiniband left out), and what looks like one on virtio, USB, Hyper-V, Xen and the
/// platform bus.
struct NetworkAlias {
    std::string alias;
    bool any_driver = false;  ///< load what matches, not only what may be a network's
};
std::vector<NetworkAlias> network_aliases(const base::SysPaths& sys);

/// @param path  of a module's file. False when it lies among other drivers than those of wired
/// networks. mkinitcpio keeps all modules in one directory: there any may be one.
bool may_be_network_driver(std::string_view path);

/// Loads the driver of QEMU's fw_cfg where the machine has that device: credentials come by it.
void load_firmware_module(const base::SysPaths& sys);

/// Loads what a name or alias stands for; it may be missing.
void load_optional_module(const std::string& name, const base::SysPaths& sys);

struct ModuleWish {
    std::string name;  ///< or an alias, `crypto-sha512`
    bool required = false;
    /// What the kernel calls the algorithm that several modules may bring: the first that does ends
    /// the search.
    std::string algorithm = {};
};
/// Whether a module is portable code, which the processor's own code for the same is tried before.
bool is_generic_code(std::string_view module);
/// What the connect will need.
std::vector<ModuleWish> storage_modules(const BootPlan& plan, const base::SysPaths& sys);

/// What VLANs, bonds and bridges are made by.
std::vector<ModuleWish> device_modules(const NetworkPlan& plan);

/// Loads the modules named by the plan and those of its devices, then the drivers of the network
/// devices and of what appears behind them. Finding none is no error: drivers may be built in.
/// @return a sentence for each driver that did not load: another interface may do
/// Errors: a module that the plan names is missing or does not load.
base::Result<std::vector<std::string>> load_network_modules(const BootPlan& plan,
                                                            const base::SysPaths& sys);

/// Loads nvme-tcp and what it needs. Errors: a required module is neither loaded, built in, nor in
/// the image, or the kernel refuses it.
base::Status load_storage_modules(const BootPlan& plan, const base::SysPaths& sys);

}  // namespace boot
