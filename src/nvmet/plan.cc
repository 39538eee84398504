// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/plan.h"

#include <algorithm>
#include <set>

namespace nvmet {
namespace {

using Op = Step::Op;

/// Made and removed with its parent.
bool is_default_group(const Object& object) {
    return object.kind == Kind::kPassthru || (object.kind == Kind::kAnaGroup && object.name == "1");
}

/// The values that come back with the directory: its attributes and those of its default groups,
/// switched off.
Object saved_part(const Object& object) {
    Object saved{object.kind, object.name, object.attributes, {}, {}};
    if (saved.attributes.contains("enable")) {
        saved.attributes["enable"] = "0";
    }
    for (const Object& child : object.children) {
        if (is_default_group(child)) {
            saved.children.push_back(saved_part(child));
        }
    }
    return saved;
}

bool is_switch(const Attribute& row) {
    return row.file == "enable";
}

bool exports_image(const Attribute& row, const std::string& value) {
    return is_switch(row) && row.kind != Kind::kReferral && value == "1";
}

/// The rows whose wanted value is not the running one, in the order of the table.
std::vector<const Attribute*> changes(const Object& have, const Object& want) {
    std::vector<const Attribute*> rows;
    for (const Attribute& row : attributes()) {
        const auto wanted = want.attributes.find(row.file);
        const auto running = have.attributes.find(row.file);
        if (row.kind == want.kind && row.change != Change::kTrigger &&
            wanted != want.attributes.end() && running != have.attributes.end() &&
            wanted->second != running->second) {
            rows.push_back(&row);
        }
    }
    return rows;
}

bool must_be_remade(const Object& have, const Object& want) {
    const bool by_rows = std::ranges::any_of(changes(have, want), [&](const Attribute* row) {
        return row->change == Change::kRemake || !writable(*row, have.get(row->file)) ||
               !writable(*row, want.get(row->file));
    });
    const Object* have_passthru = have.find(Kind::kPassthru, "");
    const Object* want_passthru = want.find(Kind::kPassthru, "");
    return by_rows || (have_passthru != nullptr && want_passthru != nullptr &&
                       must_be_remade(*have_passthru, *want_passthru));
}

class Planner {
  public:
    Planner(const Object& have, const Object& want, const PlanOptions& options)
        : have_(have), want_(want), options_(options) {}

    Steps run() {
        judge(have_, &want_, "");
        take_down_ports();
        take_down_subsystems();
        for (const Object* host : have_.all(Kind::kHost)) {
            remove_if_gone(path_of("", *host), *host);
        }
        build_hosts();
        build_subsystems();
        update("", have_, want_);
        build_ports();
        return std::move(steps_);
    }

  private:
    void judge(const Object& have, const Object* want, const std::string& path);
    [[nodiscard]] bool gone(const std::string& path) const { return gone_.contains(path); }
    [[nodiscard]] bool stays(const Object* have, const std::string& path) const {
        return have != nullptr && !gone(path);
    }

    void take_down_ports();
    void take_down_subsystems();
    void remove_if_gone(const std::string& path, const Object& object);
    void remove_links(const std::string& path, const Object& have, const Object* want);

    void build_hosts();
    void build_subsystems();
    void build_ports();
    void build_children(const std::string& path, const Object* have, const Object& want);
    void build(const std::string& path, const Object* have, const Object& want);
    void create(const std::string& path, const Object& want);
    void update(const std::string& path, const Object& have, const Object& want);
    void add_links(const std::string& path, const Object* have, const Object& want);
    void write(const std::string& path, const Attribute& row, const std::string& value,
               const std::string& before, const std::string& effect);

    [[nodiscard]] std::string effect_of(const Attribute& row, const std::string& path,
                                        const std::string& value) const;

