// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/check/disk_reads.h"

#include <cerrno>
#include <optional>
#include <utility>

#include "base/sysfs.h"
#include "base/text.h"

namespace boot {
namespace {

/// Looks again and again whether reads come back.
class Progress {
  public:
    Progress(std::string path, const base::Clock& clock, const Patience& patience)
        : stat_(std::move(path) + "/stat"),
          clock_(clock),
          step_(patience.step),
          quiet_(clock, step_),
          reads_(completed()),
          first_(reads_) {}

    [[nodiscard]] bool ended() {
        if (const auto now = completed(); now && now != reads_) {
            reads_ = now;
            quiet_ = base::Deadline(clock_, step_);
        }
        return quiet_.passed();
    }
    /// Reads that were answered since the beginning.
    [[nodiscard]] uint64_t answered() const { return reads_.value_or(0) - first_.value_or(0); }

  private:
    /// Documentation/block/stat.rst: the first number is that of reads completed.
    [[nodiscard]] std::optional<uint64_t> completed() const {
        const std::string text = attribute(stat_).value_or("");
        const auto words = base::split_words(text);
        const auto number = words.empty() ? base::Result<uint64_t>(base::error(""))
                                          : base::parse_u64(words.front());
        return number ? std::optional(*number) : std::nullopt;
    }

    std::string stat_;
    const base::Clock& clock_;
    base::milliseconds step_;
    base::Deadline quiet_;
    std::optional<uint64_t> reads_;
    std::optional<uint64_t> first_;
};

}  // namespace

base::Result<std::string> run_reads(const std::string& disk, const std::string& path,
                                    const SideTask::Work& work, const base::Clock& clock,
                                    const Patience& patience) {
    Progress progress(path, clock, patience);
    TRY(SideTask task, SideTask::start("the kernel", work));
    auto done = task.wait(patience.end, [&] { return progress.ended(); });
    if (done || (done.error().code != ETIMEDOUT && done.error().code != ECONNABORTED)) {
        return done;
    }
    (void)progress.ended();
    const uint64_t answered = progress.answered();
    return base::Error{
        ETIMEDOUT, answered == 0 ? "the target accepts connections and does not answer reads of " +
                                       disk + "; check its log and the network"
                                 : "the target answers reads of " + disk +
                                       " too slowly, or with errors: " + std::to_string(answered) +
                                       " were answered, and the kernel is not done; see the kernel "
                                       "log, check the target's disk and load, or raise "
                                       "nvmeroot.timeout and nvmeroot.namespace_timeout"};
}

Failure reads_failed(ExitCode code, base::Error error, bool is_live) {
    return error.code == ETIMEDOUT || !is_live
               ? Failure::passing(ExitCode::kConnect, std::move(error))
               : Failure::of(code, std::move(error));
}

}  // namespace boot
