// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/check/block_audit.h"

#include <sys/random.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "boot/kernel/device_node.h"

namespace boot {
namespace {

using nvme::PiField;
using nvme::PiFormat;

/// The size of one read command: well below what any controller and the kernel take at once.
constexpr size_t kCommandBytes = 32U << 10U;
/// The end of the superblocks of the usual file systems: that of btrfs is at 64 KiB.
constexpr uint64_t kSuperblockBytes = 68U << 10U;
constexpr uint64_t kBackupTableBlocks = 33;  ///< of a GPT, at the end of the disk

Failure refusal(const std::string& text) {
    return Failure::final(ExitCode::kFormat, base::error(text));
}

/// The command did not reach the target, or its answer did not come back whole: nothing was said of
/// the blocks.
bool is_of_path(const base::Result<nvme::Status>& status) {
    if (!status) {
        return is_not_yet(status.error().code);
    }
    return status->type == nvme::status::kHostPathError.type ||
           *status == nvme::status::kDataTransferError ||
           *status == nvme::status::kTransientTransportError;
}

std::string hex(uint64_t value) {
    return base::format("%llXh", static_cast<unsigned long long>(value));
}

/// Walks over ranges of blocks.
class Audit {
  public:
    Audit(IoDevice& device, const PiFormat& format, uint64_t blocks)
        : device_(device),
          format_(format),
          blocks_(blocks),
          most_(
              static_cast<uint32_t>(kCommandBytes / (format.block_bytes + format.metadata_bytes))),
          data_(most_ *
                (size_t{format.block_bytes} + (format.extended ? format.metadata_bytes : 0))),
          metadata_(format.extended ? 0 : most_ * size_t{format.metadata_bytes}) {}

    /// As far as the namespace goes.
    Outcome<base::Nothing> range(uint64_t first, uint64_t count);
    Outcome<base::Nothing> superblocks();
    Outcome<base::Nothing> sample(uint64_t count);
    [[nodiscard]] const AuditReport& report() const { return report_; }

  private:
    Outcome<base::Nothing> read(uint64_t first, uint32_t count);
    [[nodiscard]] nvme::BlocksView view(uint32_t count) const;
    [[nodiscard]] std::optional<nvme::PiMismatch> mismatch(uint64_t first, uint32_t count) const;
    Outcome<base::Nothing> check(uint64_t first, uint32_t count);
    Failure explain(uint64_t first, uint32_t count, const nvme::PiMismatch& bad);
    std::string layer(uint64_t block);
    Outcome<std::vector<uint64_t>> partitions();
    Outcome<base::Bytes> bytes_of(uint64_t first, uint32_t count);

