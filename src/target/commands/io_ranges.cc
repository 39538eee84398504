// SPDX-License-Identifier: GPL-2.0-or-later
//
// Dataset Management and Copy: commands whose data is a list of ranges. All ranges are judged
// before the first is touched.
//
// A Copy reads all it copies before it writes, so that ranges which overlap are copied as they
// were.
//
// NVM Command Set Specification 1.0: 3.2.3 "Dataset Management command", 3.2.2 "Copy command".
#include "target/commands/io_ranges.h"

#include <algorithm>

#include "target/commands/io_steps.h"
#include "target/queue/request_steps.h"

namespace target {

namespace status = nvme::status;

namespace {

/// `count` entries of a list that travels. Hosts may send more than they fill: Linux always sends a
/// page with Dataset Management.
Checked list_bytes(const Request& request, size_t entry_bytes) {
    const uint32_t needed = static_cast<uint32_t>(entry_bytes * nvme::range_count(request.sqe));
    const uint32_t sent = request.sqe.sgl.length;
    if (sent < needed || sent > entry_bytes * nvme::kMostRanges) {
        return status::kDataSglLengthInvalid.dnr().at(8);
    }
    return sent;
}

template <class Entry>
Entry entry_at(const Request& request, uint32_t index) {
    return *base::Reader(request.payload().subspan(index * sizeof(Entry))).take<Entry>();
}

// --- Dataset Management

bool deallocates(const Request& request) {
    return (request.sqe.cdw11 & nvme::DsmRange::kDeallocate) != 0;
}

nvme::Status check_ranges(const Request& request, const Namespace& ns) {
    for (uint32_t i = 0; i < nvme::range_count(request.sqe); ++i) {
        const auto range = entry_at<nvme::DsmRange>(request, i);
        const bool fits =
            range.slba <= ns.block_count() && range.nlb <= ns.block_count() - uint64_t{range.slba};
        if (!fits) {
            return status::kLbaOutOfRange.dnr();
        }
    }
    return status::kSuccess;
}

/// Gives back one range after the other. request.step is the next one.
void deallocate_next(Request& request, IoError error) {
    if (error != IoError::kNone) {
        finish(request, error);
        return;
    }
    const Namespace& ns = *request.ns;
    while (request.step < nvme::range_count(request.sqe)) {
        const auto range = entry_at<nvme::DsmRange>(request, request.step++);
        if (range.nlb == 0) {
            continue;
        }
        request.kind = Io::Kind::kDiscard;
        request.offset = range.slba * ns.block_bytes();
        request.length = uint64_t{range.nlb} * ns.block_bytes();
        submit(request, deallocate_next);
        return;
    }
    finish(request, IoError::kNone);
}

void start_deallocating(Request& request) {
    deallocate_next(request, IoError::kNone);
}

// --- Copy

/// Blocks that the command copies in all, once every range was found good.
base::Result<uint32_t, nvme::Status> copied_blocks(const Request& request, const Namespace& ns) {
    const uint32_t limit = ns.copy_limit();
    uint32_t total = 0;
    for (uint32_t i = 0; i < nvme::range_count(request.sqe); ++i) {
        const auto range = entry_at<nvme::CopyRange>(request, i);
        const uint32_t blocks = range.nlb + 1U;
        if (blocks > limit || blocks > limit - total) {
            return status::kCommandSizeLimit.dnr();
        }
        if (const nvme::Status verdict = ns.check_range(range.slba, blocks); !verdict.ok()) {
            return verdict;
        }
        total += blocks;
    }
    return total;
}

void copy_write(Request& request) {
    const Namespace& ns = *request.ns;
    request.kind = Io::Kind::kWrite;
    request.offset = nvme::start_block(request.sqe) * ns.block_bytes();
    request.length = request.position;
    request.force_unit_access = is_forced(request);
    request.data = request.scratch.bytes().first(request.position);
    submit(request, finish);
}

/// Reads one range after the other. request.step is the next one, request.position where it goes in
/// the scratch memory.
void copy_read_next(Request& request, IoError error) {
    if (error != IoError::kNone) {
        finish(request, error);
        return;
    }
    const Namespace& ns = *request.ns;
    if (request.step == nvme::range_count(request.sqe)) {
        const uint64_t blocks = request.position / ns.block_bytes();
        wait_for_turn(request, nvme::start_block(request.sqe), blocks, WriteOrder::Kind::kPlain,
                      copy_write);
        return;
    }
    const auto range = entry_at<nvme::CopyRange>(request, request.step++);
    request.kind = Io::Kind::kRead;
    request.offset = range.slba * ns.block_bytes();
    request.length = (range.nlb + 1U) * uint64_t{ns.block_bytes()};
    request.data = request.scratch.bytes().subspan(request.position, request.length);
    request.position += request.length;
    submit(request, copy_read_next);
}

}  // namespace

Checked check_dataset_management(const Request& request) {
    if (const nvme::Status verdict = check_access(request, Access::kWrite); !verdict.ok()) {
        return verdict;
    }
    return list_bytes(request, sizeof(nvme::DsmRange));
}

void dataset_management(Request& request) {
    const Namespace& ns = *request.ns;
    const nvme::Status verdict = check_ranges(request, ns);
    if (!verdict.ok() || !deallocates(request)) {
        complete(request, verdict);
        return;
    }
    // One place for all ranges: an operation that needs these blocks alone waits a little longer.
    wait_for_turn(request, 0, RangeOrder::kWholeDisk, WriteOrder::Kind::kPlain, start_deallocating);
}

/// How much it copies is known once its ranges are here.
size_t scratch_of_copy(const Request& /*request*/) {
    return Queue::kScratchBytes;
}

Checked check_copy(const Request& request) {
    constexpr uint32_t kFormatMask = 0xFU << 8U;
    for (const Access access : {Access::kRead, Access::kWrite}) {
        if (const nvme::Status verdict = check_access(request, access); !verdict.ok()) {
            return verdict;
        }
    }
    if ((request.sqe.cdw12 & kFormatMask) != 0) {
        return status::kInvalidField.dnr().at(12, 8);
    }
    return list_bytes(request, sizeof(nvme::CopyRange));
}

void copy(Request& request) {
    const Namespace& ns = *request.ns;
    const auto blocks = copied_blocks(request, ns);
    const nvme::Status verdict =
        blocks ? ns.check_range(nvme::start_block(request.sqe), *blocks) : blocks.error();
    if (!verdict.ok()) {
        complete(request, verdict);
        return;
    }
    IoCounters& counters = request.queue->counters();
    ++counters.read_commands;
    ++counters.write_commands;
    counters.written_bytes += uint64_t{*blocks} * ns.block_bytes();
    request.position = 0;
    copy_read_next(request, IoError::kNone);
}

}  // namespace target
