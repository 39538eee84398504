// SPDX-License-Identifier: GPL-2.0-or-later
//
// Another configuration for a running service. Everything that can fail comes first: the file, its
// checks, the images that have to be opened. After that there is no way back and none is needed.
#include <algorithm>
#include <utility>

#include "target/core_config.h"
#include "target/serve.h"

namespace target {
namespace {

const exports::Subsystem* find(const exports::ExportConfig& config, const std::string& nqn) {
    const auto found = std::ranges::find(config.subsystems, nqn, &exports::Subsystem::nqn);
    return found == config.subsystems.end() ? nullptr : &*found;
}

const exports::Namespace* find(const exports::Subsystem* subsystem, uint32_t nsid) {
    if (subsystem == nullptr) {
        return nullptr;
    }
    const auto found = std::ranges::find(subsystem->namespaces, nsid, &exports::Namespace::nsid);
    return found == subsystem->namespaces.end() ? nullptr : &*found;
}

}  // namespace

std::vector<exports::Change> Service::plan(const exports::ExportConfig& next) const {
    return exports::diff(running_, next);
}

base::Result<std::vector<exports::Change>, exports::Errors> Service::reload(
    base::Result<exports::ExportConfig, exports::Errors> next) {
    exports::Errors errors;
    Stores stores;
    drop_unused_stores();
    std::optional<AuditLog> audit;
    if (next) {
        stores = open_new_stores(*next, errors);
        auto opened = open_audit_log(*next);
        opened ? void(audit = std::move(opened).value()) : errors.push_back(opened.error().text);
    } else {
        errors = next.error();
    }
    if (!errors.empty()) {
        ++failed_reloads_;
        return errors;
    }
    Changes changes = plan(*next);
    events_.audit(std::move(audit));
    access_ = host_table(*next);
    for (const exports::Subsystem& subsystem : running_.subsystems) {
        if (find(*next, subsystem.nqn) == nullptr) {
            target_.remove_subsystem(subsystem.nqn);
        }
    }
    for (const exports::Subsystem& subsystem : next->subsystems) {
        take_over(find(running_, subsystem.nqn), subsystem, stores, changes);
    }
    for (const auto& subsystem : target_.subsystems()) {
        if (const size_t count = subsystem->enforce_access(); count != 0) {
            log_.notice("disconnected from " + subsystem->config().nqn +
                        " because the configuration changed: " + std::to_string(count));
        }
    }
    set_paths(*next, running_.listen);
    set_scrubs(*next);
    drop_unused_stores();
    remember(std::move(next).value());
    ++reloads_;
    return changes;
}

Service::Stores Service::open_new_stores(const exports::ExportConfig& next,
                                         exports::Errors& errors) {
    Stores stores;
    for (const exports::Subsystem& subsystem : next.subsystems) {
        const exports::Subsystem* before = find(running_, subsystem.nqn);
        for (const exports::Namespace& ns : subsystem.namespaces) {
            const exports::Namespace* old_one = find(before, ns.nsid);
            const bool another = old_one == nullptr || exports::needs_another_store(*old_one, ns) ||
                                 stores.contains({ns.view_of, ns.nsid});
            if (!another) {
                continue;
            }
            auto store = open_store(ns, subsystem.nqn, stores);
            if (store) {
                stores.emplace(std::pair(subsystem.nqn, ns.nsid), std::move(store).value());
            } else {
                errors.push_back(store.error().text);
            }
        }
    }
    return stores;
}

void Service::drop_unused_stores() {
    std::erase_if(stores_, [](const auto& store) { return store.use_count() == 1; });
}

void Service::take_over(const exports::Subsystem* before, const exports::Subsystem& next,
                        Stores& stores, Changes& changes) {
    Subsystem* subsystem = before == nullptr ? nullptr : target_.find_subsystem(next.nqn);
    if (subsystem == nullptr) {
        subsystem = &target_.add_subsystem(core_config(next));
    } else {
        subsystem->change(core_config(next));
    }
    take_over_namespaces(before, next, *subsystem, stores, changes);
}

void Service::take_over_namespaces(const exports::Subsystem* before, const exports::Subsystem& next,
                                   Subsystem& subsystem, Stores& stores, Changes& changes) {
    if (before != nullptr) {
        for (const exports::Namespace& ns : before->namespaces) {
            const bool replaced = stores.contains({next.nqn, ns.nsid});
            if (replaced || find(&next, ns.nsid) == nullptr) {
                (void)subsystem.remove_namespace(ns.nsid);  // it is there: we put it there
            }
        }
    }
    for (const exports::Namespace& ns : next.namespaces) {
        if (const auto store = stores.find({next.nqn, ns.nsid}); store != stores.end()) {
            add_namespace(ns, std::move(store->second), subsystem);
            continue;
        }
        const Namespace& running = *subsystem.find_namespace(ns.nsid);
        if (running.config() != core_config(ns)) {
            (void)subsystem.change_namespace(core_config(ns));
        }
        const uint64_t blocks = running.block_count();
        (void)subsystem.resize_namespace(ns.nsid);
        if (running.block_count() != blocks) {
            changes.push_back({exports::Change::Kind::kChanged,
                               "namespace " + std::to_string(ns.nsid) + " of " + next.nqn +
                                   ": blocks " + std::to_string(blocks) + " -> " +
                                   std::to_string(running.block_count())});
        }
    }
}

/// What waits for the next start stays as it runs.
void Service::remember(exports::ExportConfig next) {
    next.limits = running_.limits;
    next.listen = std::move(running_.listen);
    next.discovery = std::move(running_.discovery);
    next.control = std::move(running_.control);
    next.metrics = std::move(running_.metrics);
    running_ = std::move(next);
}

}  // namespace target
