// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/connect/connect.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/fd.h"
#include "base/sysfs.h"
#include "base/text.h"
#include "boot/connect/connect_failure.h"
#include "boot/connect/connect_libnvme.h"
#include "boot/connect/peer_watch.h"
#include "boot/reach/probe_portals.h"
#include "boot/side_task.h"

namespace boot {
namespace {

using base::Result;
using base::SysPaths;

/// Room for two NQNs and two secrets.
constexpr size_t kLongestOptions = 2048;

// --- options -------------------------------------------------------------------------------------

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

// --- secrets in sysfs ----------------------------------------------------------------------------

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

// --- discovery controllers -----------------------------------------------------------------------

/// libnvme 1 never passes secrets to them, so that the kernel is asked directly.
Result<std::string> connect_discovery(const ConnectRequest& request, const Portal& portal,
                                      const SysPaths& sys) {
    std::string options = "nqn=" + request.subsysnqn + ",transport=tcp,traddr=" + portal.address +
                          ",trsvcid=" + std::to_string(portal.port) +
                          ",hostnqn=" + request.host.nqn +
                          ",hostid=" + nvme::to_text(request.host.id);
    options += portal.source.empty() ? "" : ",host_traddr=" + portal.source;
    options += portal.interface.empty() ? "" : ",host_iface=" + portal.interface;
    options.reserve(kLongestOptions);  // no copy of a secret is left behind by growth
    options.append(",dhchap_secret=").append(request.auth.host_secret.reveal());
    if (request.auth.mode == Auth::kMutual) {
        options.append(",dhchap_ctrl_secret=").append(request.auth.ctrl_secret.reveal());
    }
    TRY(const base::UniqueFd fd, base::open_file(sys.dev + "/nvme-fabrics", O_RDWR));
    const ssize_t written = ::write(fd.get(), options.data(), options.size());
    const int code = errno;
    base::wipe(options.data(), options.size());
    if (written < 0) {
        return base::errno_error(code, "write " + sys.dev + "/nvme-fabrics");
    }
    std::array<std::byte, 256> answer{};
    TRY(const size_t size, base::read_full(fd.get(), answer));
    return controller_of_answer(base::text_of(std::span(answer).first(size)));
}

Result<std::string> connect_work(const ConnectRequest& request, const Portal& portal,
                                 const SysPaths& sys) {
    return request.to_discovery() ? connect_discovery(request, portal, sys)
                                  : connect_by_libnvme(request, portal);
}

/// The kernel connects to one target at a time and says what it knows between two: its answer is
/// the turn to connect, and a connect that was given up has logged everything it will log by then.
Outcome<std::string> await_turn(const SysPaths& sys, const base::Deadline& deadline) {
    TRY(SideTask task, staged(ExitCode::kConnect, SideTask::start("the kernel's connect", [&] {
                                  return read_option_list(sys);
                              })));
    auto list = task.wait(deadline);
    if (!list && list.error().code == ETIMEDOUT) {
        return Failure::passing(
            ExitCode::kConnect,
            base::error("a target stopped answering and the kernel is still waiting for it and "
                        "cannot connect to another target meanwhile; check that target, or raise "
                        "nvmeroot.connect_timeout"));
    }
    return staged(ExitCode::kConnect, std::move(list));
}

Outcome<base::Nothing> check_turn(const ConnectRequest& request, const Portal& portal,
                                  const SysPaths& sys, const base::Deadline& deadline) {
    TRY(const std::string list, await_turn(sys, deadline));
    return check_options(request, portal, fabrics_options(list));
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

Outcome<base::Nothing> check_options(const ConnectRequest& request, const Portal& portal,
                                     std::span<const std::string_view> options) {
    struct Need {
        std::string_view option;
        bool needed;
        ExitCode code;
        std::string_view remedy;
    };
    const Need needs[] = {
        {"dhchap_secret", request.auth.mode != Auth::kOff, ExitCode::kAuthentication,
         "boot a kernel with CONFIG_NVME_HOST_AUTH, or set nvmeroot.auth=off"},
        {"dhchap_ctrl_secret", request.auth.mode == Auth::kMutual, ExitCode::kAuthentication,
         "boot a kernel with CONFIG_NVME_HOST_AUTH"},
        {"data_digest", request.options.data_digest, ExitCode::kConnect,
         "boot a newer kernel, or set nvmeroot.data_digest=no"},
        {"hdr_digest", request.options.hdr_digest, ExitCode::kConnect,
         "boot a newer kernel, or set nvmeroot.hdr_digest=no"},
        {"tos", request.options.tos >= 0, ExitCode::kConnect,
         "boot a newer kernel, or leave out nvmeroot.tos"},
        {"host_traddr", !portal.source.empty(), ExitCode::kConnect,
         "boot a newer kernel, or give the path no source"},
        {"host_iface", !portal.interface.empty(), ExitCode::kConnect,
         "boot a newer kernel (5.14), or give the path no interface"},
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

Result<std::string> controller_of_answer(std::string_view answer) {
    constexpr std::string_view kInstance = "instance=";
    if (answer.starts_with(kInstance)) {
        const std::string_view rest = answer.substr(kInstance.size());
        const std::string_view number = rest.substr(0, rest.find(','));
        if (base::parse_u64(number, INT32_MAX)) {
            return "nvme" + std::string(number);
        }
    }
    return base::error("unexpected reply from the kernel to connect: " + base::quoted(answer));
}

Outcome<Controller> connect(const ConnectRequest& request, const Portal& portal,
                            const SysPaths& sys, const base::Clock& clock, KernelLog& log) {
    auto allowed = check_turn(request, portal, sys, base::Deadline(clock, request.timeout));
    if (!allowed) {
        Failure why = std::move(allowed).error();
        why.error = std::move(why.error).in("connect " + portal.text());
        return why;
    }
    TRY_VOID(staged(ExitCode::kInternal, log.drain()));
    (void)log.take_lines();  // they tell of other connects
    const base::Deadline deadline(clock, request.timeout);
    TRY(SideTask task, staged(ExitCode::kConnect, SideTask::start("the kernel", [&] {
                                  return connect_work(request, portal, sys);
                              })));
    PeerWatch peer(portal, sys);
    const Result<std::string> name = task.wait(deadline, [&] { return peer.hung_up(); });
    TRY_VOID(staged(ExitCode::kInternal, log.drain()));
    if (!name) {
        return explain_connect_failure(request, portal, log, name.error());
    }
    Controller controller{*name, portal, request.io_queues()};
    if (auto closed = close_secrets(sys, controller.name); !closed) {
        disconnect(controller.name, sys, clock);
        return Failure::final(ExitCode::kAuthentication, std::move(closed).error());
    }
    return controller;
}

Result<SideTask> start_disconnect(const std::string& controller, const SysPaths& sys) {
    const std::string path = sys.sys + "/class/nvme/" + controller + "/delete_controller";
    return SideTask::start("disconnect " + controller, [&]() -> Result<std::string> {
        TRY_VOID(base::write_text(path, "1"));
        return std::string();
    });
}

void disconnect(const std::string& controller, const SysPaths& sys, const base::Clock& clock) {
    constexpr base::seconds kPatience{5};
    if (auto task = start_disconnect(controller, sys)) {
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
