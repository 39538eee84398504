// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/queue/judgement.h"

#include <algorithm>

namespace target {

namespace status = nvme::status;

namespace {

const CommandEntry* find(std::span<const CommandEntry> table, uint8_t opcode) {
    const auto row = std::ranges::find(table, opcode, &CommandEntry::opcode);
    return row == table.end() ? nullptr : &*row;
}

/// The row for a command, or the status that says why it is not run here and now.
base::Result<const CommandEntry*, nvme::Status> find_command(const QueueContext& queue,
                                                             const Request& request) {
    const nvme::Sqe& sqe = request.sqe;
    const bool fabrics = request.is_fabrics();
    const auto type = nvme::fabrics_type(sqe);
    const CommandEntry* row =
        fabrics ? find(fabrics_commands(), static_cast<uint8_t>(type)) : nullptr;
    if (queue.holds_failure) {
        return status::kSequenceError.dnr();
    }
    if (queue.controller == nullptr) {
        return row != nullptr && type == nvme::FabricsType::kConnect
                   ? base::Result<const CommandEntry*, nvme::Status>(row)
                   : status::kSequenceError.dnr();
    }
    const bool authenticating =
        type == nvme::FabricsType::kAuthSend || type == nvme::FabricsType::kAuthReceive;
    if (!queue.proved() && !(fabrics && authenticating)) {
        return status::kAuthRequired.dnr();
    }
    if (!fabrics) {
        if (!queue.controller->ready()) {
            return status::kSequenceError.dnr();
        }
        row = find(queue.qid != 0                     ? io_commands()
                   : queue.controller->is_discovery() ? discovery_commands()
                                                      : admin_commands(),
                   sqe.opcode);
    }
    if (row == nullptr) {
        return status::kInvalidOpcode.dnr().at(fabrics ? 1 : 0);
    }
    return row;
}

}  // namespace

bool is_shared(const Request& request) {
    if (request.half() != 0 || request.is_fabrics()) {
        return true;
    }
    const CommandEntry* row = find(io_commands(), request.sqe.opcode);
    return row == nullptr || !row->spreads;
}

nvme::Status bind_namespace(const QueueContext& queue, Request& request) {
    const auto& ns = queue.controller->namespace_view().share(request.sqe.nsid, request.lane);
    const uint64_t serial = ns == nullptr ? 0 : ns->serial();
    if (request.meant != 0 && request.meant != serial) {
        return status::kInvalidNamespace.dnr().at(1);
    }
    request.meant = serial;
    request.ns = ns;
    const bool has_path = queue.qid != 0 && ns != nullptr;
    return has_path ? queue.controller->check_path(*ns) : status::kSuccess;
}

Checked judge(const QueueContext& queue, Request& request) {
    const nvme::Sqe& sqe = request.sqe;
    TRY(request.entry, find_command(queue, request));
    if ((sqe.flags & nvme::Sqe::kPsdtMask) != nvme::Sqe::kPsdtSgl) {
        return status::kInvalidField.dnr().at(0, 14);
    }
    const bool names_one = queue.qid != 0 && !request.is_fabrics() && sqe.nsid != nvme::kNsidAll;
    if (names_one || request.meant != 0) {
        if (const nvme::Status verdict = bind_namespace(queue, request); !verdict.ok()) {
            return verdict;
        }
    }
    const Checked checked = request.entry->check(request);
    request.judged = checked.ok();
    return checked;
}

}  // namespace target
