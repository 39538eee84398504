// SPDX-License-Identifier: GPL-2.0-or-later
//
// The vocabulary of the NVM Express Base Specification that every other file here speaks: the
// 64-byte submission entry, the 16-byte completion entry, the SGL descriptor, opcodes, identifiers
// of features, log pages and Identify structures, and the status a command ends with.
//
//   submission entry                          completion entry
//   0  opcode, flags, CID   24 data pointer    0 DW0   (the command's own result)
//   4  NSID                 40 CDW10           4 DW1
//   8  CDW2, CDW3           ...                8 SQHD, SQID
//   16 metadata pointer     60 CDW15          12 CID, status (phase bit 0, always 0 on fabrics)
//
// Base Specification 2.0: 3.3.3 "Queue Entry", 4.1.2 "Scatter Gather List", 3.3.3.2.1 "Status
// Field".
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/endian.h"

namespace nvme {

using base::be16;
using base::be32;
using base::be64;
using base::le16;
using base::le32;
using base::le64;

/// Bytes of a wire struct that mean nothing: written as zero, not looked at.
template <size_t count>
using Reserved = std::array<uint8_t, count>;

constexpr uint32_t kPageBytes = 4096;  ///< the memory page all limits here are counted in
constexpr uint32_t kIdentifyBytes = 4096;
constexpr uint32_t kNsidAll = 0xFFFFFFFF;  ///< "every namespace" in commands that allow it

/// A data block descriptor; over TCP a command has exactly one.
struct SglDescriptor {
    static constexpr uint8_t kInCapsule = 0x01;  ///< data block, address = offset in the capsule
    static constexpr uint8_t kTransport = 0x5A;  ///< transport data block: R2T or C2HData move it

    le64 address;
    le32 length;  ///< bytes
    Reserved<3> reserved{};
    uint8_t type = 0;  ///< 7:4 descriptor type, 3:0 sub type
};
static_assert(sizeof(SglDescriptor) == 16 && offsetof(SglDescriptor, type) == 15);

/// A submission queue entry in its general form. Fabrics commands have layouts of their own
/// (fabrics.h); bit_cast goes between them.
struct Sqe {
    uint8_t opcode = 0;
    uint8_t flags = 0;  ///< 1:0 fused operation, 7:6 PSDT (01b: SGL, the only one over fabrics)
    le16 cid;
    le32 nsid;
    le32 cdw2;
    le32 cdw3;
    le64 metadata;
    SglDescriptor sgl;
    le32 cdw10;
    le32 cdw11;
    le32 cdw12;
    le32 cdw13;
    le32 cdw14;
    le32 cdw15;

