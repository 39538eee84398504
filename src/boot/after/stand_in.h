// SPDX-License-Identifier: GPL-2.0-or-later
//
// The end of a machine whose root is lost. As its last act, process 1 of systemd executes
// systemd-shutdown, a file on that root. Since Linux 6.6, ext4 can no longer open files after an
// I/O error, even cached ones. Process 1 then hangs, with all services stopped. This program needs
// no library, and is therefore mounted over that file:
//
//     /usr/lib/systemd/systemd-shutdown ◄─ bind ─ /run/nvmeroot/end/nvmeroot   a tmpfs of its own,
//                                                                              /run may be noexec
//
// Process 1 executes it as `systemd-shutdown poweroff …`. It ends all processes, makes the kernel
// write the other file systems to disk, and calls reboot(2).
//
//     nvmeroot shutdown    announces the end; mounts the program if no path works. Not earlier,
//                          because systemd first unmounts what is mounted when the end begins
//     nvmeroot watch       keeps in memory what both need from the lost disk: the name of
//                          systemd-shutdown, and the files that process 1 runs from. Mounts the
//                          program if the root is lost after the announcement, or permanently
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
    /// @param place  the file to mount over; if it does not exist, nothing is done
    StandIn(const base::SysPaths& sys, std::string place);

    /// Maps the files that process 1 runs from. They stay in memory if the caller called
    /// mlockall(MCL_FUTURE).
    void hold_process_1() const;
    /// Keeps the file's names in memory, and unmounts the program from it. The root must be live.
    void root_lives();

    void announce();
    [[nodiscard]] bool is_announced() const;
    /// A second call does nothing.
    base::Status lay();

  private:
    const base::SysPaths& sys_;
    std::string place_;
    std::string folder_;
    std::string copy_;
    base::ByteView program_;
    std::vector<base::UniqueFd> pinned_;
};

/// The argument of reboot(2) for the word that process 1 passes to systemd-shutdown.
std::optional<unsigned> reboot_command(std::string_view word);

/// Whether the program was executed in place of systemd-shutdown: by its name, as process 1.
bool is_stand_in(std::string_view program, pid_t process);
/// Ends the machine. @param arguments  of systemd-shutdown, without its name
[[noreturn]] void end_machine(std::span<const char* const> arguments, const base::SysPaths& sys);

}  // namespace boot
