// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/recording_disk.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace support {

void RecordingDisk::start(target::IoDone done, int result, Id id, bool durable) {
    pending_.push_back({std::move(done), result, id, durable, {}});
    on_moment();
}

void RecordingDisk::put(Id id, base::ByteView bytes, uint64_t offset) {
    std::ranges::copy(bytes, std::span(cached_).subspan(offset).begin());
    for (size_t at = 0; at < bytes.size(); at += kSector) {
        const auto sector = bytes.subspan(at, kSector);
        possible_[(offset + at) / kSector].push_back({id, {sector.begin(), sector.end()}});
    }
}

void RecordingDisk::read(int /*fd*/, base::MutableBytes into, uint64_t offset,
                         target::IoDone done) {
    std::ranges::copy(std::span(cached_).subspan(offset, into.size()), into.begin());
    start(std::move(done), static_cast<int>(into.size()), 0, false);
}

/// Sometimes takes only a part, as write(2) may.
void RecordingDisk::write(int /*fd*/, base::ByteView from, uint64_t offset, bool durable,
                          target::IoDone done) {
    if (durable && forced_writes_fail != 0) {
        start(std::move(done), -forced_writes_fail, 0, false);
        return;
    }
    const size_t sectors = from.size() / kSector;
    const size_t taken = random_() % 4 == 0 ? 1 + random_() % sectors : sectors;
    const Id id = next_id_++;
    put(id, from.first(taken * kSector), offset);
    start(std::move(done), static_cast<int>(taken * kSector), id, durable);
}

void RecordingDisk::allocate(int /*fd*/, int /*mode*/, uint64_t offset, uint64_t length,
                             target::IoDone done) {
    if (!can_allocate) {
        start(std::move(done), -EOPNOTSUPP, 0, false);
        return;
    }
    const Id id = next_id_++;
    put(id, base::Bytes(length), offset);
    start(std::move(done), 0, id, false);
}

void RecordingDisk::sync(int /*fd*/, target::IoDone done) {
    start(std::move(done), sync_fails ? -EIO : 0, 0, true);
    if (sync_fails) {
        possible_.clear();
        ended_.clear();
    }
    pending_.back().covers = ended_;
}

void RecordingDisk::finish(size_t index) {
    Operation operation = std::move(pending_[index]);
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(index));
    if (operation.id != 0) {
        ended_.push_back(operation.id);
        operation.covers.push_back(operation.id);
    }
    if (operation.stable_when_done && operation.result >= 0) {
        settle(operation.covers);
    }
    on_moment();
    operation.done(operation.result);
    on_moment();
}

void RecordingDisk::settle(const std::vector<Id>& writes) {
    const auto is_settled = [&](Id id) { return std::ranges::find(writes, id) != writes.end(); };
    for (auto& [sector, contents] : possible_) {
        const auto last = std::find_if(contents.rbegin(), contents.rend(),
                                       [&](const Possible& p) { return is_settled(p.id); });
        if (last != contents.rend()) {
            std::ranges::copy(last->content, std::span(stable_).subspan(sector * kSector).begin());
            contents.erase(contents.begin(), last.base());
        }
    }
    std::erase_if(ended_, is_settled);
}

base::ByteView RecordingDisk::any(size_t sector, std::minstd_rand& random) const {
    const auto found = possible_.find(sector);
    const size_t more = found == possible_.end() ? 0 : found->second.size();
    const size_t choice = random() % (more + 1);
    return choice == 0 ? oldest(sector) : base::ByteView(found->second[choice - 1].content);
}

}  // namespace support
