// SPDX-License-Identifier: GPL-2.0-or-later
//
// Another configuration for a running service. Everything that can fail comes first: the file, its
// checks, the images that have to be opened. After that there is no way back and none is needed.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "target/operate/core_config.h"
#include "target/operate/service.h"

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

bool locks(const exports::Namespace& ns) {
    return !ns.read_only && !ns.shared;
}

/// Whether it and a running namespace cannot have its image open at the same time.
bool is_exclusive(const exports::ExportConfig& running, const exports::Namespace& ns) {
    return std::ranges::any_of(running.subsystems, [&](const exports::Subsystem& subsystem) {
        return std::ranges::any_of(subsystem.namespaces, [&](const exports::Namespace& other) {
            return other.view_of.empty() && other.image == ns.image && (locks(ns) || locks(other));
        });
    });
}

exports::Change resized(const exports::Namespace& ns, const std::string& nqn, uint64_t before,
                        uint64_t after) {
    return {exports::Change::Kind::kChanged, "namespace " + std::to_string(ns.nsid) + " of " + nqn +
                                                 ": blocks " + std::to_string(before) + " -> " +
                                                 std::to_string(after)};
}

/// Whether the file system of a running image does not answer.
bool is_silent(const exports::Namespace& ns, const std::map<std::string, PathLook::Found>& found) {
    return ns.view_of.empty() && !found.contains(ns.image);
}

exports::Change not_looked_at(const exports::Namespace& ns, const std::string& nqn) {
    return {exports::Change::Kind::kLater,
            "namespace " + std::to_string(ns.nsid) + " of " + nqn + ": image " + ns.image +
                " was not checked, because its file system does not answer"};
}

}  // namespace

base::Result<std::vector<exports::Change>, exports::Errors> Service::plan(
    exports::ExportConfig next) const {
    exports::keep_block_sizes(running_, next);
    Changes changes = exports::diff(running_, next);
    exports::Errors errors;
    const Found found = look_.look(images_of(running_, false)).found;
    for (const exports::Subsystem& subsystem : next.subsystems) {
        const exports::Subsystem* before = find(running_, subsystem.nqn);
        for (const exports::Namespace& ns : subsystem.namespaces) {
            const exports::Namespace* old_one = find(before, ns.nsid);
            if (late_.contains({subsystem.nqn, ns.nsid})) {
                continue;
            }
            if (old_one != nullptr && !exports::needs_another_store(*old_one, ns)) {
                if (is_silent(ns, found)) {
                    changes.push_back(not_looked_at(ns, subsystem.nqn));
                } else if (!note_other_file(ns, subsystem.nqn, found, changes)) {
                    note_new_size(ns, subsystem.nqn, found, changes);
                }
            } else if (const auto holder = holder_of(ns); holder && is_exclusive(running_, ns)) {
                errors.push_back(*holder);
            }
        }
    }
    return errors.empty() ? base::Result<Changes, exports::Errors>(std::move(changes))
                          : base::Result<Changes, exports::Errors>(std::move(errors));
}

/// Whether its image is no more the file that is open, which then is noted.
bool Service::note_other_file(const exports::Namespace& ns, const std::string& nqn,
                              const Found& found, Changes& changes) const {
    const auto open = files_.find({nqn, ns.nsid});
    const auto image = found.find(ns.image);
    if (!ns.view_of.empty() || open == files_.end() || image == found.end() ||
        open->second == file_of(image->second)) {
        return false;
    }
    changes.push_back({exports::Change::Kind::kLater,
                       "namespace " + std::to_string(ns.nsid) + " of " + nqn +
                           ", after a restart: image " + ns.image + ", replaced by another file"});
    return true;
}

/// The size that a reload will find, as it will report it.
void Service::note_new_size(const exports::Namespace& ns, const std::string& nqn,
                            const Found& found, Changes& changes) const {
    const auto image = found.find(ns.image);
    if (ns.protection != exports::Protection::kNone || image == found.end() || !image->second ||
        !S_ISREG(image->second->st_mode)) {
        return;
    }
    const uint64_t before = target_.find_subsystem(nqn)->find_namespace(ns.nsid)->block_count();
    const uint64_t after = static_cast<uint64_t>(image->second->st_size) / ns.block_bytes;
    if (before != after) {
        changes.push_back(resized(ns, nqn, before, after));
    }
}

/// Why its image cannot be reopened, if the reason is that this server has it open.
std::optional<std::string> Service::holder_of(const exports::Namespace& ns) const {
    for (const exports::Subsystem& subsystem : running_.subsystems) {
        for (const exports::Namespace& running : subsystem.namespaces) {
            if (ns.view_of.empty() && running.view_of.empty() && running.image == ns.image) {
                return "[namespace." + ns.name + "] image " + ns.image +
                       ": this server has it open as namespace " + std::to_string(running.nsid) +
                       " of " + subsystem.nqn +
                       "; the change requires a restart, or a reload without that namespace "
                       "and a second reload with this one";
            }
        }
    }
    return std::nullopt;
}

