// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/write_order.h"

#include <utility>

namespace target {

void WritePlace::leave() {
    if (order_ != nullptr) {
        order_->remove(*this);
    }
}

WriteOrder::~WriteOrder() {
    if (gone_ != nullptr) {
        *gone_ = true;
    }
}

void WriteOrder::spread(size_t lanes, std::function<void()> ask_control) {
    lists_.resize(lanes + 1);
    ask_control_ = std::move(ask_control);
}

void WriteOrder::append(List& list, WritePlace& place) {
    place.before_ = list.last;
    place.after_ = nullptr;
    (list.last == nullptr ? list.first : list.last->after_) = &place;
    list.last = &place;
}

void WriteOrder::take_out(List& list, WritePlace& place) {
    (place.before_ == nullptr ? list.first : place.before_->after_) = place.after_;
    (place.after_ == nullptr ? list.last : place.after_->before_) = place.before_;
}

bool WriteOrder::enter(WritePlace& place, uint64_t first, uint64_t blocks, Kind kind,
                       unsigned lane) {
    place.order_ = this;
    place.lane_ = lane;
    place.first_ = first;
    place.end_ = blocks == RangeOrder::kWholeDisk ? blocks : first + blocks;
    place.exclusive_ = kind == Kind::kExclusive;
    if (!place.exclusive_ && !is_contended()) {
        append(lists_[lane], place);
        return true;
    }
    if (place.exclusive_ && exclusive_++ == 0) {
        order_lists();
    }
    order(place);
    place.waiting_ = RangeOrder::waits(*place.ordered_);
    waiting_ += place.waiting_ ? 1 : 0;
    return !place.waiting_;
}

void WriteOrder::order(WritePlace& place) {
    place.ordered_ =
        ranges_.enter(&place, place.first_, place.end_,
                      place.exclusive_ ? RangeOrder::Kind::kExclusive : RangeOrder::Kind::kShared);
}

/// The writes in the lists came before the first exclusive place.
void WriteOrder::order_lists() {
    for (List& list : lists_) {
        while (list.first != nullptr) {
            WritePlace& place = *list.first;
            take_out(list, place);
            order(place);
        }
    }
}

void WriteOrder::remove(WritePlace& place) {
    List& list = lists_[place.lane_];
    RangeOrder::Place* ordered = std::exchange(place.ordered_, nullptr);
    place.order_ = nullptr;
    if (ordered == nullptr) {
        take_out(list, place);
        return;
    }
    if (place.lane_ != 0) {
        list.left.push_back(ordered);
        if (list.left.size() == 1) {
            ask_control_();
        }
        return;
    }
    exclusive_ -= place.exclusive_ ? 1 : 0;
    waiting_ -= std::exchange(place.waiting_, false) ? 1 : 0;
    ranges_.leave(ordered);
    pass_on();
}

void WriteOrder::pass_on() {
    if (std::exchange(passing_on_, true)) {
        return;  // the loop below sees it
    }
    for (List& list : lists_) {
        for (RangeOrder::Place* place : std::exchange(list.left, {})) {
            ranges_.leave(place);
        }
    }
    bool gone = false;
    gone_ = &gone;
    for (size_t given = 0; ranges_.has_ready() && (given < kTurnsAtOnce || !ask_control_);
         ++given) {
        auto& place = *static_cast<WritePlace*>(ranges_.take_ready());
        place.waiting_ = false;
        --waiting_;
        place.on_turn();
        if (gone) {
            return;
        }
    }
    gone_ = nullptr;
    passing_on_ = false;
    if (ranges_.has_ready()) {
        ask_control_();
    }
}

}  // namespace target
