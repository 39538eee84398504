// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/crash_disk.h"

#include <algorithm>

namespace support {

size_t CrashDisk::add_file(size_t bytes) {
    files_.push_back({base::Bytes(bytes), {}});
    return files_.size() - 1;
}

void CrashDisk::begin() {
    events_.clear();
    for (File& file : files_) {
        file.at_begin = file.content;
    }
}

void CrashDisk::write(size_t file, uint64_t offset, base::ByteView bytes, bool durable) {
    std::ranges::copy(bytes, files_[file].content.begin() + static_cast<std::ptrdiff_t>(offset));
    events_.push_back({file, false, durable, offset, base::Bytes(bytes.begin(), bytes.end())});
}

void CrashDisk::sync(size_t file) {
    events_.push_back({file, true, false, 0, {}});
}

base::Bytes CrashDisk::killed(size_t file, size_t moment) const {
    base::Bytes content = files_[file].at_begin;
    for (size_t i = 0; i < moment; ++i) {
        const Event& event = events_[i];
        if (event.file == file) {
            std::ranges::copy(event.bytes,
                              content.begin() + static_cast<std::ptrdiff_t>(event.offset));
        }
    }
    return content;
}

base::Bytes CrashDisk::power_cut(size_t file, size_t moment, std::mt19937& random) const {
    size_t synced = 0;
    for (size_t i = 0; i < moment; ++i) {
        synced = events_[i].file == file && events_[i].is_sync ? i : synced;
    }
    base::Bytes content = files_[file].at_begin;
    for (size_t i = 0; i < moment; ++i) {
        const Event& event = events_[i];
        if (event.file != file) {
            continue;
        }
        const bool safe = i < synced || event.durable;
        for (uint64_t at = 0; at < event.bytes.size();) {
            const uint64_t offset = event.offset + at;
            const uint64_t length =
                std::min<uint64_t>(kSector - offset % kSector, event.bytes.size() - at);
            if (safe || random() % 2 == 0) {
                std::copy_n(event.bytes.begin() + static_cast<std::ptrdiff_t>(at), length,
                            content.begin() + static_cast<std::ptrdiff_t>(offset));
            }
            at += length;
        }
    }
    return content;
}

void CrashBackend::settle(Held held) {
    held.backend->perform(*held.io);
    held.io->done(target::IoError::kNone);
}

void CrashBackend::perform(target::Io& io) {
    base::Bytes& content = disk_.now(file_);
    switch (io.kind) {
        case target::Io::Kind::kRead:
            std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(io.offset), io.length,
                        io.data.begin());
            break;
        case target::Io::Kind::kWrite:
            disk_.write(file_, io.offset, io.data, io.force_unit_access);
            break;
        case target::Io::Kind::kFlush:
            disk_.sync(file_);
            break;
        case target::Io::Kind::kWriteZeroes:
            disk_.write(file_, io.offset, base::Bytes(io.length), io.force_unit_access);
            break;
        case target::Io::Kind::kDiscard:
            break;
    }
}

base::Status MemoryStore::read(uint64_t offset, base::MutableBytes into) {
    if (offset + into.size() > content.size()) {
        return base::error("end of store");
    }
    std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    return base::done();
}

base::Status MemoryStore::write(uint64_t offset, base::ByteView from) {
    std::ranges::copy(from, content.begin() + static_cast<std::ptrdiff_t>(offset));
    return base::done();
}

}  // namespace support
