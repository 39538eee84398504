// SPDX-License-Identifier: GPL-2.0-or-later
//
// The structures that the Identify command returns, 4096 bytes each. Fields nobody here reads or
// writes are reserved bytes; the offset of each field behind such a gap is asserted.
//
// Base Specification 2.0: 5.17 "Identify command"; NVM Command Set Specification 1.0: 4.1.5.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "nvme/nqn.h"
#include "nvme/types.h"

namespace nvme {

/// CNS 01h: Identify Controller.
struct IdentifyController {
    le16 vid;
    le16 ssvid;
    std::array<char, 20> sn{};  ///< ASCII, padded with blanks; likewise mn and fr
    std::array<char, 40> mn{};
    std::array<char, 8> fr{};
    uint8_t rab = 0;
    std::array<uint8_t, 3> ieee{};
    uint8_t cmic = 0;
    uint8_t mdts = 0;  ///< largest transfer is 4096 << mdts bytes; 0: no limit
    le16 cntlid;
    le32 ver;
    le32 rtd3r;
    le32 rtd3e;
    le32 oaes;
    le32 ctratt;
    Reserved<11> reserved100{};
    uint8_t cntrltype = 0;
    std::array<uint8_t, 16> fguid{};
    std::array<le16, 3> crdt{};
    Reserved<122> reserved134{};
    le16 oacs;
    uint8_t acl = 0;   ///< concurrent Abort commands, 0's based
    uint8_t aerl = 0;  ///< outstanding Asynchronous Event Requests, 0's based
    uint8_t frmw = 0;
    uint8_t lpa = 0;
    uint8_t elpe = 0;  ///< error log entries, 0's based
    uint8_t npss = 0;
    uint8_t avscc = 0;
    uint8_t apsta = 0;
    le16 wctemp;
    le16 cctemp;
    Reserved<10> reserved270{};
    std::array<le64, 2> tnvmcap{};  ///< bytes of all namespaces; the low half first
    std::array<le64, 2> unvmcap{};  ///< bytes in no namespace
    Reserved<8> reserved312{};
    le16 kas;  ///< keep-alive granularity, 100 ms units; 0: no keep-alive, which Linux refuses
    Reserved<20> reserved322{};
    uint8_t anatt = 0;   ///< seconds that a transition takes at most
    uint8_t anacap = 0;  ///< b0..4: the states of AnaState that are reported
    le32 anagrpmax;
    le32 nanagrpid;
    Reserved<160> reserved352{};
    uint8_t sqes = 0x66;  ///< 2^n: largest and smallest entry are 64 bytes
    uint8_t cqes = 0x44;  ///< 16 bytes
    le16 maxcmd;
    le32 nn;  ///< the highest NSID
    le16 oncs;
    le16 fuses;
    uint8_t fna = 0;
    uint8_t vwc = 0;
    le16 awun;
    le16 awupf;
    uint8_t icsvscc = 0;
    uint8_t nwpc = 0;
    le16 acwu;
    le16 ocfs;
    le32 sgls;
    le32 mnan;
    Reserved<224> reserved544{};
    std::array<char, 256> subnqn{};  ///< UTF-8, NUL-terminated
    Reserved<768> reserved1024{};
    le32 ioccsz;  ///< I/O command capsule, 16-byte units: 4 + in-capsule data / 16
    le32 iorcsz;  ///< I/O response capsule, 16-byte units
    le16 icdoff;
    uint8_t fcatt = 0;  ///< b0: static controllers
    uint8_t msdbd = 0;  ///< SGL data block descriptors in a capsule
    le16 ofcs;
    uint8_t dctype = 0;
    Reserved<241> reserved1807{};
    std::array<uint8_t, 1024> power_states{};
    std::array<uint8_t, 1024> vendor{};

