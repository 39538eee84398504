// SPDX-License-Identifier: GPL-2.0-or-later
//
// Each side first says what it does and then looks at the other; of two that begin at once, one at
// least sees the other, because all of it is sequentially consistent.
#include "target/reactor/turns.h"

#include <algorithm>

namespace target {

Turns::Turns(size_t lanes, base::Clock& clock) : clock_(clock) {
    for (size_t i = 0; i < lanes; ++i) {
        lanes_.emplace_back(control_);
    }
}

void Turns::Control::begin() {
    rest();
    began_ = turns_.clock_.now();
    wants_.store(1);
    for (const Lane& lane : turns_.lanes_) {
        lane.wait_for_end();
    }
}

void Turns::Control::end() {
    wants_.store(0);
    wants_.notify_all();
    ended_ = turns_.clock_.now();
    owed_ += ended_ - began_;
}

void Turns::Control::rest() {
    owed_ -= std::min(owed_, turns_.clock_.now() - ended_);
    if (owed_ >= kLongestWork) {
        turns_.clock_.sleep(std::chrono::ceil<base::milliseconds>(owed_));
        owed_ = {};
    }
}

void Turns::Lane::begin() {
    busy_.store(1);
    while (control_.wants()) {
        end();
        control_.wait_for_end();
        busy_.store(1);
    }
}

void Turns::Lane::end() {
    busy_.store(0);
    if (control_.wants()) {
        busy_.notify_one();
    }
}

}  // namespace target
