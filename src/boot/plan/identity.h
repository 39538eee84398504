// SPDX-License-Identifier: GPL-2.0-or-later
//
// Who this machine is: host NQN and host identifier, a pair, the same at each boot. One source
// gives both; the first that knows anything wins:
//
//     1. keys hostnqn and hostid (command line, then file)
//     2. /etc/nvme/hostnqn and /etc/nvme/hostid in the image, where nvme-cli keeps them
//     3. the machine's DMI UUID, as nqn.2014-08.org.nvmexpress:uuid:<UUID>
//
// A source that gives half a pair is completed, never mixed: a host identifier alone makes the UUID
// form of the NQN, an NQN of the UUID form gives its UUID, and an NQN of free form takes the
// machine's DMI UUID. Nothing is ever drawn at random: the target's access list, reservations and
// the kernel (which refuses a second NQN for one identifier) all need the pair to stay.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sys_paths.h"
#include "boot/plan/given.h"
#include "nvme/nqn.h"

namespace boot {

/// The kernel wants both or neither.
struct HostIdentity {
    std::string nqn;
    nvme::HostId id;
};

/// An identity and where each half comes from.
struct FoundIdentity {
    HostIdentity host;
    std::string nqn_origin;
    std::string id_origin;
    std::vector<std::string> warnings;
};

/// Errors: a name is malformed, no source knows the machine, or a free NQN stands without an
/// identifier on a machine without a usable DMI UUID.
/// @param nqn, id  as keys give them
base::Result<FoundIdentity> find_identity(const Given& nqn, const Given& id,
                                          const base::SysPaths& sys);

/// Refuses a name that the kernel's connect cannot take: commas separate its options, and Linux
/// takes 222 bytes, one fewer than the specification has.
base::Status check_kernel_name(std::string_view nqn);

/// The DMI product UUID. Errors: unreadable, or one of the values that boards carry when nobody set
/// it, which many machines share.
base::Result<nvme::Uuid> machine_uuid(const base::SysPaths& sys);

}  // namespace boot
