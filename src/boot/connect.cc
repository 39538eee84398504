// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/connect.h"

#include <fcntl.h>
#include <libnvme.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "base/fd.h"
#include "base/text.h"
#include "boot/peer_watch.h"
#include "boot/probe_portals.h"
#include "boot/side_task.h"
#include "boot/sysfs.h"

namespace boot {
namespace {

using base::Error;
using base::Result;
using base::SysPaths;

// --- libnvme, owned
// --------------------------------------------------------------------------------

struct TreeDeleter {
    void operator()(nvme_root* root) const { nvme_free_tree(root); }
};
using Tree = std::unique_ptr<nvme_root, TreeDeleter>;

nvme_fabrics_config fabrics_config(const BootPlan& plan) {
    const ConnectOptions& options = plan.connect;
    nvme_fabrics_config config;
    nvmf_default_config(&config);
    config.queue_size = static_cast<int>(options.queue_size);
    config.nr_io_queues = static_cast<int>(io_queue_count(options));
    config.reconnect_delay = static_cast<int>(options.reconnect_delay.count());
    config.ctrl_loss_tmo = static_cast<int>(options.ctrl_loss_tmo.count());
    config.keep_alive_tmo = static_cast<int>(options.keep_alive_tmo.count());
    if (options.fast_io_fail_tmo.count() > 0) {
        config.fast_io_fail_tmo = static_cast<int>(options.fast_io_fail_tmo.count());
    }
    config.hdr_digest = options.hdr_digest;
    config.data_digest = options.data_digest;
    return config;
}

/// The connect itself, in the side task. @return the controller's name
Result<std::string> connect_by_libnvme(const BootPlan& plan, const Portal& portal) {
    constexpr int kSilent =
        -1;  // below every syslog level: libnvme's log is for a console of its own
    const Tree tree(nvme_create_root(nullptr, kSilent));
    if (!tree) {
        return base::errno_error(errno, "start libnvme");
    }
    const nvme_host_t host =
        nvme_lookup_host(tree.get(), plan.host.nqn.c_str(), nvme::to_text(plan.host.id).c_str());
    const nvme_ctrl_t controller =
        nvme_create_ctrl(tree.get(), plan.target.subsysnqn.c_str(), "tcp", portal.address.c_str(),
                         nullptr, nullptr, std::to_string(portal.port).c_str());
    if (host == nullptr || controller == nullptr) {
        return base::errno_error(errno, "prepare the connect");
    }
    if (plan.auth.mode != Auth::kOff) {
        nvme_host_set_dhchap_key(host, plan.auth.host_secret.reveal().c_str());
    }
    if (plan.auth.mode == Auth::kMutual) {
        nvme_ctrl_set_dhchap_key(controller, plan.auth.ctrl_secret.reveal().c_str());
    }
    const nvme_fabrics_config config = fabrics_config(plan);
    if (nvmf_add_ctrl(host, controller, &config) != 0) {
        const int code = errno;
        return Error{code, nvme_errno_to_string(code)};
    }
    return std::string(nvme_ctrl_get_name(controller));
}

// --- options
// ---------------------------------------------------------------------------------------

/// The option list, or an empty text where the kernel is too old to tell (before 5.17).
Result<std::string> read_option_list(const SysPaths& sys) {
    TRY(const base::UniqueFd fd, base::open_file(sys.dev + "/nvme-fabrics", O_RDWR));
    std::array<std::byte, 4096> buffer{};
    const auto n = base::read_full(fd.get(), buffer);
    if (!n) {
        if (n.error().code == EINVAL) {
            return std::string();
        }
        return n.error().in("read " + sys.dev + "/nvme-fabrics");
    }
    return std::string(base::text_of(std::span(buffer).first(*n)));
}

// --- what a failure means
// --------------------------------------------------------------------------

struct Symptom {
    std::string_view line;  ///< part of a line of the kernel
    ExitCode code;
    bool retry;
    std::string_view meaning;
};

/// The first row that matches any line wins: causes stand before their consequences.
constexpr Symptom kSymptoms[] = {
    {"failed to allocate queue 0 crypto", ExitCode::kModules, false,
     "the kernel has no crc32c for the digests; add the modules crc32c_generic and crc32c-intel to "
     "the initramfs"},
    {"failed to allocate hash", ExitCode::kModules, false,
     "the kernel lacks a hash for DH-HMAC-CHAP; add its module (hmac, sha256_generic or "
     "sha512_generic) to the initramfs"},
    {"initializing DH group", ExitCode::kModules, false,
     "the kernel lacks a Diffie-Hellman group; add the module dh_generic to the initramfs"},
    {"is not allowed, hostnqn", ExitCode::kRefused, false,
     "the target does not allow this host; add its NQN to the subsystem's allowed hosts"},
    {"Invalid Data Parameter, subsysnqn", ExitCode::kRefused, false,
     "the target has no such subsystem; check the subsystem NQN in the URI"},
    {"controller is busy", ExitCode::kRefused, true, "the target is busy"},
    {"controller authentication failed", ExitCode::kAuthentication, false,
     "authentication failed: the target did not prove that it knows the controller secret; compare "
     "dhchap_ctrl_secret "
     "here "
     "and there"},
    {"no key", ExitCode::kAuthentication, false,
     "the target demands authentication and no host secret is configured; set dhchap_secret_file"},
    {"invalid HASH ID", ExitCode::kAuthentication, false,
     "the target chose a hash that the kernel does not know"},
    {"invalid DH group id", ExitCode::kAuthentication, false,
     "the target chose a Diffie-Hellman group that the kernel does not know"},
    {"authentication failed", ExitCode::kAuthentication, false,
     "authentication failed: the target refused this host's secret; compare dhchap_secret for this "
     "host NQN here and "
     "there"},
    {"authentication setup failed", ExitCode::kAuthentication, false,
     "the target demands authentication and this kernel cannot do it (CONFIG_NVME_HOST_AUTH)"},
    {"authentication required", ExitCode::kAuthentication, false,
     "the target demands authentication; set dhchap_secret_file"},
    {"failed to connect socket", ExitCode::kUnreachable, true, "nobody answers there"},
    {"found same hostid", ExitCode::kConnect, false,
     "another connection of this machine uses the host id with another host NQN"},
    {"found same hostnqn", ExitCode::kConnect, false,
     "another connection of this machine uses the host NQN with another host id"},
};

/// The last line of any controller: the one nearest to the cause that no row knows.
std::string last_words(const KernelLog& log) {
    return log.lines().empty() ? std::string() : " (kernel: " + log.lines().back().text + ")";
}

// --- secrets in sysfs
// ------------------------------------------------------------------------------

/// The kernel shows both secrets to every user: mode 0644.
base::Status close_secrets(const SysPaths& sys, const std::string& controller) {
    for (const char* name : {"dhchap_secret", "dhchap_ctrl_secret"}) {
        const std::string path = sys.sys + "/class/nvme/" + controller + "/" + name;
        if (::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 && errno != ENOENT) {
            return base::errno_error(errno, "close " + path);
        }
    }
    return base::done();
}

/// Options are checked in the side task too, since reading the list waits for other connects.
Result<std::string> connect_work(const BootPlan& plan, const Portal& portal, const SysPaths& sys) {
    TRY(const std::string list, read_option_list(sys));
    const auto allowed = check_options(plan, fabrics_options(list));
    if (!allowed) {
        return Error{ENOTSUP, allowed.error().error.text};
    }
    return connect_by_libnvme(plan, portal);
}

}  // namespace

std::vector<std::string_view> fabrics_options(std::string_view list) {
    std::vector<std::string_view> names;
    for (const std::string_view option : base::split(base::trim(list), ',')) {
        if (!option.empty()) {
            names.push_back(option.substr(0, option.find('=')));
        }
    }
    return names;
}

Outcome<base::Nothing> check_options(const BootPlan& plan,
                                     std::span<const std::string_view> options) {
    struct Need {
        std::string_view option;
        bool needed;
        ExitCode code;
        std::string_view remedy;
    };
    const Need needs[] = {
        {"dhchap_secret", plan.auth.mode != Auth::kOff, ExitCode::kAuthentication,
         "boot a kernel with CONFIG_NVME_HOST_AUTH, or set nvmeroot.auth=off"},
        {"dhchap_ctrl_secret", plan.auth.mode == Auth::kMutual, ExitCode::kAuthentication,
         "boot a kernel with CONFIG_NVME_HOST_AUTH"},
        {"data_digest", plan.connect.data_digest, ExitCode::kConnect,
         "boot a newer kernel, or set nvmeroot.data_digest=no"},
        {"hdr_digest", plan.connect.hdr_digest, ExitCode::kConnect,
         "boot a newer kernel, or set nvmeroot.hdr_digest=no"},
    };
    for (const Need& need : needs) {
        if (need.needed &&
            std::find(options.begin(), options.end(), need.option) == options.end()) {
            return Failure::final(
                need.code, base::error("this kernel's connect has no option " +
                                       std::string(need.option) + "; " + std::string(need.remedy)));
        }
    }
    return base::done();
}

uint32_t io_queue_count(const ConnectOptions& options) {
    constexpr uint32_t kKindToSmallTargets = 4;
    if (options.nr_io_queues != 0) {
        return options.nr_io_queues;
    }
    const long processors = ::sysconf(_SC_NPROCESSORS_ONLN);
    return std::clamp(static_cast<uint32_t>(std::max(processors, 1L)), 1U, kKindToSmallTargets);
}

namespace {

/// The kernel's own target does this to a wrong secret, before its answer is out.
Failure explain_hang_up(const BootPlan& plan, const std::string& where) {
    if (plan.auth.mode == Auth::kOff) {
        return Failure::passing(
            ExitCode::kConnect,
            base::error(where + "the target closed the connection; look at its log"));
    }
    return Failure::final(
        ExitCode::kAuthentication,
        base::error(where +
                    "the target closed the connection during authentication, most likely because "
                    "the secret is wrong; compare dhchap_secret for this host NQN here and there"));
}

}  // namespace

Failure explain_connect_failure(const BootPlan& plan, const Portal& portal, const KernelLog& log,
                                const Error& error) {
    const std::string where = "connect " + place(portal) + ": ";
    if (error.code == ENOTSUP) {
        const bool auth =
            plan.auth.mode != Auth::kOff && error.text.find("dhchap") != std::string_view::npos;
        return Failure::final(auth ? ExitCode::kAuthentication : ExitCode::kConnect,
                              base::error(where + error.text));
    }
    for (const Symptom& symptom : kSymptoms) {
        for (const KernelLine& line : log.lines()) {
            if (line.text.find(symptom.line) != std::string_view::npos) {
                return {symptom.code, symptom.retry,
                        base::error(where + std::string(symptom.meaning))};
            }
        }
    }
    if (error.code == ECONNABORTED) {
        return explain_hang_up(plan, where);
    }
    if (error.code == ETIMEDOUT) {
        return Failure::passing(
            ExitCode::kConnect,
            base::error(where + "the target went silent and the kernel is still waiting for it; "
                                "look at the target, or raise nvmeroot.connect_timeout"));
    }
    return Failure::of(ExitCode::kConnect, base::error(where + error.text + last_words(log)));
}

Outcome<Controller> connect(const BootPlan& plan, const Portal& portal, const SysPaths& sys,
                            const base::Clock& clock, KernelLog& log) {
    const base::Deadline deadline(clock, plan.timeouts.connect);
    TRY(SideTask task, staged(ExitCode::kConnect, SideTask::start("the kernel", [&] {
                                  return connect_work(plan, portal, sys);
                              })));
    PeerWatch peer(portal, sys);
    const Result<std::string> name = task.wait(deadline, [&] { return peer.hung_up(); });
    TRY_VOID(staged(ExitCode::kInternal, log.drain()));
    if (!name) {
        return explain_connect_failure(plan, portal, log, name.error());
    }
    Controller controller{*name, portal, io_queue_count(plan.connect)};
    if (auto closed = close_secrets(sys, controller.name); !closed) {
        disconnect(controller.name, sys, clock);
        return Failure::final(ExitCode::kAuthentication, std::move(closed).error());
    }
    return controller;
}

void disconnect(const std::string& controller, const SysPaths& sys, const base::Clock& clock) {
    constexpr base::seconds kPatience{5};
    const std::string path = sys.sys + "/class/nvme/" + controller + "/delete_controller";
    auto task = SideTask::start("disconnect " + controller, [&]() -> Result<std::string> {
        TRY_VOID(base::write_text(path, "1"));
        return std::string();
    });
    if (task) {
        (void)task->wait(base::Deadline(clock, kPatience));  // see the contract
    }
}

std::vector<std::string> controllers_of(const SysPaths& sys, std::string_view subsysnqn) {
    std::vector<std::string> names;
    const std::string folder = sys.sys + "/class/nvme";
    for (const std::string& name : list_folder(folder)) {
        if (attribute(folder + "/" + name + "/subsysnqn") == subsysnqn) {
            names.push_back(name);
        }
    }
    return names;
}

}  // namespace boot
