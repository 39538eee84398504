// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace base {
namespace {

/// A line break inside a message would start a line that is not ours.
std::string one_line(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return printable(text);
}

}  // namespace

Log::Log(std::string program, Level threshold)
    : program_(std::move(program)), threshold_(threshold) {}

void Log::also_to_kmsg(UniqueFd kmsg) {
    kmsg_ = std::move(kmsg);
}

void Log::write(Level level, std::string_view text) const {
    if (level > threshold_) {
        return;
    }
    constexpr size_t kKmsgLimit = 900;
    const std::string line = one_line(program_ + ": " + std::string(text));
    // A log that cannot be written has nowhere to say so.
    if (kmsg_.valid()) {
        const std::string record = format("<%d>", static_cast<int>(level)) + line;
        (void)write_all(kmsg_.get(), record.substr(0, kKmsgLimit) + "\n");
    }
    if (to_stderr_) {
        (void)write_all(STDERR_FILENO, line + "\n");
    }
}

}  // namespace base
