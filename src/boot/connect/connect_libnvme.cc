// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/connect/connect_libnvme.h"

#include <libnvme.h>

#include <cerrno>
#include <memory>

namespace boot {
namespace {

using base::Error;
using base::Result;

struct Free {
    void operator()(nvme_root* root) const { nvme_free_tree(root); }
    void operator()(nvme_ctrl* controller) const { nvme_free_ctrl(controller); }
};
using Tree = std::unique_ptr<nvme_root, Free>;
using Control = std::unique_ptr<nvme_ctrl, Free>;

nvme_fabrics_config fabrics_config(const ConnectRequest& request) {
    const ConnectOptions& options = request.options;
    nvme_fabrics_config config;
    nvmf_default_config(&config);
    config.queue_size = static_cast<int>(options.queue_size);
    config.nr_io_queues = static_cast<int>(options.io_queues());
    config.reconnect_delay = static_cast<int>(options.reconnect_delay.count());
    config.ctrl_loss_tmo = static_cast<int>(options.ctrl_loss_tmo.count());
    config.keep_alive_tmo = static_cast<int>(options.keep_alive_tmo.count());
    if (options.fast_io_fail_tmo.count() > 0) {
        config.fast_io_fail_tmo = static_cast<int>(options.fast_io_fail_tmo.count());
    }
    config.tos = options.tos;
    config.hdr_digest = options.hdr_digest;
    config.data_digest = options.data_digest;
    return config;
}

}  // namespace

Result<std::string> connect_by_libnvme(const ConnectRequest& request, const Portal& portal) {
    // Below every syslog level: libnvme's log is for a console of its own.
    constexpr int kSilent = -1;
    const Tree tree(nvme_create_root(nullptr, kSilent));
    if (!tree) {
        return base::errno_error(errno, "start libnvme");
    }
    const nvme_host_t host = nvme_lookup_host(tree.get(), request.host.nqn.c_str(),
                                              nvme::to_text(request.host.id).c_str());
    const Control controller(nvme_create_ctrl(tree.get(), request.subsysnqn.c_str(), "tcp",
                                              portal.address.c_str(), text_or_null(portal.source),
                                              text_or_null(portal.interface),
                                              std::to_string(portal.port).c_str()));
    if (host == nullptr || !controller) {
        return base::errno_error(errno, "prepare the connect");
    }
    if (request.auth.mode != Auth::kOff) {
        nvme_host_set_dhchap_key(host, request.auth.host_secret.reveal().c_str());
    }
    if (request.auth.mode == Auth::kMutual) {
        nvme_ctrl_set_dhchap_key(controller.get(), request.auth.ctrl_secret.reveal().c_str());
    }
    const nvme_fabrics_config config = fabrics_config(request);
    if (nvmf_add_ctrl(host, controller.get(), &config) != 0) {
        const int code = errno;
        return Error{code, nvme_errno_to_string(code)};
    }
    return std::string(nvme_ctrl_get_name(controller.get()));
}

}  // namespace boot
