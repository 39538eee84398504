// SPDX-License-Identifier: GPL-2.0-or-later
//
// Which attributes the running kernel has. Attribute files appear with the directory that they
// belong to, so on an empty tree there is nothing to see: then an object is made that no host can
// reach (a subsystem without a port, a port without a subsystem), looked at, and removed.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "nvmet/object.h"

namespace nvmet {

class Presence {
  public:
    /// The attributes that the objects of a state show.
    static Presence seen_in(const Object& state);

    /// @return nothing when no object of the kind has been seen
    [[nodiscard]] std::optional<bool> has(const Attribute& row) const;
    [[nodiscard]] bool knows(Kind kind) const { return files_.contains(kind); }
    void merge(const Presence& other);

  private:
    void look(const Object& object);

    std::map<Kind, std::set<std::string, std::less<>>> files_;
};

/// Makes scratch objects for the kinds that `known` has not seen. Nothing is left behind, whether
/// it works or not.
base::Result<Presence> probe(Tree& tree, const Presence& known);

}  // namespace nvmet
