// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/diff.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/join.h"
#include "export/keys.h"
#include "export/shown.h"

namespace exports {
namespace {

using Kind = Change::Kind;

/// The states of all ANA groups: `2 is 3 at 192.0.2.1:4420` as numbers of the specification.
std::string paths(const ExportConfig& config) {
    return shown(base::join(config.ana, ", ", [](const AnaGroup& ana) {
        return std::to_string(ana.group) + " is " +
               std::to_string(static_cast<unsigned>(ana.state)) +
               (ana.listen.empty() ? "" : " at " + shown(ana.listen));
    }));
}

/// Collects what differs about one thing: `thing: key old -> new, …`.
class Differences {
  public:
    void compare(std::string_view key, const std::string& before, const std::string& after) {
        if (before != after) {
            add(std::string(key) + " " + before + " -> " + after);
        }
    }
    void compare_secrets(std::string_view key, const std::optional<nvme::DhchapSecret>& before,
                         const std::optional<nvme::DhchapSecret>& after) {
        if (before.has_value() != after.has_value()) {
            add(std::string(key) + (after ? " is added" : " is removed"));
        } else if (before && (before->hash() != after->hash() ||
                              !std::ranges::equal(before->key(), after->key()))) {
            add(std::string(key) + " has another secret");
        }
    }
    void compare_auth(const HostAuth& before, const HostAuth& after) {
        compare_secrets("dhchap_secret_file", before.secret, after.secret);
        compare_secrets("dhchap_ctrl_secret_file", before.ctrl_secret, after.ctrl_secret);
        compare_secrets("dhchap_secret_file_next", before.next_secret, after.next_secret);
        compare_secrets("dhchap_ctrl_secret_file_next", before.next_ctrl_secret,
                        after.next_ctrl_secret);
        compare_keys(host_keys(), before, after);
    }
    /// The values that the rows of a table show.
    template <class T, class Part>
    void compare_keys(std::span<const Key<T>> keys, const Part& before, const Part& after) {
        for (const Key<T>& key : keys) {
            if (const Shown<Part> shown_by_key = key.shown; shown_by_key != nullptr) {
                compare(key.name, shown_by_key(before), shown_by_key(after));
            }
        }
    }
    /// A list of names as what came and what went.
    void compare_names(std::string_view key, const std::vector<std::string>& before,
                       const std::vector<std::string>& after) {
        for (const auto& [sign, from, without] :
             {std::tuple{"+", &after, &before}, std::tuple{"-", &before, &after}}) {
            for (const std::string& name : *from) {
                if (std::ranges::find(*without, name) == without->end()) {
                    add(std::string(key) + " " + sign + name);
                }
            }
        }
    }
    /// Such a list where an empty one names everybody.
    void compare_viewers(const std::vector<std::string>& before,
                         const std::vector<std::string>& after) {
        const auto viewers = [](const std::vector<std::string>& names) {
            return names.empty() ? "all of the subsystem" : base::join(names, ", ");
        };
        if (before.empty() != after.empty()) {
            add("hosts " + viewers(before) + " -> " + viewers(after));
        } else {
            compare_names("hosts", before, after);
        }
    }
    void into(std::vector<Change>& changes, Kind kind, const std::string& thing) const {
        if (!text_.empty()) {
            changes.push_back({kind, thing + ": " + text_});
        }
    }

  private:
    void add(const std::string& text) { base::append_part(text_, ", ", text); }

