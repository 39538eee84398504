// SPDX-License-Identifier: GPL-2.0-or-later
//
// How long the kernel waits for the answer to an admin command, Connect among them: nvme_core's
// parameter admin_timeout, a minute where nobody says otherwise. A target that takes connections
// and then says nothing stalls each attempt to connect for that long, and the kernel does not
// notice when such a connection is lost. The parameter is the whole machine's, for local disks too,
// so it is shortened only as long as the root is being connected. A command keeps the time that it
// began with.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/sys_paths.h"

namespace boot {

/// Shortens it for good. @return what it was; nothing where it was shorter already or the kernel
/// does not let it be changed
std::optional<std::string> shorten_admin_timeout(const base::SysPaths& sys, base::seconds time);

/// Shortens it as long as this lives.
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
