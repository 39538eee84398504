// SPDX-License-Identifier: GPL-2.0-or-later
//
// The end of a machine whose root is lost. systemd's process 1 executes systemd-shutdown, a file of
// that very root, as its last act; ext4 of Linux 6.6 and later opens no file any more once an I/O
// failed, be it in memory or not, and process 1 stands still then, with all services ended. So this
// program, which needs no library, is laid over that file:
//
//     /usr/lib/systemd/systemd-shutdown ◄─ bind ─ /run/nvmeroot/end/nvmeroot   a tmpfs of its own,
//                                                                              /run may be noexec
// and process 1 executes it as `systemd-shutdown poweroff …`. It does what is left to do: ends all
// processes, has the kernel write out the other file systems, and calls reboot(2).
//
//     nvmeroot shutdown    announces the end; lays it where no path lives. Not before: what is
//                          mounted when the end begins, systemd unmounts first
//     nvmeroot watch       holds in memory what both need of the lost disk: the name of
//                          systemd-shutdown, and the files that process 1 runs from. Lays it where
//                          the root is lost after the announcement, or for good
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/fd.h"
#include "base/result.h"
#include "base/sys_paths.h"

namespace boot {

constexpr std::string_view kSystemdShutdown = "/usr/lib/systemd/systemd-shutdown";

/// The files that a process has mapped, from its /proc/PID/maps; each once, deleted ones left out.
std::vector<std::string> mapped_files(std::string_view maps);

class StandIn {
  public:
    /// @param place  the file to lie over; where there is none, nothing is done
    StandIn(const base::SysPaths& sys, std::string place);

    /// Maps what process 1 runs from: it stays in memory if the caller called mlockall(MCL_FUTURE).
    void hold_process_1() const;
    /// Keeps the file's names in memory, and takes the program away from it. The root must live.
    void root_lives();

    void announce();
    [[nodiscard]] bool is_announced() const;
    /// A second time it does nothing.
    base::Status lay();

  private:
    const base::SysPaths& sys_;
    std::string place_;
    std::string folder_;
    std::string copy_;
    base::ByteView program_;
    std::vector<base::UniqueFd> pinned_;
};

/// What reboot(2) is to be called with: the word that process 1 gives systemd-shutdown.
std::optional<unsigned> reboot_command(std::string_view word);

/// Whether the program was executed as the stand-in: by its name, as process 1, which becomes it.
bool is_stand_in(std::string_view program, pid_t process);
/// Ends the machine. @param arguments  of systemd-shutdown, without its name
[[noreturn]] void end_machine(std::span<const char* const> arguments, const base::SysPaths& sys);

}  // namespace boot
