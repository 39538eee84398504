// SPDX-License-Identifier: GPL-2.0-or-later
//
// Fabrics commands: opcode 7Fh with the command's type in byte 4. They bring a queue to life
// (Connect), stand in for the registers a PCIe controller has (Property Get and Set), carry
// authentication (Authentication Send and Receive) and end a queue (Disconnect). Behind them the
// page of the discovery controller that lists subsystems.
//
// Each command struct is the whole 64-byte submission entry: command_as<ConnectSqe>(sqe) and
// to_sqe(connect) go between the two forms.
//
// Base Specification 2.0: 6 "Fabrics Command Set", 3.1.3 "Controller Properties",
// 5.16.1.23 "Discovery Log Page".
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "nvme/nqn.h"
#include "nvme/types.h"

namespace nvme {

constexpr uint16_t kPortSubsystem = 4420;
constexpr uint16_t kPortDiscovery = 8009;
constexpr uint16_t kCntlidDynamic = 0xFFFF;
constexpr uint16_t kCntlidMax = 0xFFEF;
constexpr uint32_t kAdminInCapsuleBytes = 8192;  ///< every controller takes this on its admin queue

enum class FabricsType : uint8_t {
    kPropertySet = 0x00,
    kConnect = 0x01,
    kPropertyGet = 0x04,
    kAuthSend = 0x05,
    kAuthReceive = 0x06,
    kDisconnect = 0x08,
};
std::string_view name(FabricsType type);

/// The type of a Fabrics command: byte 4 of the entry.
inline FabricsType fabrics_type(const Sqe& sqe) {
    return static_cast<FabricsType>(sqe.nsid & 0xFFU);
}

template <class Command>
Command command_as(const Sqe& sqe) {
    static_assert(sizeof(Command) == sizeof(Sqe));
    return std::bit_cast<Command>(sqe);
}
template <class Command>
Sqe to_sqe(const Command& command) {
    static_assert(sizeof(Command) == sizeof(Sqe));
    return std::bit_cast<Sqe>(command);
}

// --- Connect -------------------------------------------------------------------------------------

struct ConnectSqe {
    uint8_t opcode = static_cast<uint8_t>(AdminOpcode::kFabrics);
    uint8_t flags = Sqe::kPsdtSgl;
    le16 cid;
    FabricsType fctype = FabricsType::kConnect;
    Reserved<19> reserved5{};
    SglDescriptor sgl;
    le16 recfmt;
    le16 qid;     ///< 0: admin queue, which creates the controller
    le16 sqsize;  ///< 0's based
    uint8_t cattr = 0;
    uint8_t reserved47 = 0;
    le32 kato;  ///< keep-alive timeout, ms; 0: none
    Reserved<12> reserved52{};

    static constexpr uint8_t kNoFlowControl = 1U << 2U;  ///< cattr: SQHD is not used
};
static_assert(sizeof(ConnectSqe) == 64 && offsetof(ConnectSqe, sgl) == 24);
static_assert(offsetof(ConnectSqe, qid) == 42 && offsetof(ConnectSqe, kato) == 48);

struct ConnectData {
    HostId hostid;
    le16 cntlid = kCntlidDynamic;
    Reserved<238> reserved18{};
    std::array<char, 256> subnqn{};  ///< NUL-terminated
    std::array<char, 256> hostnqn{};
    Reserved<256> reserved768{};
};
static_assert(sizeof(ConnectData) == 1024 && offsetof(ConnectData, subnqn) == 256);
static_assert(offsetof(ConnectData, hostnqn) == 512);

/// The text of a NUL-terminated NQN field, or an error: no NUL in it, or no name (check_name()).
base::Result<std::string> nqn_of(const std::array<char, 256>& field);
/// REQUIRES: nqn.size() < 256
std::array<char, 256> nqn_field(std::string_view nqn);

/// DW0 of a successful Connect.
struct ConnectResult {
    uint16_t cntlid = 0;
    bool authentication_required = false;  ///< AUTHREQ.ATR
    bool secure_channel_required = false;  ///< AUTHREQ.ASCR

    static constexpr ConnectResult from_dw0(uint32_t dw0) {
        return {static_cast<uint16_t>(dw0), (dw0 & 1U << 17U) != 0, (dw0 & 1U << 18U) != 0};
    }
    [[nodiscard]] constexpr uint32_t dw0() const {
        return cntlid | (authentication_required ? 1U << 17U : 0U) |
               (secure_channel_required ? 1U << 18U : 0U);
    }
    bool operator==(const ConnectResult&) const = default;
};

/// DW0 of a Connect that failed with Connect Invalid Parameters: which field.
struct ConnectInvalidField {
    uint16_t offset = 0;   ///< IPO: bytes from the beginning of the entry or of the data
    bool in_data = false;  ///< IATTR

