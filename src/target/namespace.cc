// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/namespace.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "nvme/pi.h"

namespace target {
namespace {

constexpr uint16_t kTupleBytes = 8;
constexpr uint8_t kDpcAllTypesLast = 0x17;  ///< types 1 to 3, tuple in the last bytes

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

Namespace::Namespace(NamespaceConfig config, std::unique_ptr<Backend> backend)
    : config_(std::move(config)),
      backend_(std::move(backend)),
      block_count_(backend_->size_bytes() / config_.block_bytes) {}

bool Namespace::visible_to(std::string_view hostnqn) const {
    return config_.hosts.empty() ||
           std::ranges::find(config_.hosts, hostnqn) != config_.hosts.end();
}

void Namespace::change(NamespaceConfig config) {
    config_ = std::move(config);
    block_count_ = backend_->size_bytes() / config_.block_bytes;
    ++generation_;
}

bool Namespace::resize() {
    backend_->refresh();
    const uint64_t before = block_count_;
    block_count_ = backend_->size_bytes() / config_.block_bytes;
    if (block_count_ == before) {
        return false;
    }
    ++generation_;
    return true;
}

void Namespace::protect(WriteProtection state) {
    write_protection_ = state;
    ++generation_;
}

void Namespace::retire() {
    retired_ = true;
    ++generation_;
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
    if (config_.protection_type != 0) {
        out.lbaf[0].ms = kTupleBytes;
        out.flbas = nvme::IdentifyNamespace::kFlbasExtended;
        out.mc = nvme::IdentifyNamespace::kMcExtended;
        out.dpc = kDpcAllTypesLast;
        out.dps = config_.protection_type;
    }
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
