// SPDX-License-Identifier: GPL-2.0-or-later
//
// A subsystem: what one NQN stands for. It owns its namespaces and the controllers that hosts made
// by connecting. The discovery subsystem is one without namespaces.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nvme/fabrics.h"
#include "nvme/nqn.h"
#include "target/controller/controller.h"
#include "target/controller/namespace.h"

namespace target {

class Target;

struct SubsystemConfig {
    std::string nqn;
    std::string serial;              ///< at most 20 characters; stays the same across restarts
    std::string model = "nvmeroot";  ///< at most 40 characters
    bool allow_any_host = false;
    std::vector<std::string> hosts;  ///< NQNs admitted
    bool listed = true;              ///< in the discovery log
    bool require_keys = false;       ///< a host without keys is refused although it is named
    uint16_t cntlid_min = 1;
    uint16_t cntlid_max = nvme::kCntlidMax;
};

class Subsystem {
  public:
    Subsystem(Target& target, SubsystemConfig config) : target_(target) {
        change(std::move(config));
    }
    Subsystem(const Subsystem&) = delete;
    Subsystem& operator=(const Subsystem&) = delete;

    [[nodiscard]] const SubsystemConfig& config() const { return config_; }
    [[nodiscard]] bool is_discovery() const { return config_.nqn == nvme::kDiscoveryNqn; }
    /// Whether `hosts` of the configuration has it.
    [[nodiscard]] bool names(std::string_view hostnqn) const { return names_.contains(hostnqn); }

    /// Commands under way share a namespace with its subsystem, so that its backend stays until
    /// they are done.
    using NamespaceMap = std::map<uint32_t, std::shared_ptr<Namespace>>;

    // --- namespaces: may change at any time between two calls into a queue. Connected hosts that
    // see the namespace before or after get a Namespace Attribute Changed event and look again.

    /// REQUIRES: no namespace of this subsystem has this NSID.
    void add_namespace(NamespaceConfig config, std::shared_ptr<Backend> backend);
    /// Commands that a backend already has complete normally; all that waits, and all that
    /// comes, gets Invalid Namespace. The backend goes with the last of what it has.
    /// @return false: there is none
    bool remove_namespace(uint32_t nsid);
    /// Another configuration over the same backend: who sees it, identifiers, read_only…
    /// @return false: no namespace has this NSID
    bool change_namespace(NamespaceConfig config);
    /// Its store may have another size now. @return false: there is none
    bool resize_namespace(uint32_t nsid);
    /// A host protects it from writes. @return false: there is none
    bool protect_namespace(uint32_t nsid, WriteProtection state);
    /// Null: there is none.
    [[nodiscard]] const Namespace* find_namespace(uint32_t nsid) const;
    /// By NSID.
    [[nodiscard]] const NamespaceMap& namespaces() const { return namespaces_; }
    /// For commands that run on a lane. REQUIRES: it is there.
    [[nodiscard]] const std::shared_ptr<Namespace>& share_namespace(uint32_t nsid,
                                                                    unsigned lane) const {
        return shares_.at(nsid)[lane];
    }

    /// If every controller id is taken or the limit is reached, a controller that still has to
    /// authenticate gives way: one of an address that has more than its share, or one that stalls.
    /// @param address  of the host. @return null: there is none
    Controller* create_controller(ControllerHost host, const std::string& address,
                                  base::TimePoint now);
    [[nodiscard]] Controller* find_controller(uint16_t cntlid) const;
    /// By id.
    [[nodiscard]] const std::map<uint16_t, std::unique_ptr<Controller>>& controllers() const {
        return controllers_;
    }
    /// Those whose hosts gave this identifier.
    [[nodiscard]] std::span<Controller* const> controllers_of(const nvme::HostId& host) const {
        const auto entry = by_host_.find(host.bytes);
        return entry == by_host_.end() ? std::span<Controller* const>() : entry->second;
    }
    /// Ends the controller; its queues close.
    void remove_controller(const Controller& controller);

    // --- totals since the server began, for the SMART log

    [[nodiscard]] IoCounters counters() const;
    [[nodiscard]] uint64_t media_errors() const { return media_errors_; }
    void note_media_error() { ++media_errors_; }

    // --- another configuration

    /// Sets which hosts are admitted and what Identify reports, from now on. Controllers stay as
    /// they are: see enforce_access(). REQUIRES: the same NQN.
    void change(SubsystemConfig config);
    /// Ends the controllers whose host may no longer be connected, or must authenticate and did
    /// not.
    /// @return how many
    size_t enforce_access();
    void disconnect_all(std::string_view reason);

  private:
    using Shares = std::vector<std::shared_ptr<Namespace>>;  ///< by lane
    [[nodiscard]] Shares share(NamespaceConfig config, std::shared_ptr<Backend> backend) const;
    void namespace_changed(uint32_t nsid);
    bool make_room(const std::string& address, base::TimePoint now);

    Target& target_;
    SubsystemConfig config_;
    std::set<std::string, std::less<>> names_;  ///< of config_.hosts
    NamespaceMap namespaces_;
    std::map<uint32_t, Shares> shares_;  ///< of the same namespaces
    std::map<uint16_t, std::unique_ptr<Controller>> controllers_;
    std::map<decltype(nvme::HostId::bytes), std::vector<Controller*>> by_host_;  ///< the same ones
    uint16_t last_cntlid_ = 0;
    IoCounters past_;  ///< of controllers that are gone
    uint64_t media_errors_ = 0;
};

}  // namespace target
