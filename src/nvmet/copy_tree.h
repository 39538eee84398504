// SPDX-License-Identifier: GPL-2.0-or-later
//
// A copy of the kernel's tree in plain files, as `cp -a /sys/kernel/config/nvmet DIR` makes it: to
// plan for another machine, or for this one without touching it. Directories get their attribute
// files here, since no kernel makes them; the kernel's other rules are not imitated.
#pragma once

#include "nvmet/attributes.h"
#include "nvmet/presence.h"
#include "nvmet/tree.h"

namespace nvmet {

class CopyTree : public SysTree {
  public:
    using SysTree::SysTree;

    base::Status write(const std::string& file, std::string_view value) override;
    base::Status make_folder(const std::string& folder) override;
    base::Status remove_folder(const std::string& folder) override;
    base::Status make_link(const std::string& link, const std::string& target) override;

  private:
    base::Status fill(const std::string& folder, const std::string& name, Kind kind,
                      const Presence& presence);
};

}  // namespace nvmet
