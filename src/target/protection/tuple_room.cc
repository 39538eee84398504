// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/protection/tuple_room.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "target/protection/sidecar.h"

namespace target {

TupleRoom TupleRoom::of_file(int fd, uint64_t first, uint64_t end) {
    TupleRoom room;
    for (uint64_t at = first; at < end;) {
        const off_t hole = lseek(fd, static_cast<off_t>(at), SEEK_HOLE);
        if (hole < 0 || static_cast<uint64_t>(hole) >= end) {
            break;  // the end of a file counts as a hole
        }
        const off_t data = lseek(fd, hole, SEEK_DATA);
        at = data < 0 ? end : std::min(static_cast<uint64_t>(data), end);
        room.add_hole({static_cast<uint64_t>(hole), at});
    }
    return room;
}

std::optional<ByteRange> TupleRoom::missing(ByteRange wanted) const {
    const uint64_t first = wanted.first / kSidecarPage * kSidecarPage;
    const uint64_t end = (wanted.end + kSidecarPage - 1) / kSidecarPage * kSidecarPage;
    auto hole = holes_.upper_bound(first);
    if (hole != holes_.begin() && std::prev(hole)->second > first) {
        --hole;
    }
    if (hole == holes_.end() || hole->first >= end) {
        return std::nullopt;
    }
    return ByteRange{std::max(first, hole->first), std::min(end, hole->second)};
}

void TupleRoom::filled(ByteRange piece) {
    const auto hole = std::prev(holes_.upper_bound(piece.first));
    const ByteRange before{hole->first, piece.first};
    const ByteRange behind{piece.end, hole->second};
    holes_.erase(hole);
    for (const ByteRange& rest : {before, behind}) {
        if (rest.first < rest.end) {
            add_hole(rest);
        }
    }
}

bool allocate(int fd, ByteRange range) {
    const int mode = FALLOC_FL_KEEP_SIZE;
    return fallocate(fd, mode, static_cast<off_t>(range.first),
                     static_cast<off_t>(range.end - range.first)) == 0 ||
           (errno != ENOSPC && errno != EDQUOT);
}

}  // namespace target
