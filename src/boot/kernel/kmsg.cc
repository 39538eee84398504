// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/kernel/kmsg.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/text.h"

namespace boot {

using base::Result;
using base::Status;

bool tells_of_lost_connection(std::string_view text) {
    return text.ends_with(" 880") || text.ends_with(" 881") || text.ends_with(" error -4") ||
           text.ends_with("starting error recovery");
}

std::optional<KernelLine> parse_kmsg_record(std::string_view record, uint64_t& sequence) {
    const size_t semicolon = record.find(';');
    if (semicolon == std::string_view::npos) {
        return std::nullopt;
    }
    const auto fields = base::split(record.substr(0, semicolon), ',');
    if (fields.size() < 4) {
        return std::nullopt;
    }
    const auto priority = base::parse_u64(fields[0]);
    const auto number = base::parse_u64(fields[1]);
    const auto microseconds = base::parse_u64(fields[2]);
    if (!priority || !number || !microseconds) {
        return std::nullopt;
    }
    sequence = *number;
    constexpr unsigned kFacilityShift = 3;
    if (*priority >> kFacilityShift != 0) {
        return std::nullopt;
    }
    const std::string_view rest = record.substr(semicolon + 1);
    return KernelLine{*number, *microseconds, std::string(rest.substr(0, rest.find('\n')))};
}

Result<KernelLog> KernelLog::open(const base::SysPaths& sys) {
    TRY(base::UniqueFd records, base::open_file(sys.dev + "/kmsg", O_RDONLY | O_NONBLOCK));
    if (::lseek(records.get(), 0, SEEK_END) < 0) {
        return base::errno_error(errno, "go to the end of " + sys.dev + "/kmsg");
    }
    return KernelLog(std::move(records));
}

Result<KernelLog> KernelLog::open_behind(const base::SysPaths& sys, uint64_t sequence) {
    TRY(base::UniqueFd records, base::open_file(sys.dev + "/kmsg", O_RDONLY | O_NONBLOCK));
    return KernelLog(std::move(records), sequence);  // the kernel gives the oldest record first
}

void KernelLog::take(std::string_view record) {
    const std::optional<uint64_t> before = last_sequence_;
    uint64_t sequence = 0;
    auto line = parse_kmsg_record(record, sequence);
    if (behind_ && sequence <= *behind_) {
        return;
    }
    if (sequence != 0) {
        last_sequence_ = sequence;
        lost_ = lost_ || (before && sequence != *before + 1);
    }
    if (!line || !line->text.starts_with("nvme")) {
        return;
    }
    if (lines_.size() == kMaxLines) {
        lost_ = true;
        return;
    }
    lines_.push_back(std::move(*line));
}

Status KernelLog::drain() {
    for (;;) {
        char record[8192];  // CONSOLE_EXT_LOG_MAX, the kernel's own limit of a record
        const ssize_t n = ::read(records_.get(), record, sizeof record);
        if (n > 0) {
            take({record, static_cast<size_t>(n)});
        } else if (n < 0 && errno == EPIPE) {
            lost_ = true;  // overwritten before it was read; the next read continues after the gap
        } else if (n == 0 || errno == EAGAIN) {
            return base::done();
        } else if (errno != EINTR) {
            return base::errno_error(errno, "read the kernel's log");
        }
    }
}

Result<bool> KernelLog::wait(const base::Deadline& deadline) {
    pollfd entry{records_.get(), POLLIN, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(deadline.left().count()));
    if (ready < 0 && errno != EINTR) {
        return base::errno_error(errno, "wait for the kernel's log");
    }
    TRY_VOID(drain());
    return ready != 0;
}

std::vector<std::string_view> KernelLog::of_controller(std::string_view controller,
                                                       size_t first) const {
    const std::string prefix = "nvme " + std::string(controller) + ": ";
    std::vector<std::string_view> texts;
    for (size_t i = first; i < lines_.size(); ++i) {
        const std::string_view text = lines_[i].text;
        if (text.starts_with(prefix)) {
            texts.push_back(text.substr(prefix.size()));
        }
    }
    return texts;
}

}  // namespace boot
