// SPDX-License-Identifier: GPL-2.0-or-later
//
// The differences between libnvme 3 and libnvme 1: on this way it reads no file of /etc/nvme and
// looks no name up, so the address must be a number; it names the secrets after KX-HMAC-CHAP,
// though the kernel's options are dhchap_secret still; it answers with negative numbers instead of
// errno; and it takes away what /run/nvme/registry has of an earlier controller of the same name
// (the hand-over writes ours afterwards). The secrets go to the host and to the controller, not to
// the context: 3.0-rc1 forgets the context's on the way to the controller.
//
// Tried: 3.1 (Debian experimental) statically and with shared libraries, booted, and under
// connect_libnvme_test; the headers of 3.0-rc1.
#include <libnvme.h>

#include <cstdlib>
#include <memory>

#include "boot/connect/connect_libnvme.h"

namespace boot {
namespace {

using base::Error;
using base::Result;

struct Free {
    void operator()(libnvme_global_ctx* library) const { libnvme_free_global_ctx(library); }
    void operator()(libnvmf_context* context) const { libnvmf_context_free(context); }
    void operator()(libnvme_ctrl* controller) const { libnvme_free_ctrl(controller); }
};
using Library = std::unique_ptr<libnvme_global_ctx, Free>;
using Context = std::unique_ptr<libnvmf_context, Free>;
using Control = std::unique_ptr<libnvme_ctrl, Free>;

/// One place of libnvme 3.0 answers a failure with the positive number.
Error libnvme_error(int answer) {
    const int code = std::abs(answer);
    return Error{code, libnvme_strerror(code)};
}

void set_options(libnvmf_context* context, const ConnectOptions& options) {
    libnvmf_context_set_queue_size(context, static_cast<int>(options.queue_size));
    libnvmf_context_set_nr_io_queues(context, static_cast<int>(options.io_queues()));
    libnvmf_context_set_reconnect_policy(context, static_cast<int>(options.ctrl_loss_tmo.count()),
                                         static_cast<int>(options.reconnect_delay.count()),
                                         static_cast<int>(options.fast_io_fail_tmo.count()));
    libnvmf_context_set_keep_alive_tmo(context, static_cast<int>(options.keep_alive_tmo.count()));
    libnvmf_context_set_tos(context, options.tos);
    libnvmf_context_set_hdr_digest(context, options.hdr_digest);
    libnvmf_context_set_data_digest(context, options.data_digest);
}

Result<Control> create_controller(libnvme_global_ctx* library, const ConnectRequest& request,
                                  const Portal& portal) {
    libnvmf_context* made = nullptr;
    if (const int answer =
            libnvmf_context_create(library, nullptr, nullptr, nullptr, nullptr, &made);
        answer != 0) {
        return libnvme_error(answer);
    }
    const Context context(made);
    const std::string port = std::to_string(portal.port);  // the context keeps no copy
    libnvmf_context_set_connection(context.get(), request.subsysnqn.c_str(), "tcp",
                                   portal.address.c_str(), port.c_str(),
                                   text_or_null(portal.source), text_or_null(portal.interface));
    set_options(context.get(), request.options);
    libnvme_ctrl* controller = nullptr;
    if (const int answer = libnvmf_create_ctrl(library, context.get(), &controller); answer != 0) {
        return libnvme_error(answer);
    }
    return Control(controller);
}

}  // namespace

Result<std::string> connect_by_libnvme(const ConnectRequest& request, const Portal& portal) {
    constexpr int kSilent = LIBNVME_LOG_ERR - 1;  // its log is for a console of its own
    const Library library(libnvme_create_global_ctx());
    if (!library) {
        return libnvme_error(ENOMEM);
    }
    libnvme_set_logging_level(library.get(), kSilent, false, false);
    libnvme_host* host = nullptr;
    if (const int answer = libnvme_get_host(library.get(), request.host.nqn.c_str(),
                                            nvme::to_text(request.host.id).c_str(), &host);
        answer != 0) {
        return libnvme_error(answer);
    }
    TRY(const Control controller, create_controller(library.get(), request, portal));
    if (request.auth.mode != Auth::kOff) {
        libnvme_host_set_kxchap_host_key(host, request.auth.host_secret.reveal().c_str());
    }
    if (request.auth.mode == Auth::kMutual) {
        libnvme_ctrl_set_kxchap_ctrl_key(controller.get(),
                                         request.auth.ctrl_secret.reveal().c_str());
    }
    if (const int answer = libnvmf_add_ctrl(host, controller.get()); answer != 0) {
        return libnvme_error(answer);
    }
    return std::string(libnvme_ctrl_get_name(controller.get()));
}

}  // namespace boot
