// SPDX-License-Identifier: GPL-2.0-or-later
//
// Creates the plan's VLANs, bonds and bridges, and gives interfaces the names of ifname=. As in
// interface_setup.h, nothing waits here: step() does what is possible now, as the parts appear.
#pragma once

#include <string>
#include <vector>

#include "boot/net/link.h"
#include "boot/net/network_plan.h"
#include "boot/net/rtnetlink.h"

namespace boot {

class DeviceSetup {
  public:
    explicit DeviceSetup(const NetworkPlan& plan) : names_(plan.names), devices_(plan.devices) {}

    /// @return whether the kernel's state changed and must be read again. A step that fails is not
    /// retried.
    bool step(Rtnetlink& kernel, const NetworkState& network);

    /// The refusals of the kernel, one sentence each.
    [[nodiscard]] const std::vector<std::string>& failures() const { return failures_; }

  private:
    bool give_names(Rtnetlink& kernel, const NetworkState& network);
    bool make(Rtnetlink& kernel, const NetworkState& network, const DevicePlan& plan);
    bool add_ports(Rtnetlink& kernel, const NetworkState& network, const DevicePlan& plan,
                   const Link& device);
    bool add_port(Rtnetlink& kernel, const DevicePlan& plan, const Link& device, const Link& port);
    /// Records a failure, so that `what` is not retried.
    void note(const std::string& what, const base::Status& status);
    [[nodiscard]] bool has_failed(const std::string& what) const;

    std::vector<NamePlan> names_;
    std::vector<DevicePlan> devices_;
    std::vector<std::string> given_up_;
    std::vector<std::string> failures_;
};

}  // namespace boot
