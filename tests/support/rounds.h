// SPDX-License-Identifier: GPL-2.0-or-later
//
// Work that a test repeats on a separate thread, while it does something else.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <utility>

namespace support {

class Rounds {
  public:
    /// @param once  one round, by its number; false ends it
    explicit Rounds(std::function<bool(size_t)> once)
        : once_(std::move(once)), thread_([this] { work(); }) {}
    ~Rounds() { (void)stop(); }
    Rounds(const Rounds&) = delete;
    Rounds& operator=(const Rounds&) = delete;

    /// @return rounds without an error; 0 if one went wrong
    size_t stop() {
        stop_ = true;
        if (thread_.joinable()) {
            thread_.join();
        }
        return good_ ? done_.load() : 0;
    }
    void wait_for(size_t rounds) const {
        for (const size_t end = done_ + rounds; done_ < end && good_;) {
            std::this_thread::yield();
        }
    }
    void wait_for_error() const {
        while (good_) {
            std::this_thread::yield();
        }
    }

  private:
    void work() {
        while (!stop_ && good_) {
            good_ = once_(done_);
            ++done_;
        }
    }

    const std::function<bool(size_t)> once_;
    std::atomic<bool> stop_ = false;
    std::atomic<bool> good_ = true;
    std::atomic<size_t> done_ = 0;
    std::thread thread_;
};

}  // namespace support
