// SPDX-License-Identifier: GPL-2.0-or-later
//
// The table of admin commands, and the small ones among them.
#include "target/commands/admin_cmd.h"

#include <array>

#include "target/queue/request_steps.h"

namespace target {

namespace status = nvme::status;

void keep_async_event(Request& request) {
    if (!request.queue->keep_async_event(request)) {
        complete(request, status::kAsyncEventLimitExceeded.dnr());
    }
}

void keep_alive(Request& request) {
    complete(request, status::kSuccess);  // that it came has been noted
}

namespace {

/// Of the admin commands only Asynchronous Event Requests last long enough to be aborted. An Abort
/// is itself done at once, so that no host ever has more of them under way than ACL allows. It
/// tells that a command was aborted only where that has been answered before; one that a backend
/// has may still end as aborted.
void abort(Request& request) {
    constexpr uint64_t kNotAborted = 1;
    const auto sqid = static_cast<uint16_t>(request.sqe.cdw10);
    const auto cid = static_cast<uint16_t>(request.sqe.cdw10 >> 16U);
    AttachedQueue* queue = request.queue->controller()->queues().find(sqid);
    const bool aborted =
        queue != nullptr && (sqid == 0 ? queue->abort_async_event(cid) : queue->abort(cid));
    complete(request, status::kSuccess, aborted ? 0 : kNotAborted);
}

constexpr uint8_t row(nvme::AdminOpcode opcode) {
    return static_cast<uint8_t>(opcode);
}

constexpr std::array kAdminCommands = {
    CommandEntry{row(nvme::AdminOpcode::kGetLogPage), "Get Log Page", check_get_log_page,
                 get_log_page},
    CommandEntry{row(nvme::AdminOpcode::kIdentify), "Identify", check_identify, identify},
    CommandEntry{row(nvme::AdminOpcode::kAbort), "Abort", no_data, abort},
    CommandEntry{row(nvme::AdminOpcode::kSetFeatures), "Set Features", check_set_features,
                 set_features},
    CommandEntry{row(nvme::AdminOpcode::kGetFeatures), "Get Features", check_get_features,
                 get_features},
    CommandEntry{row(nvme::AdminOpcode::kAsyncEventRequest), "Asynchronous Event Request", no_data,
                 keep_async_event},
    CommandEntry{row(nvme::AdminOpcode::kKeepAlive), "Keep Alive", no_data, keep_alive},
};

}  // namespace

std::span<const CommandEntry> admin_commands() {
    return kAdminCommands;
}

}  // namespace target