    IoDevice& device_;
    const PiFormat& format_;
    const uint64_t blocks_;
    const uint32_t most_;  ///< blocks of one command
    base::Bytes data_;
    base::Bytes metadata_;
    AuditReport report_;
};

Outcome<base::Nothing> Audit::read(uint64_t first, uint32_t count) {
    const auto data = std::span(data_).first(data_.size() / most_ * count);
    const auto metadata = std::span(metadata_).first(metadata_.size() / most_ * count);
    const auto status = device_.read({first, count, 0}, data, metadata);
    if (!status || !status->ok()) {
        const std::string text = "audit-read: blocks from " + std::to_string(first) +
                                 " on cannot be read with their checksums: " +
                                 (status ? nvme::describe(*status) : status.error().text);
        return is_of_path(status) ? Failure::passing(ExitCode::kConnect, base::error(text))
                                  : refusal(text);
    }
    return base::done();
}

nvme::BlocksView Audit::view(uint32_t count) const {
    const base::ByteView data = base::ByteView(data_).first(data_.size() / most_ * count);
    return format_.extended
               ? nvme::BlocksView::extended(format_, data)
               : nvme::BlocksView::separate(
                     format_, data,
                     base::ByteView(metadata_).first(metadata_.size() / most_ * count));
}

/// A block that switches its own checks off is none that was protected: no escape.
std::optional<nvme::PiMismatch> Audit::mismatch(uint64_t first, uint32_t count) const {
    return nvme::verify(format_, view(count), {.ref_tag = first},
                        {.guard = true, .ref_tag = format_.type == 1, .escape = false});
}

Outcome<base::Nothing> Audit::check(uint64_t first, uint32_t count) {
    TRY_VOID(read(first, count));
    if (mismatch(first, count)) {
        TRY_VOID(read(first, count));
        if (const auto bad = mismatch(first, count)) {
            return explain(first, count, *bad);
        }
        ++report_.transient;
    }
    report_.blocks += count;
    return base::done();
}

/// Whose fault it is, by the target's own judgement of the block.
std::string Audit::layer(uint64_t block) {
    const uint32_t checks =
        nvme::IoFlags::kCheckGuard | (format_.type == 3 ? 0 : nvme::IoFlags::kCheckReference);
    const auto status = device_.verify({block, 1, checks});
    if (status && status->ok()) {
        return "the target finds the block correct, so the block changed between the target's "
               "check and this machine (memory of the target, network, this machine)";
    }
    if (status && status->type == nvme::status::kGuardCheck.type) {
        return "the target finds the block corrupt too: its disk is at fault, or the program that "
               "wrote the block";
    }
    return "the target cannot verify the block";
}

Failure Audit::explain(uint64_t first, uint32_t count, const nvme::PiMismatch& bad) {
    constexpr uint16_t kEscape = 0xFFFF;
    const uint64_t block = first + bad.block;
    const bool escaped =
        nvme::unpack_tuple(format_, view(count).tuple(bad.block)).app_tag == kEscape;
    const std::string id = escaped                        ? "audit-escape"
                           : bad.field == PiField::kGuard ? "audit-guard"
                                                          : "audit-ref";
    return refusal(id + ": LBA " + std::to_string(block) + ": " +
                   (escaped ? "the application tag disables the checks, and the " : "the ") +
                   std::string(nvme::name(bad.field)) + " is " + hex(bad.found) + ", " +
                   hex(bad.expected) + " expected; " + layer(block));
}

Outcome<base::Nothing> Audit::range(uint64_t first, uint64_t count) {
    if (first >= blocks_) {
        return base::done();
    }
    const uint64_t end = first + std::min(count, blocks_ - first);
    while (first < end) {
        const auto piece = static_cast<uint32_t>(std::min<uint64_t>(most_, end - first));
        TRY_VOID(check(first, piece));
        first += piece;
    }
    return base::done();
}

/// Checked blocks, without what lies between them.
Outcome<base::Bytes> Audit::bytes_of(uint64_t first, uint32_t count) {
    base::Bytes bytes;
    for (uint64_t end = std::min(first + count, blocks_); first < end; ++first) {
        TRY_VOID(check(first, 1));
        --report_.blocks;  // one of those that superblocks() counts
        const base::ByteView block = base::ByteView(data_).first(format_.block_bytes);
        bytes.insert(bytes.end(), block.begin(), block.end());
    }
    return bytes;
}

/// The first blocks of partitions, by the GPT or else the MBR.
Outcome<std::vector<uint64_t>> Audit::partitions() {
    constexpr size_t kMbrTable = 446;
    constexpr size_t kMbrEntry = 16;
    constexpr size_t kMbrFirst = 8;
    constexpr size_t kGptEntry = 128;
    constexpr size_t kGptFirst = 32;
    constexpr uint32_t kGptEntries = 128;
    const auto number = [](base::ByteView bytes, size_t at, auto zero) {
        return base::Reader(bytes.subspan(at)).template take<decltype(zero)>().value_or(zero);
    };
    TRY(const base::Bytes head, bytes_of(0, 2));
    std::vector<uint64_t> starts;
    constexpr std::string_view kGptMagic = "EFI PART";
    const bool gpt = head.size() > format_.block_bytes + kGptMagic.size() &&
                     base::text_of(base::ByteView(head).subspan(format_.block_bytes,
                                                                kGptMagic.size())) == kGptMagic;
    if (gpt) {
        TRY(const base::Bytes table,
            bytes_of(2, kGptEntries * static_cast<uint32_t>(kGptEntry) / format_.block_bytes));
        for (size_t at = 0; at + kGptEntry <= table.size(); at += kGptEntry) {
            starts.push_back(number(table, at + kGptFirst, nvme::le64{}));
        }
        return starts;
    }
    for (size_t at = kMbrTable; at < kMbrTable + 4 * kMbrEntry; at += kMbrEntry) {
        starts.push_back(number(head, at + kMbrFirst, nvme::le32{}));
    }
    return starts;
}

Outcome<base::Nothing> Audit::superblocks() {
    const uint64_t count = kSuperblockBytes / format_.block_bytes;
    TRY_VOID(range(0, count));
    TRY_VOID(range(blocks_ - std::min(blocks_, kBackupTableBlocks), kBackupTableBlocks));
    TRY(const std::vector<uint64_t> starts, partitions());
    for (const uint64_t start : starts) {
        if (start != 0) {
            TRY_VOID(range(start, count));
        }
    }
    return base::done();
}

/// Samples blocks at random, so that a target cannot know which.
Outcome<base::Nothing> Audit::sample(uint64_t count) {
    for (; count > 0; --count) {
        uint64_t random = 0;
        if (::getrandom(&random, sizeof random, 0) != sizeof random) {
            return refusal("audit-read: the kernel has no random numbers to select blocks");
        }
        TRY_VOID(check(random % blocks_, 1));
    }
    return base::done();
}

}  // namespace

Outcome<AuditReport> audit_blocks(IoDevice& device, const PiFormat& format, uint64_t blocks,
                                  const AuditPolicy& policy) {
    if (blocks == 0 || format.metadata_bytes > format.block_bytes) {
        return refusal("audit-format: a namespace of " + std::to_string(blocks) + " blocks, " +
                       nvme::describe(format) + ", cannot be audited");
    }
    Audit audit(device, format, blocks);
    switch (policy.extent) {
        case AuditPolicy::Extent::kNone:
            break;
        case AuditPolicy::Extent::kSuperblocks:
            TRY_VOID(audit.superblocks());
            break;
        case AuditPolicy::Extent::kFirst:
            TRY_VOID(audit.range(0, policy.count));
            break;
        case AuditPolicy::Extent::kSample:
            TRY_VOID(audit.sample(policy.count));
            break;
        case AuditPolicy::Extent::kFull:
            TRY_VOID(audit.range(0, blocks));
            break;
    }
    return audit.report();
}

std::string describe(const AuditReport& report) {
    return std::to_string(report.blocks) + " blocks match their checksums" +
           (report.transient == 0 ? ""
                                  : ", " + std::to_string(report.transient) +
                                        " of the reads only at the second attempt");
}

}  // namespace boot
