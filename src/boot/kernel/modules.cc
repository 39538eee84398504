// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/kernel/modules.h"

#include <dirent.h>
#include <libkmod.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <set>

#include "base/fd.h"
#include "base/sysfs.h"
#include "base/text.h"

namespace boot {
namespace {

using base::Result;
using base::Status;
using base::SysPaths;

// --- libkmod, owned ------------------------------------------------------------------------------

struct ContextDeleter {
    void operator()(kmod_ctx* context) const { kmod_unref(context); }
};
struct ModuleDeleter {
    void operator()(kmod_module* module) const { kmod_module_unref(module); }
};
struct ListDeleter {
    void operator()(kmod_list* list) const { kmod_module_unref_list(list); }
};
using Context = std::unique_ptr<kmod_ctx, ContextDeleter>;
using Module = std::unique_ptr<kmod_module, ModuleDeleter>;
using List = std::unique_ptr<kmod_list, ListDeleter>;

void drop_library_log(void*, int, const char*, int, const char*, const char*, va_list) {}

/// The module directory of the running kernel.
std::string module_folder(const SysPaths& sys) {
    utsname name{};
    (void)::uname(&name);  // cannot fail with a valid buffer
    return sys.lib_modules + "/" + name.release;
}

/// The crypto layer's names of what the kernel has already: the `name` lines of /proc/crypto.
std::set<std::string, std::less<>> crypto_algorithms(const SysPaths& sys) {
    std::set<std::string, std::less<>> names;
    const auto text = base::read_text(sys.proc + "/crypto");
    for (const std::string_view line : base::split(text ? *text : std::string_view(), '\n')) {
        const size_t colon = line.find(':');
        if (colon != std::string_view::npos && base::trim(line.substr(0, colon)) == "name") {
            names.emplace(base::trim(line.substr(colon + 1)));
        }
    }
    return names;
}

class Loader {
  public:
    static Result<Loader> open(const SysPaths& sys) {
        std::string folder = module_folder(sys);
        Context context(kmod_new(folder.c_str(), nullptr));
        if (!context) {
            return base::error("start libkmod");
        }
        kmod_set_log_fn(context.get(), drop_library_log, nullptr);
        (void)kmod_load_resources(context.get());  // without its indexes all must be built in
        return Loader(std::move(context), std::move(folder), sys);
    }

    /// All modules that a name or alias stands for, or an empty list.
    [[nodiscard]] std::vector<Module> find(const std::string& alias) const {
        kmod_list* found = nullptr;
        std::vector<Module> modules;
        if (kmod_module_new_from_lookup(context_.get(), alias.c_str(), &found) < 0) {
            return modules;
        }
        const List list(found);
        for (kmod_list* at = list.get(); at != nullptr; at = kmod_list_next(list.get(), at)) {
            modules.emplace_back(kmod_module_get_module(at));
        }
        return modules;
    }

    /// Loads one module with its dependencies. A module that is already loaded is not an error.
    [[nodiscard]] Status insert(kmod_module* module) const {
        // No install commands: they are shell, and an initramfs is not where they were meant for.
        const int flags = KMOD_PROBE_APPLY_BLACKLIST_ALIAS_ONLY | KMOD_PROBE_IGNORE_COMMAND;
        const int code =
            kmod_module_probe_insert_module(module, flags, nullptr, nullptr, nullptr, nullptr);
        if (code < 0 && code != -EEXIST) {
            return base::errno_error(
                -code, std::string("load kernel module ") + kmod_module_get_name(module));
        }
        return base::done();
    }

    [[nodiscard]] Status load(const ModuleWish& wish) const {
        std::vector<Module> modules = find(wish.name);
        std::stable_partition(modules.begin(), modules.end(), [](const Module& module) {
            return !is_generic_code(kmod_module_get_name(module.get()));
        });
        for (const Module& module : modules) {
            if (Status loaded = insert(module.get()); !loaded && wish.required) {
                return loaded;
            }
            if (crypto_algorithms(sys_).contains(wish.algorithm)) {
                break;
            }
        }
        if (modules.empty() && wish.required && !in_kernel(wish.name)) {
            return base::error("kernel module " + wish.name + " is neither in " + folder_ +
                               " nor built into the kernel; add it to the initramfs");
        }
        return base::done();
    }

  private:
    Loader(Context context, std::string folder, SysPaths sys)
        : context_(std::move(context)), folder_(std::move(folder)), sys_(std::move(sys)) {}

    /// Built in, in an image without the modules.builtin index.
    [[nodiscard]] bool in_kernel(std::string name) const {
        std::replace(name.begin(), name.end(), '-', '_');
        return ::access((sys_.sys + "/module/" + name).c_str(), F_OK) == 0;
    }

