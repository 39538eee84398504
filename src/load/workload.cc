// SPDX-License-Identifier: GPL-2.0-or-later
#include "load/workload.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace load {
namespace {

struct AccessName {
    Access access;
    std::string_view name;
};
constexpr std::array kAccesses = {
    AccessName{Access::kRandomRead, "randread"}, AccessName{Access::kRandomWrite, "randwrite"},
    AccessName{Access::kRandomMixed, "randrw"},  AccessName{Access::kRead, "read"},
    AccessName{Access::kWrite, "write"},
};

bool is_random(Access access) {
    return access != Access::kRead && access != Access::kWrite;
}

/// A permutation of 64-bit numbers without visible order (the finalizer of splitmix64).
uint64_t scramble(uint64_t x) {
    x = (x ^ x >> 30U) * 0xBF58476D1CE4E5B9U;
    x = (x ^ x >> 27U) * 0x94D049BB133111EBU;
    return x ^ x >> 31U;
}

uint64_t pieces_of(const WorkloadOptions& options, const Disk& disk) {
    const uint64_t disk_bytes = disk.blocks * disk.block_bytes;
    const uint64_t bytes = options.region == 0 ? disk_bytes : std::min(options.region, disk_bytes);
    return bytes / options.bytes;
}

}  // namespace

std::string_view name(Access access) {
    return std::ranges::find(kAccesses, access, &AccessName::access)->name;
}

std::optional<Access> find_access(std::string_view name) {
    const auto* row = std::ranges::find(kAccesses, name, &AccessName::name);
    return row == kAccesses.end() ? std::nullopt : std::optional(row->access);
}

base::Status check(const WorkloadOptions& options, const Disk& disk, size_t queues, size_t depth) {
    if (options.bytes == 0 || options.bytes % disk.block_bytes != 0 ||
        options.bytes > disk.max_transfer || options.bytes / disk.block_bytes > 65536) {
        return base::error(
            base::format("commands of %u bytes: blocks have %u, a command at most %u",
                         options.bytes, disk.block_bytes, disk.max_transfer));
    }
    if (pieces_of(options, disk) / queues < std::max<size_t>(depth, 1)) {
        return base::error("the disk or --region is too small for this number of commands at once");
    }
    return base::done();
}

Workload::Workload(const WorkloadOptions& options, const Disk& disk, uint32_t nsid, size_t queue,
                   size_t queues)
    : options_(options),
      nsid_(nsid),
      block_bytes_(disk.block_bytes),
      blocks_(options.bytes / disk.block_bytes),
      queue_(queue),
      queues_(queues),
      pieces_(pieces_of(options, disk) / queues),
      state_(queue) {}

uint64_t Workload::random() {
    return scramble(state_ += 0x9E3779B97F4A7C15U);
}

/// The first block of a piece of this queue's share that no command is at work on.
uint64_t Workload::choose_piece() {
    for (;;) {
        const uint64_t index =
            is_random(options_.access) ? random() % pieces_ : sequence_++ % pieces_;
        const uint64_t block = (index * queues_ + queue_) * blocks_;
        if (!options_.verify || !known_[block].busy) {
            return block;
        }
    }
}

bool Workload::choose_write() {
    switch (options_.access) {
        case Access::kRandomRead:
        case Access::kRead:
            return false;
        case Access::kRandomWrite:
        case Access::kWrite:
            return true;
        case Access::kRandomMixed:
            return (random() & 1U) != 0;
    }
    return false;
}

host::Command Workload::next() {
    const uint64_t block = choose_piece();
    const host::BlockRange range{block, blocks_, block_bytes_};
    last_block_ = block;
    const bool writes = choose_write();
    if (options_.verify) {
        known_[block].busy = true;
        known_[block].writing = writes;
    }
    if (writes) {
        return write_command(range);
    }
    host::Command command = host::read(nsid_, range);
    if (!spare_.empty()) {
        command.memory = std::move(spare_.back());
        spare_.pop_back();
    }
    return command;
}

host::Command Workload::write_command(const host::BlockRange& range) {
    base::Bytes data;
    if (!spare_.empty()) {
        data = std::move(spare_.back());
        spare_.pop_back();
    }
    const bool fresh = data.size() != options_.bytes;
    data.resize(options_.bytes);
    if (options_.verify || fresh) {
        fill(data, range.start, options_.verify ? known_[range.start].writes + 1 : 0);
    }
    return host::write(nsid_, range, std::move(data));
}

void Workload::fill(base::MutableBytes out, uint64_t block, uint32_t count) const {
    uint64_t word = scramble(block << 24U ^ count ^ uint64_t{options_.bytes} << 56U);
    for (size_t at = 0; at + sizeof word <= out.size(); at += sizeof word) {
        word = word * 6364136223846793005U + 1442695040888963407U;
        std::memcpy(out.data() + at, &word, sizeof word);
    }
}

std::string Workload::judge(uint64_t block, host::Completion& completion) {
    std::string problem;
    if (!completion.status.ok()) {
        problem = base::format("block %llu: ", static_cast<unsigned long long>(block)) +
                  nvme::describe(completion.status);
    } else if (options_.verify) {
        Piece& piece = known_[block];
        piece.writes += piece.writing ? 1 : 0;
        if (!piece.writing && piece.writes > 0) {
            base::Bytes expected(options_.bytes);
            fill(expected, block, piece.writes);
            if (completion.data != expected) {
                problem = base::format("block %llu: the data is not what was written last",
                                       static_cast<unsigned long long>(block));
            }
        }
        piece.busy = false;
    } else if (completion.data_out.empty() && completion.data.size() != options_.bytes) {
        problem = "a read completed without all of its data";
    }
    spare_.push_back(
        std::move(completion.data_out.empty() ? completion.data : completion.data_out));
    return problem;
}

}  // namespace load