    static constexpr uint8_t kFusedMask = 0x03;
    static constexpr uint8_t kFusedFirst = 0x01;
    static constexpr uint8_t kFusedSecond = 0x02;
    static constexpr uint8_t kPsdtMask = 0xC0;
    static constexpr uint8_t kPsdtSgl = 0x40;
};
static_assert(sizeof(Sqe) == 64 && offsetof(Sqe, sgl) == 24 && offsetof(Sqe, cdw10) == 40);

/// A completion queue entry.
struct Cqe {
    le32 dw0;
    le32 dw1;
    le16 sqhd;  ///< FFFFh where the host disabled flow control
    le16 sqid;
    le16 cid;
    le16 status;  ///< Status::wire()
};
static_assert(sizeof(Cqe) == 16 && offsetof(Cqe, cid) == 12);

// --- opcodes -------------------------------------------------------------------------------------

enum class AdminOpcode : uint8_t {
    kGetLogPage = 0x02,
    kIdentify = 0x06,
    kAbort = 0x08,
    kSetFeatures = 0x09,
    kGetFeatures = 0x0A,
    kAsyncEventRequest = 0x0C,
    kNamespaceManagement = 0x0D,
    kFirmwareCommit = 0x10,
    kFirmwareDownload = 0x11,
    kDeviceSelfTest = 0x14,
    kNamespaceAttachment = 0x15,
    kKeepAlive = 0x18,
    kDirectiveSend = 0x19,
    kDirectiveReceive = 0x1A,
    kFabrics = 0x7F,
    kFormatNvm = 0x80,
    kSecuritySend = 0x81,
    kSecurityReceive = 0x82,
    kSanitize = 0x84,
};

enum class IoOpcode : uint8_t {
    kFlush = 0x00,
    kWrite = 0x01,
    kRead = 0x02,
    kWriteUncorrectable = 0x04,
    kCompare = 0x05,
    kWriteZeroes = 0x08,
    kDatasetManagement = 0x09,
    kVerify = 0x0C,
    kReservationRegister = 0x0D,
    kReservationReport = 0x0E,
    kReservationAcquire = 0x11,
    kReservationRelease = 0x15,
    kCopy = 0x19,
    kFabrics = 0x7F,
};

/// `Identify`, `Get Log Page`…; empty for an opcode not in the list.
std::string_view name(AdminOpcode opcode);
std::string_view name(IoOpcode opcode);

/// Which way a command's data moves: bits 1:0 of every opcode (and of the Fabrics command type).
enum class DataDirection : uint8_t { kNone = 0, kToController = 1, kToHost = 2, kBoth = 3 };
constexpr DataDirection data_direction(uint8_t opcode) {
    return static_cast<DataDirection>(opcode & 3U);
}

// --- identifiers ---------------------------------------------------------------------------------

/// CNS: which structure Identify returns (CDW10 7:0).
enum class Cns : uint8_t {
    kNamespace = 0x00,
    kController = 0x01,
    kActiveNamespaces = 0x02,
    kNamespaceDescriptors = 0x03,
    kCommandSetNamespace = 0x05,
    kCommandSetController = 0x06,
    kCommandSetActiveNamespaces = 0x07,
    kIndependentNamespace = 0x08,
    kAllocatedNamespaces = 0x10,
    kAllocatedNamespace = 0x11,
    kNamespaceControllers = 0x12,
    kControllers = 0x13,
    kCommandSets = 0x1C,
};

/// FID: features of Set Features and Get Features (CDW10 7:0).
enum class Feature : uint8_t {
    kArbitration = 0x01,
    kPowerManagement = 0x02,
    kTemperatureThreshold = 0x04,
    kErrorRecovery = 0x05,
    kVolatileWriteCache = 0x06,
    kNumberOfQueues = 0x07,
    kWriteAtomicity = 0x0A,
    kAsyncEventConfig = 0x0B,
    kTimestamp = 0x0E,
    kKeepAliveTimer = 0x0F,
    kHostBehavior = 0x16,
    kHostIdentifier = 0x81,
    kReservationMask = 0x82,
    kReservationPersistence = 0x83,
    kWriteProtect = 0x84,
};

/// LID: log pages (CDW10 7:0 of Get Log Page).
enum class LogPage : uint8_t {
    kSupportedPages = 0x00,
    kErrors = 0x01,
    kSmart = 0x02,
    kFirmwareSlots = 0x03,
    kChangedNamespaces = 0x04,
    kCommandEffects = 0x05,
    kAna = 0x0C,
    kFeatureEffects = 0x12,
    kManagementEffects = 0x13,
    kDiscovery = 0x70,
    kReservation = 0x80,
};

std::string_view name(Cns cns);
std::string_view name(Feature feature);
std::string_view name(LogPage page);

/// How good a path to a group of namespaces is (ANA).
enum class AnaState : uint8_t {
    kOptimized = 0x01,
    kNonOptimized = 0x02,
    kInaccessible = 0x03,    ///< by this path, for now
    kPersistentLoss = 0x04,  ///< for good
    kChange = 0x0F,          ///< a moment, please
};

/// DW0 of an Asynchronous Event Request's completion.
struct AsyncEvent {
    enum class Type : uint8_t { kError = 0, kSmart = 1, kNotice = 2, kCommandSet = 6, kVendor = 7 };
    static constexpr uint8_t kTransientError = 0x04;    ///< error; log 01h
    static constexpr uint8_t kReservationLog = 0x00;    ///< command set; log 80h
    static constexpr uint8_t kNamespaceChanged = 0x00;  ///< notice; log 04h
    static constexpr uint8_t kAnaChanged = 0x03;        ///< notice; log 0Ch
    static constexpr uint8_t kDiscoveryChanged = 0xF0;  ///< notice; log 70h

    Type type = Type::kNotice;
    uint8_t info = 0;
    LogPage page = LogPage::kSupportedPages;

