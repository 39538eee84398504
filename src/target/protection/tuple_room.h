// SPDX-License-Identifier: GPL-2.0-or-later
//
// Holes of a sidecar: places for tuples that have no room on the disk yet. A writer allocates
// the room first, so that a full disk shows while only one write fails.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace target {

/// Bytes of a file, from `first` to before `end`.
struct ByteRange {
    uint64_t first = 0;
    uint64_t end = 0;
};

class TupleRoom {
  public:
    TupleRoom() = default;
    /// Looks for holes from `first` to before `end`. A file system that cannot tell has none.
    static TupleRoom of_file(int fd, uint64_t first, uint64_t end);

    void add_hole(ByteRange hole) { holes_[hole.first] = hole.end; }
    [[nodiscard]] bool complete() const { return holes_.empty(); }
    /// The first piece of `wanted`, rounded outwards to pages, that lies in a hole.
    [[nodiscard]] std::optional<ByteRange> missing(ByteRange wanted) const;
    /// The piece that missing() returned has room now.
    void filled(ByteRange piece);

  private:
    std::map<uint64_t, uint64_t> holes_;  ///< first byte -> the one behind the last
};

/// Gives a part of a file its room, as far as its file system can. @return false: there is none
bool allocate(int fd, ByteRange range);

}  // namespace target
