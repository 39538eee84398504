// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/dump.h"

#include <algorithm>
#include <set>

#include "base/absolute_path.h"
#include "base/fd.h"
#include "base/join.h"
#include "base/text.h"
#include "nvmet/config.h"
#include "nvmet/plan.h"

namespace nvmet {
namespace {

using base::Result;

/// Names of sections, each given once in its kind.
class Names {
  public:
    explicit Names(const Object& state) {
        for (const Object& object : state.children) {
            name(object);
        }
    }
    [[nodiscard]] const std::string& of(Kind kind, const std::string& object) const {
        return names_.at({kind, object});
    }
    std::string add(std::string_view kind, const std::string& wanted) {
        std::string unique = wanted;
        for (int n = 2; !taken_.insert(std::string(kind) + "." + unique).second; ++n) {
            unique = wanted + "-" + std::to_string(n);
        }
        return unique;
    }

  private:
    void name(const Object& object) {
        const std::string lower = base::to_lower(object.name);
        std::string tail = lower.substr(lower.find_last_of(":") + 1);
        const bool plain = !tail.empty() && std::ranges::all_of(tail, [](unsigned char c) {
            return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
        });
        tail = plain ? tail : std::string(info(object.kind).name);
        names_[{object.kind, object.name}] = add(section_of(object.kind), tail);
    }

    std::set<std::string> taken_;
    std::map<std::pair<Kind, std::string>, std::string> names_;
};

/// The ini file takes a group that a port does not have for optimized; the kernel takes it for
/// inaccessible, so that is said.
Object with_all_groups(Object state) {
    for (Object& port : state.children) {
        for (const auto& [nqn, link] : port.links) {
            const Object* subsystem = state.find(Kind::kSubsystem, nqn);
            if (port.kind != Kind::kPort || subsystem == nullptr) {
                continue;
            }
            for (const Object* ns : subsystem->all(Kind::kNamespace)) {
                const std::string& group = ns->get("ana_grpid");
                if (!group.empty() && port.find(Kind::kAnaGroup, group) == nullptr) {
                    port.children.push_back(
                        {Kind::kAnaGroup, group, {{"ana_state", "inaccessible"}}, {}, {}});
                }
            }
        }
    }
    sort(state);
    return state;
}

class IniWriter {
  public:
    IniWriter(const Object& state, const KeyFiles& keys)
        : state_(state), keys_(keys), names_(state) {}

    std::string run() {
        section("target");
        for (const Attribute& row : attributes()) {
            if (row.kind == Kind::kRoot) {
                attribute(row, state_);
            }
        }
        if (state_.all(Kind::kPort).empty()) {
            line("listen", "none");
        }
        for (const Object* host : state_.all(Kind::kHost)) {
            write_host(*host);
        }
        for (const Object* subsystem : state_.all(Kind::kSubsystem)) {
            write_subsystem(*subsystem);
        }
        for (const Object* port : state_.all(Kind::kPort)) {
            write_port(*port);
        }
        return std::move(out_);
    }

  private:
    void section(const std::string& name) { held_ = (out_.empty() ? "[" : "\n[") + name + "]\n"; }
    void line(std::string_view key, const std::string& value) {
        const bool quote =
            value.find_first_of(";#=") != std::string::npos || base::trim(value) != value;
        out_ += held_ + std::string(key) + " = " + (quote ? '"' + value + '"' : value) + "\n";
        held_.clear();
    }
    void attribute(const Attribute& row, const Object& object) {
        const std::string& value = object.get(row.file);
        if (row.change != Change::kTrigger && !row.secret() && writable(row, value) &&
            value != fresh_value(row, object.name) && value != "-1") {
            line(row.key, ini_value(row, value));
        }
    }
    /// `enable` where it is not what the reader takes it for.
    void enable(const Object& object, std::string_view key, bool usual) {
        const bool enabled = object.get("enable") == "1";
        if (object.attributes.contains("enable") && enabled != usual) {
            line(key, enabled ? "yes" : "no");
        }
    }
    void rows(const Object& object) {
        for (const Attribute& row : attributes()) {
            if (row.kind == object.kind && row.file != "enable" &&
                row.file != "attr_allow_any_host" && row.file != "device_nguid") {
                attribute(row, object);
            }
        }
    }
    std::string names(Kind kind, const Object& object) {
        return base::join(object.links, ", ",
                          [&](const auto& link) { return names_.of(kind, link.first); });
    }

    void write_host(const Object& host);
    void write_subsystem(const Object& subsystem);
    void write_namespace(const Object& ns, const std::string& subsystem);
    void write_port(const Object& port);

