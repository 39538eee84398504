// SPDX-License-Identifier: GPL-2.0-or-later
#include "load/association.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "nvme/identify.h"

namespace load {
namespace {

constexpr uint32_t kMaxRead = 16U << 20U;
constexpr uint16_t kAdminCommands = 31;
constexpr size_t kAdminReceiveBytes = 8192;

LineOptions admin_options(LineOptions options) {
    options.connect.qid = 0;
    options.connect.queue_size = kAdminCommands + 1;
    options.queue.max_commands = kAdminCommands;
    options.receive_bytes = kAdminReceiveBytes;
    return options;
}

template <class T>
base::Result<T> answer_as(const host::Completion& completion) {
    const auto value = base::Reader(completion.data).take<T>();
    if (!value) {
        return base::error("Identify: the answer is too short");
    }
    return *value;
}

}  // namespace

Association::Association(target::Reactor& reactor, AssociationOptions options, Events events)
    : reactor_(reactor),
      options_(std::move(options)),
      events_(std::move(events)),
      admin_(reactor, admin_options(options_.line),
             {[this] {
                  nvme::Configuration cc;
                  cc.enable = true;
                  cc.submission_entry = 6;
                  cc.completion_entry = 4;
                  ask(host::property_set(nvme::Property::kCc, cc.wire()), &Association::on_enabled);
              },
              [this](const host::Completion& completion) { on_admin(completion); },
              [this](base::Error error) { fail(std::move(error).in("admin queue")); }}) {}

void Association::open() {
    admin_.open();
}

void Association::close() {
    closed_ = true;
    for (Line& line : io_) {
        line.close();
    }
    admin_.close();
}

bool Association::idle() const {
    return admin_.idle() && std::ranges::all_of(io_, [](const Line& line) { return line.idle(); });
}

void Association::fail(base::Error error) {
    if (!closed_) {
        close();
        events_.lost(std::move(error));
    }
}

void Association::ask(host::Command command, Step next) {
    next_ = next;
    admin_.submit(std::move(command));
}

void Association::on_admin(const host::Completion& completion) {
    if (!completion.status.ok()) {
        return fail(base::error("admin command: " + nvme::describe(completion.status)));
    }
    if (auto status = (this->*next_)(completion); !status) {
        fail(std::move(status).error());
    }
}

base::Status Association::on_enabled(const host::Completion& /*completion*/) {
    ask(host::property_get(nvme::Property::kCsts), &Association::on_status);
    return base::done();
}

base::Status Association::on_status(const host::Completion& completion) {
    if ((completion.dw0 & nvme::ControllerStatus::kFatal) != 0) {
        return base::error("the controller reports a fatal status");
    }
    if ((completion.dw0 & nvme::ControllerStatus::kReady) == 0) {
        return on_enabled(completion);  // asks again, a round trip later
    }
    ask(host::identify(nvme::Cns::kController), &Association::on_controller);
    return base::done();
}

base::Status Association::on_controller(const host::Completion& completion) {
    TRY(const auto controller, answer_as<nvme::IdentifyController>(completion));
    constexpr uint32_t kEntryBytes = sizeof(nvme::Sqe);
    io_capsule_bytes_ = std::max(controller.ioccsz * 16U, kEntryBytes) - kEntryBytes;
    disk_.max_transfer = controller.mdts == 0 || controller.mdts > 12
                             ? kMaxRead
                             : std::min(nvme::kPageBytes << controller.mdts, kMaxRead);
    const uint32_t count = options_.io_queues - 1U;
    ask(host::set_features(nvme::Feature::kNumberOfQueues, count | count << 16U),
        &Association::on_queues);
    return base::done();
}

base::Status Association::on_queues(const host::Completion& completion) {
    const uint32_t granted = std::min(completion.dw0 & 0xFFFFU, completion.dw0 >> 16U) + 1;
    if (granted < options_.io_queues) {
        return base::error(base::format("the target grants %u of %u requested I/O queues", granted,
                                        unsigned{options_.io_queues}));
    }
    ask(host::identify(nvme::Cns::kNamespace, options_.nsid), &Association::on_namespace);
    return base::done();
}

base::Status Association::on_namespace(const host::Completion& completion) {
    TRY(const auto ns, answer_as<nvme::IdentifyNamespace>(completion));
    const nvme::LbaFormat& format = ns.lbaf[ns.format_index()];
    if (ns.nsze == 0 || format.lbads < 9 || format.lbads > 16 || format.ms != 0) {
        return base::error(
            base::format("namespace %u does not exist or has metadata", unsigned{options_.nsid}));
    }
    disk_.blocks = ns.nsze;
    disk_.block_bytes = 1U << format.lbads;
    open_next_queue();
    return base::done();
}

void Association::open_next_queue() {
    LineOptions line = options_.line;
    line.connect.qid = static_cast<uint16_t>(io_.size() + 1);
    line.connect.cntlid = admin_.cntlid();
    line.connect.queue_size = std::max<uint16_t>(options_.depth, 2);
    line.connect.kato_ms = 0;
    line.queue.max_commands = options_.depth;
    line.queue.max_read_len = kMaxRead;
    const size_t queue = io_.size();
    io_.emplace_back(
        reactor_, std::move(line),
        Line::Events{[this, queue] {
                         io_[queue].set_in_capsule_len(io_capsule_bytes_);
                         if (io_.size() < options_.io_queues) {
                             open_next_queue();
                         } else {
                             events_.opened();
                         }
                     },
                     [this, queue](host::Completion completion) {
                         events_.completed(queue, std::move(completion));
                     },
                     [this, queue](base::Error error) {
                         fail(std::move(error).in(base::format("I/O queue %zu", queue + 1)));
                     }});
    io_.back().open();
}

}  // namespace load