    static constexpr ConnectInvalidField from_dw0(uint32_t dw0) {
        return {static_cast<uint16_t>(dw0), (dw0 & 1U << 16U) != 0};
    }
    [[nodiscard]] constexpr uint32_t dw0() const { return offset | (in_data ? 1U << 16U : 0U); }
    bool operator==(const ConnectInvalidField&) const = default;
};
/// `HOSTNQN`, `SQSIZE`…; empty when no field begins there.
std::string_view name(ConnectInvalidField field);

// --- Property Get and Set ------------------------------------------------------------------------

enum class Property : uint32_t {
    kCap = 0x00,
    kVs = 0x08,
    kCc = 0x14,
    kCsts = 0x1C,
    kNssr = 0x20,
    kCrto = 0x68,
};
std::string_view name(Property property);

/// Whether the property is 8 bytes long (else 4).
constexpr bool is_wide(Property property) {
    return property == Property::kCap;
}

struct PropertySqe {
    uint8_t opcode = static_cast<uint8_t>(AdminOpcode::kFabrics);
    uint8_t flags = Sqe::kPsdtSgl;
    le16 cid;
    FabricsType fctype = FabricsType::kPropertyGet;
    Reserved<35> reserved5{};
    uint8_t attrib = 0;  ///< 2:0 size: 0 is 4 bytes, 1 is 8
    Reserved<3> reserved41{};
    le32 offset;
    le64 value;  ///< Property Set only
    Reserved<8> reserved56{};

    static constexpr uint8_t kWide = 1;
};
static_assert(sizeof(PropertySqe) == 64 && offsetof(PropertySqe, attrib) == 40);
static_assert(offsetof(PropertySqe, value) == 48);

/// Controller Capabilities.
struct Capabilities {
    uint16_t mqes = 0;           ///< largest queue, 0's based
    bool contiguous = true;      ///< CQR
    uint8_t timeout_500ms = 30;  ///< TO: how long RDY may take, in units of 500 ms
    bool nvm_commands = true;    ///< CSS bit 0

    [[nodiscard]] constexpr uint64_t wire() const {
        return mqes | (contiguous ? 1ULL << 16U : 0U) | uint64_t{timeout_500ms} << 24U |
               (nvm_commands ? 1ULL << 37U : 0U);
    }
    static constexpr Capabilities from_wire(uint64_t wire) {
        return {static_cast<uint16_t>(wire), (wire & 1ULL << 16U) != 0,
                static_cast<uint8_t>(wire >> 24U), (wire & 1ULL << 37U) != 0};
    }
    bool operator==(const Capabilities&) const = default;
};

/// Controller Configuration.
struct Configuration {
    static constexpr uint32_t kEnable = 1U << 0U;

    bool enable = false;
    uint8_t command_set = 0;       ///< CSS 6:4
    uint8_t page_size = 0;         ///< MPS 10:7: 2^(12+n)
    uint8_t arbitration = 0;       ///< AMS 13:11
    uint8_t shutdown = 0;          ///< SHN 15:14: 0 none, 1 normal, 2 abrupt
    uint8_t submission_entry = 0;  ///< IOSQES 19:16, 2^n bytes
    uint8_t completion_entry = 0;  ///< IOCQES 23:20

    [[nodiscard]] constexpr uint32_t wire() const {
        return (enable ? kEnable : 0U) | (command_set & 7U) << 4U | (page_size & 15U) << 7U |
               (arbitration & 7U) << 11U | (shutdown & 3U) << 14U |
               (submission_entry & 15U) << 16U | (completion_entry & 15U) << 20U;
    }
    static constexpr Configuration from_wire(uint32_t wire) {
        const auto field = [wire](unsigned shift, unsigned mask) {
            return static_cast<uint8_t>(wire >> shift & mask);
        };
        return {(wire & kEnable) != 0, field(4, 7),   field(7, 15), field(11, 7),
                field(14, 3),          field(16, 15), field(20, 15)};
    }
    bool operator==(const Configuration&) const = default;
};

/// Controller Status.
struct ControllerStatus {
    static constexpr uint32_t kReady = 1U << 0U;
    static constexpr uint32_t kFatal = 1U << 1U;
    static constexpr uint32_t kShutdownMask = 3U << 2U;
    static constexpr uint32_t kShutdownBusy = 1U << 2U;
    static constexpr uint32_t kShutdownDone = 2U << 2U;
};

constexpr uint32_t kVersion14 = 0x00010400;
constexpr uint32_t kVersion20 = 0x00020000;

// --- Authentication ------------------------------------------------------------------------------

/// Authentication Send (fctype 05h) and Receive (06h): `length` bytes of a protocol message move.
struct AuthSqe {
    uint8_t opcode = static_cast<uint8_t>(AdminOpcode::kFabrics);
    uint8_t flags = Sqe::kPsdtSgl;
    le16 cid;
    FabricsType fctype = FabricsType::kAuthSend;
    Reserved<19> reserved5{};
    SglDescriptor sgl;
    uint8_t reserved40 = 0;
    uint8_t spsp0 = kSpsp;
    uint8_t spsp1 = kSpsp;
    uint8_t secp = kSecp;
    le32 length;  ///< TL of Send, AL of Receive
    Reserved<16> reserved48{};

