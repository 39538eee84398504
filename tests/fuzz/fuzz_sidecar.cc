// SPDX-License-Identifier: GPL-2.0-or-later
//
// A sidecar that a crash, a bug or another program left: the fields of its header, then entries of
// its log. Checksums are made right here, so that what lies behind them is reached. Whatever
// stands there, recovery ends, and afterwards every block matches its tuple or is corruption that
// was there before.
#include <algorithm>
#include <cstdlib>

#include "support/crash_disk.h"
#include "target/protection/sidecar.h"

namespace {

constexpr uint64_t kMostBlocks = 256;

struct Fields {
    nvme::le32 block_bytes;
    nvme::le64 blocks;
    uint8_t type = 0;
    uint8_t guard_bits = 0;
    uint8_t state = 0;
    uint8_t flags = 0;
    nvme::le64 log_entries;
    nvme::le64 built;
    nvme::le64 committed;
};

struct Entry {
    nvme::le64 sequence;
    nvme::le64 first;
    nvme::le32 blocks;
    uint8_t kind = 0;
};

target::SidecarHeader header_of(const Fields& fields) {
    nvme::PiFormat format;
    format.block_bytes = fields.block_bytes;
    format.type = fields.type;
    format.guard_bits = fields.guard_bits;
    auto header = target::new_header(format, fields.blocks, {1}, fields.log_entries);
    header.state = fields.state;
    header.flags = fields.flags;
    header.built = fields.built;
    header.committed = fields.committed;
    return header;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    base::Reader reader(std::as_bytes(std::span(data, size)));
    const auto fields = reader.take<Fields>();
    if (!fields || fields->blocks > kMostBlocks ||
        fields->log_entries > 4 * target::kMinLogEntries) {
        return 0;
    }
    auto header = header_of(*fields);
    const uint64_t bytes = target::sidecar_bytes(header);
    support::MemoryStore sidecar(base::Bytes(std::clamp<uint64_t>(bytes, 8192, 1U << 20U)));
    if (!target::write_header(sidecar, header)) {
        return 0;
    }
    const auto read = target::read_header(sidecar, sidecar.content.size());
    if (!read) {
        return 0;
    }
    header = *read;
    while (const auto entry = reader.take<Entry>()) {
        const auto made = target::make_entry(header, entry->sequence,
                                             static_cast<target::LogEntry::Kind>(entry->kind),
                                             entry->first, entry->blocks);
        const uint64_t slot = entry->sequence % header.log_entries;
        (void)sidecar.write(header.log_offset + slot * sizeof made, base::bytes_of(made));
    }
    support::MemoryStore image(base::Bytes(header.blocks * header.block_bytes));
    if (!target::check_pair(header, image.content.size())) {
        return 0;
    }
    if (!target::recover(image, sidecar, header, {2}) ||
        !target::sample_pair(image, sidecar, header)) {
        std::abort();
    }
    return 0;
}
