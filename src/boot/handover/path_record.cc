// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/handover/path_record.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "base/json.h"
#include "base/json_value.h"
#include "base/sysfs.h"
#include "base/text.h"
#include "boot/dhcp/ip_address.h"
#include "boot/plan/words.h"

namespace boot {
namespace {

using base::JsonValue;
using base::JsonWriter;

/// A number of the plan under its key's name, as read and as written.
struct Number {
    std::string_view name;
    int64_t (*get)(const BootPlan& plan);
    void (*set)(BootPlan& plan, int64_t value);
};
constexpr std::array kNumbers = {
    Number{"ctrl_loss_tmo",
           [](const BootPlan& p) { return int64_t{p.connect.ctrl_loss_tmo.count()}; },
           [](BootPlan& p, int64_t v) { p.connect.ctrl_loss_tmo = base::seconds(v); }},
    Number{"reconnect_delay",
           [](const BootPlan& p) { return int64_t{p.connect.reconnect_delay.count()}; },
           [](BootPlan& p, int64_t v) { p.connect.reconnect_delay = base::seconds(v); }},
    Number{"fast_io_fail_tmo",
           [](const BootPlan& p) { return int64_t{p.connect.fast_io_fail_tmo.count()}; },
           [](BootPlan& p, int64_t v) { p.connect.fast_io_fail_tmo = base::seconds(v); }},
    Number{"keep_alive_tmo",
           [](const BootPlan& p) { return int64_t{p.connect.keep_alive_tmo.count()}; },
           [](BootPlan& p, int64_t v) { p.connect.keep_alive_tmo = base::seconds(v); }},
    Number{"nr_io_queues", [](const BootPlan& p) { return int64_t{p.connect.nr_io_queues}; },
           [](BootPlan& p, int64_t v) { p.connect.nr_io_queues = static_cast<uint32_t>(v); }},
    Number{"queue_size", [](const BootPlan& p) { return int64_t{p.connect.queue_size}; },
           [](BootPlan& p, int64_t v) { p.connect.queue_size = static_cast<uint32_t>(v); }},
    Number{"hdr_digest", [](const BootPlan& p) { return int64_t{p.connect.hdr_digest}; },
           [](BootPlan& p, int64_t v) { p.connect.hdr_digest = v != 0; }},
    Number{"data_digest", [](const BootPlan& p) { return int64_t{p.connect.data_digest}; },
           [](BootPlan& p, int64_t v) { p.connect.data_digest = v != 0; }},
    Number{"tos", [](const BootPlan& p) { return int64_t{p.connect.tos}; },
           [](BootPlan& p, int64_t v) { p.connect.tos = static_cast<int>(v); }},
    Number{"timeout_ms", [](const BootPlan& p) { return int64_t{p.timeouts.total.count()}; },
           [](BootPlan& p, int64_t v) { p.timeouts.total = base::milliseconds(v); }},
    Number{"probe_timeout_ms", [](const BootPlan& p) { return int64_t{p.timeouts.probe.count()}; },
           [](BootPlan& p, int64_t v) { p.timeouts.probe = base::milliseconds(v); }},
    Number{"connect_timeout_ms",
           [](const BootPlan& p) { return int64_t{p.timeouts.connect.count()}; },
           [](BootPlan& p, int64_t v) { p.timeouts.connect = base::milliseconds(v); }},
};

template <class T>
void write_names(JsonWriter& json, std::string_view key, const std::vector<T>& values) {
    json.key(key).begin_array();
    for (const T value : values) {
        json.string(nvme::name(value));
    }
    json.end_array();
}

/// The values of `all` whose names are in the list.
template <class T, size_t n>
std::vector<T> read_names(const JsonValue& list, const std::array<T, n>& all) {
    std::vector<T> values;
    for (const T value : all) {
        if (std::ranges::find(list.items, nvme::name(value), &JsonValue::text) !=
            list.items.end()) {
            values.push_back(value);
        }
    }
    return values;
}

std::string net_folder(const base::SysPaths& sys) {
    return sys.sys + "/class/net";
}

/// The interface that a path is bound to: by the kernel's connect, or as the zone of its address.
std::string interface_of(const Portal& portal) {
    const size_t zone = portal.address.find('%');
    return !portal.interface.empty() || zone == std::string::npos ? portal.interface
                                                                  : portal.address.substr(zone + 1);
}

std::string mac_of(const std::string& interface, const base::SysPaths& sys) {
    return interface.empty()
               ? std::string()
               : attribute(net_folder(sys) + "/" + interface + "/address").value_or("");
}

/// The one network card that has the Ethernet address now, unless `name` has it still. A device
/// on a card, a VLAN or a bridge, may have the same address, and no device below it.
std::string name_now(const std::string& name, const std::string& mac, const base::SysPaths& sys) {
    if (mac.empty() || mac_of(name, sys) == mac) {
        return name;
    }
    std::vector<std::string> cards = list_folder(net_folder(sys));
    std::erase_if(cards, [&](const std::string& card) {
        return mac_of(card, sys) != mac ||
               ::access((net_folder(sys) + "/" + card + "/device").c_str(), F_OK) != 0;
    });
    return cards.size() == 1 ? cards.front() : name;
}

void rename_interface(Portal& portal, const std::string& mac, const base::SysPaths& sys) {
    const std::string name = name_now(interface_of(portal), mac, sys);
    if (!portal.interface.empty()) {
        portal.interface = name;
    }
    if (const size_t zone = portal.address.find('%'); zone != std::string::npos) {
        portal.address.replace(zone + 1, std::string::npos, name);
    }
}

base::Result<Portal> read_portal(const JsonValue& entry, const base::SysPaths& sys) {
    const std::string& address = entry["address"].text;
    const auto port = base::parse_u64(entry["port"].text, std::numeric_limits<uint16_t>::max());
    if (!port || !IpAddress::parse(address.substr(0, address.find('%')))) {
        return base::error("not a portal: " + base::quoted(address));
    }
    Portal portal{address, static_cast<uint16_t>(*port), "the boot's record",
                  false,   entry["source"].text,         entry["interface"].text};
    rename_interface(portal, entry["mac"].text, sys);
    return portal;
}

base::Status read_numbers(const JsonValue& tree, BootPlan& plan) {
    for (const Number& number : kNumbers) {
        const auto value =
            base::parse_i64(tree[number.name].text, -1, std::numeric_limits<int32_t>::max());
        if (!value) {
            return base::error("no usable " + std::string(number.name));
        }
        number.set(plan, *value);
    }
    return base::done();
}

base::Status read_host(const JsonValue& tree, BootPlan& plan) {
    plan.target.subsysnqn = tree["subsysnqn"].text;
    plan.host.nqn = tree["hostnqn"].text;
    TRY(const nvme::Uuid id, nvme::parse_uuid(tree["hostid"].text));
    plan.host.id = id;
    if (plan.target.subsysnqn.empty() || plan.host.nqn.empty()) {
        return base::error("no NQN");
    }
    TRY(plan.auth.mode, base::parse_choice(tree["auth"].text, kAuthModes));
    TRY(plan.on_downgrade, base::parse_choice(tree["on_downgrade"].text, kOnDowngrade));
    plan.io_policy = tree["iopolicy"].text;
    plan.auth.hashes = read_names(tree["hashes"], nvme::kHashes);
    plan.auth.groups = read_names(tree["groups"], nvme::kDhGroups);
    return base::done();
}

}  // namespace

std::string path_record(const BootPlan& plan, const Destination& root, const base::SysPaths& sys) {
    JsonWriter json;
    json.begin_object().key("version").number(uint64_t{1});
    json.key("subsysnqn").string(root.target.subsysnqn);
    json.key("hostnqn").string(root.host.nqn);
    json.key("hostid").string(nvme::to_text(root.host.id));
    json.key("auth").string(base::word_of(plan.auth.mode, kAuthModes));
    json.key("iopolicy").string(plan.io_policy);
    json.key("on_downgrade").string(base::word_of(plan.on_downgrade, kOnDowngrade));
    write_names(json, "hashes", plan.auth.hashes);
    write_names(json, "groups", plan.auth.groups);
    for (const Number& number : kNumbers) {
        json.key(number.name).number(number.get(plan));
    }
    json.key("portals").begin_array();
    for (const Portal& portal : root.target.portals) {
        json.begin_object().key("address").string(portal.address);
        json.key("port").number(uint64_t{portal.port});
        json.key("source").string(portal.source);
        json.key("interface").string(portal.interface);
        json.key("mac").string(mac_of(interface_of(portal), sys)).end_object();
    }
    json.end_array().end_object();
    return json.text() + "\n";
}

base::Result<BootPlan> parse_path_record(std::string_view text, const base::SysPaths& sys) {
    TRY(const JsonValue tree, JsonValue::parse(text, "paths.json"));
    BootPlan plan;
    TRY_VOID(read_host(tree, plan));
    TRY_VOID(read_numbers(tree, plan));
    for (const JsonValue& entry : tree["portals"].items) {
        TRY(Portal portal, read_portal(entry, sys));
        plan.target.portals.push_back(std::move(portal));
    }
    return plan;
}

std::string path_record_file(const base::SysPaths& sys) {
    return sys.run + "/nvmeroot/paths.json";
}

}  // namespace boot
