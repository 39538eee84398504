// SPDX-License-Identifier: GPL-2.0-or-later
//
// stat(2) that cannot hold the caller up: the file system may lie on a machine that does not answer
// any more, and then the call does not return. It is made on a thread that is left behind if it
// does not come back in time; what that thread asks for is not asked for again until it does.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace target {

class PathLook {
  public:
    using Found = std::optional<struct stat>;  ///< nothing: there is nothing of this name
    using Ask = std::function<Found(const std::string& path)>;
    /// For one path: far above what a file system takes that answers, and less than any host waits.
    /// On a busy machine the time in which the thread has no processor does not count.
    static constexpr base::milliseconds kPatience{100};

    struct Seen {
        std::map<std::string, Found> found;
        std::set<std::string> silent;  ///< paths whose file system does not answer
    };

    PathLook() : PathLook(by_stat, kPatience) {}
    /// For tests. @param ask  is called on other threads, and may outlive this object
    PathLook(Ask ask, base::milliseconds patience) : ask_(std::move(ask)), patience_(patience) {}

    /// Takes no longer than two paths may; which then were not asked for are in neither list.
    Seen look(std::vector<std::string> paths);

    /// Of these paths, the ones that look() did not find an answer for.
    std::set<std::string> silent(const std::vector<std::string>& paths);

    /// stat(2) itself, which follows symbolic links.
    static Found by_stat(const std::string& path);

  private:
    struct Round;

    const Ask ask_;
    const base::milliseconds patience_;
    std::vector<std::shared_ptr<Round>> stuck_;  ///< whose threads have not come back
};

}  // namespace target
