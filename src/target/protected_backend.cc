// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/protected_backend.h"

#include <algorithm>
#include <cassert>

namespace target {
namespace {

/// Blocks that are zeroed at a time: their tuples take 128 or 256 KiB.
constexpr uint64_t kZeroSlice = 16U << 10U;
/// Entries in one write of the log, a request's last entry aside.
constexpr size_t kBatchEntries = 256;
/// Entries that one request needs at most: itself and the regions of a slice.
constexpr size_t kRequestEntries = 1 + 2 + kZeroSlice * 4096 / kRegionBytes;
/// Regions stay marked beyond a commit while they take no more than this part of the log.
constexpr uint64_t kHotShare = 16;

IoError to_error(nvme::PiField field) {
    switch (field) {
        case nvme::PiField::kGuard:
            return IoError::kGuard;
        case nvme::PiField::kAppTag:
            return IoError::kAppTag;
        case nvme::PiField::kStorageTag:
            return IoError::kStorageTag;
        case nvme::PiField::kRefTag:
            return IoError::kRefTag;
    }
    return IoError::kMedium;
}

bool changes(Io::Kind kind) {
    return kind != Io::Kind::kRead;
}

bool is_zeroing(Io::Kind kind) {
    return kind == Io::Kind::kWriteZeroes || kind == Io::Kind::kDiscard;
}

}  // namespace

ProtectedBackend::ProtectedBackend(std::unique_ptr<Backend> data, std::unique_ptr<Backend> sidecar,
                                   const SidecarHeader& header,
                                   std::function<void(const IntegrityFault&)> told, Defer defer)
    : data_(std::move(data)),
      sidecar_(std::move(sidecar)),
      header_(header),
      format_(format_of(header)),
      integrity_(format_, std::move(told)),
      defer_(std::move(defer)),
      self_(std::make_shared<ProtectedBackend*>(this)),
      head_(header.committed),
      last_write_(header.committed),
      settled_(header.committed),
      forgotten_(header.committed),
      next_forgotten_(header.committed) {
    log_step_.owner = this;
    log_step_.next = &ProtectedBackend::log_done;
    flush_step_.owner = this;
    flush_step_.next = &ProtectedBackend::flush_step_done;
}

ProtectedBackend::~ProtectedBackend() = default;

uint64_t ProtectedBackend::size_bytes() const {
    return header_.blocks * header_.block_bytes;
}

base::Status ProtectedBackend::close(ByteStore& image, ByteStore& sidecar,
                                     const std::function<ImageStamp()>& stamp) {
    assert(idle());
    TRY_VOID(image.sync());
    TRY_VOID(sidecar.sync());
    header_.committed = head_;
    header_.state = SidecarHeader::kClean;
    header_.stamp = stamp();
    return write_header(sidecar, header_);
}

// --- requests -----------------------------------------------------------------------------------

void ProtectedBackend::Part::done(IoError result) {
    error = result;
    op->owner->part_done(*op);
}

void ProtectedBackend::submit(Io& io) {
    Op& op = new_op(io);
    if (io.kind == Io::Kind::kFlush) {
        want_flush(op);
        return;
    }
    if (must_wait(op, waiting_.size())) {
        waiting_.push_back(&op);
        return;
    }
    start(op);
}

ProtectedBackend::Op& ProtectedBackend::new_op(Io& io) {
    if (free_.empty()) {
        ops_.push_back(std::make_unique<Op>());
        ops_.back()->owner = this;
        ops_.back()->data.op = ops_.back().get();
        ops_.back()->meta.op = ops_.back().get();
        free_.push_back(ops_.back().get());
    }
    Op& op = *free_.back();
    free_.pop_back();
    op.io = &io;
    op.first = io.offset / format_.block_bytes;
    op.count = io.length / format_.block_bytes;
    op.at = op.first;
    op.slice = op.count;
    op.reread = false;
    return op;
}

/// Whether `op` overlaps one that is under way, or one of the first `waiting_before` that wait.
bool ProtectedBackend::must_wait(const Op& op, size_t waiting_before) const {
    const auto collides = [&op](const Op* other) {
        return other->first < op.first + op.count && op.first < other->first + other->count &&
               (changes(op.io->kind) || changes(other->io->kind));
    };
    return std::ranges::any_of(active_, collides) ||
           std::any_of(waiting_.begin(),
                       waiting_.begin() + static_cast<std::ptrdiff_t>(waiting_before), collides);
}

void ProtectedBackend::start(Op& op) {
    active_.push_back(&op);
    op.io->kind == Io::Kind::kRead ? read(op) : write(op);
}

void ProtectedBackend::finish(Op& op, IoError error) {
    std::erase(active_, &op);
    Io& io = *op.io;
    free_.push_back(&op);
    io.done(error);
    resume_waiting();
}

void ProtectedBackend::resume_waiting() {
    if (resuming_) {
        return;  // the loop below sees it
    }
    resuming_ = true;
    for (size_t i = 0; i < waiting_.size();) {
        if (must_wait(*waiting_[i], i)) {
            ++i;
            continue;
        }
        Op& op = *waiting_[i];
        waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
        start(op);
        i = 0;  // what started may have ended, and with it the reason of another
    }
    resuming_ = false;
}

void ProtectedBackend::part_done(Op& op) {
    if (--op.pending > 0) {
        return;
    }
    op.io->kind == Io::Kind::kRead ? read_done(op) : write_done(op);
}

// --- reads --------------------------------------------------------------------------------------

void ProtectedBackend::read(Op& op) {
    op.tuples.resize(op.count * format_.metadata_bytes);
    op.data.kind = Io::Kind::kRead;
    op.data.offset = op.io->offset;
    op.data.length = op.io->length;
    op.data.data = op.io->data;
    op.data.from_medium = op.reread || op.io->from_medium;
    op.meta.kind = Io::Kind::kRead;
    op.meta.offset = header_.tuple_offset + op.first * format_.metadata_bytes;
    op.meta.length = op.tuples.size();
    op.meta.data = op.tuples;
    op.meta.from_medium = op.data.from_medium;
    op.pending = 2;
    sidecar_->expect(op.meta);
    data_->submit(op.data);
    sidecar_->submit(op.meta);
}

void ProtectedBackend::read_done(Op& op) {
    const IoError error = op.data.error != IoError::kNone ? op.data.error : op.meta.error;
    if (error != IoError::kNone) {
        finish(op, error);
        return;
    }
    const nvme::PiCommand* command = op.io->protection;
    const auto bad =
        nvme::verify(format_, nvme::BlocksView::separate(format_, op.io->data, op.tuples),
                     command != nullptr ? command->tags : tags_at_rest(op.first),
                     command != nullptr ? command->checks : checks_at_rest(header_));
    if (bad && command != nullptr && matches_itself(op)) {  // the host expected another block
        op.io->failed_block = op.first + bad->block;
        finish(op, to_error(bad->field));
        return;
    }
    if (bad) {
        mismatch(op, *bad);
        return;
    }
    integrity_.counters().blocks_checked += op.count;
    if (op.reread) {
        op.fault.layer = IntegrityFault::Layer::kReread;
        integrity_.report(op.fault);
    }
    std::ranges::copy(std::span(op.tuples).first(op.io->tuples.size()), op.io->tuples.begin());
    finish(op, IoError::kNone);
}

/// What was stored is whole, whatever a command expects.
bool ProtectedBackend::matches_itself(const Op& op) const {
    return !nvme::verify(format_, nvme::BlocksView::separate(format_, op.io->data, op.tuples),
                         tags_at_rest(op.first), checks_at_rest(header_));
}

void ProtectedBackend::mismatch(Op& op, const nvme::PiMismatch& bad) {
    op.fault = {op.first + bad.block, bad.field, bad.expected, bad.found};
    if (!op.reread) {
        op.reread = true;
        read(op);
        return;
    }
    integrity_.report(op.fault);
    op.io->failed_block = op.fault.block;
    std::ranges::fill(op.io->data, std::byte{0});  // whatever becomes of it, it is not served
    finish(op, to_error(bad.field));
}

// --- writes -------------------------------------------------------------------------------------

void ProtectedBackend::write(Op& op) {
    op.slice =
        is_zeroing(op.io->kind) ? std::min(kZeroSlice, op.first + op.count - op.at) : op.count;
    make_tuples(op);
    unlogged_.push_back(&op);
    schedule_log();
}

void ProtectedBackend::make_tuples(Op& op) {
    const nvme::PiCommand* command = op.io->protection;
    nvme::PiTags tags = command != nullptr ? command->tags : tags_at_rest(op.first);
    if (!op.io->tuples.empty()) {
        op.tuples.assign(op.io->tuples.begin(), op.io->tuples.end());
        return;
    }
    op.tuples.resize(op.slice * format_.metadata_bytes);
    if (is_zeroing(op.io->kind)) {
        tags.ref_tag += format_.type == 3 ? 0 : op.at - op.first;
        nvme::generate_for_zeros(format_, op.tuples, tags);
    } else {
        nvme::generate(format_, nvme::Blocks::separate(format_, op.io->data, op.tuples), tags);
    }
    integrity_.counters().blocks_made += op.slice;
}

/// The log names what is about to change: now it may.
void ProtectedBackend::write_parts(Op& op) {
    const bool zeroing = is_zeroing(op.io->kind);
    op.data.kind = zeroing ? Io::Kind::kWriteZeroes : Io::Kind::kWrite;
    // A discarded block may read as anything, but its tuple can vouch for one thing only: zeros.
    op.data.may_deallocate = op.io->may_deallocate || op.io->kind == Io::Kind::kDiscard;
    op.data.offset = op.at * format_.block_bytes;
    op.data.length = op.slice * format_.block_bytes;
    op.data.data = zeroing ? base::MutableBytes() : op.io->data;
    op.meta.kind = Io::Kind::kWrite;
    op.meta.offset = header_.tuple_offset + op.at * format_.metadata_bytes;
    op.meta.length = op.tuples.size();
    op.meta.data = op.tuples;
    op.pending = 2;
    sidecar_->expect(op.meta);
    data_->submit(op.data);
    sidecar_->submit(op.meta);
}

void ProtectedBackend::write_done(Op& op) {
    const IoError error = op.data.error != IoError::kNone ? op.data.error : op.meta.error;
    --in_flight_[op.epoch];
    op.at += op.slice;
    if (error != IoError::kNone) {
        finish(op, error);
    } else if (op.at < op.first + op.count) {
        write(op);
    } else if (op.io->force_unit_access) {
        want_flush(op);
    } else {
        finish(op, IoError::kNone);
    }
    drained();
}

// --- log ----------------------------------------------------------------------------------------

/// Room for one more request and for the two commits that make room again (see append_commit()).
bool ProtectedBackend::log_has_room() const {
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

/// Marks the regions that stay marked anew, so that their old marks may be forgotten, by the commit
/// after this one: what this one forgets was marked anew by the one before, durably.
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
    if (std::exchange(log_scheduled_, true)) {
        return;
    }
    defer_([self = std::weak_ptr(self_)] {
        if (const auto owner = self.lock()) {
            (*owner)->log_scheduled_ = false;
            (*owner)->pump_log();
        }
    });
}

void ProtectedBackend::pump_log() {
    if (log_busy_) {
        return;
    }
    batch_.clear();
    batch_written_ = 0;
    batch_durable_ = flush_ != FlushPhase::kIdle;
    batch_commits_ = false;
    if (flush_ == FlushPhase::kCommit) {
        append_commit();
    }
    while (!unlogged_.empty() && batch_.size() < kBatchEntries && log_has_room()) {
        append_write(*unlogged_.front());
        unlogged_.pop_front();
    }
    if (!batch_.empty()) {
        log_busy_ = true;
        write_batch();
    } else if (!unlogged_.empty() && flush_ == FlushPhase::kIdle) {
        begin_flush();  // the log is full
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
            write_parts(*op);
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
    std::vector<Op*> flushed;
    flushed.swap(flushing_);
    for (Op* op : flushed) {
        finish(*op, error);
    }
    if (flush_ == FlushPhase::kIdle && !flush_waiting_.empty()) {
        begin_flush();
    }
    pump_log();
}

}  // namespace target