    std::string text_;
};

/// Walks two lists of things that a key tells apart, in the order of the key.
template <class T, class Key, class Describe, class Compare>
void walk(const std::vector<T>& before, const std::vector<T>& after, Key key, Describe describe,
          Compare compare, std::vector<Change>& changes) {
    using KeyType = std::decay_t<decltype(key(before.front()))>;
    std::map<KeyType, std::pair<const T*, const T*>> all;
    for (const T& thing : before) {
        all[key(thing)].first = &thing;
    }
    for (const T& thing : after) {
        all[key(thing)].second = &thing;
    }
    for (const auto& [name, pair] : all) {
        const auto& [old_one, new_one] = pair;
        if (old_one == nullptr) {
            changes.push_back({Kind::kAdded, describe(*new_one)});
        } else if (new_one == nullptr) {
            changes.push_back({Kind::kRemoved, describe(*old_one)});
        } else {
            compare(*old_one, *new_one);
        }
    }
}

void diff_namespaces(const Subsystem& before, const Subsystem& after,
                     std::vector<Change>& changes) {
    const auto describe = [&](const Namespace& ns) {
        return "namespace " + std::to_string(ns.nsid) + " of " + after.nqn + ": " + ns.image;
    };
    walk(
        before.namespaces, after.namespaces, [](const Namespace& ns) { return ns.nsid; }, describe,
        [&](const Namespace& old_one, const Namespace& new_one) {
            Differences found;
            found.compare_keys(namespace_keys(), old_one, new_one);
            found.compare_viewers(old_one.hosts, new_one.hosts);
            found.into(changes, Kind::kChanged,
                       "namespace " + std::to_string(new_one.nsid) + " of " + after.nqn);
        },
        changes);
}

void diff_access(const Subsystem& before, const Subsystem& after, std::vector<Change>& changes) {
    const auto describe = [&](const Access& access) {
        return "secrets of " + access.hostnqn + " for " + after.nqn;
    };
    walk(
        before.access, after.access, [](const Access& access) { return access.hostnqn; }, describe,
        [&](const Access& old_one, const Access& new_one) {
            Differences found;
            found.compare_auth(old_one, new_one);
            found.into(changes, Kind::kChanged, describe(new_one));
        },
        changes);
}

void diff_subsystem(const Subsystem& before, const Subsystem& after, std::vector<Change>& changes) {
    Differences found;
    found.compare_keys(subsystem_keys(), before, after);
    found.compare_names("hosts", before.hosts, after.hosts);
    found.into(changes, Kind::kChanged, "subsystem " + after.nqn);
    diff_access(before, after, changes);
    diff_namespaces(before, after, changes);
}

void diff_target(const ExportConfig& before, const ExportConfig& after,
                 std::vector<Change>& changes) {
    Differences now;
    now.compare_keys<TargetSection, LiveValues>(target_keys(), before, after);
    now.compare("ana", paths(before), paths(after));
    now.into(changes, Kind::kChanged, "target");
    Differences later;
    later.compare_keys<TargetSection, StartValues>(target_keys(), before, after);
    later.into(changes, Kind::kLater, "target, after a restart");
}

}  // namespace

std::string Change::line() const {
    constexpr std::string_view kSigns = "+-~!";
    return std::string(1, kSigns[static_cast<size_t>(kind)]) + " " + text;
}

std::vector<Change> diff(const ExportConfig& before, const ExportConfig& after) {
    std::vector<Change> changes;
    diff_target(before, after, changes);
    walk(
        before.hosts, after.hosts, [](const Host& host) { return host.nqn; },
        [](const Host& host) { return "host " + host.nqn; },
        [&](const Host& old_one, const Host& new_one) {
            Differences found;
            found.compare_auth(old_one, new_one);
            found.into(changes, Kind::kChanged, "host " + new_one.nqn);
        },
        changes);
    walk(
        before.subsystems, after.subsystems,
        [](const Subsystem& subsystem) { return subsystem.nqn; },
        [](const Subsystem& subsystem) { return "subsystem " + subsystem.nqn; },
        [&](const Subsystem& old_one, const Subsystem& new_one) {
            diff_subsystem(old_one, new_one, changes);
        },
        changes);
    return changes;
}

bool needs_another_store(const Namespace& before, const Namespace& after) {
    return static_cast<const ImageUse&>(before) != after || (before.read_only && !after.read_only);
}

void keep_block_sizes(const ExportConfig& running, ExportConfig& next) {
    for (Subsystem& subsystem : next.subsystems) {
        const auto before = std::ranges::find(running.subsystems, subsystem.nqn, &Subsystem::nqn);
        if (before == running.subsystems.end()) {
            continue;
        }
        for (Namespace& ns : subsystem.namespaces) {
            const auto old = std::ranges::find(before->namespaces, ns.nsid, &Namespace::nsid);
            if (old != before->namespaces.end() && old->image == ns.image && !ns.unserved.empty() &&
                !ns.block_bytes_given) {
                ns.block_bytes = old->block_bytes;
            }
        }
    }
}

}  // namespace exports