    static constexpr uint8_t kSecp = 0xE9;
    static constexpr uint8_t kSpsp = 0x01;
};
static_assert(sizeof(AuthSqe) == 64 && offsetof(AuthSqe, spsp0) == 41);
static_assert(offsetof(AuthSqe, length) == 44);

// --- Disconnect ----------------------------------------------------------------------------------

struct DisconnectSqe {
    uint8_t opcode = static_cast<uint8_t>(AdminOpcode::kFabrics);
    uint8_t flags = Sqe::kPsdtSgl;
    le16 cid;
    FabricsType fctype = FabricsType::kDisconnect;
    Reserved<35> reserved5{};
    le16 recfmt;
    Reserved<22> reserved42{};
};
static_assert(sizeof(DisconnectSqe) == 64 && offsetof(DisconnectSqe, recfmt) == 40);

// --- Discovery log page --------------------------------------------------------------------------

struct DiscoveryHeader {
    le64 genctr;  ///< changes whenever the page changes
    le64 numrec;
    le16 recfmt;
    uint8_t flags = 0;  ///< DLPF: which of the request's LSP flags were followed
    uint8_t reserved19 = 0;
    le32 total_bytes;  ///< TDLPL, where flags are
    Reserved<1000> reserved24{};

    // LSP of Get Log Page; also, in the Supported Log Pages page, what is supported
    static constexpr uint8_t kExtendedEntries = 1U << 0U;
    static constexpr uint8_t kPortLocal = 1U << 1U;  ///< entries of the port that is asked alone
};
static_assert(sizeof(DiscoveryHeader) == 1024 && offsetof(DiscoveryHeader, recfmt) == 16);
static_assert(offsetof(DiscoveryHeader, total_bytes) == 20);

struct DiscoveryEntry {
    uint8_t trtype = kTransportTcp;
    uint8_t adrfam = 0;
    uint8_t subtype = kSubtypeNvm;
    uint8_t treq = 0;
    le16 portid;
    le16 cntlid = kCntlidDynamic;
    le16 asqsz;  ///< entries of the admin queue, at least 32
    le16 eflags;
    Reserved<20> reserved12{};
    std::array<char, 32> trsvcid{};  ///< ASCII, padded with blanks
    Reserved<192> reserved64{};
    std::array<char, 256> subnqn{};
    std::array<char, 256> traddr{};   ///< ASCII, padded with blanks
    std::array<uint8_t, 256> tsas{};  ///< TCP: byte 0 is the security type

    static constexpr uint8_t kTransportTcp = 3;
    static constexpr uint8_t kFamilyIpv4 = 1;
    static constexpr uint8_t kFamilyIpv6 = 2;
    static constexpr uint8_t kSubtypeReferral = 1;
    static constexpr uint8_t kSubtypeNvm = 2;
    static constexpr uint8_t kSubtypeCurrent = 3;
    static constexpr uint8_t kSecureChannelMask = 3;  ///< treq: 1 required, 2 not required
    static constexpr uint8_t kSecureChannelNotRequired = 2;
    static constexpr uint8_t kNoFlowControlSupported = 1U << 2U;  ///< treq
    static constexpr uint16_t kDuplicateInformation = 1U << 0U;   ///< eflags
    static constexpr uint16_t kPersistentConnection = 1U << 1U;   ///< eflags
    static constexpr uint16_t kNoCentralController = 1U << 2U;    ///< eflags: knows no CDC
};
static_assert(sizeof(DiscoveryEntry) == 1024 && offsetof(DiscoveryEntry, eflags) == 10);
static_assert(offsetof(DiscoveryEntry, trsvcid) == 32 && offsetof(DiscoveryEntry, subnqn) == 256);
static_assert(offsetof(DiscoveryEntry, traddr) == 512 && offsetof(DiscoveryEntry, tsas) == 768);

/// The extension of an entry; attributes could follow.
struct DiscoveryExtension {
    le32 total_entry_bytes;
    le16 attributes;
    Reserved<2> reserved6{};
};
static_assert(sizeof(DiscoveryExtension) == 8);

}  // namespace nvme
