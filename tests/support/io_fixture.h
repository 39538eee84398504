// SPDX-License-Identifier: GPL-2.0-or-later
//
// A target with a controller that is ready and one I/O queue, and the commands that only tests of
// it build.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "support/target_fixture.h"

namespace support {

struct IoFixture : TargetFixture {
    explicit IoFixture(const target::Limits& limits = {}, const host::QueueOptions& options = {});

    /// Status number of a command that ends at once; FFFFh for one that does not end.
    uint16_t run(host::Command command);
    /// Sends a capsule as it is. @return all that came back at once
    base::Bytes send(nvme::Sqe sqe, base::ByteView data = {});
    /// Unrequested output since, such as answers of commands a backend had.
    base::Bytes answers() { return io->peer.exchange({}); }
    void fill(uint64_t block, base::ByteView bytes);
    base::Bytes blocks(uint64_t block, size_t count) const;

    std::unique_ptr<Line> admin;
    std::unique_ptr<Line> io;
};

struct Range {
    uint64_t start;
    uint32_t count;
};
host::Command compare(uint32_t nsid, const host::BlockRange& range, base::Bytes data);
host::Command verify(uint32_t nsid, const host::BlockRange& range);
host::Command deallocate(uint32_t nsid, const std::vector<Range>& ranges);
/// @param to  first block of the destination
host::Command copy(uint32_t nsid, uint64_t to, const std::vector<Range>& ranges);
host::Command abort(uint16_t sqid, uint16_t cid);

/// A submission entry whose data goes in the capsule (`data` bytes of it), or by R2T.
nvme::Sqe in_capsule(nvme::Sqe sqe, uint16_t cid, size_t data);
nvme::Sqe by_r2t(nvme::Sqe sqe, uint16_t cid, size_t data);

/// The PDUs of `bytes` in words, as `7: Abort Requested` for an answer, `r2t 7`, `data 7`.
std::vector<std::string> words(base::ByteView bytes);

}  // namespace support