    static constexpr uint8_t kCmicMultiPort = 1U << 0U;
    static constexpr uint8_t kCmicMultiController = 1U << 1U;
    static constexpr uint8_t kCmicAna = 1U << 3U;
    static constexpr uint32_t kOaesNamespaceChange = 1U << 8U;
    static constexpr uint32_t kOaesAnaChange = 1U << 11U;
    static constexpr uint32_t kOaesDiscoveryChange = 1U << 31U;
    static constexpr uint32_t kCtrattHostId128 = 1U << 0U;
    static constexpr uint32_t kCtrattTrafficKeepAlive = 1U << 6U;
    static constexpr uint32_t kCtrattExtendedLbaFormats = 1U << 15U;  ///< ELBAS
    static constexpr uint8_t kTypeIo = 1;
    static constexpr uint8_t kTypeDiscovery = 2;
    static constexpr uint8_t kLpaEffects = 1U << 1U;
    static constexpr uint8_t kLpaExtendedOffset = 1U << 2U;
    static constexpr uint8_t kLpaSupportedPages = 1U << 5U;  ///< and the effects of features
    static constexpr uint8_t kAnacapAllStates = 0x1F;
    static constexpr uint16_t kOncsCompare = 1U << 0U;
    static constexpr uint16_t kOncsWriteUncorrectable = 1U << 1U;
    static constexpr uint16_t kOncsDatasetManagement = 1U << 2U;
    static constexpr uint16_t kOncsWriteZeroes = 1U << 3U;
    static constexpr uint16_t kOncsSaveSelect = 1U << 4U;
    static constexpr uint16_t kOncsReservations = 1U << 5U;
    static constexpr uint16_t kOncsTimestamp = 1U << 6U;
    static constexpr uint16_t kOncsVerify = 1U << 7U;
    static constexpr uint16_t kOncsCopy = 1U << 8U;
    static constexpr uint8_t kNwpcProtect = 1U << 0U;
    static constexpr uint8_t kNwpcUntilPowerCycle = 1U << 1U;
    static constexpr uint16_t kFusesCompareAndWrite = 1U << 0U;
    static constexpr uint8_t kVwcPresent = 1U << 0U;
    static constexpr uint8_t kVwcFlushAll = 3U << 1U;  ///< Flush with NSID FFFFFFFFh is supported
    static constexpr uint32_t kSglsSupported = 1U << 0U;
    /// The address may be an offset: in-capsule data.
    static constexpr uint32_t kSglsOffset = 1U << 20U;
    static constexpr uint32_t kSglsTransport = 1U << 21U;  ///< Transport SGL Data Block
};
static_assert(sizeof(IdentifyController) == kIdentifyBytes);
static_assert(offsetof(IdentifyController, cmic) == 76 && offsetof(IdentifyController, ver) == 80);
static_assert(offsetof(IdentifyController, cntrltype) == 111);
static_assert(offsetof(IdentifyController, crdt) == 128);
static_assert(offsetof(IdentifyController, oacs) == 256 &&
              offsetof(IdentifyController, kas) == 320);
static_assert(offsetof(IdentifyController, tnvmcap) == 280);
static_assert(offsetof(IdentifyController, anatt) == 342);
static_assert(offsetof(IdentifyController, sqes) == 512 &&
              offsetof(IdentifyController, vwc) == 525);
static_assert(offsetof(IdentifyController, nwpc) == 531 &&
              offsetof(IdentifyController, sgls) == 536);
static_assert(offsetof(IdentifyController, subnqn) == 768);
static_assert(offsetof(IdentifyController, ioccsz) == 1792);
static_assert(offsetof(IdentifyController, ofcs) == 1804);
static_assert(offsetof(IdentifyController, power_states) == 2048);

/// One LBA format of a namespace.
struct LbaFormat {
    le16 ms;            ///< metadata bytes of a block
    uint8_t lbads = 0;  ///< a block is 2^lbads bytes
    uint8_t rp = 0;
};
static_assert(sizeof(LbaFormat) == 4);

/// The note of this project's target in the vendor area of a namespace whose store it protects:
/// where the blocks can be had together with their tuples, to be checked by the host itself.
struct ProtectionNote {
    static constexpr std::array<char, 8> kMagic = {'n', 'v', 'm', 'e', 'r', 'o', 'o', 't'};
    static constexpr uint16_t kVersion = 1;

