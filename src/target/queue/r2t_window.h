// SPDX-License-Identifier: GPL-2.0-or-later
//
// Which data of one command the host was asked for. The data is cut into parts of equal size, the
// last one smaller; each R2T asks for one part, in order, and several may be outstanding. The data
// for one R2T comes in order; the R2Ts of a command may be served in any order.
//
//     | part 0: here | part 1: half here | part 2: asked for | part 3: to be asked for |
//                      '------- outstanding: at most `limit` -------'
//
// NVMe/TCP Transport Specification 1.0: 3.3.2 "Data Transfer", MAXR2T of ICReq.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace target {

class R2tWindow {
  public:
    /// R2Ts of one command that are outstanding at most, whatever the host allows.
    static constexpr uint32_t kMost = 4;
    /// Part numbers as a transfer tag carries them, modulo this.
    static constexpr uint32_t kTags = 16;

    struct Part {
        uint32_t number = 0;
        uint32_t offset = 0;
        uint32_t length = 0;
    };

    /// REQUIRES: transfer > 0, part_bytes > 0, 0 < limit <= kMost
    void start(uint32_t transfer, uint32_t part_bytes, uint32_t limit) {
        transfer_ = transfer;
        part_bytes_ = part_bytes;
        limit_ = limit;
        asked_ = 0;
        outstanding_ = 0;
        received_ = 0;
        left_ = {};
    }

    /// The part to ask for now, which then counts as asked for; nothing when all are, or when the
    /// host has enough to do.
    std::optional<Part> ask() {
        const bool slot_free = left_[asked_ % kMost] == 0;
        if (outstanding_ == limit_ || !slot_free || asked_ * uint64_t{part_bytes_} >= transfer_) {
            return std::nullopt;
        }
        const Part next = part(asked_++);
        left_[next.number % kMost] = next.length;
        ++outstanding_;
        return next;
    }

    /// The outstanding part with this tag.
    [[nodiscard]] std::optional<Part> find(uint32_t tag) const {
        for (uint32_t back = 1; back <= std::min(kMost, asked_); ++back) {
            const uint32_t number = asked_ - back;
            if (number % kTags == tag) {
                return left_[number % kMost] == 0 ? std::nullopt : std::optional(part(number));
            }
        }
        return std::nullopt;
    }
    /// Bytes of an outstanding part that are still to come.
    [[nodiscard]] uint32_t left(const Part& part) const { return left_[part.number % kMost]; }

    /// REQUIRES: bytes <= left(part)
    void take(const Part& part, uint32_t bytes) {
        received_ += bytes;
        uint32_t& left = left_[part.number % kMost];
        left -= bytes;
        outstanding_ -= left == 0 ? 1 : 0;
    }
    [[nodiscard]] bool complete() const { return received_ == transfer_; }
    /// Bytes of the whole transfer that are still to come.
    [[nodiscard]] uint32_t to_come() const { return transfer_ - received_; }
    [[nodiscard]] uint32_t outstanding() const { return outstanding_; }

  private:
    [[nodiscard]] Part part(uint32_t number) const {
        const uint32_t offset = number * part_bytes_;
        return {number, offset, std::min(part_bytes_, transfer_ - offset)};
    }

    uint32_t transfer_ = 0;
    uint32_t part_bytes_ = 0;
    uint32_t limit_ = 0;
    uint32_t asked_ = 0;  ///< parts
    uint32_t outstanding_ = 0;
    uint32_t received_ = 0;             ///< bytes
    std::array<uint32_t, kMost> left_;  ///< of the part with this number modulo kMost
};

}  // namespace target
