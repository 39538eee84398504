// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/plan_report.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/text.h"

namespace boot {
namespace {

/// With how it is reached, where that is said.
std::string path_text(const Portal& portal) {
    return portal.text() + (portal.source.empty() ? "" : " from " + portal.source) +
           (portal.interface.empty() ? "" : " through " + portal.interface);
}

/// The identifiers of the namespace, as rows of name and value.
std::vector<std::pair<std::string_view, std::string>> choice_rows(const NamespaceChoice& choice) {
    std::vector<std::pair<std::string_view, std::string>> rows;
    if (choice.nsid) {
        rows.emplace_back("nsid", std::to_string(*choice.nsid));
    }
    if (choice.uuid) {
        rows.emplace_back("uuid", nvme::to_text(*choice.uuid));
    }
    if (choice.nguid) {
        rows.emplace_back("nguid", nvme::to_text(*choice.nguid));
    }
    if (choice.eui64) {
        rows.emplace_back("eui64", nvme::to_text(*choice.eui64));
    }
    return rows;
}

std::string line(std::string_view name, std::string_view value, std::string_view origin) {
    std::string text = base::format("  %-24s ", std::string(name).c_str());
    text += value;
    return text + (origin.empty() ? "" : "   (" + std::string(origin) + ")") + '\n';
}

std::string target_lines(const BootPlan& plan) {
    if (plan.target_from_dhcp) {
        return "  the target comes with the DHCP lease (root-path, option 17)\n";
    }
    const std::string& subsystem = plan.target.subsysnqn;
    const std::string wanted = plan.subsystems.empty() ? "the only one found" : plan.subsystems;
    std::string text = line("subsystem", subsystem.empty() ? wanted : subsystem, "");
    for (const Portal& service : plan.target.discovery) {
        text += line("discovery", path_text(service), service.origin);
    }
    for (const Portal& portal : plan.target.portals) {
        text += line("portal", path_text(portal), portal.origin);
    }
    const auto rows = choice_rows(plan.target.choice);
    for (const auto& [name, value] : rows) {
        text += line(name, value, "");
    }
    return text + (rows.empty() ? line("namespace", "the only one", "") : "");
}

/// In the order in which they first appear: words of the network come last in the list.
std::vector<std::string_view> sections_of(const std::vector<PlanValue>& values) {
    std::vector<std::string_view> sections;
    for (const PlanValue& value : values) {
        if (std::find(sections.begin(), sections.end(), value.section) == sections.end()) {
            sections.push_back(value.section);
        }
    }
    return sections;
}

void write_strings(std::string_view name, const std::vector<std::string>& texts,
                   base::JsonWriter& json) {
    json.key(name).begin_array();
    for (const std::string& text : texts) {
        json.string(text);
    }
    json.end_array();
}

void write_portals(std::string_view name, const std::vector<Portal>& portals,
                   base::JsonWriter& json) {
    json.key(name).begin_array();
    for (const Portal& portal : portals) {
        json.begin_object().key("address").string(portal.address);
        json.key("port").number(uint64_t{portal.port});
        json.key("source").string(portal.source);
        json.key("interface").string(portal.interface);
        json.key("origin").string(portal.origin).end_object();
    }
    json.end_array();
}

void write_target(const BootPlan& plan, base::JsonWriter& json) {
    json.key("target").begin_object();
    json.key("from_dhcp").boolean(plan.target_from_dhcp);
    json.key("subsysnqn").string(plan.target.subsysnqn);
    json.key("subsystems").string(plan.subsystems);
    write_portals("portals", plan.target.portals, json);
    write_portals("discovery", plan.target.discovery, json);
    for (const auto& [name, value] : choice_rows(plan.target.choice)) {
        json.key(name).string(value);
    }
    json.end_object();
}

}  // namespace

std::string plan_text(const LoadedPlan& loaded) {
    std::string text = loaded.asked_why + '\n';
    for (const std::string_view section : sections_of(loaded.values)) {
        text += "\n[" + std::string(section) + "]\n";
        for (const PlanValue& value : loaded.values) {
            if (value.section == section && !value.value.empty()) {
                text += line(value.key, value.value, value.origin);
            }
        }
    }
    if (loaded.asked == Asked::kYes && loaded.errors.empty()) {
        text += "\ntarget\n" + target_lines(loaded.plan);
    }
    for (const std::string& warning : loaded.warnings) {
        text += "\nwarning: " + warning;
    }
    for (const std::string& error : loaded.errors) {
        text += "\nerror: " + error;
    }
    return text.ends_with('\n') ? text : text + '\n';
}

std::string plan_json(const LoadedPlan& loaded) {
    base::JsonWriter json;
    json.begin_object();
    json.key("asked").boolean(loaded.asked == Asked::kYes);
    json.key("why").string(loaded.asked_why);
    json.key("values").begin_array();
    for (const PlanValue& value : loaded.values) {
        if (!value.value.empty()) {
            json.begin_object().key("section").string(value.section);
            json.key("key").string(value.key).key("value").string(value.value);
            json.key("origin").string(value.origin).end_object();
        }
    }
    json.end_array();
    write_target(loaded.plan, json);
    write_strings("warnings", loaded.warnings, json);
    write_strings("errors", loaded.errors, json);
    json.end_object();
    return json.text() + '\n';
}

ExitCode plan_exit_code(const LoadedPlan& loaded) {
    if (loaded.errors.empty() && loaded.asked == Asked::kYes) {
        return ExitCode::kDone;
    }
    return loaded.failure().code;
}

}  // namespace boot
