// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/write_order.h"

#include <utility>

namespace target {

void WritePlace::leave() {
    if (order_ != nullptr) {
        order_->remove(*this);
    }
}

void WriteOrder::spread(size_t lanes, std::function<void()> ask_control) {
    lists_.resize(lanes + 1);
    ask_control_ = std::move(ask_control);
}

bool WriteOrder::enter(WritePlace& place, uint64_t first, uint64_t blocks, Kind kind,
                       unsigned lane) {
    List& list = lists_[lane];
    place.order_ = this;
    place.lane_ = lane;
    place.first_ = first;
    place.end_ = first + blocks;
    place.exclusive_ = kind == Kind::kExclusive;
    place.before_ = list.last;
    place.after_ = nullptr;
    (list.last == nullptr ? list.first : list.last->after_) = &place;
    list.last = &place;
    if (place.exclusive_) {
        ++exclusive_;
    }
    place.waiting_ = exclusive_ > 0 && !is_its_turn(place);
    if (place.waiting_) {
        ++waiting_;
    }
    return !place.waiting_;
}

bool WriteOrder::excludes(const WritePlace& a, const WritePlace& b) {
    const bool touches = a.first_ < b.end_ && b.first_ < a.end_;
    return touches && (a.exclusive_ || b.exclusive_);
}

bool WriteOrder::is_its_turn(const WritePlace& place) const {
    for (const WritePlace* other = place.before_; other != nullptr; other = other->before_) {
        if (excludes(*other, place)) {
            return false;
        }
    }
    for (size_t lane = 1; lane < lists_.size(); ++lane) {
        for (const WritePlace* other = lists_[lane].first; other != nullptr;
             other = other->after_) {
            if (excludes(*other, place)) {
                return false;
            }
        }
    }
    return true;
}

void WriteOrder::remove(WritePlace& place) {
    List& list = lists_[place.lane_];
    (place.before_ == nullptr ? list.first : place.before_->after_) = place.after_;
    (place.after_ == nullptr ? list.last : place.after_->before_) = place.before_;
    place.order_ = nullptr;
    if (place.lane_ != 0) {
        if (is_contended()) {
            ask_control_();
        }
        return;
    }
    if (place.exclusive_) {
        --exclusive_;
    }
    if (place.waiting_) {
        --waiting_;
        place.waiting_ = false;
    }
    pass_on();
}

/// From the front each time: a turn may end, and places come and go, inside on_turn().
void WriteOrder::pass_on() {
    for (WritePlace* place = waiting_ == 0 ? nullptr : lists_[0].first; place != nullptr;) {
        if (!place->waiting_ || !is_its_turn(*place)) {
            place = place->after_;
            continue;
        }
        place->waiting_ = false;
        --waiting_;
        place->on_turn();
        place = waiting_ == 0 ? nullptr : lists_[0].first;
    }
}

}  // namespace target
