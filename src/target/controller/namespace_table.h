// SPDX-License-Identifier: GPL-2.0-or-later
//
// The namespaces of one subsystem, and the part of them that one host sees. Commands under way share
// a namespace with its subsystem, so that its backend stays until they are done. There is one pointer
// for each lane: no other lane touches its count.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "target/controller/environment.h"
#include "target/controller/namespace.h"

namespace target {

class NamespaceTable {
  public:
    using Map = std::map<uint32_t, std::shared_ptr<Namespace>>;

    /// @param environment  outlives this object, and all users of a namespace
    explicit NamespaceTable(const Environment& environment) : environment_(environment) {}

    /// @return false: a namespace has this NSID
    bool add(NamespaceConfig config, std::shared_ptr<Backend> backend);
    /// @return false: there is none
    bool remove(uint32_t nsid);
    /// Null: there is none.
    [[nodiscard]] Namespace* find(uint32_t nsid) const;
    /// By NSID.
    [[nodiscard]] const Map& all() const { return namespaces_; }
    /// For commands that run on a lane. REQUIRES: it is there.
    [[nodiscard]] const std::shared_ptr<Namespace>& share(uint32_t nsid, unsigned lane) const {
        return shares_.at(nsid)[lane];
    }
    [[nodiscard]] size_t lanes() const { return environment_.lanes(); }

  private:
    using Shares = std::vector<std::shared_ptr<Namespace>>;  ///< by lane
    [[nodiscard]] Shares make(NamespaceConfig config, std::shared_ptr<Backend> backend) const;

    const Environment& environment_;
    Map namespaces_;
    std::map<uint32_t, Shares> shares_;  ///< of the same namespaces
};

/// The namespaces that one host sees.
class NamespaceView {
  public:
    /// @param table  outlives this object
    NamespaceView(const NamespaceTable& table, std::string hostnqn);

    /// Null: it sees none with this NSID.
    /// @param lane  whose thread asks, and lets go of it
    [[nodiscard]] const std::shared_ptr<Namespace>& share(uint32_t nsid, unsigned lane) const;
    /// By NSID.
    [[nodiscard]] std::span<const std::shared_ptr<Namespace>> all(unsigned lane) const {
        return namespaces_[lane];
    }
    /// A namespace was added, was removed, or is another than before.
    /// @return whether the host sees it, or saw it
    bool update(uint32_t nsid);
    /// NSIDs of updates since the last clear_changed().
    [[nodiscard]] const std::set<uint32_t>& changed() const { return changed_; }
    void clear_changed() { changed_.clear(); }

  private:
    void look_at(uint32_t nsid);

    const NamespaceTable& table_;
    const std::string hostnqn_;
    std::vector<std::vector<std::shared_ptr<Namespace>>> namespaces_;  ///< by lane
    std::set<uint32_t> changed_;
};

}  // namespace target
