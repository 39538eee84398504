// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/protection/tuple_cache.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace target {
namespace {

constexpr uint64_t kPage = kSidecarPage;
/// Pages that a flush writes at once.
constexpr size_t kLongestRun = 64;
/// Pages that a flush has under way at most.
constexpr size_t kFlushWindow = 512;

uint64_t pages_in(uint64_t bytes) {
    return (bytes + kPage - 1) / kPage;
}

}  // namespace

TupleCache::TupleCache(std::unique_ptr<Backend> below, uint64_t tuple_offset, uint64_t bytes)
    : below_(std::move(below)),
      tuple_offset_(tuple_offset),
      places_(std::min(pages_in(below_->size_bytes() - tuple_offset), bytes / kPage)),
      memory_(new std::byte[places_.size() * kPage]) {}  // not touched: not there until it is used

TupleCache::~TupleCache() = default;

uint64_t TupleCache::page_of(const Io& io) const {
    return (io.offset + io.progress - tuple_offset_) / kPage;
}

/// The last page of a store may be a part of one.
size_t TupleCache::page_bytes(uint64_t page) const {
    return std::min(kPage, below_->size_bytes() - tuple_offset_ - page * kPage);
}

base::MutableBytes TupleCache::memory_of(size_t place, size_t bytes) const {
    return {memory_.get() + place * kPage, bytes};
}

// --- requests -----------------------------------------------------------------------------------

void TupleCache::submit(Io& io) {
    if (io.kind == Io::Kind::kFlush) {
        assert(flush_ == nullptr);
        flush_ = &io;
        flush_at_ = 0;
        flush_error_ = IoError::kNone;
        continue_flush();
        return;
    }
    io.progress = 0;
    if (io.offset < tuple_offset_ || io.kind == Io::Kind::kWriteZeroes ||
        (io.from_medium && forget(io))) {
        below_->submit(io);
        return;
    }
    advance(io);
}

void TupleCache::expect(const Io& io) {
    const uint64_t at = io.offset - tuple_offset_;
    const size_t place = (at / kPage) % places_.size();
    __builtin_prefetch(&places_[place]);
    __builtin_prefetch(memory_.get() + place * kPage + at % kPage, 0);
}

/// Continues with the current page of the request, as far as that can be done now.
void TupleCache::advance(Io& io) {
    while (io.progress < io.data.size()) {
        const uint64_t page = page_of(io);
        const size_t place = page % places_.size();
        const uint64_t in_page = (io.offset + io.progress - tuple_offset_) % kPage;
        const size_t bytes = std::min(kPage - in_page, io.data.size() - io.progress);
        if (!make_ready(place, io, bytes == page_bytes(page))) {
            return;
        }
        const auto here = memory_of(place, kPage).subspan(in_page, bytes);
        const auto theirs = io.data.subspan(io.progress, bytes);
        io.progress += bytes;
        if (io.kind == Io::Kind::kRead) {
            std::ranges::copy(here, theirs.begin());
        } else {
            std::ranges::copy(theirs, here.begin());
            places_[place].changed = true;
        }
    }
    io.done(IoError::kNone);
}

/// @return whether the request's page is at its place; if not, the request waits there
bool TupleCache::make_ready(size_t number, Io& io, bool whole_page) {
    using State = Place::State;
    Place& place = places_[number];
    const uint64_t page = page_of(io);
    const bool here = place.page == page;
    const bool writes = io.kind == Io::Kind::kWrite;
    if (here && (place.state == State::kReady || (place.state == State::kWriting && !writes))) {
        return true;
    }
    const bool busy = is_busy(place);
    if (!busy && !place.changed && writes && whole_page) {
        place.page = page;
        place.state = State::kReady;
        return true;
    }
    if (busy) {
        enqueue(place, io);
        return false;
    }
    io.next = place.first_waiting;  // before all others: the place will be what this one needs
    place.first_waiting = &io;
    place.last_waiting = io.next == nullptr ? &io : place.last_waiting;
    if (place.changed) {
        move(Io::Kind::kWrite, number, 1);
    } else {
        place.page = page;
        move(Io::Kind::kRead, number, 1);
    }
    return false;
}

/// Before a read from the medium: what is remembered of it may be what is wrong.
/// @return false where memory knows better, or is about to
bool TupleCache::forget(const Io& io) {
    const uint64_t first = (io.offset - tuple_offset_) / kPage;
    const uint64_t last = (io.offset + io.length - 1 - tuple_offset_) / kPage;
    const auto is_here = [this](uint64_t page) {
        const Place& place = places_[page % places_.size()];
        return place.state != Place::State::kEmpty && place.page == page;
    };
    for (uint64_t page = first; page <= last; ++page) {
        const Place& place = places_[page % places_.size()];
        if (is_here(page) && (place.changed || place.state != Place::State::kReady)) {
            return false;
        }
    }
    for (uint64_t page = first; page <= last; ++page) {
        if (is_here(page)) {
            places_[page % places_.size()].state = Place::State::kEmpty;
        }
    }
    return true;
}