    const Object& state_;
    const KeyFiles& keys_;
    Names names_;
    std::string held_;  ///< the head of a section that has no key yet
    std::string out_;
};

void IniWriter::write_host(const Object& host) {
    section("host." + names_.of(Kind::kHost, host.name));
    line("nqn", host.name);
    for (const char* file : {"dhchap_key", "dhchap_ctrl_key"}) {
        if (const auto key = keys_.find({host.name, file}); key != keys_.end()) {
            line(find_file(Kind::kHost, file)->key, key->second);
        }
    }
    rows(host);
}

void IniWriter::write_subsystem(const Object& subsystem) {
    const std::string name = names_.of(Kind::kSubsystem, subsystem.name);
    section("subsystem." + name);
    line("nqn", subsystem.name);
    attribute(*find_file(Kind::kSubsystem, "attr_allow_any_host"), subsystem);
    if (!subsystem.links.empty()) {
        line("hosts", names(Kind::kHost, subsystem));
    }
    rows(subsystem);
    if (!subsystem.attributes.contains("attr_model")) {
        line("model", "Linux");  // what kernels before 5.7 show, and what nvmetcli saved there
    }
    if (const Object* passthru = subsystem.find(Kind::kPassthru, "")) {
        rows(*passthru);
        enable(*passthru, "passthru_enable", !passthru->get("device_path").empty());
    }
    for (const Object* ns : subsystem.all(Kind::kNamespace)) {
        write_namespace(*ns, name);
    }
}

void IniWriter::write_namespace(const Object& ns, const std::string& subsystem) {
    section("namespace." + names_.add("namespace", subsystem + "-" + ns.name));
    line("subsystem", subsystem);
    line("nsid", ns.name);
    rows(ns);
    if (ns.attributes.contains("device_nguid")) {
        const Attribute& row = *find_file(Kind::kNamespace, "device_nguid");
        line(row.key, ini_value(row, ns.get(row.file)));
    }
    enable(ns, "enable", !ns.get("device_path").empty());
}

void IniWriter::write_port(const Object& port) {
    const std::string name = names_.of(Kind::kPort, port.name);
    section("port." + name);
    line("portid", port.name);
    line("subsystems", port.links.empty() ? "none" : names(Kind::kSubsystem, port));
    rows(port);
    for (const Object* group : port.all(Kind::kAnaGroup)) {
        if (group->name != "1" || group->get("ana_state") != "optimized") {
            section("ana." + name + "-" + group->name);
            line("port", name);
            line("group", group->name);
            line("state", group->get("ana_state"));
        }
    }
    for (const Object* referral : port.all(Kind::kReferral)) {
        section("referral." + names_.add("referral", name + "-" + base::to_lower(referral->name)));
        line("port", name);
        line("name", referral->name);
        rows(*referral);
        enable(*referral, "enable", true);
    }
}

}  // namespace

Result<KeyFiles> save_keys(const Object& state, const std::string& folder) {
    KeyFiles files;
    const Names names(state);
    for (const Object* host : state.all(Kind::kHost)) {
        for (const Attribute& row : attributes()) {
            const std::string& key = host->get(row.file);
            if (row.kind != Kind::kHost || !row.secret() || key.empty()) {
                continue;
            }
            if (folder.empty()) {
                return base::error(base::quoted(host->name) +
                                   " has a key; use --keys DIR to write it to a file");
            }
            TRY_VOID(base::make_directories(folder, 0700));
            const std::string path = base::absolute_path(folder) + "/" +
                                     names.of(Kind::kHost, host->name) +
                                     (row.file == "dhchap_key" ? ".key" : ".ctrl.key");
            TRY_VOID(base::write_text_atomically(path, key + "\n", 0600));
            files[{host->name, std::string(row.file)}] = path;
        }
    }
    return files;
}

namespace {

/// nvmetcli lets an image be named relative to where it ran, which no file can tell.
base::Status check_images_absolute(const Object& object, const std::string& title) {
    const std::string& path = object.get("device_path");
    if (!path.empty() && !path.starts_with('/')) {
        return base::error(title + ": the image " + base::quoted(path) +
                           " is relative to an unknown directory; set it again");
    }
    for (const Object& child : object.children) {
        TRY_VOID(check_images_absolute(child, title + (title.empty() ? "" : " ") + child.title()));
    }
    return base::done();
}

}  // namespace

Result<std::string> to_ini(const Object& dumped, const KeyFiles& keys, const std::string& source) {
    if (const auto checked = check_images_absolute(dumped, ""); !checked) {
        return checked.error().in(source);
    }
    const Object state = with_all_groups(dumped);
    for (const Object& object : state.children) {
        for (const auto& [target, name] : object.links) {
            if (state.find(info(object.kind).linked, target) == nullptr) {
                return base::error(source + ": " + object.title() + ": no " +
                                   std::string(info(info(object.kind).linked).name) + " " +
                                   base::quoted(target));
            }
        }
    }
    const std::string cannot = ": an ini file cannot express this: ";
    const std::string text = IniWriter(state, keys).run();
    const std::string unnamed = "ini";
    const auto read = parse_config(text, unnamed);
    if (!read) {
        // The file that it complains of is nowhere; what is in it is the source's.
        const std::string& complaint = read.error()[0];
        const size_t place = complaint.starts_with(unnamed + ":") ? complaint.find('[') : 0;
        return base::error(source + cannot + complaint.substr(std::min(place, complaint.size())));
    }
    const Steps steps = make_plan(state, read->state);
    if (!steps.empty()) {
        return base::error(source + cannot + base::quoted(steps[0].path));
    }
    return text;
}

}  // namespace nvmet
