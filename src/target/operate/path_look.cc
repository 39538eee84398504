// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/operate/path_look.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>

#include "base/fd.h"

namespace target {

/// The requests of one thread, one path after the other.
struct PathLook::Round {
    Round(std::vector<std::string> all, Ask to_ask)
        : paths(std::move(all)), ask(std::move(to_ask)) {}

    const std::vector<std::string> paths;
    const Ask ask;
    std::atomic<pid_t> thread = 0;  ///< 0: it has not begun
    std::mutex mutex;               ///< guards what follows
    std::condition_variable changed;
    std::map<std::string, Found> found;
    size_t next = 0;  ///< path that is being asked for
    bool given_up = false;
    bool over = false;

    void run() {
        thread = gettid();
        for (const std::string& path : paths) {
            Found answer = ask(path);
            const std::lock_guard lock(mutex);
            found.insert_or_assign(path, answer);
            ++next;
            over = given_up || next == paths.size();
            changed.notify_all();
            if (over) {
                return;
            }
        }
    }

    /// Whether the thread waits for a processor, and not for a file system.
    [[nodiscard]] bool is_runnable() const {
        const pid_t id = thread;
        const auto stat = base::read_text("/proc/self/task/" + std::to_string(id) + "/stat");
        const size_t name_end = stat ? stat->rfind(") ") : std::string::npos;
        return id == 0 || (name_end != std::string::npos && stat->substr(name_end + 2, 1) == "R");
    }

    /// Until it is over, or the file system of the next path does not answer: then given_up.
    void wait(base::milliseconds patience) {
        constexpr int kWithoutProcessor = 50;
        std::unique_lock lock(mutex);
        for (int times = 0; times < kWithoutProcessor && !over;) {
            const size_t done = next;
            const auto moved = [&] { return over || next != done; };
            if (changed.wait_for(lock, patience, moved)) {
                times = 0;
                continue;
            }
            lock.unlock();  // the thread may just be about to take it
            const bool runnable = is_runnable();
            lock.lock();
            if (!runnable && !moved()) {
                break;
            }
            ++times;
        }
        given_up = !over;
    }

    /// Empty: it is over.
    std::string stuck_at() {
        const std::lock_guard lock(mutex);
        return over ? "" : paths[next];
    }
};

namespace {

/// Runs on a thread of its own that nobody waits for; here, where no thread can be had.
template <class Round>
void start(const std::shared_ptr<Round>& round) {
    const auto body = [](void* argument) -> void* {
        const std::unique_ptr<std::shared_ptr<Round>> own(
            static_cast<std::shared_ptr<Round>*>(argument));
        (*own)->run();
        return nullptr;
    };
    auto own = std::make_unique<std::shared_ptr<Round>>(round);
    pthread_t thread{};
    if (pthread_create(&thread, nullptr, body, own.get()) != 0) {
        round->run();
        return;
    }
    (void)own.release();  // the thread's
    (void)pthread_detach(thread);
}

}  // namespace

PathLook::Found PathLook::by_stat(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 ? Found(status) : std::nullopt;
}

PathLook::Seen PathLook::look(std::vector<std::string> paths) {
    constexpr int kStuckInOneLook = 2;
    Seen seen;
    std::ranges::sort(paths);
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
    std::erase_if(stuck_, [&](const auto& round) {
        const std::string path = round->stuck_at();
        if (std::erase(paths, path) != 0) {
            seen.silent.insert(path);
        }
        return path.empty();
    });
    for (int stuck = 0; stuck < kStuckInOneLook && !paths.empty();) {
        const auto round = std::make_shared<Round>(paths, ask_);
        start(round);
        round->wait(patience_);
        const std::lock_guard lock(round->mutex);
        seen.found.merge(round->found);
        paths.erase(paths.begin(), paths.begin() + static_cast<std::ptrdiff_t>(round->next));
        if (!round->over) {
            ++stuck;
            seen.silent.insert(paths.front());
            paths.erase(paths.begin());
            stuck_.push_back(round);
        }
    }
    return seen;
}

std::set<std::string> PathLook::silent(const std::vector<std::string>& paths) {
    const Seen seen = look(paths);
    std::set<std::string> rest(paths.begin(), paths.end());
    std::erase_if(rest, [&](const std::string& path) { return seen.found.contains(path); });
    return rest;
}

}  // namespace target
