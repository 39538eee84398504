// SPDX-License-Identifier: GPL-2.0-or-later
//
// The requests of one queue: how many there may be, and which of them own a command identifier. A
// request is used again and again, and found by its slot, which is part of its transfer tags.
#pragma once

#include <bitset>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "nvme/types.h"
#include "target/queue/r2t_window.h"
#include "target/queue/request.h"

namespace target {

class RequestPool {
  public:
    /// Maximum number of requests of one queue: the bits of a transfer tag without the number of a
    /// part.
    static constexpr size_t kSlots = 4096;
    static_assert(kSlots * R2tWindow::kTags == size_t{UINT16_MAX} + 1);
    using Make = std::function<std::unique_ptr<Request>(uint16_t slot)>;

    explicit RequestPool(Make make) : make_(std::move(make)) {}
    RequestPool(const RequestPool&) = delete;
    RequestPool& operator=(const RequestPool&) = delete;

    /// The queue has a size from now on. @param sqsize  0's based
    void connect(uint16_t sqsize, bool is_admin);
    /// It has lost its controller.
    void disconnect() { connected_ = false; }

    /// A request for a command, which counts as unanswered.
    /// @param late  requests that are in use although their commands ended long ago
    /// @return null: the host sends more commands than it may
    Request* take(const nvme::Sqe& sqe, unsigned lane, size_t late);
    /// Its answer is in the output.
    void answered(const Request& request);
    /// The queue goes: requests still in a backend live on by themselves until done. To be called
    /// last, while what the requests call is there.
    void let_go();
    /// It is used no more. REQUIRES: answered, its buffers are free
    void put_back(Request& request);

    /// @return false: another command in flight has its identifier
    bool claim_cid(Request& request);
    void give_up_cid(Request& request);
    [[nodiscard]] bool is_taken(uint16_t cid) const { return cids_ != nullptr && cids_->test(cid); }
    /// The command in flight that owns an identifier; null: there is none.
    [[nodiscard]] Request* find(uint16_t cid) const;
    /// Null: there is none.
    [[nodiscard]] Request* at_slot(size_t slot) const {
        return slot < requests_.size() ? requests_[slot].get() : nullptr;
    }
    [[nodiscard]] const std::vector<std::unique_ptr<Request>>& all() const { return requests_; }

    /// Commands without an answer in the output.
    [[nodiscard]] size_t unanswered() const { return unanswered_; }
    [[nodiscard]] bool all_free() const { return free_.size() == requests_.size(); }
    /// Commands that a host may have under way.
    [[nodiscard]] size_t limit() const;

  private:
    [[nodiscard]] bool may_begin(bool beside) const;

    const Make make_;
    std::vector<std::unique_ptr<Request>> requests_;  ///< by slot
    std::vector<uint16_t> free_;
    using CidSet = std::bitset<size_t{UINT16_MAX} + 1>;
    std::unique_ptr<CidSet> cids_;  ///< of the commands in flight, from Connect on
    bool connected_ = false;
    bool is_admin_ = false;
    uint16_t sqsize_ = 0;  ///< 0's based
    size_t unanswered_ = 0;
    size_t beside_ = 0;  ///< of those, what takes no entry of the queue
};

}  // namespace target