    std::array<char, 8> magic{};
    le16 version;
    uint8_t type = 0;                   ///< of protection: 1 to 3
    uint8_t guard_bits = 0;             ///< 16, 32 or 64
    le32 audit_nsid;                    ///< of the same blocks there
    std::array<char, 224> audit_nqn{};  ///< NUL padded; all NUL: there is no audit view

    [[nodiscard]] bool present() const { return magic == kMagic && version == kVersion; }
};
static_assert(sizeof(ProtectionNote) == 240 && offsetof(ProtectionNote, audit_nqn) == 16);

/// CNS 00h: Identify Namespace of the NVM command set.
struct IdentifyNamespace {
    le64 nsze;  ///< blocks; likewise ncap and nuse
    le64 ncap;
    le64 nuse;
    uint8_t nsfeat = 0;
    uint8_t nlbaf = 0;  ///< LBA formats, 0's based
    uint8_t flbas = 0;  ///< 3:0 and 6:5 format in use, 4 metadata lies behind the data
    uint8_t mc = 0;     ///< metadata: b0 behind the data, b1 in its own buffer
    uint8_t dpc = 0;    ///< protection: b0..2 type 1..3, b3 first bytes, b4 last bytes
    uint8_t dps = 0;    ///< 2:0 type in use, b3 tuple is in the first bytes of the metadata
    uint8_t nmic = 0;   ///< b0 may be attached to several controllers
    uint8_t rescap = 0;
    uint8_t fpi = 0;
    uint8_t dlfeat = 0;
    le16 nawun;
    le16 nawupf;
    le16 nacwu;
    le16 nabsn;
    le16 nabo;
    le16 nabspf;
    le16 noiob;
    std::array<le64, 2> nvmcap{};  ///< bytes; the low half first
    le16 npwg;  ///< preferred write granularity, blocks, 0's based; likewise the next four
    le16 npwa;
    le16 npdg;
    le16 npda;
    le16 nows;
    le16 mssrl;        ///< blocks of one source range of Copy
    le32 mcl;          ///< blocks of a whole Copy
    uint8_t msrc = 0;  ///< source ranges of Copy, 0's based
    uint8_t reserved81 = 0;
    uint8_t nulbaf = 0;  ///< further formats, numbered behind the nlbaf + 1 first ones
    Reserved<9> reserved83{};
    le32 anagrpid;
    Reserved<3> reserved96{};
    uint8_t nsattr = 0;  ///< b0 write protected
    le16 nvmsetid;
    le16 endgid;
    Nguid nguid;
    Eui64 eui64;
    std::array<LbaFormat, 64> lbaf{};
    ProtectionNote note;  ///< vendor specific from here on
    Reserved<3472> vendor624{};

    static constexpr uint8_t kDlfeatReadsZero = 1;           ///< what is deallocated reads as zeros
    static constexpr uint8_t kDlfeatWriteZeroes = 1U << 3U;  ///< Write Zeroes may deallocate
    static constexpr uint8_t kDlfeatGuardOfZeros = 1U << 4U;  ///< their guard is that of zeros
    static constexpr uint8_t kNsfeatOptimalPerformance = 1U << 4U;
    static constexpr uint8_t kFlbasExtended = 1U << 4U;
    static constexpr uint8_t kMcExtended = 1U << 0U;
    static constexpr uint8_t kMcSeparate = 1U << 1U;
    static constexpr uint8_t kDpsTypeMask = 7;
    static constexpr uint8_t kDpsFirst = 1U << 3U;
    static constexpr uint8_t kDpcLast = 1U << 4U;
    static constexpr uint8_t kNmicShared = 1U << 0U;
    static constexpr uint8_t kNsattrWriteProtected = 1U << 0U;

