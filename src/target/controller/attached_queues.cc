// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/attached_queues.h"

#include <algorithm>
#include <utility>

namespace target {

IoCounters& IoCounters::operator+=(const IoCounters& other) {
    read_commands += other.read_commands;
    write_commands += other.write_commands;
    read_bytes += other.read_bytes;
    written_bytes += other.written_bytes;
    digest_errors += other.digest_errors;
    media_errors += other.media_errors;
    return *this;
}

AttachedQueue* AttachedQueues::find(uint16_t qid) const {
    const auto found = queues_.find(qid);
    return found == queues_.end() ? nullptr : found->second;
}

bool AttachedQueues::is_idle() const {
    return std::all_of(queues_.upper_bound(0), queues_.end(),
                       [](const auto& entry) { return entry.second->is_idle(); });
}

void AttachedQueues::attach(AttachedQueue& queue) {
    if (queue.qid() == 0 || queue.proved()) {
        queues_.emplace(queue.qid(), &queue);
    } else {
        claimants_.insert(&queue);
    }
}

bool AttachedQueues::admit(AttachedQueue& queue) {
    if (queue.qid() == 0) {
        return true;
    }
    if (!queues_.emplace(queue.qid(), &queue).second) {
        return false;
    }
    claimants_.erase(&queue);
    const auto same_id = [&](const AttachedQueue* other) { return other->qid() == queue.qid(); };
    for (auto other = claimants_.begin();
         (other = std::ranges::find_if(other, claimants_.end(), same_id)) != claimants_.end();) {
        (*other)->controller_lost("another queue with this id has authenticated");
        other = claimants_.erase(other);
    }
    return true;
}

bool AttachedQueues::detach(const AttachedQueue& queue) {
    const auto found = queues_.find(queue.qid());
    if (found == queues_.end() || found->second != &queue) {
        std::erase_if(claimants_,
                      [&](const AttachedQueue* claimant) { return claimant == &queue; });
        return false;
    }
    remember(queue);
    queues_.erase(found);
    return queue.qid() == 0;
}

void AttachedQueues::close_io(std::string_view reason) {
    for (auto it = queues_.upper_bound(0); it != queues_.end(); it = queues_.erase(it)) {
        remember(*it->second);
        it->second->controller_lost(reason);
    }
    close_claimants(reason);
}

void AttachedQueues::close_all(std::string_view reason) {
    for (const auto& [qid, queue] : std::exchange(queues_, {})) {
        remember(*queue);
        queue->controller_lost(reason);
    }
    close_claimants(reason);
}

void AttachedQueues::close_claimants(std::string_view reason) {
    for (AttachedQueue* queue : std::exchange(claimants_, {})) {
        queue->controller_lost(reason);
    }
}

void AttachedQueues::abort_commands(uint32_t nsid, const Io& except) const {
    for (const auto& [qid, queue] : queues_) {
        if (qid != 0) {
            queue->abort_all(nsid, except);
        }
    }
}

void AttachedQueues::remember(const AttachedQueue& leaving) {
    past_ += leaving.counters();
    last_command_ = std::max(last_command_, leaving.last_command());
}

IoCounters AttachedQueues::counters() const {
    IoCounters total = past_;
    for (const auto& [qid, queue] : queues_) {
        total += queue->counters();
    }
    return total;
}

base::TimePoint AttachedQueues::last_command() const {
    base::TimePoint last = last_command_;
    for (const auto& [qid, queue] : queues_) {
        last = std::max(last, queue->last_command());
    }
    return last;
}

}  // namespace target
