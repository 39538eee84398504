// SPDX-License-Identifier: GPL-2.0-or-later
//
// A subsystem: what one NQN stands for. It owns its namespaces and the controllers that hosts made
// by connecting. The discovery subsystem is one without namespaces.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nvme/nqn.h"
#include "target/controller/controller.h"
#include "target/controller/environment.h"
#include "target/controller/namespace_table.h"
#include "target/controller/subsystem_config.h"

namespace target {

class Subsystem {
  public:
    /// @param environment  outlives this object
    Subsystem(Environment& environment, SubsystemConfig config)
        : environment_(environment), config_(std::move(config)), namespaces_(environment) {}
    Subsystem(const Subsystem&) = delete;
    Subsystem& operator=(const Subsystem&) = delete;

    [[nodiscard]] const SubsystemConfig& config() const { return config_; }
    [[nodiscard]] bool is_discovery() const { return config_.is_discovery(); }

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
    [[nodiscard]] const Namespace* find_namespace(uint32_t nsid) const {
        return namespaces_.find(nsid);
    }
    /// By NSID.
    [[nodiscard]] const NamespaceTable::Map& namespaces() const { return namespaces_.all(); }

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

    // --- another configuration

    /// Sets which hosts are admitted and what Identify reports, from now on. Controllers stay as
    /// they are: see enforce_access(). REQUIRES: the same NQN.
    void change(SubsystemConfig config) { config_ = std::move(config); }
    /// Ends the controllers whose host may no longer be connected, or must authenticate and did
    /// not.
    /// @return how many
    size_t enforce_access();
    void disconnect_all(std::string_view reason);

  private:
    void namespace_changed(uint32_t nsid);
    bool make_room(const std::string& address, base::TimePoint now);

    Environment& environment_;
    SubsystemConfig config_;
    NamespaceTable namespaces_;
    std::map<uint16_t, std::unique_ptr<Controller>> controllers_;
    std::map<decltype(nvme::HostId::bytes), std::vector<Controller*>> by_host_;  ///< the same ones
    uint16_t last_cntlid_ = 0;
    IoCounters past_;  ///< of controllers that are gone
};

}  // namespace target