void TupleCache::enqueue(Place& place, Io& io) {
    io.next = nullptr;
    (place.first_waiting == nullptr ? place.first_waiting : place.last_waiting->next) = &io;
    place.last_waiting = &io;
}

// --- pages --------------------------------------------------------------------------------------

/// Changed pages from `place` on that are neighbours in the store as they are in memory.
size_t TupleCache::run_length(size_t place) const {
    size_t count = 0;
    for (; count < kLongestRun && place + count < places_.size(); ++count) {
        const Place& next = places_[place + count];
        if (!next.changed || next.state != Place::State::kReady ||
            next.page != places_[place].page + count) {
            break;
        }
    }
    return count;
}

void TupleCache::move(Io::Kind kind, size_t first, size_t count) {
    if (free_.empty()) {
        moves_.push_back(std::make_unique<Move>());
        moves_.back()->owner = this;
        free_.push_back(moves_.back().get());
    }
    Move& move = *free_.back();
    free_.pop_back();
    for (size_t i = 0; i < count; ++i) {
        places_[first + i].state =
            kind == Io::Kind::kRead ? Place::State::kLoading : Place::State::kWriting;
    }
    const uint64_t page = places_[first].page;
    move.kind = kind;
    move.first = first;
    move.count = count;
    move.offset = tuple_offset_ + page * kPage;
    move.length = (count - 1) * kPage + page_bytes(page + count - 1);
    move.data = memory_of(first, move.length);
    below_->submit(move);
}

void TupleCache::moved(Move& move, IoError error) {
    const Io::Kind kind = move.kind;
    const size_t first = move.first;
    const size_t count = move.count;
    free_.push_back(&move);
    for (size_t i = 0; i < count; ++i) {
        settle(places_[first + i], kind, error);
    }
    continue_flush();
}

/// A page was read or removed: the requests that waited for its place continue, in order, until one
/// of them needs another page there. The requests that needed a page that could not be read, or a
/// place that could not be freed, get the error.
void TupleCache::settle(Place& place, Io::Kind kind, IoError error) {
    const bool failed = error != IoError::kNone;
    const bool loaded = kind == Io::Kind::kRead;
    place.state = loaded && failed ? Place::State::kEmpty : Place::State::kReady;
    place.changed = !loaded && failed;
    if (std::exchange(place.flush_waits, false)) {
        --flush_waits_;
        flush_error_ = failed ? error : flush_error_;
    }
    place.error = error;
    place.error_is_of_page = loaded;
    if (std::exchange(place.serving, true)) {
        return;  // the loop below sees it
    }
    while (place.first_waiting != nullptr && !is_busy(place)) {
        Io& io = *std::exchange(place.first_waiting, place.first_waiting->next);
        const bool wants_it = page_of(io) == place.page;
        if (place.error != IoError::kNone && wants_it == place.error_is_of_page) {
            io.done(place.error);
        } else {
            advance(io);
        }
    }
    place.serving = false;
}

// --- flush --------------------------------------------------------------------------------------

/// Writes what has changed, waits for what is being written, then flushes the store. Later changes
/// may wait for the next flush.
void TupleCache::continue_flush() {
    if (flush_ == nullptr || std::exchange(continuing_, true)) {
        return;
    }
    while (flush_at_ < places_.size() && flush_waits_ < kFlushWindow) {
        const Place& place = places_[flush_at_];
        const bool writing = place.state == Place::State::kWriting;
        const size_t run = run_length(flush_at_);
        const size_t first = flush_at_;
        flush_at_ += std::max<size_t>(run, 1);
        for (size_t i = 0; i < (writing ? 1 : run); ++i) {
            places_[first + i].flush_waits = true;
            ++flush_waits_;
        }
        if (run != 0) {
            move(Io::Kind::kWrite, first, run);  // may be done, and come back here, at once
        }
    }
    continuing_ = false;
    if (flush_at_ < places_.size() || flush_waits_ != 0) {
        return;
    }
    Io& io = *std::exchange(flush_, nullptr);
    flush_error_ == IoError::kNone ? below_->submit(io) : io.done(flush_error_);
}

base::Status TupleCache::write_back(ByteStore& sidecar) {
    for (size_t at = 0; at < places_.size();) {
        const size_t run = run_length(at);
        if (run != 0) {
            const uint64_t page = places_[at].page;
            const size_t bytes = (run - 1) * kPage + page_bytes(page + run - 1);
            TRY_VOID(sidecar.write(tuple_offset_ + page * kPage, memory_of(at, bytes)));
            for (size_t i = 0; i < run; ++i) {
                places_[at + i].changed = false;
            }
        }
        at += std::max<size_t>(run, 1);
    }
    return base::done();
}

}  // namespace target