    [[nodiscard]] constexpr uint32_t dw0() const {
        return static_cast<uint32_t>(type) | uint32_t{info} << 8U |
               static_cast<uint32_t>(page) << 16U;
    }
};

// --- fields of Read, Write, Compare, Verify and Write Zeroes -------------------------------------

struct IoFlags {                                     // CDW12
    static constexpr uint32_t kBlocksMask = 0xFFFF;  ///< number of logical blocks, 0's based
    static constexpr uint32_t kCheckStorage = 1U << 24U;
    static constexpr uint32_t kDeallocate = 1U << 25U;  ///< Write Zeroes
    static constexpr uint32_t kCheckReference = 1U << 26U;
    static constexpr uint32_t kCheckApplication = 1U << 27U;
    static constexpr uint32_t kCheckGuard = 1U << 28U;
    static constexpr uint32_t kProtectionAction = 1U << 29U;  ///< PRACT: insert or strip the tuple
    static constexpr uint32_t kForceUnitAccess = 1U << 30U;
    static constexpr uint32_t kLimitedRetry = 1U << 31U;
};

/// The first block of an I/O command: CDW10 and CDW11.
inline uint64_t start_block(const Sqe& sqe) {
    return uint64_t{sqe.cdw11} << 32U | sqe.cdw10;
}
/// How many blocks, 1 to 65536.
inline uint32_t block_count(const Sqe& sqe) {
    return (sqe.cdw12 & IoFlags::kBlocksMask) + 1;
}

/// One range of Dataset Management; the command has up to 256.
struct DsmRange {
    le32 attributes;
    le32 nlb;  ///< blocks, may be 0
    le64 slba;

    static constexpr uint32_t kDeallocate = 1U << 2U;  ///< AD in CDW11
};
static_assert(sizeof(DsmRange) == 16 && offsetof(DsmRange, slba) == 8);

/// One source range of Copy, descriptor format 0h.
struct CopyRange {
    Reserved<8> reserved0{};
    le64 slba;
    le16 nlb;  ///< 0's based
    Reserved<6> reserved18{};
    le32 eilbrt;
    le16 elbat;
    le16 elbatm;
};
static_assert(sizeof(CopyRange) == 32 && offsetof(CopyRange, eilbrt) == 24);

constexpr uint32_t kMostRanges = 256;
/// How many ranges a Dataset Management (CDW10) or Copy (CDW12) command has, 1 to 256.
inline uint32_t range_count(const Sqe& sqe) {
    const bool copy = sqe.opcode == static_cast<uint8_t>(IoOpcode::kCopy);
    return ((copy ? sqe.cdw12 : sqe.cdw10) & 0xFFU) + 1;
}

// --- status --------------------------------------------------------------------------------------

/// How a command ended. Two statuses are equal when type and code are: the rest is advice.
struct Status {
    uint8_t type = 0;    ///< SCT: 0 generic, 1 command specific, 2 media, 3 path
    uint8_t code = 0;    ///< SC
    bool final = false;  ///< DNR: the same command would fail again, do not retry
    bool more = false;   ///< M: the error log says more
    /// Which bit of the command it is about, as the error log tells it: 10:8 the bit, 7:0 the byte.
    uint16_t parameter = kNoParameter;

    static constexpr uint16_t kNoParameter = 0xFFFF;

    constexpr Status() = default;
    constexpr Status(uint8_t status_type, uint8_t status_code)
        : type(status_type), code(status_code) {}

    /// The low 15 bits as documents write them: 182h, 4182h with DNR in bit 14.
    [[nodiscard]] constexpr uint16_t number() const {
        return static_cast<uint16_t>(unsigned{final} << 14U | unsigned{more} << 13U |
                                     unsigned{type} << 8U | code);
    }
    /// The completion entry's status field; the phase bit is 0.
    [[nodiscard]] constexpr uint16_t wire() const { return static_cast<uint16_t>(number() << 1U); }
    static constexpr Status from_wire(uint16_t wire) {
        Status status(static_cast<uint8_t>(wire >> 9U & 7U), static_cast<uint8_t>(wire >> 1U));
        status.final = (wire & 0x8000U) != 0;
        status.more = (wire & 0x4000U) != 0;
        return status;
    }

