// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/presence.h"

#include <algorithm>

namespace nvmet {
namespace {

using base::Result;
using base::Status;

constexpr const char* kScratch = "nqn.2014-08.org.nvmexpress:nvmeroot-nvmet-looks-for-attributes";

/// Directories that disappear with the object, the youngest first.
class Scratch {
  public:
    explicit Scratch(Tree& tree) : tree_(tree) {}
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() { (void)clean(); }  // after an error, which says more

    Status make(const std::string& folder) {
        TRY_VOID(tree_.make_folder(folder));
        made_.push_back(folder);
        return base::done();
    }
    Status clean() {
        Status first = base::done();
        for (; !made_.empty(); made_.pop_back()) {
            if (auto removed = tree_.remove_folder(made_.back()); !removed && first) {
                first = std::move(removed);
            }
        }
        return first;
    }

  private:
    Tree& tree_;
    std::vector<std::string> made_;
};

/// The highest number that no port has.
Result<std::string> free_port(Tree& tree) {
    TRY(const auto ports, tree.list("ports"));
    int number = UINT16_MAX;
    while (std::ranges::any_of(
        ports, [&](const TreeEntry& entry) { return entry.name == std::to_string(number); })) {
        --number;
    }
    return "ports/" + std::to_string(number);
}

}  // namespace

Presence Presence::seen_in(const Object& state) {
    Presence presence;
    presence.look(state);
    return presence;
}

void Presence::look(const Object& object) {
    auto& files = files_[object.kind];
    for (const auto& [file, value] : object.attributes) {
        files.insert(file);
    }
    if (object.kind == Kind::kSubsystem && object.find(Kind::kPassthru, "") == nullptr) {
        files_[Kind::kPassthru];
    }
    for (const Object& child : object.children) {
        look(child);
    }
}

std::optional<bool> Presence::has(const Attribute& row) const {
    const auto files = files_.find(row.kind);
    return files == files_.end() ? std::nullopt : std::optional(files->second.contains(row.file));
}

void Presence::merge(const Presence& other) {
    for (const auto& [kind, files] : other.files_) {
        files_[kind].insert(files.begin(), files.end());
    }
}

Result<Presence> probe(Tree& tree, const Presence& known) {
    Scratch scratch(tree);
    if (!known.knows(Kind::kHost)) {
        TRY_VOID(scratch.make(std::string("hosts/") + kScratch));
    }
    if (!known.knows(Kind::kNamespace)) {
        const std::string subsystem = std::string("subsystems/") + kScratch;
        TRY_VOID(scratch.make(subsystem));
        TRY_VOID(scratch.make(subsystem + "/namespaces/1"));
    }
    if (!known.knows(Kind::kReferral)) {
        TRY(const std::string port, free_port(tree));
        TRY_VOID(scratch.make(port));
        TRY_VOID(scratch.make(port + "/referrals/scratch"));
    }
    TRY(const Object state, read_tree(tree));
    TRY_VOID(scratch.clean());
    Presence presence = known;
    presence.merge(Presence::seen_in(state));
    return presence;
}

}  // namespace nvmet
