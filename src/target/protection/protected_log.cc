// SPDX-License-Identifier: GPL-2.0-or-later
//
// The second part of ProtectedBackend: the log of what is about to change, and the flush that
// settles it.
#include <algorithm>
#include <utility>

#include "target/protection/protected_backend.h"

namespace target {
namespace {

/// Entries in one write of the log, a request's last entry aside.
constexpr size_t kBatchEntries = 256;
/// Data of writes in one write of the log, a request's last bytes aside.
constexpr uint64_t kBatchBytes = uint64_t{4} << 20U;
/// Regions stay marked beyond a commit while they take no more than this part of the log.
constexpr uint64_t kHotShare = 16;

}  // namespace

// --- log ----------------------------------------------------------------------------------------

/// Room for one more request and for the two commits that make room again (see append_commit()).
bool ProtectedBackend::log_has_room() const {
    /// Entries that one request needs at most: itself and the regions of a slice.
    constexpr size_t kRequestEntries = 1 + 2 + kZeroSlice * 4096 / kRegionBytes;
    const uint64_t used = head_ - std::min(settled_, forgotten_);
    const uint64_t commits = 2 * (regions_.size() + kRequestEntries + 2);
    return used + commits + kRequestEntries < header_.log_entries;
}

void ProtectedBackend::append(LogEntry::Kind kind, uint64_t first, uint64_t blocks) {
    batch_.push_back(make_entry(header_, ++head_, kind, first, static_cast<uint32_t>(blocks)));
}

void ProtectedBackend::append_write(Op& op) {
    append(LogEntry::kWrite, op.at, op.slice);
    last_write_ = head_;
    const uint64_t region_blocks = kRegionBytes / format_.block_bytes;
    const uint64_t last = (op.at + op.slice - 1) / region_blocks;
    for (uint64_t region = op.at / region_blocks; region <= last; ++region) {
        if (regions_.insert_or_assign(region, last_write_).second) {
            append(LogEntry::kRegion, region * region_blocks, region_blocks);
            batch_durable_ = true;
        }
    }
    op.epoch = epoch_;
    ++in_flight_[epoch_];
    logging_.push_back(&op);
}

/// Repeats the marks of the regions that stay marked. The commit after this one may then forget
/// their old marks; the commit before repeated, durably, those that this one forgets.
void ProtectedBackend::append_commit() {
    const uint64_t forget = next_forgotten_;
    const uint64_t region_blocks = kRegionBytes / format_.block_bytes;
    next_forgotten_ = head_;
    std::erase_if(regions_, [this](const auto& region) { return region.second <= settled_; });
    if (regions_.size() > header_.log_entries / kHotShare) {
        std::erase_if(regions_, [this](const auto& region) { return region.second <= cut_; });
    }
    for (const auto& [region, used] : regions_) {
        append(LogEntry::kRegion, region * region_blocks, region_blocks);
    }
    append(LogEntry::kForget, forget, 0);
    append(LogEntry::kCommit, cut_, 0);
    batch_durable_ = true;
    batch_commits_ = true;
    batch_forgets_ = forget;
    flush_ = FlushPhase::kCommitting;
}

void ProtectedBackend::schedule_log() {
    if (!std::exchange(log_scheduled_, true)) {
        later(&ProtectedBackend::write_log);
    }
}

void ProtectedBackend::write_log() {
    log_scheduled_ = false;
    pump_log();
}

/// Writes pending log entries. If that ends at once and makes more of it possible, this is
/// called from inside itself: then it continues a little later.
void ProtectedBackend::pump_log() {
    if (log_busy_) {
        return;
    }
    if (std::exchange(pumping_, true)) {
        pump_again_ = true;
        return;
    }
    fill_batch();
    if (!batch_.empty()) {
        log_busy_ = true;
        write_batch();
    } else if (!unlogged_.empty() && flush_ == FlushPhase::kIdle) {
        begin_flush();  // the log is full
    }
    pumping_ = false;
    if (std::exchange(pump_again_, false)) {
        schedule_log();
    }
}

void ProtectedBackend::fill_batch() {
    batch_.clear();
    batch_written_ = 0;
    batch_durable_ = flush_ != FlushPhase::kIdle;
    batch_commits_ = false;
    if (flush_ == FlushPhase::kCommit) {
        append_commit();
    }
    uint64_t bytes = 0;
    while (!unlogged_.empty() && batch_.size() < kBatchEntries && bytes < kBatchBytes &&
           log_has_room()) {
        Op& op = *unlogged_.front();
        unlogged_.pop_front();
        bytes += op.io->data.size();
        append_write(op);
    }
}

/// Writes the batch up to the ring's end, or what is left of it.
void ProtectedBackend::write_batch() {
    const LogEntry& next = batch_[batch_written_];
    const uint64_t slot = next.sequence % header_.log_entries;
    const size_t count =
        std::min<uint64_t>(batch_.size() - batch_written_, header_.log_entries - slot);
    const auto part = std::span(batch_).subspan(batch_written_, count);
    batch_written_ += count;
    log_step_.kind = Io::Kind::kWrite;
    log_step_.force_unit_access = batch_durable_;
    log_step_.offset = header_.log_offset + slot * sizeof(LogEntry);
    log_step_.data = std::as_writable_bytes(part);
    log_step_.length = log_step_.data.size();
    sidecar_->submit(log_step_);
}

void ProtectedBackend::log_done(IoError error) {
    if (error == IoError::kNone && batch_written_ < batch_.size()) {
        write_batch();
        return;
    }
    const bool commits = batch_commits_;
    std::vector<Op*> logged;
    logged.swap(logging_);
    log_busy_ = false;
    for (Op* op : logged) {
        if (error == IoError::kNone) {
            write_data(*op);
        } else {
            --in_flight_[op->epoch];
            finish(*op, error);
        }
    }
    if (error != IoError::kNone) {
        regions_.clear();  // none of this batch counts: mark again
        drained();
    }
    if (commits) {
        end_flush(error);
    }
    pump_log();
}

// --- flush --------------------------------------------------------------------------------------

void ProtectedBackend::want_flush(Op& op) {
    flush_waiting_.push_back(&op);
    if (flush_ == FlushPhase::kIdle) {
        begin_flush();
    }
}

void ProtectedBackend::begin_flush() {
    flushing_.swap(flush_waiting_);
    cut_ = head_;
    epoch_ ^= 1U;
    if (last_write_ <= settled_ && unlogged_.empty()) {  // no write since, nor during the last one
        flush_step(FlushPhase::kDataOnly, *data_);
        return;
    }
    flush_ = FlushPhase::kDraining;
    drained();
}

void ProtectedBackend::drained() {
    if (flush_ == FlushPhase::kDraining && in_flight_[epoch_ ^ 1U] == 0) {
        flush_step(FlushPhase::kSidecar, *sidecar_);
    }
}

void ProtectedBackend::flush_step(FlushPhase phase, Backend& backend) {
    flush_ = phase;
    flush_step_.kind = Io::Kind::kFlush;
    backend.submit(flush_step_);
}

void ProtectedBackend::flush_step_done(IoError error) {
    if (error != IoError::kNone || flush_ == FlushPhase::kDataOnly) {
        end_flush(error);
    } else if (flush_ == FlushPhase::kSidecar) {
        flush_step(FlushPhase::kData, *data_);
    } else {
        flush_ = FlushPhase::kCommit;
        pump_log();
    }
}

void ProtectedBackend::end_flush(IoError error) {
    if (error == IoError::kNone && flush_ == FlushPhase::kCommitting) {
        settled_ = cut_;
        forgotten_ = batch_forgets_;
    }
    flush_ = FlushPhase::kIdle;
    for (Op* op : flushing_) {
        flushed_.emplace_back(op, error);
    }
    flushing_.clear();
    if (!flush_waiting_.empty()) {
        begin_flush();
    }
    proceed();
    pump_log();
}

}  // namespace target
