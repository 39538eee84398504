// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/namespace.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <utility>

#include "nvme/pi.h"
#include "target/protection/integrity.h"

namespace target {
namespace {

constexpr uint16_t kTupleBytes = 8;

uint64_t next_serial() {
    static std::atomic<uint64_t> last = 0;
    return ++last;
}

nvme::PiField field_of(IoError error) {
    switch (error) {
        case IoError::kAppTag:
            return nvme::PiField::kAppTag;
        case IoError::kStorageTag:
            return nvme::PiField::kStorageTag;
        case IoError::kRefTag:
            return nvme::PiField::kRefTag;
        default:
            return nvme::PiField::kGuard;
    }
}

}  // namespace

Namespace::Namespace(NamespaceConfig config, std::shared_ptr<Backend> backend)
    : serial_(next_serial()), config_(std::move(config)), backend_(std::move(backend)) {
    look_at_store();
}

void Namespace::look_at_store() {
    block_count_ = backend_->size_bytes() / config_.block_bytes;
    format_ = {.block_bytes = config_.block_bytes};
    if (config_.exposed) {
        format_ = backend_->integrity()->format();
        format_.extended = true;
    } else if (config_.protection_type != 0) {
        format_.metadata_bytes = kTupleBytes;
        format_.extended = true;
        format_.type = config_.protection_type;
    }
}

bool Namespace::visible_to(std::string_view hostnqn) const {
    return config_.hosts.empty() ||
           std::ranges::find(config_.hosts, hostnqn) != config_.hosts.end();
}

void Namespace::change(NamespaceConfig config) {
    config_ = std::move(config);
    look_at_store();
}

bool Namespace::resize() {
    backend_->refresh();
    const uint64_t before = block_count_;
    block_count_ = backend_->size_bytes() / config_.block_bytes;
    return block_count_ != before;
}

uint8_t Namespace::reservation_capabilities() const {
    constexpr uint8_t kAllTypes = 0x7E;
    constexpr uint8_t kIgnoreExistingKey13 = 1U << 7U;  // IEKEY as in revision 1.3 and later
    return static_cast<uint8_t>(kAllTypes | kIgnoreExistingKey13 |
                                (reservations_.can_persist() ? 1U : 0U));
}

nvme::IdentifyNamespace Namespace::identify() const {
    nvme::IdentifyNamespace out;
    out.nsze = block_count_;
    out.ncap = block_count_;
    out.nuse = block_count_;
    out.nmic = nvme::IdentifyNamespace::kNmicShared;
    out.rescap = reservation_capabilities();
    out.nsattr = read_only() ? nvme::IdentifyNamespace::kNsattrWriteProtected : uint8_t{0};
    out.anagrpid = config_.ana_group;
    out.nvmcap[0] = block_count_ * config_.block_bytes;
    out.dlfeat =
        nvme::IdentifyNamespace::kDlfeatReadsZero | nvme::IdentifyNamespace::kDlfeatWriteZeroes;
    out.mssrl = static_cast<uint16_t>(copy_limit());
    out.mcl = copy_limit();
    out.msrc = nvme::kMostRanges - 1;
    out.nguid = config_.ids.nguid;
    out.eui64 = config_.ids.eui64;
    out.lbaf[0].lbads = static_cast<uint8_t>(std::countr_zero(config_.block_bytes));
    if (format_.type != 0) {
        out.lbaf[0].ms = static_cast<uint16_t>(format_.metadata_bytes);
        out.flbas = nvme::IdentifyNamespace::kFlbasExtended;
        out.mc = nvme::IdentifyNamespace::kMcExtended;
        out.dpc =
            static_cast<uint8_t>(nvme::IdentifyNamespace::kDpcLast | 1U << (format_.type - 1U));
        out.dps = format_.type;
        out.dlfeat |= nvme::IdentifyNamespace::kDlfeatGuardOfZeros;
    }
    if (Integrity* integrity = backend_->integrity()) {
        out.note = note_of(integrity->format());
    }
    return out;
}

nvme::ProtectionNote Namespace::note_of(const nvme::PiFormat& stored) const {
    nvme::ProtectionNote note;
    note.magic = nvme::ProtectionNote::kMagic;
    note.version = nvme::ProtectionNote::kVersion;
    note.type = stored.type;
    note.guard_bits = stored.guard_bits;
    if (!config_.audit_nqn.empty()) {
        note.audit_nsid = config_.nsid;
        nvme::set_field(note.audit_nqn, config_.audit_nqn, '\0');
    }
    return note;
}

nvme::IdentifyNvmNamespace Namespace::identify_nvm() const {
    nvme::IdentifyNvmNamespace out;
    const uint32_t pif = format_.guard_bits == 16 ? 0 : format_.guard_bits / 32U;
    out.elbaf[0] = pif << nvme::IdentifyNvmNamespace::kPifShift;
    return out;
}

nvme::IdentifyIndependentNamespace Namespace::identify_independent() const {
    nvme::IdentifyIndependentNamespace out;
    out.nmic = nvme::IdentifyNamespace::kNmicShared;
    out.rescap = reservation_capabilities();
    out.nsattr = read_only() ? nvme::IdentifyNamespace::kNsattrWriteProtected : uint8_t{0};
    out.anagrpid = config_.ana_group;
    out.nstat = nvme::IdentifyIndependentNamespace::kNstatReady;
    return out;
}

nvme::Status Namespace::check_range(uint64_t first, uint32_t blocks) const {
    if (first >= block_count_ || blocks > block_count_ - first) {
        return nvme::status::kLbaOutOfRange.dnr();
    }
    return nvme::status::kSuccess;
}

nvme::Status to_status(IoError error, Io::Kind kind, bool exposed) {
    switch (error) {
        case IoError::kNone:
            return nvme::status::kSuccess;
        case IoError::kMedium:
            return kind == Io::Kind::kRead ? nvme::status::kUnrecoveredRead
                                           : nvme::status::kWriteFault;
        case IoError::kNoSpace:
            return nvme::status::kCapacityExceeded.dnr();
        case IoError::kReadOnly:
            return nvme::status::kNamespaceWriteProtected.dnr();
        case IoError::kUnsupported:
            return nvme::status::kInvalidOpcode.dnr();
        case IoError::kUnwanted:
            return nvme::status::kCommandInterrupted;
        case IoError::kGuard:
        case IoError::kAppTag:
        case IoError::kStorageTag:
        case IoError::kRefTag:
            return exposed ? nvme::to_status(field_of(error))
                           : nvme::status::kUnrecoveredRead.dnr();
    }
    return nvme::status::kInternalError;
}

}  // namespace target
