// SPDX-License-Identifier: GPL-2.0-or-later
//
// Which commands one queue sends, and whether what comes back is right. The disk is divided into
// pieces of the transfer's size, and each queue has its own share of them, so that a queue alone
// knows what its pieces hold. With verification a queue has one command at a time under way on a
// piece, each write leaves a pattern made of the piece's place and a count of its writes, and a
// read must find the pattern of the last acknowledged write: a lost write, an old block and a block
// from elsewhere all show.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/queue.h"
#include "load/association.h"

namespace load {

enum class Access : uint8_t { kRandomRead, kRandomWrite, kRandomMixed, kRead, kWrite };

/// `randread`, `randwrite`, `randrw`, `read`, `write`.
std::string_view name(Access access);
std::optional<Access> find_access(std::string_view name);

struct WorkloadOptions {
    Access access = Access::kRandomRead;
    uint32_t bytes = 4096;  ///< of one command
    bool verify = false;
    uint64_t region = 0;  ///< bytes of the disk to use; 0: all of it
};

/// Whether the disk can be used so: the sizes fit, and each queue gets `depth` pieces at least.
base::Status check(const WorkloadOptions& options, const Disk& disk, size_t queues, size_t depth);

class Workload {
  public:
    /// REQUIRES: check() said yes.
    Workload(const WorkloadOptions& options, const Disk& disk, uint32_t nsid, size_t queue,
             size_t queues);

    /// The next command.
    host::Command next();
    /// @return what is wrong with the answer of the command with this first block; empty: nothing
    std::string judge(uint64_t block, host::Completion& completion);

    /// The first block of the command made last.
    [[nodiscard]] uint64_t last_block() const { return last_block_; }

  private:
    /// The contents of a piece.
    struct Piece {
        uint32_t writes = 0;  ///< acknowledged; 0: nobody knows what the piece holds
        bool busy = false;
        bool writing = false;
    };

    uint64_t random();
    uint64_t choose_piece();
    bool choose_write();
    void fill(base::MutableBytes out, uint64_t block, uint32_t count) const;
    host::Command write_command(const host::BlockRange& range);

    WorkloadOptions options_;
    uint32_t nsid_;
    uint32_t block_bytes_;
    uint32_t blocks_;  ///< of one command
    uint64_t queue_;
    uint64_t queues_;
    uint64_t pieces_;  ///< of this queue
    uint64_t sequence_ = 0;
    uint64_t state_;
    uint64_t last_block_ = 0;
    std::unordered_map<uint64_t, Piece> known_;  ///< by first block; with verification alone
    std::vector<base::Bytes> spare_;             ///< memory of ended commands
};

}  // namespace load
