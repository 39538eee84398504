// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/operate/status.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "target/operate/wall_time.h"

namespace target {
namespace {

std::string proof_text(const std::optional<Agreement>& proof) {
    if (!proof) {
        return "not authenticated";
    }
    return std::string(nvme::name(proof->hash)) + " " + std::string(nvme::name(proof->group)) +
           (proof->mutual ? " in both directions" : " the host only") +
           (proof->by_next_key ? " by the next key" : "");
}

std::string megabytes(uint64_t bytes) {
    return base::format("%.1f MB", static_cast<double>(bytes) / 1e6);
}

ControllerStatus look_at_controller(const Subsystem& subsystem, const Controller& controller,
                                    bool knows, base::TimePoint now, base::milliseconds wall) {
    ControllerStatus out;
    out.subnqn = subsystem.config().nqn;
    out.cntlid = controller.cntlid();
    out.hostnqn = controller.host().hostnqn;
    nvme::Uuid hostid;
    hostid.bytes = controller.host().hostid.bytes;
    out.hostid = nvme::to_text(hostid);
    out.known = knows;
    out.io = controller.counters();
    auto since = wall;
    if (const AttachedQueue* admin = controller.queues().find(0)) {
        const AttachedQueue::Details details = admin->details();
        out.peer = admin->endpoints().peer;
        since -= std::chrono::duration_cast<base::milliseconds>(now - details.connected_at);
        out.io_queues = controller.queues().size() - 1;
        out.data_digest = details.data_digest;
        out.proof = details.agreement;
    }
    out.since = std::chrono::duration_cast<base::seconds>(since).count();
    return out;
}

/// `name{labels} value` lines under one heading.
class Metric {
  public:
    Metric(std::string& text, std::string name, std::string_view type, std::string_view help)
        : text_(text), name_(std::move(name)) {
        text_ += "# HELP " + name_ + " " + std::string(help) + "\n# TYPE " + name_ + " " +
                 std::string(type) + "\n";
    }
    void add(const std::string& labels, uint64_t value) {
        text_ +=
            name_ + (labels.empty() ? "" : "{" + labels + "}") + " " + std::to_string(value) + "\n";
    }

