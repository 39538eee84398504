// SPDX-License-Identifier: GPL-2.0-or-later
//
// Fabrics commands: Connect, which makes a TCP connection a queue of a controller, and the
// properties. Refusals of Connect say which field was wrong, and carry DNR where trying again
// cannot help, for Linux retries everything else.
#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "nvme/fabrics.h"
#include "target/commands/admin_cmd.h"
#include "target/commands/io_steps.h"
#include "target/queue/request.h"
#include "target/queue/request_steps.h"

namespace target {

namespace status = nvme::status;
using nvme::ConnectData;
using nvme::ConnectSqe;
using nvme::Property;
using nvme::PropertySqe;

namespace {

// --- Connect ------------------------------------------------------------------------------------

/// Why a Connect is refused.
struct Refusal {
    nvme::Status status;
    std::string why;
    nvme::ConnectInvalidField field;
};

Refusal invalid(std::string_view why, size_t offset, bool in_data) {
    return {status::kConnectInvalidParameters.dnr(),
            std::string(why),
            {static_cast<uint16_t>(offset), in_data}};
}

Refusal refused(nvme::Status status, std::string_view why) {
    return {status, std::string(why), {}};
}

/// Behind a refusal: a name that is there and differs from the one given in letters' case alone.
std::string nearly(std::string_view name, std::string_view other) {
    return base::equal_ignoring_case(name, other)
               ? " (but " + base::quoted(other) + ", which differs only in the case of letters)"
               : std::string();
}

/// A Connect with its names checked.
struct ConnectArguments {
    ConnectSqe sqe;
    ConnectData data;
    std::string hostnqn;
    Subsystem* subsystem = nullptr;
};

base::Result<ConnectArguments, Refusal> read_arguments(const Request& request) {
    ConnectArguments args;
    args.sqe = nvme::command_as<ConnectSqe>(request.sqe);
    std::memcpy(&args.data, request.payload().data(), sizeof args.data);

    const auto hostnqn = nvme::nqn_of(args.data.hostnqn);
    if (!hostnqn) {
        return invalid("host NQN: " + hostnqn.error().text, offsetof(ConnectData, hostnqn), true);
    }
    args.hostnqn = *hostnqn;
    const auto subnqn = nvme::nqn_of(args.data.subnqn);
    if (!subnqn) {
        return invalid("subsystem NQN: " + subnqn.error().text, offsetof(ConnectData, subnqn),
                       true);
    }
    args.subsystem = request.queue->target().find_subsystem(*subnqn);
    if (args.subsystem == nullptr) {
        return invalid("no such subsystem: " + base::quoted(*subnqn), offsetof(ConnectData, subnqn),
                       true);
    }
    const uint16_t largest =
        static_cast<uint16_t>(request.queue->target().limits().queue_entries - 1);
    if (args.sqe.sqsize == 0 || args.sqe.sqsize > largest) {
        return invalid(base::format("queue size %u", args.sqe.sqsize + 1U),
                       offsetof(ConnectSqe, sqsize), false);
    }
    return args;
}

base::Result<Controller*, Refusal> connect_admin(Queue& queue, const ConnectArguments& args) {
    if (args.data.cntlid != nvme::kCntlidDynamic) {
        return invalid("the host selected a controller id", offsetof(ConnectData, cntlid), true);
    }
    if (!queue.target().access().may_connect(args.hostnqn, args.subsystem->config())) {
        std::string why = "host not allowed";
        for (const std::string& host : args.subsystem->config().hosts) {
            why += nearly(args.hostnqn, host);
        }
        return refused(status::kConnectInvalidHost.dnr(), why);
    }
    if (queue.target().draining() && !args.subsystem->is_discovery()) {
        return refused(status::kConnectControllerBusy, "the server is draining");
    }
    Controller* controller =
        args.subsystem->create_controller({.hostnqn = args.hostnqn,
                                           .hostid = args.data.hostid,
                                           .portal = queue.target().portal_of(queue.endpoints())},
                                          queue.endpoints().peer_address, queue.now());
    if (controller == nullptr) {
        return refused(status::kConnectControllerBusy, "no free controller id");
    }
    controller->set_keep_alive_ms(whole_keep_alive_units(args.sqe.kato));
    return controller;
}

base::Result<Controller*, Refusal> connect_io(const ConnectArguments& args) {
    Controller* controller = args.subsystem->find_controller(args.data.cntlid);
    if (controller == nullptr) {
        return invalid("no such controller", offsetof(ConnectData, cntlid), true);
    }
    if (controller->host().hostnqn != args.hostnqn) {
        return invalid("the controller belongs to another host", offsetof(ConnectData, hostnqn),
                       true);
    }
    if (controller->host().hostid != args.data.hostid) {
        return invalid("the controller belongs to another host id", offsetof(ConnectData, hostid),
                       true);
    }
    if (args.sqe.qid > controller->granted_queues() || controller->is_discovery()) {
        return invalid("more queues than granted", offsetof(ConnectSqe, qid), false);
    }
    if (!controller->ready()) {
        return refused(status::kSequenceError.dnr(), "I/O queue before the controller is ready");
    }
    if (!controller->queues().find(0)->proved()) {
        return refused(status::kAuthRequired.dnr(), "I/O queue before authentication");
    }
    if (controller->queues().find(args.sqe.qid) != nullptr) {
        return refused(status::kSequenceError.dnr(), "queue id in use");
    }
    return controller;
}

base::Result<base::Nothing, Refusal> connect_queue(Request& request) {
    Queue& queue = *request.queue;
    if (!queue.auth().may_try()) {
        return refused(status::kConnectControllerBusy, "too many failed attempts");
    }
    TRY(const ConnectArguments args, read_arguments(request));
    TRY(Controller * controller, args.sqe.qid == 0 ? connect_admin(queue, args) : connect_io(args));
    auto keys = queue.target().access().keys(args.hostnqn, args.subsystem->config(), args.sqe.qid);
    const bool required = keys != nullptr;
    queue.connected(*controller, *args.subsystem, args.sqe, std::move(keys));
    const nvme::ConnectResult result{.cntlid = controller->cntlid(),
                                     .authentication_required = required};
    complete(request, status::kSuccess, result.dw0());
    return base::Nothing{};
}

Checked check_connect(const Request& request) {
    if (request.queue->controller() != nullptr) {
        return status::kSequenceError.dnr();
    }
    if (nvme::command_as<ConnectSqe>(request.sqe).recfmt != 0) {
        return status::kConnectIncompatibleFormat.dnr();
    }
    return uint32_t{sizeof(ConnectData)};
}

std::string_view raw_text(const std::array<char, 256>& field) {
    return {field.data(), strnlen(field.data(), field.size())};
}

void connect(Request& request) {
    ConnectData data;
    std::memcpy(&data, request.payload().data(), sizeof data);
    Queue& queue = *request.queue;
    queue.introduce(raw_text(data.hostnqn), raw_text(data.subnqn));
    const auto result = connect_queue(request);
    if (result) {
        return;
    }
    const Refusal& refusal = result.error();
    queue.tell(Event::Kind::kRefused, refusal.why);
    if (refusal.status == status::kConnectInvalidHost.dnr()) {
        queue.auth().fail_attempt(request, refusal.status, refusal.field.dw0(), false);
    } else {
        complete(request, refusal.status, refusal.field.dw0());
    }
}

// --- properties ---------------------------------------------------------------------------------

/// Properties belong to the admin queue.
bool on_admin_queue(const Request& request) {
    return request.queue->controller() != nullptr && request.queue->qid() == 0;
}

struct PropertyRow {
    Property property;
    uint64_t (*get)(const Controller& controller);
    bool writable;
};

constexpr std::array kProperties = {
    PropertyRow{Property::kCap, [](const Controller& c) { return c.capabilities(); }, false},
    PropertyRow{Property::kVs, [](const Controller&) { return uint64_t{nvme::kVersion20}; }, false},
    PropertyRow{Property::kCc, [](const Controller& c) { return uint64_t{c.configuration()}; },
                true},
    PropertyRow{Property::kCsts, [](const Controller& c) { return uint64_t{c.status()}; }, false},
};

const PropertyRow* find_property(const PropertySqe& sqe) {
    const auto* row = std::ranges::find_if(kProperties, [&](const PropertyRow& r) {
        const uint8_t size = nvme::is_wide(r.property) ? PropertySqe::kWide : uint8_t{0};
        return static_cast<uint32_t>(r.property) == sqe.offset && (sqe.attrib & 7U) == size;
    });
    return row == kProperties.end() ? nullptr : row;
}

Checked check_property_get(const Request& request) {
    if (!on_admin_queue(request)) {
        return status::kInvalidOpcode.dnr().at(1);
    }
    if (find_property(nvme::command_as<PropertySqe>(request.sqe)) == nullptr) {
        // Not final: nvme-cli reads them all, and knows this status only bare.
        return status::kInvalidField.at(11);
    }
    return no_data(request);
}

void property_get(Request& request) {
    const auto sqe = nvme::command_as<PropertySqe>(request.sqe);
    const Controller& controller = *request.queue->controller();
    complete(request, status::kSuccess, find_property(sqe)->get(controller));
}

Checked check_property_set(const Request& request) {
    if (!on_admin_queue(request)) {
        return status::kInvalidOpcode.dnr().at(1);
    }
    const PropertyRow* row = find_property(nvme::command_as<PropertySqe>(request.sqe));
    if (row == nullptr || !row->writable) {
        return status::kInvalidField.dnr().at(11);
    }
    return no_data(request);
}

/// Acknowledged data is safe when the host reads that the shutdown is complete.
void shut_down(Request& request, nvme::Status status) {
    if (!status.ok()) {
        complete(request, status::kInternalError);
        return;
    }
    request.queue->controller()->shutdown_complete();
    complete(request, status);
}

void property_set(Request& request) {
    const auto sqe = nvme::command_as<PropertySqe>(request.sqe);
    Controller& controller = *request.queue->controller();
    if (controller.set_configuration(static_cast<uint32_t>(sqe.value))) {
        request.queue->tell(Event::Kind::kDisconnected, "controller shut down by the host");
        flush_each<shut_down>(request, IoError::kNone);
        return;
    }
    complete(request, status::kSuccess);
}

constexpr uint8_t row(nvme::FabricsType type) {
    return static_cast<uint8_t>(type);
}

constexpr std::array kFabricsCommands = {
    CommandEntry{row(nvme::FabricsType::kPropertySet), "Property Set", check_property_set,
                 property_set},
    CommandEntry{row(nvme::FabricsType::kConnect), "Connect", check_connect, connect},
    CommandEntry{row(nvme::FabricsType::kPropertyGet), "Property Get", check_property_get,
                 property_get},
    CommandEntry{row(nvme::FabricsType::kAuthSend), "Authentication Send", check_auth_send,
                 auth_send},
    CommandEntry{row(nvme::FabricsType::kAuthReceive), "Authentication Receive", check_auth_receive,
                 auth_receive},
};

}  // namespace

std::span<const CommandEntry> fabrics_commands() {
    return kFabricsCommands;
}

}  // namespace target
