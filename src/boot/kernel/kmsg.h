// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel's own messages about an NVMe controller. Whether a connection was authenticated
// appears only in the kernel log, so this is evidence and is read as such: only lines of
// facility 0 count (user space cannot write those), only lines that begin with the controller's own
// name, and a ring that ran over is known.
//
// Format of a record: Documentation/ABI/testing/dev-kmsg of the Linux kernel.
//     6,1013,2400000,-;nvme nvme0: qid 0: authenticated
//     ^facility * 8 + level, ^sequence, ^microseconds, flags; text, continued by lines of tags
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"
#include "base/sys_paths.h"

namespace boot {

struct KernelLine {
    uint64_t sequence = 0;
    uint64_t microseconds = 0;  ///< since the kernel started
    std::string text;
};

/// True of lines that only follow from a connection that ended: Host Path Error (370h) and Command
/// Aborted By Host (371h) as the results of its commands, commands that were cancelled (EINTR), and
/// what the driver does next.
bool tells_of_lost_connection(std::string_view text);

/// One record of /dev/kmsg; none if it is not a record or not of facility 0.
/// @param sequence  set whenever the record has one, of whichever facility.
std::optional<KernelLine> parse_kmsg_record(std::string_view record, uint64_t& sequence);

class KernelLog {
  public:
    /// Begins behind what is in the ring now.
    static base::Result<KernelLog> open(const base::SysPaths& sys);
    /// Begins behind the record of that sequence; records that the ring has lost since count as
    /// lost().
    static base::Result<KernelLog> open_behind(const base::SysPaths& sys, uint64_t sequence);
    /// @param records  a non-blocking descriptor that gives one record with each read.
    /// @param behind  records up to this sequence are skipped
    explicit KernelLog(base::UniqueFd records, std::optional<uint64_t> behind = {})
        : records_(std::move(records)), behind_(behind), last_sequence_(behind) {}

    /// Takes in what has come since. Errors: the device cannot be read.
    base::Status drain();
    /// drain(), after waiting for something to come. @return false at the deadline.
    base::Result<bool> wait(const base::Deadline& deadline);

    /// Lines of any NVMe driver since the opening, oldest first; at most kMaxLines are kept.
    [[nodiscard]] const std::vector<KernelLine>& lines() const { return lines_; }
    /// Gives the lines to the caller, so that there is room for more.
    [[nodiscard]] std::vector<KernelLine> take_lines() { return std::exchange(lines_, {}); }
    /// The texts that begin `nvme CONTROLLER: `, without that; from line `first` on.
    [[nodiscard]] std::vector<std::string_view> of_controller(std::string_view controller,
                                                              size_t first = 0) const;
    /// Lines were lost: overwritten in the ring, or more than kMaxLines came.
    [[nodiscard]] bool lost() const { return lost_; }
    /// The sequence of the last record that was read; none: no record was.
    [[nodiscard]] std::optional<uint64_t> position() const { return last_sequence_; }
    /// Whether each record behind that sequence was or will be read.
    [[nodiscard]] bool tells_all_behind(uint64_t sequence) const {
        return behind_ && *behind_ <= sequence && !lost_;
    }
    /// As lost(), since the last call.
    [[nodiscard]] bool take_lost() { return std::exchange(lost_, false); }

    /// More than a connect says; a target that makes the kernel talk cannot fill the memory.
    static constexpr size_t kMaxLines = 512;

  private:
    void take(std::string_view record);

    base::UniqueFd records_;
    std::optional<uint64_t> behind_;
    std::vector<KernelLine> lines_;
    std::optional<uint64_t> last_sequence_;
    bool lost_ = false;
};

}  // namespace boot