  private:
    std::string& text_;
    std::string name_;
};

/// A peer's text as a value: what may not be shown as it is is escaped before quotes and
/// backslashes are.
std::string label(std::string_view name, std::string_view value) {
    std::string text = std::string(name) + "=\"";
    for (const char c : base::printable(value)) {
        text += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    }
    return text + "\"";
}

/// An unknown host must not choose the labels of a series: hosts that the configuration does not
/// know share one, and so do all connections of a host.
using HostSums = std::map<std::pair<std::string, std::string>, IoCounters>;

HostSums sums_by_host(const TargetStatus& status) {
    HostSums sums;
    for (const ControllerStatus& controller : status.controllers) {
        sums[{controller.subnqn, controller.known ? controller.hostnqn : ""}] += controller.io;
    }
    return sums;
}

std::string labels_of(const HostSums::value_type& sum) {
    return label("subsystem", sum.first.first) + "," + label("host", sum.first.second);
}

struct CounterRow {
    std::string_view name;
    std::string_view help;
    uint64_t IoCounters::*value;
};
constexpr std::array kCounters = {
    CounterRow{"nvmeroot_read_commands_total", "Read commands of a connected host.",
               &IoCounters::read_commands},
    CounterRow{"nvmeroot_write_commands_total", "Write commands of a connected host.",
               &IoCounters::write_commands},
    CounterRow{"nvmeroot_read_bytes_total", "Bytes that a connected host read.",
               &IoCounters::read_bytes},
    CounterRow{"nvmeroot_written_bytes_total", "Bytes that a connected host wrote.",
               &IoCounters::written_bytes},
    CounterRow{"nvmeroot_digest_errors_total",
               "Data PDUs of a connected host whose data digest did not match.",
               &IoCounters::digest_errors},
};

/// `key` in JSON, `nvmeroot_integrity_KEY_total` in metrics.
struct IntegrityRow {
    std::string_view key;
    std::string_view help;
    std::string_view words;  ///< in the table for people
    uint64_t IntegrityCounters::*value;
};
constexpr std::array kIntegrityCounters = {
    IntegrityRow{"blocks_made", "Tuples computed from received data.", "blocks made",
                 &IntegrityCounters::blocks_made},
    IntegrityRow{"blocks_checked", "Blocks checked against their tuple before they were sent.",
                 "checked", &IntegrityCounters::blocks_checked},
    IntegrityRow{"receipt_errors", "Commands refused because the host's own tuple did not match.",
                 "wrong at receipt", &IntegrityCounters::receipt_errors},
    IntegrityRow{"at_rest_errors", "Commands failed because a stored block did not match.",
                 "wrong at rest", &IntegrityCounters::at_rest_errors},
    IntegrityRow{"reread_saved", "Mismatches that disappeared at the second read.",
                 "corrected by a second read", &IntegrityCounters::reread_saved},
    IntegrityRow{"scrubbed_blocks", "Blocks that the scrub read.", "scrubbed",
                 &IntegrityCounters::scrubbed_blocks},
    IntegrityRow{"scrub_errors", "Blocks that the scrub could not read or that did not match.",
                 "found wrong by the scrub", &IntegrityCounters::scrub_errors},
    IntegrityRow{"scrub_passes", "Completed passes of the scrub.", "scrub passes",
                 &IntegrityCounters::scrub_passes},
};

void put_proof(base::JsonWriter& json, const std::optional<Agreement>& proof) {
    json.key("authentication");
    if (!proof) {
        json.null();
        return;
    }
    json.begin_object();
    json.key("hash").string(nvme::name(proof->hash));
    json.key("dhgroup").string(nvme::name(proof->group));
    json.key("both_directions").boolean(proof->mutual);
    json.key("next_key").boolean(proof->by_next_key);
    json.end_object();
}

void put_controller(base::JsonWriter& json, const ControllerStatus& controller) {
    json.begin_object();
    json.key("subsystem").string(controller.subnqn);
    json.key("controller").number(uint64_t{controller.cntlid});
    json.key("host").string(controller.hostnqn);
    json.key("hostid").string(controller.hostid);
    json.key("address").string(controller.peer);
    json.key("since").string(utc_text(controller.since));
    json.key("io_queues").number(uint64_t{controller.io_queues});
    json.key("data_digest").boolean(controller.data_digest);
    put_proof(json, controller.proof);
    for (const CounterRow& row : kCounters) {
        // nvmeroot_read_bytes_total -> read_bytes
        const std::string_view name = row.name.substr(sizeof "nvmeroot_" - 1);
        json.key(name.substr(0, name.rfind('_'))).number(controller.io.*row.value);
    }
    json.end_object();
}

void put_integrity(base::JsonWriter& json, const NamespaceStatus& ns) {
    json.key("integrity");
    if (!ns.protection) {
        json.null();
        return;
    }
    json.begin_object();
    json.key("type").number(uint64_t{ns.protection->type});
    json.key("guard_bits").number(uint64_t{ns.protection->guard_bits});
    for (const IntegrityRow& row : kIntegrityCounters) {
        json.key(row.key).number(ns.integrity.*row.value);
    }
    json.end_object();
}

std::string integrity_text(const NamespaceStatus& ns) {
    std::string text =
        base::format("namespace %u of %s: type %u protection, %u-bit guard\n ", ns.nsid,
                     base::printable(ns.subnqn).c_str(), unsigned{ns.protection->type},
                     unsigned{ns.protection->guard_bits});
    std::string_view comma = " ";
    for (const IntegrityRow& row : kIntegrityCounters) {
        text += std::string(comma) + std::string(row.words) + " " +
                std::to_string(ns.integrity.*row.value);
        comma = ", ";
    }
    return text + "\n";
}

std::string labels_of(const NamespaceStatus& ns) {
    return label("subsystem", ns.subnqn) + "," + label("nsid", std::to_string(ns.nsid));
}

NamespaceStatus look_at_namespace(const Subsystem& subsystem, const Namespace& ns) {
    NamespaceStatus out{.subnqn = subsystem.config().nqn,
                        .nsid = ns.nsid(),
                        .uuid = nvme::to_text(ns.ids().uuid),
                        .bytes = ns.block_count() * ns.block_bytes(),
                        .read_only = ns.read_only(),
                        .protection = {},
                        .integrity = {}};
    if (Integrity* integrity = ns.backend().integrity()) {
        out.protection = integrity->format();
        out.integrity = integrity->counters();
    }
    return out;
}

struct CrowdRow {
    std::string_view name;
    std::string_view help;
    uint64_t value;
};
std::array<CrowdRow, 6> crowd_rows(const TargetStatus& status) {
    return {
        CrowdRow{"max_connections", "Maximum number of TCP connections.", status.max_connections},
        CrowdRow{"strangers", "Connections that are not admitted yet.", status.strangers},
        CrowdRow{"guests", "Connections that are admitted without authentication.", status.guests},
        CrowdRow{"visitors", "Of those, connections to the discovery service.", status.visitors},
        CrowdRow{"kept_connections", "Connections that are reserved for hosts that authenticate.",
                 status.kept},
        CrowdRow{"waiting", "Accepted connections that wait for a free place.", status.waiting}};
}

}  // namespace

TargetStatus look_at(const Target& target, base::TimePoint now, base::milliseconds wall) {
    TargetStatus status;
    status.draining = target.draining();
    status.undrained = status.draining ? target.undrained() : 0;
    for (const auto& subsystem : target.subsystems()) {
        for (const auto& [cntlid, controller] : subsystem->controllers()) {
            const std::string& host = controller->host().hostnqn;
            const bool knows =
                !controller->owes_proof() &&
                (subsystem->config().hosts.contains(host) || target.access().knows(host));
            status.controllers.push_back(
                look_at_controller(*subsystem, *controller, knows, now, wall));
        }
        for (const auto& [nsid, ns] : subsystem->namespaces()) {
            status.namespaces.push_back(look_at_namespace(*subsystem, *ns));
        }
    }
    return status;
}

std::string to_text(const TargetStatus& status) {
    std::string text =
        base::format("started %s, connections %zu, hosts %zu, reloads %llu\n",
                     utc_text(status.started).c_str(), status.connections,
                     status.controllers.size(), static_cast<unsigned long long>(status.reloads));
    text += base::format(
        "of at most %zu connections: not admitted yet %zu, unauthenticated %zu (%zu of them at the "
        "discovery service), reserved for hosts that authenticate %zu\n",
        status.max_connections, status.strangers, status.guests, status.visitors, status.kept);
    text += status.waiting == 0
                ? ""
                : "waiting for a free place: " + std::to_string(status.waiting) + "\n";
    text += base::format("connected %llu, refused %llu, cut off %llu, omitted from the logs %llu\n",
                         static_cast<unsigned long long>(status.events.connected),
                         static_cast<unsigned long long>(status.events.refused),
                         static_cast<unsigned long long>(status.events.failed),
                         static_cast<unsigned long long>(status.events.left_out));
    for (size_t i = 0; i < status.reactors.size(); ++i) {
        text += base::format("%s %zu: %zu%s", i == 0 ? "I/O queues by reactor:" : ",", i + 1,
                             status.reactors[i], i + 1 == status.reactors.size() ? "\n" : "");
    }
    if (status.draining) {
        text += "draining, hosts that still use this server: " + std::to_string(status.undrained) +
                "\n";
    }
    for (const ControllerStatus& controller : status.controllers) {
        text += base::quoted(controller.hostnqn) + " at " + controller.peer + "\n  subsystem " +
                base::printable(controller.subnqn) + ", controller " +
                std::to_string(controller.cntlid) + ", I/O queues " +
                std::to_string(controller.io_queues) + "\n  since " + utc_text(controller.since) +
                ", " + proof_text(controller.proof) +
                (controller.data_digest
                     ? ", data digest, wrong " + std::to_string(controller.io.digest_errors)
                     : "") +
                "\n  read " + megabytes(controller.io.read_bytes) + ", written " +
                megabytes(controller.io.written_bytes) + "\n";
    }
    for (const NamespaceStatus& ns : status.namespaces) {
        text += ns.protection ? integrity_text(ns) : "";
    }
    for (const ImageStatus& image : status.images) {
        text += (image.served ? "image of " : "not served: ") + base::printable(image.subnqn) +
                " namespace " + std::to_string(image.nsid) + ", " +
                base::printable(image.image + ": " + image.problem) + "\n";
    }
    return text;
}

std::string to_json(const TargetStatus& status) {
    base::JsonWriter json;
    json.begin_object();
    json.key("started").string(utc_text(status.started));
    json.key("connections").number(uint64_t{status.connections});
    for (const auto& [name, help, value] : crowd_rows(status)) {
        json.key(name).number(value);
    }
    json.key("reactors").begin_array();
    for (const size_t queues : status.reactors) {
        json.begin_object().key("io_queues").number(uint64_t{queues}).end_object();
    }
    json.end_array();
    json.key("reloads").number(status.reloads);
    json.key("failed_reloads").number(status.failed_reloads);
    json.key("draining").boolean(status.draining);
    json.key("undrained").number(uint64_t{status.undrained});
    json.key("connected").number(status.events.connected);
    json.key("refused").number(status.events.refused);
    json.key("cut_off").number(status.events.failed);
    json.key("left_out").number(status.events.left_out);
    json.key("controllers").begin_array();
    for (const ControllerStatus& controller : status.controllers) {
        put_controller(json, controller);
    }
    json.end_array().key("namespaces").begin_array();
    for (const NamespaceStatus& ns : status.namespaces) {
        json.begin_object();
        json.key("subsystem").string(ns.subnqn);
        json.key("nsid").number(uint64_t{ns.nsid});
        json.key("uuid").string(ns.uuid);
        json.key("bytes").number(ns.bytes);
        json.key("read_only").boolean(ns.read_only);
        put_integrity(json, ns);
        json.end_object();
    }
    json.end_array().key("images").begin_array();
    for (const ImageStatus& image : status.images) {
        json.begin_object();
        json.key("subsystem").string(image.subnqn).key("nsid").number(uint64_t{image.nsid});
        json.key("image").string(image.image).key("served").boolean(image.served);
        json.key("problem").string(image.problem).end_object();
    }
    json.end_array().end_object();
    return json.text() + "\n";
}

std::string to_metrics(const TargetStatus& status) {
    std::string text;
    Metric(text, "nvmeroot_start_time_seconds", "gauge", "Start time of the target.")
        .add("", static_cast<uint64_t>(status.started));
    Metric(text, "nvmeroot_connections", "gauge", "TCP connections.").add("", status.connections);
    for (const auto& [name, help, value] : crowd_rows(status)) {
        Metric(text, "nvmeroot_" + std::string(name), "gauge", help).add("", value);
    }
    Metric queues(text, "nvmeroot_reactor_io_queues", "gauge", "I/O queues that a reactor runs.");
    for (size_t i = 0; i < status.reactors.size(); ++i) {
        queues.add(label("reactor", std::to_string(i + 1)), status.reactors[i]);
    }
    Metric(text, "nvmeroot_controllers", "gauge", "Controllers of connected hosts.")
        .add("", status.controllers.size());
    Metric(text, "nvmeroot_draining", "gauge", "1 while the server is draining.")
        .add("", status.draining ? 1 : 0);
    Metric(text, "nvmeroot_undrained", "gauge", "Hosts that have not moved yet, while draining.")
        .add("", status.undrained);
    Metric events(text, "nvmeroot_events_total", "counter", "Events on connections.");
    events.add(label("kind", "connected"), status.events.connected);
    events.add(label("kind", "refused"), status.events.refused);
    events.add(label("kind", "cut_off"), status.events.failed);
    Metric(text, "nvmeroot_images_not_served", "gauge",
           "Images of the configuration that cannot be served now.")
        .add("",
             static_cast<uint64_t>(std::ranges::count(status.images, false, &ImageStatus::served)));
    Metric(text, "nvmeroot_events_left_out_total", "counter",
           "Events that the logs omit because there were too many.")
        .add("", status.events.left_out);
    Metric reloads(text, "nvmeroot_reloads_total", "counter", "Reloads of the configuration.");
    reloads.add(label("result", "done"), status.reloads);
    reloads.add(label("result", "refused"), status.failed_reloads);
    const HostSums sums = sums_by_host(status);
    for (const CounterRow& row : kCounters) {
        Metric metric(text, std::string(row.name), "counter", row.help);
        for (const auto& sum : sums) {
            metric.add(labels_of(sum), sum.second.*row.value);
        }
    }
    Metric bytes(text, "nvmeroot_namespace_bytes", "gauge", "Size of a namespace.");
    for (const NamespaceStatus& ns : status.namespaces) {
        bytes.add(labels_of(ns), ns.bytes);
    }
    for (const IntegrityRow& row : kIntegrityCounters) {
        Metric metric(text, "nvmeroot_integrity_" + std::string(row.key) + "_total", "counter",
                      row.help);
        for (const NamespaceStatus& ns : status.namespaces) {
            if (ns.protection) {
                metric.add(labels_of(ns), ns.integrity.*row.value);
            }
        }
    }
    return text;
}

}  // namespace target
