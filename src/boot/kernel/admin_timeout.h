// SPDX-License-Identifier: GPL-2.0-or-later
//
// The time for which the kernel waits for the answer to an admin command, Connect included:
// parameter admin_timeout of nvme_core, one minute by default. A target that accepts connections
// and then sends nothing stalls each attempt to connect for that time, and the kernel does not
// notice if such a connection is lost. The parameter applies to the whole machine, local disks
// included, so it is shortened only while the root is being connected. A command keeps the timeout
// that it began with.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/sys_paths.h"

namespace boot {

/// Shortens it permanently. @return the old value; nothing if it was shorter already or if the
/// kernel does not allow the change
std::optional<std::string> shorten_admin_timeout(const base::SysPaths& sys, base::seconds time);

/// Shortens it while this object exists.
class ShortAdminTimeout {
  public:
    ShortAdminTimeout(const base::SysPaths& sys, base::seconds time);
    ~ShortAdminTimeout();
    ShortAdminTimeout(const ShortAdminTimeout&) = delete;
    ShortAdminTimeout& operator=(const ShortAdminTimeout&) = delete;

  private:
    const base::SysPaths& sys_;
    std::optional<std::string> before_;
};

}  // namespace boot
