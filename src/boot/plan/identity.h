// SPDX-License-Identifier: GPL-2.0-or-later
//
// The identity of this machine: host NQN and host identifier, the same at each boot. One source
// provides both; the first source that provides either wins:
//
//     1. keys hostnqn and hostid (command line, then file)
//     2. /etc/nvme/hostnqn and /etc/nvme/hostid in the image, where nvme-cli keeps them
//     3. the machine's DMI UUID, as nqn.2014-08.org.nvmexpress:uuid:<UUID>
//
// If a source provides only one value, the other is derived and never taken from another source: a
// host identifier yields the UUID form of the NQN, an NQN of the UUID form yields its UUID, and an
// NQN of any other form is paired with the DMI UUID. Nothing is random, because the target's access
// list, reservations and the kernel (which refuses a second NQN for one identifier) need a stable
// pair.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/plan/given.h"
#include "nvme/nqn.h"

namespace boot {

/// The kernel requires both or neither.
struct HostIdentity {
    std::string nqn;
    nvme::HostId id;
};

/// An identity and the origin of each value.
struct FoundIdentity {
    HostIdentity host;
    std::string nqn_origin;
    std::string id_origin;
    std::vector<std::string> warnings;
};

/// Errors: a name is malformed, no source has an identity, or an NQN without UUID form has no
/// identifier on a machine without a usable DMI UUID.
/// @param nqn, id  the values of the keys
base::Result<FoundIdentity> find_identity(const Given& nqn, const Given& id,
                                          const base::SysPaths& sys);

/// Refuses a name that the kernel's connect does not accept: commas separate its options, and Linux
/// accepts 222 bytes, one fewer than the specification.
base::Status check_kernel_name(std::string_view nqn);

/// The DMI product UUID. Errors: unreadable, or a placeholder that many
/// boards share.
base::Result<nvme::Uuid> machine_uuid(const base::SysPaths& sys);

}  // namespace boot
