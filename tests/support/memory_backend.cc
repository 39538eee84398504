// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/memory_backend.h"

#include <algorithm>

namespace support {

using target::Io;

void MemoryBackend::submit(Io& io) {
    const base::MutableBytes range = std::span(content_).subspan(io.offset, io.length);
    switch (io.kind) {
        case Io::Kind::kRead:
            std::ranges::copy(range, io.data.begin());
            break;
        case Io::Kind::kWrite:
            std::ranges::copy(io.data, range.begin());
            break;
        case Io::Kind::kWriteZeroes:
            std::ranges::fill(range, std::byte{0});
            break;
        case Io::Kind::kFlush:
        case Io::Kind::kDiscard:
            break;
    }
    io.done(target::IoError::kNone);
}

}  // namespace support
