// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/operate/path_look.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace target {

/// The requests of one thread, one path after the other.
struct PathLook::Round {
    Round(std::vector<std::string> all, Ask to_ask)
        : paths(std::move(all)), ask(std::move(to_ask)) {}

    const std::vector<std::string> paths;
    const Ask ask;
    std::mutex mutex;  ///< guards what follows
    std::condition_variable changed;
    std::map<std::string, Found> found;
    size_t next = 0;  ///< path that is being asked for
    bool given_up = false;
    bool over = false;

    void run() {
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
        std::unique_lock lock(round->mutex);
        size_t done = 0;
        while (!round->over && round->changed.wait_for(lock, patience_, [&] {
            return round->over || round->next != done;
        })) {
            done = round->next;
        }
        seen.found.merge(round->found);
        paths.erase(paths.begin(), paths.begin() + static_cast<std::ptrdiff_t>(round->next));
        if (!round->over) {
            ++stuck;
            round->given_up = true;
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