    /// The index of the LBA format in use: 6 bits in two pieces.
    [[nodiscard]] constexpr unsigned format_index() const {
        return (flbas & 0x0FU) | (flbas >> 1U & 0x30U);
    }
};
static_assert(sizeof(IdentifyNamespace) == kIdentifyBytes);
static_assert(offsetof(IdentifyNamespace, noiob) == 46 && offsetof(IdentifyNamespace, npwg) == 64);
static_assert(offsetof(IdentifyNamespace, mssrl) == 74 && offsetof(IdentifyNamespace, msrc) == 80);
static_assert(offsetof(IdentifyNamespace, nulbaf) == 82);
static_assert(offsetof(IdentifyNamespace, anagrpid) == 92);
static_assert(offsetof(IdentifyNamespace, nsattr) == 99);
static_assert(offsetof(IdentifyNamespace, nguid) == 104);
static_assert(offsetof(IdentifyNamespace, eui64) == 120);
static_assert(offsetof(IdentifyNamespace, lbaf) == 128);
static_assert(offsetof(IdentifyNamespace, note) == 384);

/// CNS 05h, CSI 00h: what the NVM command set adds to Identify Namespace.
struct IdentifyNvmNamespace {
    le64 lbstm;
    uint8_t pic = 0;  ///< b3: the qualified protection information format is in use
    Reserved<3> reserved9{};
    std::array<le32, 64> elbaf{};
    Reserved<3828> reserved268{};

    static constexpr uint8_t kPicQualified = 1U << 3U;
    static constexpr unsigned kPifShift = 7;  ///< in elbaf: 0, 1, 2 for guards of 16, 32, 64 bits
};
static_assert(sizeof(IdentifyNvmNamespace) == kIdentifyBytes);
static_assert(offsetof(IdentifyNvmNamespace, elbaf) == 12);

/// CNS 06h, CSI 00h: limits of single commands; 0 means none.
struct IdentifyNvmController {
    uint8_t vsl = 0;  ///< Verify, as mdts
    uint8_t wzsl = 0;
    uint8_t wusl = 0;
    uint8_t dmrl = 0;
    le32 dmrsl;
    le64 dmsl;
    Reserved<4080> reserved16{};
};
static_assert(sizeof(IdentifyNvmController) == kIdentifyBytes);

/// CNS 08h: what does not depend on the command set.
struct IdentifyIndependentNamespace {
    uint8_t nsfeat = 0;
    uint8_t nmic = 0;
    uint8_t rescap = 0;
    uint8_t fpi = 0;
    le32 anagrpid;
    uint8_t nsattr = 0;
    uint8_t reserved9 = 0;
    le16 nvmsetid;
    le16 endgid;
    uint8_t nstat = 0;  ///< b0 ready
    Reserved<4081> reserved15{};

    static constexpr uint8_t kNstatReady = 1U << 0U;
};
static_assert(sizeof(IdentifyIndependentNamespace) == kIdentifyBytes);
static_assert(offsetof(IdentifyIndependentNamespace, nstat) == 14);

/// CNS 02h: NSIDs in rising order, 0 ends the list.
struct NamespaceList {
    std::array<le32, 1024> nsid{};
};
static_assert(sizeof(NamespaceList) == kIdentifyBytes);

/// CNS 12h and 13h: controller ids in rising order.
struct ControllerList {
    le16 count;
    std::array<le16, 2047> cntlid{};
};
static_assert(sizeof(ControllerList) == kIdentifyBytes);

/// The identifiers of one namespace from CNS 03h.
struct NamespaceIds {
    Eui64 eui64;  ///< a zero value stands for "has none", as in Identify Namespace
    Nguid nguid;
    Uuid uuid;
    uint8_t command_set = 0;  ///< CSI: 0 is the NVM command set

    bool operator==(const NamespaceIds&) const = default;
};

/// Reads a Namespace Identification Descriptor list. Unknown descriptor types are passed over.
/// Errors: a descriptor of a known type with another length, one that leaves the list.
base::Result<NamespaceIds> parse_namespace_ids(base::ByteView list);

/// The 4096 bytes of CNS 03h: zero identifiers are left out, the command set is always there.
base::Bytes build_namespace_ids(const NamespaceIds& ids);

/// A text field of Identify without its padding (blanks or NULs).
std::string field_text(std::string_view field);

/// Fills a text field of Identify: cut at its size, padded with `padding`.
template <size_t size>
void set_field(std::array<char, size>& field, std::string_view text, char padding) {
    field.fill(padding);
    text.copy(field.data(), size);
}

}  // namespace nvme
