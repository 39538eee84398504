// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/crash_disk.h"

#include <algorithm>
#include <cstring>

namespace support {
namespace {

void put(base::Bytes& content, uint64_t offset, base::ByteView bytes) {
    std::memcpy(content.data() + offset, bytes.data(), bytes.size());
}

}  // namespace

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
    put(files_[file].content, offset, bytes);
    events_.push_back({file, false, durable, offset, base::Bytes(bytes.begin(), bytes.end())});
}

void CrashDisk::sync(size_t file) {
    events_.push_back({file, true, false, 0, {}});
}

CrashReplay::CrashReplay(const CrashDisk& disk) : disk_(disk) {
    for (const CrashDisk::File& file : disk.files_) {
        files_.push_back({file.at_begin, file.at_begin, {}});
    }
}

void CrashReplay::advance() {
    const CrashDisk::Event& event = disk_.events_[moment_];
    File& file = files_[event.file];
    if (event.is_sync) {
        for (const size_t past : file.since) {
            const CrashDisk::Event& write = disk_.events_[past];
            put(file.synced, write.offset, write.bytes);
        }
        file.since.clear();
    } else {
        put(file.cached, event.offset, event.bytes);
        file.since.push_back(moment_);
    }
    ++moment_;
}

void CrashReplay::power_cut(size_t file, std::mt19937& random, base::Bytes& content) const {
    content = files_[file].synced;
    for (const size_t past : files_[file].since) {
        const CrashDisk::Event& event = disk_.events_[past];
        for (uint64_t at = 0; at < event.bytes.size();) {
            const uint64_t offset = event.offset + at;
            const uint64_t length = std::min<uint64_t>(
                CrashDisk::kSector - offset % CrashDisk::kSector, event.bytes.size() - at);
            if (event.durable || random() % 2 == 0) {
                put(content, offset, base::ByteView(event.bytes).subspan(at, length));
            }
            at += length;
        }
    }
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
