// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/after/stand_in.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

namespace boot {
namespace {

using base::SysPaths;

// These signals make process 1 end, and start other programs (systemd 255 and later).
constexpr std::array kOtherFiles = {"/usr/bin/systemctl", "/usr/lib/systemd/systemd-executor",
                                    "/etc/ld.so.cache"};

// Some systemds say /lib/systemd/systemd-shutdown. The kernel forgets the names of a disk that
// goes.
constexpr std::string_view kLinkThere = "/lib";

constexpr unsigned kForRoot = 0700;

struct Word {
    std::string_view word;
    unsigned command;
};
constexpr std::array kWords = {
    Word{"poweroff", RB_POWER_OFF},
    Word{"reboot", RB_AUTOBOOT},
    Word{"halt", RB_HALT_SYSTEM},
    Word{"kexec", RB_KEXEC},
};

base::ByteView map_file(const std::string& path) {
    const auto file = base::open_file(path, O_RDONLY);
    struct stat status {};
    if (!file || ::fstat(file->get(), &status) != 0) {
        return {};
    }
    const auto bytes = static_cast<size_t>(status.st_size);
    const void* data = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file->get(), 0);
    return data == MAP_FAILED ? base::ByteView()
                              : base::ByteView(static_cast<const std::byte*>(data), bytes);
}

base::Status mounted(const char* source, const std::string& target, const char* type,
                     unsigned long flags, const char* options) {
    if (::mount(source, target.c_str(), type, flags, options) != 0) {
        return base::errno_error(errno, "mount " + target);
    }
    return base::done();
}

}  // namespace

std::vector<std::string> mapped_files(std::string_view maps) {
    constexpr size_t kPath = 5;
    std::vector<std::string> files;
    for (const std::string_view line : base::split(maps, '\n')) {
        const auto words = base::split_words(line);
        if (words.size() == kPath + 1 && words[kPath].starts_with('/')) {
            files.emplace_back(words[kPath]);
        }
    }
    std::ranges::sort(files);
    files.erase(std::unique(files.begin(), files.end()), files.end());
    return files;
}

StandIn::StandIn(const SysPaths& sys, std::string place)
    : sys_(sys),
      place_(std::move(place)),
      folder_(sys.run + "/nvmeroot/end"),
      copy_(folder_ + "/nvmeroot"),
      program_(map_file(sys.proc + "/self/exe")) {}

void StandIn::hold_process_1() const {
    const auto maps = base::read_text(sys_.proc + "/1/maps");
    for (const std::string& file : mapped_files(maps ? *maps : std::string())) {
        (void)map_file(file);
    }
    for (const char* file : kOtherFiles) {
        (void)map_file(file);
    }
}

void StandIn::root_lives() {
    if (::access(copy_.c_str(), F_OK) == 0) {
        (void)::umount2(place_.c_str(), MNT_DETACH);
        (void)::umount2(folder_.c_str(), MNT_DETACH);
    }
    pinned_.clear();
    for (const std::string& name : {place_, std::string(kLinkThere)}) {
        if (auto file = base::open_file(name, O_PATH | O_NOFOLLOW)) {
            pinned_.push_back(std::move(file).value());
        }
    }
}

void StandIn::announce() {
    (void)base::make_directories(folder_, kForRoot);
}

bool StandIn::is_announced() const {
    return ::access(folder_.c_str(), F_OK) == 0;
}

base::Status StandIn::lay() {
    if (::access(place_.c_str(), F_OK) != 0 || ::access(copy_.c_str(), F_OK) == 0) {
        return base::done();
    }
    announce();
    TRY_VOID(mounted("tmpfs", folder_, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700,size=4m"));
    {
        TRY(const base::UniqueFd copy,
            base::open_file(copy_, O_WRONLY | O_CREAT | O_EXCL, kForRoot));
        TRY_VOID(base::write_all(copy.get(), program_));
    }
    return mounted(copy_.c_str(), place_, nullptr, MS_BIND, nullptr);
}

std::optional<unsigned> reboot_command(std::string_view word) {
    const auto* row = std::ranges::find(kWords, word, &Word::word);
    return row == kWords.end() ? std::nullopt : std::optional(row->command);
}

bool is_stand_in(std::string_view program, pid_t process) {
    constexpr size_t kFolder = kSystemdShutdown.rfind('/');
    return process == 1 &&
           program.substr(program.rfind('/') + 1) == kSystemdShutdown.substr(kFolder + 1);
}

void end_machine(std::span<const char* const> arguments, const SysPaths& sys) {
    constexpr base::seconds kForProcesses{2};
    constexpr base::seconds kForDisks{3};
    const std::string_view word = arguments.empty() ? "" : arguments.front();
    base::Log log("nvmeroot", base::Level::kNotice);
    if (auto kmsg = base::open_file(sys.dev + "/kmsg", O_WRONLY)) {
        log.also_to_kmsg(std::move(kmsg).value());
    }
    log.warning("the root is lost, and systemd-shutdown with it; doing its part: " +
                std::string(word));
    base::SystemClock clock;
    (void)::kill(-1, SIGTERM);
    clock.sleep(kForProcesses);
    (void)::kill(-1, SIGKILL);
    // The kernel syncs on its own thread: sync(2) would sleep with the I/O of the lost root.
    (void)base::write_text(sys.proc + "/sysrq-trigger", "s");
    clock.sleep(kForDisks);
    (void)::reboot(static_cast<int>(reboot_command(word).value_or(RB_AUTOBOOT)));
    (void)::reboot(RB_AUTOBOOT);  // no kernel was loaded for kexec
    for (;;) {
        ::pause();
    }
}

}  // namespace boot
