// SPDX-License-Identifier: GPL-2.0-or-later
#include "load/process.h"

#include <dirent.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/fd.h"
#include "base/text.h"

namespace load {
namespace {

/// The number in column `index` of a line of numbers.
base::Result<uint64_t> number_in(const std::string& path, size_t index) {
    TRY(const std::string text, base::read_text(path));
    const auto words = base::split_words(text);
    if (words.size() <= index) {
        return base::error(path + ": too short");
    }
    return base::parse_u64(words[index]);
}

}  // namespace

base::Result<Usage> usage_of(pid_t pid, const std::string& proc) {
    const std::string folder = proc + "/" + std::to_string(pid);
    const std::string tasks = folder + "/task";
    const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(tasks.c_str()), closedir);
    if (!open) {
        return base::errno_error(errno, "process " + std::to_string(pid));
    }
    Usage usage;
    while (const dirent* entry = readdir(open.get())) {
        if (entry->d_name[0] != '.') {
            // A thread that ended meanwhile has nothing more to tell.
            const auto nanoseconds = number_in(tasks + "/" + entry->d_name + "/schedstat", 0);
            usage.cpu += std::chrono::nanoseconds(nanoseconds ? *nanoseconds : 0);
        }
    }
    TRY(const uint64_t pages, number_in(folder + "/statm", 1));
    usage.resident_bytes = pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    return usage;
}

}  // namespace load
