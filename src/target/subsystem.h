// SPDX-License-Identifier: GPL-2.0-or-later
//
// A subsystem: what one NQN stands for. It owns its namespaces and the controllers that hosts made
// by connecting. The discovery subsystem is one without namespaces.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nvme/fabrics.h"
#include "nvme/nqn.h"
#include "target/controller.h"
#include "target/namespace.h"

namespace target {

class Target;

struct SubsystemConfig {
    std::string nqn;
    std::string serial;              ///< at most 20 characters; stays the same across restarts
    std::string model = "nvmeroot";  ///< at most 40 characters
    bool allow_any_host = false;
    std::vector<std::string> hosts;  ///< NQNs admitted
    bool require_keys = false;       ///< a host without keys is refused although it is named
    uint16_t cntlid_min = 1;
    uint16_t cntlid_max = nvme::kCntlidMax;
};

class Subsystem {
  public:
    Subsystem(Target& target, SubsystemConfig config)
        : target_(target), config_(std::move(config)) {}
    Subsystem(const Subsystem&) = delete;
    Subsystem& operator=(const Subsystem&) = delete;

    [[nodiscard]] const SubsystemConfig& config() const { return config_; }
    [[nodiscard]] bool is_discovery() const { return config_.nqn == nvme::kDiscoveryNqn; }

    /// REQUIRES: no namespace of this subsystem has this NSID.
    void add_namespace(const NamespaceConfig& config, std::unique_ptr<Backend> backend);
    [[nodiscard]] const Namespace* find_namespace(uint32_t nsid) const;
    /// By NSID.
    [[nodiscard]] const std::map<uint32_t, Namespace>& namespaces() const { return namespaces_; }

    /// @return null when every controller id is taken or the limit is reached.
    Controller* create_controller(ControllerHost host, base::TimePoint now);
    [[nodiscard]] Controller* find_controller(uint16_t cntlid) const;
    /// Ends the controller; its queues close.
    void remove_controller(const Controller& controller);

  private:
    Target& target_;
    SubsystemConfig config_;
    std::map<uint32_t, Namespace> namespaces_;
    std::map<uint16_t, std::unique_ptr<Controller>> controllers_;
    uint16_t last_cntlid_ = 0;
};

}  // namespace target
