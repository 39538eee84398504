// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/protection/sidecar_log.h"

#include <algorithm>
#include <utility>

namespace target {
namespace {

/// Entries in one write of the log, a request's last entry aside.
constexpr size_t kBatchEntries = 256;
/// Data of writes in one write of the log, a request's last bytes aside.
constexpr uint64_t kBatchBytes = uint64_t{4} << 20U;
/// Regions stay marked beyond a commit while they take no more than this part of the log.
constexpr uint64_t kHotShare = 16;

}  // namespace

SidecarLog::SidecarLog(Backend& sidecar, const SidecarHeader& header, Owner& owner)
    : sidecar_(sidecar),
      header_(header),
      owner_(owner),
      region_blocks_(kRegionBytes / header.block_bytes),
      head_(header.committed),
      last_write_(header.committed),
      settled_(header.committed),
      forgotten_(header.committed),
      next_forgotten_(header.committed) {
    step_.log = this;
}

/// Room for one more request and for the two commits that make room again (see append_commit()).
bool SidecarLog::has_room() const {
    /// Entries that one request needs at most: itself and the regions of a slice.
    constexpr size_t kRequestEntries = 1 + 2 + kMostBlocks * 4096 / kRegionBytes;
    const uint64_t used = head_ - std::min(settled_, forgotten_);
    const uint64_t commits = 2 * (regions_.size() + kRequestEntries + 2);
    return used + commits + kRequestEntries < header_.log_entries;
}

void SidecarLog::append(LogEntry::Kind kind, uint64_t first, uint64_t blocks) {
    batch_.entries.push_back(
        make_entry(header_, ++head_, kind, first, static_cast<uint32_t>(blocks)));
}

void SidecarLog::append_write(Write& write) {
    append(LogEntry::kWrite, write.at, write.slice);
    last_write_ = head_;
    const uint64_t last = (write.at + write.slice - 1) / region_blocks_;
    for (uint64_t region = write.at / region_blocks_; region <= last; ++region) {
        if (regions_.insert_or_assign(region, last_write_).second) {
            append(LogEntry::kRegion, region * region_blocks_, region_blocks_);
            batch_.durable = true;
        }
    }
    write.epoch = epoch_;
    ++in_flight_[epoch_];
    logging_.push_back(&write);
}

/// Repeats the marks of the regions that stay marked. The commit after this one may then forget
/// their old marks; the commit before repeated, durably, those that this one forgets.
void SidecarLog::append_commit() {
    const uint64_t forget = next_forgotten_;
    next_forgotten_ = head_;
    std::erase_if(regions_, [this](const auto& region) { return region.second <= settled_; });
    if (regions_.size() > header_.log_entries / kHotShare) {
        std::erase_if(regions_, [this](const auto& region) { return region.second <= cut_; });
    }
    for (const auto& [region, used] : regions_) {
        append(LogEntry::kRegion, region * region_blocks_, region_blocks_);
    }
    append(LogEntry::kForget, forget, 0);
    append(LogEntry::kCommit, cut_, 0);
    batch_.durable = true;
    batch_.commits = true;
    batch_.forgets = forget;
    commit_wanted_ = false;
}

void SidecarLog::add(Write& write) {
    waiting_.push_back(&write);
    schedule();
}

void SidecarLog::schedule() {
    if (!std::exchange(scheduled_, true)) {
        owner_.call_next_turn();
    }
}

void SidecarLog::next_turn() {
    scheduled_ = false;
    pump();
}

void SidecarLog::cut() {
    flushing_ = true;
    cut_ = head_;
    epoch_ ^= 1U;
}

void SidecarLog::commit() {
    commit_wanted_ = true;
    pump();
}

void SidecarLog::pump() {
    if (busy_) {
        return;
    }
    if (std::exchange(pumping_, true)) {
        pump_again_ = true;
        return;
    }
    fill_batch();
    if (!batch_.entries.empty()) {
        busy_ = true;
        write_batch();
    } else if (!waiting_.empty() && !flushing_) {
        owner_.on_full();
    }
    pumping_ = false;
    if (std::exchange(pump_again_, false)) {
        schedule();
    }
}

void SidecarLog::fill_batch() {
    batch_.entries.clear();
    batch_.written = 0;
    batch_.durable = flushing_;
    batch_.commits = false;
    if (commit_wanted_) {
        append_commit();
    }
    uint64_t bytes = 0;
    while (!waiting_.empty() && batch_.entries.size() < kBatchEntries && bytes < kBatchBytes &&
           has_room()) {
        Write& write = *waiting_.front();
        waiting_.pop_front();
        bytes += write.data_bytes;
        append_write(write);
    }
}

/// Writes the batch up to the ring's end, or what is left of it.
void SidecarLog::write_batch() {
    const LogEntry& next = batch_.entries[batch_.written];
    const uint64_t slot = next.sequence % header_.log_entries;
    const size_t count =
        std::min<uint64_t>(batch_.entries.size() - batch_.written, header_.log_entries - slot);
    const auto part = std::span(batch_.entries).subspan(batch_.written, count);
    batch_.written += count;
    step_.kind = Io::Kind::kWrite;
    step_.force_unit_access = batch_.durable;
    step_.offset = header_.log_offset + slot * sizeof(LogEntry);
    step_.data = std::as_writable_bytes(part);
    step_.length = step_.data.size();
    sidecar_.submit(step_);
}

void SidecarLog::done(IoError error) {
    if (error == IoError::kNone && batch_.written < batch_.entries.size()) {
        write_batch();
        return;
    }
    std::vector<Write*> logged;
    logged.swap(logging_);
    busy_ = false;
    if (error != IoError::kNone) {
        regions_.clear();  // none of this batch counts: mark again
    }
    const bool commits = batch_.commits;
    owner_.on_logged(logged, error);
    if (commits) {
        if (error == IoError::kNone) {
            settled_ = cut_;
            forgotten_ = batch_.forgets;
        }
        owner_.on_committed(error);
    }
    pump();
}

}  // namespace target
