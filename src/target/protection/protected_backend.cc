// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/protection/protected_backend.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace target {
namespace {

/// Steps of requests, one after the other: each checks, copies or starts what takes microseconds.
constexpr size_t kStepsAtOnce = 64;
constexpr uint64_t kStepBytes = 64U << 10U;

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
                                   std::function<void(const IntegrityFault&)> told, Defer defer,
                                   TupleRoom room)
    : data_(std::move(data)),
      sidecar_(std::move(sidecar)),
      header_(header),
      format_(format_of(header)),
      integrity_(format_, std::move(told)),
      defer_(std::move(defer)),
      steps_left_(kStepsAtOnce),
      room_(std::move(room)),
      log_(*sidecar_, header_, *this) {
    room_step_.owner = this;
    room_step_.next = &ProtectedBackend::hole_filled;
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
    header_.committed = log_.head();
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
    op.place =
        order_.enter(&op, op.first, op.first + op.count,
                     changes(io.kind) ? RangeOrder::Kind::kExclusive : RangeOrder::Kind::kShared);
    if (!RangeOrder::waits(*op.place)) {
        start(op);
    }
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

void ProtectedBackend::start(Op& op) {
    op.io->kind == Io::Kind::kRead ? read(op) : write(op);
}

/// Reports its completion, and lets others continue.
void ProtectedBackend::finish(Op& op, IoError error) {
    if (op.place != nullptr) {
        order_.leave(std::exchange(op.place, nullptr));
    }
    Io& io = *op.io;
    free_.push_back(&op);
    io.done(error);
    if (order_.has_ready()) {
        proceed();
    }
}

/// Does what became possible when something else ended. It also handles what that makes possible.
void ProtectedBackend::proceed() {
    if (std::exchange(proceeding_, true)) {
        return;
    }
    while (steps_left_ > 0 && step()) {
    }
    proceeding_ = false;
}

bool ProtectedBackend::step() {
    if (!arrived_.empty()) {
        Op& op = *arrived_.front();
        arrived_.pop_front();
        go_on(op);
    } else if (!flushed_.empty()) {
        const auto [op, error] = flushed_.front();
        flushed_.pop_front();
        take_step(*op);
        finish(*op, error);
    } else if (void* owner = order_.take_ready()) {
        Op& op = *static_cast<Op*>(owner);
        take_step(op);
        const bool unwanted = op.io->unwanted != nullptr && *op.io->unwanted;
        unwanted ? finish(op, IoError::kUnwanted) : start(op);
    } else {
        return false;
    }
    return true;
}

/// A turn of the thread has so many steps, of which a large request takes several.
void ProtectedBackend::take_step(const Op& op) {
    const size_t steps = 1 + op.io->data.size() / kStepBytes;
    steps_left_ -= std::min(steps_left_, steps);
    if (steps_left_ == 0) {
        later([this] { next_turn(); });
    }
}

void ProtectedBackend::next_turn() {
    steps_left_ = kStepsAtOnce;
    proceed();
}

void ProtectedBackend::later(std::function<void()> next) {
    defer_(alive_.guard(std::move(next)));
}

void ProtectedBackend::part_done(Op& op) {
    if (--op.pending > 0) {
        return;
    }
    steps_left_ > 0 ? go_on(op) : arrived_.push_back(&op);
}

void ProtectedBackend::go_on(Op& op) {
    take_step(op);
    if (op.io->kind == Io::Kind::kRead) {
        read_done(op);
    } else {
        op.data_written ? write_done(op) : data_written(op);
    }
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
    // The stored block is intact, and the host expected another one.
    const bool is_whole =
        bad && command != nullptr &&
        !nvme::verify(format_, nvme::BlocksView::separate(format_, op.io->data, op.tuples),
                      tags_at_rest(op.first), checks_at_rest(header_));
    if (is_whole) {
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
    op.data_written = false;
    make_tuples(op);
    // An operation that frees room must not need room first.
    const bool frees = op.io->kind == Io::Kind::kDiscard || op.io->may_deallocate;
    frees ? log_write(op) : make_room(op);
}

void ProtectedBackend::log_write(Op& op) {
    op.data_bytes = op.io->data.size();
    log_.add(op);
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
void ProtectedBackend::write_data(Op& op) {
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
    op.meta.error = IoError::kNone;
    op.pending = 1;
    sidecar_->expect(op.meta);
    data_->submit(op.data);
}

void ProtectedBackend::data_written(Op& op) {
    op.data_written = true;
    if (op.data.error != IoError::kNone) {
        write_done(op);
        return;
    }
    make_room(op);
}

void ProtectedBackend::write_done(Op& op) {
    const IoError error = op.data.error != IoError::kNone ? op.data.error : op.meta.error;
    log_.ended(op);
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

// --- room for tuples ----------------------------------------------------------------------------

/// A request continues when there is room for its tuples: to the log, or behind it to the tuples.
void ProtectedBackend::make_room(Op& op) {
    if (room_.complete()) {
        has_room(op);
        return;
    }
    roomless_.push_back(&op);
    fill_holes();
}

void ProtectedBackend::has_room(Op& op) {
    if (op.data_written) {
        op.pending = 1;
        sidecar_->submit(op.meta);
    } else {
        log_write(op);
    }
}

/// One hole after the other: nobody may write to one that is being filled.
void ProtectedBackend::fill_holes() {
    if (std::exchange(in_fill_holes_, true)) {
        return;  // the loop below sees it
    }
    while (!filling_ && !roomless_.empty()) {
        Op& op = *roomless_.front();
        const uint64_t tuple = format_.metadata_bytes;
        const auto hole = room_.missing({header_.tuple_offset + op.at * tuple,
                                         header_.tuple_offset + (op.at + op.slice) * tuple});
        if (!hole) {
            roomless_.pop_front();
            has_room(op);
            continue;
        }
        filling_ = true;
        room_step_.kind = Io::Kind::kWriteZeroes;
        room_step_.offset = hole->first;
        room_step_.length = hole->end - hole->first;
        sidecar_->submit(room_step_);
    }
    in_fill_holes_ = false;
}

void ProtectedBackend::hole_filled(IoError error) {
    filling_ = false;
    if (error == IoError::kNone) {
        room_.filled({room_step_.offset, room_step_.offset + room_step_.length});
    } else {
        Op& op = *roomless_.front();
        roomless_.pop_front();
        if (op.data_written) {
            op.meta.error = error;
            write_done(op);
        } else {
            finish(op, error);
        }
    }
    fill_holes();
}

// --- log ----------------------------------------------------------------------------------------

void ProtectedBackend::call_next_turn() {
    later([this] { log_.next_turn(); });
}

void ProtectedBackend::on_logged(std::span<SidecarLog::Write* const> writes, IoError error) {
    for (SidecarLog::Write* write : writes) {
        Op& op = static_cast<Op&>(*write);
        if (error == IoError::kNone) {
            write_data(op);
        } else {
            log_.ended(op);
            finish(op, error);
        }
    }
    if (error != IoError::kNone) {
        drained();
    }
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
    log_.cut();
    if (log_.is_settled()) {  // no write since, nor during the last one
        flush_step(FlushPhase::kDataOnly, *data_);
        return;
    }
    flush_ = FlushPhase::kDraining;
    drained();
}

void ProtectedBackend::drained() {
    if (flush_ == FlushPhase::kDraining && log_.is_drained()) {
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
        log_.commit();
    }
}

void ProtectedBackend::end_flush(IoError error) {
    flush_ = FlushPhase::kIdle;
    log_.end_flush();
    for (Op* op : flushing_) {
        flushed_.emplace_back(op, error);
    }
    flushing_.clear();
    if (!flush_waiting_.empty()) {
        begin_flush();
    }
    proceed();
    log_.pump();
}

}  // namespace target