base::Result<std::vector<exports::Change>, exports::Errors> Service::reload(
    base::Result<exports::ExportConfig, exports::Errors> next) {
    exports::Errors errors;
    Fresh stores;
    Reasons later;
    stores_.drop_unused();
    std::optional<AuditLog> audit;
    if (next) {
        exports::keep_block_sizes(running_, *next);
        stores = open_new_stores(*next, later, errors);
        auto opened = open_audit_log(*next);
        opened ? void(audit = std::move(opened).value()) : errors.push_back(opened.error().text);
    } else {
        errors = next.error();
    }
    if (!errors.empty()) {
        ++failed_reloads_;
        return errors;
    }
    Changes changes = exports::diff(running_, *next);
    events_.audit(std::move(audit));
    access_ = host_table(*next);
    for (const exports::Subsystem& subsystem : running_.subsystems) {
        if (find(*next, subsystem.nqn) == nullptr) {
            target_.remove_subsystem(subsystem.nqn);
        }
    }
    const Found found = look_.look(images_of(running_, false)).found;
    for (const exports::Subsystem& subsystem : next->subsystems) {
        take_over(find(running_, subsystem.nqn), subsystem, found, stores, changes);
    }
    for (const auto& subsystem : target_.subsystems()) {
        if (const size_t count = subsystem->enforce_access(); count != 0) {
            log_.notice("disconnected from " + subsystem->config().nqn +
                        " because the configuration changed: " + std::to_string(count));
        }
    }
    std::erase_if(late_, [&later](const auto& late) { return !later.contains(late.first); });
    for (const exports::Subsystem& subsystem : next->subsystems) {
        for (const exports::Namespace& ns : subsystem.namespaces) {
            if (const auto why = later.find({subsystem.nqn, ns.nsid}); why != later.end()) {
                wait_for(ns, subsystem.nqn, why->second);
            }
        }
    }
    set_paths(*next, running_.listen);
    set_scrubs(*next);
    stores_.drop_unused();
    std::erase_if(files_, [&next](const auto& file) {
        const auto& [nqn, nsid] = file.first;
        return find(find(*next, nqn), nsid) == nullptr;
    });
    remember(std::move(next).value());
    server_.keep(kept_connections(running_));
    ++reloads_;
    return changes;
}

/// Whether a reload continues without this one: not if the server would serve less than before.
bool Service::may_come_later(const exports::ExportConfig& next, const exports::Namespace& ns,
                             const std::string& nqn, const Reasons& later) const {
    const bool is_missing = !ns.unserved.empty() || late_.contains({nqn, ns.nsid}) ||
                            later.contains({ns.view_of, ns.nsid});
    return is_missing && !next.strict && !is_served(nqn, ns.nsid);
}

Service::Fresh Service::open_new_stores(const exports::ExportConfig& next, Reasons& later,
                                        exports::Errors& errors) {
    Fresh stores;
    for (const exports::Subsystem& subsystem : next.subsystems) {
        const exports::Subsystem* before = find(running_, subsystem.nqn);
        for (const exports::Namespace& ns : subsystem.namespaces) {
            const exports::Namespace* old_one = find(before, ns.nsid);
            const bool another = old_one == nullptr || exports::needs_another_store(*old_one, ns) ||
                                 stores.contains({ns.view_of, ns.nsid}) ||
                                 late_.contains({subsystem.nqn, ns.nsid});
            if (!another) {
                continue;
            }
            auto store = ns.unserved.empty()
                             ? open_store(ns, subsystem.nqn, stores)
                             : base::Result<Stores::Store>(base::error(ns.unserved));
            if (store) {
                stores.emplace(std::pair(subsystem.nqn, ns.nsid), std::move(store).value());
            } else if (may_come_later(next, ns, subsystem.nqn, later)) {
                later.emplace(std::pair(subsystem.nqn, ns.nsid), store.error().text);
            } else {
                const auto holder =
                    store.error().code == EAGAIN ? holder_of(ns) : std::optional<std::string>();
                errors.push_back(holder.value_or(store.error().text));
            }
        }
    }
    return stores;
}

void Service::take_over(const exports::Subsystem* before, const exports::Subsystem& next,
                        const Found& found, Fresh& stores, Changes& changes) {
    Subsystem* subsystem = before == nullptr ? nullptr : target_.find_subsystem(next.nqn);
    if (subsystem == nullptr) {
        subsystem = &target_.add_subsystem(core_config(next));
    } else {
        subsystem->change(core_config(next));
    }
    take_over_namespaces(before, next, *subsystem, found, stores, changes);
}

void Service::take_over_namespaces(const exports::Subsystem* before, const exports::Subsystem& next,
                                   Subsystem& subsystem, const Found& found, Fresh& stores,
                                   Changes& changes) {
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
        if (subsystem.find_namespace(ns.nsid) == nullptr) {
            continue;  // it comes later
        }
        const Namespace& running = *subsystem.find_namespace(ns.nsid);
        if (running.config() != core_config(ns)) {
            (void)subsystem.change_namespace(core_config(ns));
        }
        if (is_silent(ns, found)) {  // its size would not be answered either
            changes.push_back(not_looked_at(ns, next.nqn));
            continue;
        }
        (void)note_other_file(ns, next.nqn, found, changes);
        const uint64_t blocks = running.block_count();
        (void)subsystem.resize_namespace(ns.nsid);
        if (running.block_count() != blocks) {
            changes.push_back(resized(ns, next.nqn, blocks, running.block_count()));
        }
    }
}

/// Changes that wait for the next start keep their running value.
void Service::remember(exports::ExportConfig next) {
    static_cast<exports::StartValues&>(next) = std::move(running_);
    running_ = std::move(next);
}

}  // namespace target
