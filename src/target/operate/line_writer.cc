// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/operate/line_writer.h"

#include <utility>

namespace target {

LineWriter::~LineWriter() {
    finish();
    if (thread_.joinable()) {
        thread_.join();
    }
}

bool LineWriter::add(std::string_view line) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() + line.size() > kMostWaiting) {
            return false;
        }
        waiting_ += line;
    }
    changed_.notify_one();
    if (!thread_.joinable()) {
        thread_ = std::thread([this] { serve(); });
    }
    return true;
}

void LineWriter::finish() {
    {
        const std::lock_guard lock(mutex_);
        finishing_ = true;
    }
    changed_.notify_one();
}

bool LineWriter::is_finished() const {
    const std::lock_guard lock(mutex_);
    return ended_ || !thread_.joinable();
}

std::optional<base::Error> LineWriter::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

void LineWriter::serve() {
    std::unique_lock lock(mutex_);
    while (!failure_) {
        changed_.wait(lock, [this] { return finishing_ || !waiting_.empty(); });
        if (waiting_.empty()) {
            break;
        }
        const std::string lines = std::exchange(waiting_, {});
        lock.unlock();
        const base::Status written = base::write_all(file_.get(), lines);
        lock.lock();
        if (!written) {
            failure_ = written.error();
        }
    }
    ended_ = true;
}

}  // namespace target
