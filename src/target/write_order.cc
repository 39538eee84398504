// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/write_order.h"

namespace target {

void WritePlace::leave() {
    if (order_ != nullptr) {
        order_->remove(*this);
    }
}

bool WriteOrder::enter(WritePlace& place, uint64_t first, uint64_t blocks, Kind kind) {
    place.order_ = this;
    place.first_ = first;
    place.end_ = first + blocks;
    place.exclusive_ = kind == Kind::kExclusive;
    place.before_ = last_;
    place.after_ = nullptr;
    (last_ == nullptr ? first_ : last_->after_) = &place;
    last_ = &place;
    exclusive_ += place.exclusive_ ? 1 : 0;
    place.waiting_ = exclusive_ > 0 && !is_its_turn(place);
    waiting_ += place.waiting_ ? 1 : 0;
    return !place.waiting_;
}

bool WriteOrder::is_its_turn(const WritePlace& place) {
    for (const WritePlace* other = place.before_; other != nullptr; other = other->before_) {
        const bool touches = other->first_ < place.end_ && place.first_ < other->end_;
        if (touches && (other->exclusive_ || place.exclusive_)) {
            return false;
        }
    }
    return true;
}

void WriteOrder::remove(WritePlace& place) {
    (place.before_ == nullptr ? first_ : place.before_->after_) = place.after_;
    (place.after_ == nullptr ? last_ : place.after_->before_) = place.before_;
    exclusive_ -= place.exclusive_ ? 1 : 0;
    waiting_ -= place.waiting_ ? 1 : 0;
    place.order_ = nullptr;
    place.waiting_ = false;
    pass_on();
}

/// From the front each time: a turn may end, and places come and go, inside on_turn().
void WriteOrder::pass_on() {
    for (WritePlace* place = waiting_ == 0 ? nullptr : first_; place != nullptr;) {
        if (!place->waiting_ || !is_its_turn(*place)) {
            place = place->after_;
            continue;
        }
        place->waiting_ = false;
        --waiting_;
        place->on_turn();
        place = waiting_ == 0 ? nullptr : first_;
    }
}

}  // namespace target