    Context context_;
    std::string folder_;
    SysPaths sys_;
};

// --- which modules -------------------------------------------------------------------------------

/// Buses other than PCI that carry network devices, and how the modaliases of such devices look:
/// virtio by device number, Hyper-V by the id of its network class, USB by interface class
/// (communication, wireless controller such as RNDIS, miscellaneous, vendor's own), platform not at
/// all: there the driver found tells.
struct Bus {
    std::string_view name;
    std::string_view alias_part;
};
constexpr Bus kBuses[] = {
    {"virtio", "virtio:d00000001v"},
    {"vmbus", "vmbus:635161f83edfc546913ff2d2f965ed0e"},
    {"xen", "xen:vif"},
    {"usb", "ic02"},
    {"usb", "icE0"},
    {"usb", "icEF"},
    {"usb", "icFF"},
    {"platform", ""},
};

bool is_wired_network_class(std::string_view pci_class) {
    constexpr std::string_view kWireless = "0x0280";
    constexpr std::string_view kInfiniband = "0x0207";
    return pci_class.starts_with("0x02") && !pci_class.starts_with(kWireless) &&
           !pci_class.starts_with(kInfiniband);
}

void add_pci(const SysPaths& sys, std::vector<NetworkAlias>& aliases) {
    const std::string folder = sys.sys + "/bus/pci/devices";
    for (const std::string& device : list_folder(folder)) {
        const std::string path = folder + "/" + device;
        const auto pci_class = attribute(path + "/class");
        const auto alias = attribute(path + "/modalias");
        if (pci_class && alias && is_wired_network_class(*pci_class)) {
            aliases.push_back({*alias, true});
        }
    }
}

void add_bus(const SysPaths& sys, const Bus& bus, std::vector<NetworkAlias>& aliases) {
    const std::string folder = sys.sys + "/bus/" + std::string(bus.name) + "/devices";
    for (const std::string& device : list_folder(folder)) {
        const auto alias = attribute(folder + "/" + device + "/modalias");
        if (alias && !alias->empty() && alias->find(bus.alias_part) != std::string::npos) {
            aliases.push_back({*alias, false});
        }
    }
}

}  // namespace

bool is_generic_code(std::string_view module) {
    return module.ends_with("generic");
}

bool may_be_network_driver(std::string_view path) {
    if (path.find("/drivers/") == std::string_view::npos) {
        return true;
    }
    return path.find("/drivers/net/") != std::string_view::npos &&
           path.find("/wireless/") == std::string_view::npos;
}

std::vector<NetworkAlias> network_aliases(const SysPaths& sys) {
    std::vector<NetworkAlias> aliases;
    add_pci(sys, aliases);
    for (const Bus& bus : kBuses) {
        add_bus(sys, bus, aliases);
    }
    return aliases;
}

void load_firmware_module(const SysPaths& sys) {
    if (::access((sys.sys + "/bus/acpi/devices/QEMU0002:00").c_str(), F_OK) == 0) {
        load_optional_module("qemu_fw_cfg", sys);  // without it there are no such credentials
    }
}

void load_optional_module(const std::string& name, const SysPaths& sys) {
    if (const auto loader = Loader::open(sys)) {
        (void)loader->load({name});
    }
}

std::vector<ModuleWish> storage_modules(const BootPlan& plan, const SysPaths& sys) {
    std::vector<ModuleWish> wishes;
    if (plan.connect.hdr_digest || plan.connect.data_digest) {
        wishes.push_back({"crypto-crc32c", false, "crc32c"});
    }
    if (plan.auth.mode != Auth::kOff) {
        const auto present = crypto_algorithms(sys);
        const auto want = [&](const std::string& algorithm, const std::string& alias) {
            if (!present.contains(algorithm)) {
                wishes.push_back({"crypto-" + alias, false, algorithm});
            }
        };
        wishes.push_back({"crypto-hmac"});  // a template: /proc/crypto shows only its instances
        for (const nvme::HashId hash : plan.auth.hashes) {
            want(std::string(nvme::name(hash)), std::string(nvme::name(hash)));
        }
        want("dh", "dh");  // brings the ffdhe templates
    }
    wishes.push_back({"nvme-tcp", true});
    return wishes;
}

std::vector<ModuleWish> device_modules(const NetworkPlan& plan) {
    std::vector<ModuleWish> wishes;
    for (const DevicePlan& device : plan.devices) {
        switch (device.kind) {
            case DevicePlan::Kind::kVlan:
                wishes.push_back({"8021q", true});
                break;
            case DevicePlan::Kind::kBond:
                wishes.push_back({"bonding", true});
                break;
            case DevicePlan::Kind::kBridge:
                wishes.push_back({"bridge", true});
                break;
        }
    }
    return wishes;
}

Result<std::vector<std::string>> load_network_modules(const BootPlan& plan, const SysPaths& sys) {
    TRY(const Loader loader, Loader::open(sys));
    for (const std::string& name : plan.extra_modules) {
        TRY_VOID(loader.load({name, true}));
    }
    for (const ModuleWish& wish : device_modules(plan.network)) {
        TRY_VOID(loader.load(wish));
    }
    // A PCI driver brings a virtio device, a USB host controller its devices: until nothing is new.
    constexpr int kMaxRounds = 4;
    std::vector<std::string> problems;
    std::set<std::string> seen;
    for (int round = 0; round < kMaxRounds; ++round) {
        const size_t before = seen.size();
        for (const NetworkAlias& device : network_aliases(sys)) {
            if (!seen.insert(device.alias).second) {
                continue;
            }
            for (const Module& module : loader.find(device.alias)) {
                const char* path = kmod_module_get_path(module.get());
                if (path == nullptr || (!device.any_driver && !may_be_network_driver(path))) {
                    continue;  // built in, or not ours
                }
                if (Status inserted = loader.insert(module.get()); !inserted) {
                    problems.push_back(std::move(inserted).error().text);
                }
            }
        }
        if (seen.size() == before) {
            break;
        }
    }
    return problems;
}

Status load_storage_modules(const BootPlan& plan, const SysPaths& sys) {
    TRY(const Loader loader, Loader::open(sys));
    for (const ModuleWish& wish : storage_modules(plan, sys)) {
        TRY_VOID(loader.load(wish));
    }
    return base::done();
}

}  // namespace boot
