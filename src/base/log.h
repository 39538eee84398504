// SPDX-License-Identifier: GPL-2.0-or-later
//
// The program's one voice. Lines go to stderr, or in the initramfs to /dev/kmsg, each with a single
// write(2). The kernel rate-limits user space there (10 lines in 5 s), so a good boot says at most
// eight notices. Only a program's top calls this; libraries return errors.
#pragma once

#include <string>
#include <string_view>

#include "base/fd.h"

namespace base {

/// Numbers as in syslog(3), which are also the kernel's.
enum class Level { kError = 3, kWarning = 4, kNotice = 5, kInfo = 6, kDebug = 7 };

class Log {
  public:
    /// Lines above `threshold` (less important) are dropped.
    /// @param program  the prefix of each line
    Log(std::string program, Level threshold);

    /// Sends lines to the kernel's log too, from now on.
    /// @param kmsg  an open /dev/kmsg; a line is cut to 900 bytes, since the kernel refuses more
    ///              than about 1000.
    void also_to_kmsg(UniqueFd kmsg);
    void silence_stderr() { to_stderr_ = false; }

    void error(std::string_view text) const { write(Level::kError, text); }
    void warning(std::string_view text) const { write(Level::kWarning, text); }
    void notice(std::string_view text) const { write(Level::kNotice, text); }
    void info(std::string_view text) const { write(Level::kInfo, text); }
    void debug(std::string_view text) const { write(Level::kDebug, text); }

  private:
    void write(Level level, std::string_view text) const;

    std::string program_;
    Level threshold_;
    UniqueFd kmsg_;
    bool to_stderr_ = true;
};

}  // namespace base
