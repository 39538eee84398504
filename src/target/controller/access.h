// SPDX-License-Identifier: GPL-2.0-or-later
//
// Which hosts may connect to what, and which must authenticate. The queues ask an AccessPolicy;
// HostTable is the one made from the configuration.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "target/auth/host_keys.h"
#include "target/controller/subsystem_config.h"

namespace target {

class AccessPolicy {
  public:
    virtual ~AccessPolicy() = default;

    [[nodiscard]] virtual bool may_connect(std::string_view hostnqn,
                                           const SubsystemConfig& subsystem) const = 0;

    /// Whether it may tell this host from the hosts that nothing is said of.
    [[nodiscard]] virtual bool knows(std::string_view /*hostnqn*/) const { return true; }

    /// The keys that a queue of this host must authenticate with; null: it need not and cannot.
    /// Shared by the policy and each authentication under way, so that keys may be replaced while
    /// one runs.
    [[nodiscard]] virtual std::shared_ptr<const HostKeys> keys(std::string_view hostnqn,
                                                               const SubsystemConfig& subsystem,
                                                               uint16_t qid) const = 0;
};

/// Hosts by NQN. A subsystem names the hosts it admits; a host with keys authenticates everywhere,
/// even where every host is admitted. The discovery subsystem shows each host what it may use; it
/// asks for no proof and admits all, or, told so, asks those that have keys and admits no others.
class HostTable final : public AccessPolicy {
  public:
    /// @param keys  null: the host does not authenticate
    void add(std::string nqn, std::shared_ptr<const HostKeys> keys);
    /// Keys for one subsystem, in place of those for all.
    void add(std::string nqn, std::string_view subnqn, std::shared_ptr<const HostKeys> keys);
    void require_proof_for_discovery(bool required) { discovery_auth_ = required; }

    [[nodiscard]] bool may_connect(std::string_view hostnqn,
                                   const SubsystemConfig& subsystem) const override;
    [[nodiscard]] bool knows(std::string_view hostnqn) const override;
    [[nodiscard]] std::shared_ptr<const HostKeys> keys(std::string_view hostnqn,
                                                       const SubsystemConfig& subsystem,
                                                       uint16_t qid) const override;

  private:
    using Keys = std::shared_ptr<const HostKeys>;

    std::map<std::string, Keys, std::less<>> hosts_;
    /// By subsystem NQN, then host NQN.
    std::map<std::string, std::map<std::string, Keys, std::less<>>, std::less<>> special_;
    std::set<std::string, std::less<>> names_;
    bool discovery_auth_ = false;
};

}  // namespace target