    const Object& have_;
    const Object& want_;
    const PlanOptions& options_;
    std::set<std::string> gone_;      ///< paths of what is removed, for good or to be made again
    std::set<std::string> exported_;  ///< paths of what is enabled now
    Steps steps_;
};

void Planner::judge(const Object& have, const Object* want, const std::string& path) {
    if (!path.empty() && !is_default_group(have) &&
        (want == nullptr || must_be_remade(have, *want))) {
        gone_.insert(path);
    }
    if (have.get("enable") == "1") {
        exported_.insert(path);
    }
    for (const Object& child : have.children) {
        const Object* wanted = want == nullptr ? nullptr : want->find(child.kind, child.name);
        const std::string child_path = path_of(path, child);
        judge(child, wanted, child_path);
        if (gone(path) && !is_default_group(child)) {
            gone_.insert(child_path);
        }
    }
}

/// Those that are not wanted, or lead to or from what goes.
void Planner::remove_links(const std::string& path, const Object& have, const Object* want) {
    const KindInfo& kind = info(have.kind);
    for (const auto& [target, name] : have.links) {
        const std::string folder = inside(std::string(info(kind.linked).folder), target);
        if (!gone(path) && !gone(folder) && want != nullptr && want->links.contains(target)) {
            continue;
        }
        const std::string effect =
            have.kind == Kind::kPort
                ? "disconnects the hosts of " + target + " at " + have.title()
                : target + " may not connect until it is admitted again; its connections stay";
        steps_.push_back({.op = Op::kUnlink,
                          .path = inside(inside(path, kind.links), name),
                          .value = folder,
                          .effect = effect});
    }
}

void Planner::remove_if_gone(const std::string& path, const Object& object) {
    for (const Object& child : object.children) {
        remove_if_gone(path_of(path, child), child);
    }
    const bool leaves = gone(path);
    const bool parent_leaves =
        object.kind == Kind::kPassthru && gone(path.substr(0, path.rfind('/')));
    if ((leaves || parent_leaves) && object.get("enable") == "1") {
        const Attribute& row = *find_file(object.kind, "enable");
        write(path, row, "0", "1", effect_of(row, path, "0"));
    }
    if (leaves) {
        steps_.push_back({.op = Op::kRemoveFolder, .path = path, .saved = saved_part(object)});
    }
}

void Planner::take_down_ports() {
    const auto ports = have_.all(Kind::kPort);
    for (const Object* port : ports) {
        remove_links(path_of("", *port), *port, want_.find(Kind::kPort, port->name));
    }
    for (const Object* port : ports) {
        remove_if_gone(path_of("", *port), *port);
    }
}

void Planner::take_down_subsystems() {
    const auto subsystems = have_.all(Kind::kSubsystem);
    for (const Object* subsystem : subsystems) {
        remove_links(path_of("", *subsystem), *subsystem,
                     want_.find(Kind::kSubsystem, subsystem->name));
    }
    for (const Object* subsystem : subsystems) {
        remove_if_gone(path_of("", *subsystem), *subsystem);
    }
}

std::string Planner::effect_of(const Attribute& row, const std::string& path,
                               const std::string& value) const {
    if (row.change == Change::kReconnects) {
        return "disconnects every host of " + path.substr(path.rfind('/') + 1) +
               "; the hosts reconnect";
    }
    if (is_switch(row) && row.kind != Kind::kReferral && value == "0") {
        return "hosts lose access to it";
    }
    return row.secret() ? "takes effect when the host authenticates next" : "";
}

void Planner::write(const std::string& path, const Attribute& row, const std::string& value,
                    const std::string& before, const std::string& effect) {
    steps_.push_back(
        {.op = Op::kWrite,
         .path = inside(path, row.file),
         .value = value,
         .before = before,
         .row = &row,
         .effect = effect,
         .optional = options_.partial && exports_image(row, value) && !exported_.contains(path)});
}

void Planner::create(const std::string& path, const Object& want) {
    if (!is_default_group(want)) {
        steps_.push_back({.op = Op::kMakeFolder, .path = path});
    }
    for (const Attribute& row : attributes()) {
        const std::string& value = want.get(row.file);
        if (row.kind == want.kind && row.change != Change::kTrigger && writable(row, value) &&
            value != fresh_value(row, want.name)) {
            write(path, row, value, "", "");
            steps_.back().fresh = true;
        }
    }
}

/// Each write leaves a range that the kernel accepts, and so does each one taken back.
void order_controller_ids(std::vector<const Attribute*>& rows, const Object& have,
                          const Object& want) {
    const auto place = [&](std::string_view file) {
        return std::ranges::find_if(rows, [&](const Attribute* row) { return row->file == file; });
    };
    const auto min = place("attr_cntlid_min");
    const auto max = place("attr_cntlid_max");
    if (min != rows.end() && max != rows.end() &&
        std::stoi(want.get("attr_cntlid_min")) > std::stoi(have.get("attr_cntlid_max"))) {
        std::iter_swap(min, max);
    }
}

void Planner::update(const std::string& path, const Object& have, const Object& want) {
    auto rows = changes(have, want);
    order_controller_ids(rows, have, want);
    // A passthru controller that is in use takes no other path.
    const bool paused = have.kind == Kind::kPassthru && have.get("enable") == "1" && !rows.empty();
    const Attribute* enable = find_file(have.kind, "enable");
    if (paused) {
        write(path, *enable, "0", "1", effect_of(*enable, path, "0"));
    }
    for (const Attribute* row : rows) {
        const std::string& value = want.get(row->file);
        if (!(paused && is_switch(*row))) {
            write(path, *row, value, have.get(row->file), effect_of(*row, path, value));
        }
    }
    if (paused && want.get("enable") != "0") {
        write(path, *enable, "1", "0", "");
    }
    if (options_.resize && have.kind == Kind::kNamespace && have.get("enable") == "1" &&
        have.attributes.contains("revalidate_size") && want.get("enable") != "0") {
        const Attribute& row = *find_file(Kind::kNamespace, "revalidate_size");
        write(path, row, "1", "", "hosts see the new size, if there is one");
    }
}

void Planner::build(const std::string& path, const Object* have, const Object& want) {
    if (stays(have, path) && !(is_default_group(want) && gone(path.substr(0, path.rfind('/'))))) {
        update(path, *have, want);
    } else {
        create(path, want);
    }
}

void Planner::build_children(const std::string& path, const Object* have, const Object& want) {
    for (const Object& child : want.children) {
        const Object* running = stays(have, path) ? have->find(child.kind, child.name) : nullptr;
        build(path_of(path, child), running, child);
    }
}

void Planner::add_links(const std::string& path, const Object* have, const Object& want) {
    const KindInfo& kind = info(want.kind);
    for (const auto& [target, name] : want.links) {
        const std::string folder = inside(std::string(info(kind.linked).folder), target);
        if (!stays(have, path) || gone(folder) || !have->links.contains(target)) {
            // A port that serves nothing is enabled by its first link, and chooses some values.
            const bool enables =
                want.kind == Kind::kPort && stays(have, path) && have->links.empty();
            steps_.push_back({.op = Op::kLink,
                              .path = inside(inside(path, kind.links), target),
                              .value = folder,
                              .saved = enables ? saved_part(*have) : Object{}});
        }
    }
}

void Planner::build_hosts() {
    for (const Object* host : want_.all(Kind::kHost)) {
        build(path_of("", *host), have_.find(Kind::kHost, host->name), *host);
    }
}

void Planner::build_subsystems() {
    for (const Object* subsystem : want_.all(Kind::kSubsystem)) {
        const std::string path = path_of("", *subsystem);
        const Object* have = have_.find(Kind::kSubsystem, subsystem->name);
        build(path, have, *subsystem);
        build_children(path, have, *subsystem);
        add_links(path, have, *subsystem);
    }
}

void Planner::build_ports() {
    const auto ports = want_.all(Kind::kPort);
    for (const Object* port : ports) {
        const std::string path = path_of("", *port);
        const Object* have = have_.find(Kind::kPort, port->name);
        build(path, have, *port);
        build_children(path, have, *port);
    }
    for (const Object* port : ports) {
        add_links(path_of("", *port), have_.find(Kind::kPort, port->name), *port);
    }
}

}  // namespace

Steps make_plan(const Object& have, const Object& want, const PlanOptions& options) {
    return Planner(have, want, options).run();
}

}  // namespace nvmet