    [[nodiscard]] constexpr bool ok() const { return type == 0 && code == 0; }
    /// The same status with "do not retry".
    [[nodiscard]] constexpr Status dnr() const {
        Status status = *this;
        status.final = true;
        return status;
    }
    /// The same status about a field of the command that begins at a bit of one of its dwords.
    [[nodiscard]] constexpr Status at(unsigned dword, unsigned bit = 0) const {
        Status status = *this;
        status.parameter = static_cast<uint16_t>(bit % 8 << 8U | (dword * 4 + bit / 8));
        return status;
    }
    constexpr bool operator==(const Status& other) const {
        return type == other.type && code == other.code;
    }
};

namespace status {

// Generic command status.
inline constexpr Status kSuccess{0, 0x00};
inline constexpr Status kInvalidOpcode{0, 0x01};
inline constexpr Status kInvalidField{0, 0x02};
inline constexpr Status kCommandIdConflict{0, 0x03};
inline constexpr Status kDataTransferError{0, 0x04};
inline constexpr Status kAbortedByPowerLoss{0, 0x05};
inline constexpr Status kInternalError{0, 0x06};
inline constexpr Status kAbortRequested{0, 0x07};
inline constexpr Status kAbortedByQueueDeletion{0, 0x08};
inline constexpr Status kFailedFused{0, 0x09};
inline constexpr Status kMissingFused{0, 0x0A};
inline constexpr Status kInvalidNamespace{0, 0x0B};
inline constexpr Status kSequenceError{0, 0x0C};
inline constexpr Status kInvalidSglSegment{0, 0x0D};
inline constexpr Status kInvalidSglCount{0, 0x0E};
inline constexpr Status kDataSglLengthInvalid{0, 0x0F};
inline constexpr Status kMetadataSglLengthInvalid{0, 0x10};
inline constexpr Status kSglTypeInvalid{0, 0x11};
inline constexpr Status kSglOffsetInvalid{0, 0x16};
inline constexpr Status kHostIdInconsistent{0, 0x18};
inline constexpr Status kKeepAliveExpired{0, 0x19};
inline constexpr Status kKeepAliveInvalid{0, 0x1A};
inline constexpr Status kNamespaceWriteProtected{0, 0x20};
inline constexpr Status kCommandInterrupted{0, 0x21};
inline constexpr Status kTransientTransportError{0, 0x22};
inline constexpr Status kAdminCommandNotReady{0, 0x24};
inline constexpr Status kHostIdNotInitialized{0, 0x27};  // since revision 2.1
inline constexpr Status kLbaOutOfRange{0, 0x80};
inline constexpr Status kCapacityExceeded{0, 0x81};
inline constexpr Status kNamespaceNotReady{0, 0x82};
inline constexpr Status kReservationConflict{0, 0x83};

// Command specific status.
inline constexpr Status kInvalidQueueId{1, 0x01};
inline constexpr Status kInvalidQueueSize{1, 0x02};
inline constexpr Status kAbortLimitExceeded{1, 0x03};
inline constexpr Status kAsyncEventLimitExceeded{1, 0x05};
inline constexpr Status kInvalidLogPage{1, 0x09};
inline constexpr Status kInvalidFormat{1, 0x0A};
inline constexpr Status kFeatureNotSaveable{1, 0x0D};
inline constexpr Status kFeatureNotChangeable{1, 0x0E};
inline constexpr Status kFeatureNotNamespaceSpecific{1, 0x0F};
// … of NVM command set commands
inline constexpr Status kConflictingAttributes{1, 0x80};
inline constexpr Status kInvalidProtectionInfo{1, 0x81};
inline constexpr Status kWriteToReadOnlyRange{1, 0x82};
inline constexpr Status kCommandSizeLimit{1, 0x83};
// … of Fabrics commands: the same numbers mean something else
inline constexpr Status kConnectIncompatibleFormat{1, 0x80};
inline constexpr Status kConnectControllerBusy{1, 0x81};
inline constexpr Status kConnectInvalidParameters{1, 0x82};
inline constexpr Status kConnectRestartDiscovery{1, 0x83};
inline constexpr Status kConnectInvalidHost{1, 0x84};
inline constexpr Status kInvalidQueueType{1, 0x85};
inline constexpr Status kDiscoverRestart{1, 0x90};
inline constexpr Status kAuthRequired{1, 0x91};

// Media and data integrity errors.
inline constexpr Status kWriteFault{2, 0x80};
inline constexpr Status kUnrecoveredRead{2, 0x81};
inline constexpr Status kGuardCheck{2, 0x82};
inline constexpr Status kApplicationTagCheck{2, 0x83};
inline constexpr Status kReferenceTagCheck{2, 0x84};
inline constexpr Status kCompareFailure{2, 0x85};
inline constexpr Status kAccessDenied{2, 0x86};
inline constexpr Status kUnwrittenBlock{2, 0x87};
inline constexpr Status kStorageTagCheck{2, 0x88};

// Path related status.
inline constexpr Status kInternalPathError{3, 0x00};
inline constexpr Status kAnaPersistentLoss{3, 0x01};
inline constexpr Status kAnaInaccessible{3, 0x02};
inline constexpr Status kAnaTransition{3, 0x03};
inline constexpr Status kControllerPathError{3, 0x60};
inline constexpr Status kHostPathError{3, 0x70};
inline constexpr Status kAbortedByHost{3, 0x71};

}  // namespace status

/// For a log or an error: `Invalid Field in Command (002h, do not retry)`.
/// @param fabrics  the command was a Fabrics command: 180h to 185h have other meanings there.
std::string describe(Status status, bool fabrics = false);

}  // namespace nvme
