// SPDX-License-Identifier: GPL-2.0-or-later
//
// The Asynchronous Event Requests of one admin queue, which are kept until there is an event.
//
// Base Specification 2.0: 5.2 "Asynchronous Event Request command".
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "target/controller/controller.h"
#include "target/queue/request.h"

namespace target {

class AsyncEventRequests {
  public:
    /// @return false: too many are kept
    bool keep(Request& request) {
        if (kept_.size() >= Controller::kAsyncEventLimit) {
            return false;
        }
        kept_.push_back(&request);
        return true;
    }
    [[nodiscard]] bool empty() const { return kept_.empty(); }
    /// The oldest, which is kept no longer. REQUIRES: !empty()
    Request& take() {
        Request& request = *kept_.front();
        kept_.erase(kept_.begin());
        return request;
    }
    /// The one with this identifier, which is kept no longer; null: there is none.
    Request* take(uint16_t cid) {
        for (auto place = kept_.begin(); place != kept_.end(); ++place) {
            if ((*place)->sqe.cid == cid) {
                Request* const request = *place;
                kept_.erase(place);
                return request;
            }
        }
        return nullptr;
    }
    std::vector<Request*> take_all() { return std::exchange(kept_, {}); }

  private:
    std::vector<Request*> kept_;
};

}  // namespace target
