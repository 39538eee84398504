// SPDX-License-Identifier: GPL-2.0-or-later
//
// Names: the NVMe Qualified Name of a host or a subsystem, and the binary identifiers that go
// with it (host identifier, namespace UUID, NGUID, EUI-64), with their text forms.
//
//   nqn.2024-08.com.example:boot.disk1                             a reverse domain and a free part
//   nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-…      the form made from a UUID
//
// That is the specification's form. Linux's target takes any name, and nvmetcli's examples have
// such as `testnqn`, so what comes from others is held to the bounds of a field alone.
//
// Base Specification 2.0: 4.5 "NVMe Qualified Names", 4.5.1 "Unique Identifier".
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nvme {

constexpr size_t kMaxNqnBytes = 223;
constexpr std::string_view kDiscoveryNqn = "nqn.2014-08.org.nvmexpress.discovery";
constexpr std::string_view kUuidNqnPrefix = "nqn.2014-08.org.nvmexpress:uuid:";

/// Accepts `text` as an NQN, or says what is wrong with it: longer than 223 bytes, not UTF-8, a
/// control character, not of the form nqn.yyyy-mm.reverse.domain[:text], or a UUID form whose UUID
/// is none.
base::Status check_nqn(std::string_view text);

/// Accepts what people and targets call things all the same (`testnqn`), and a field can hold: 1 to
/// 223 bytes, none of them a control character.
base::Status check_name(std::string_view text);

/// A sentence for a name that check_name() takes and check_nqn() does not; empty: it is an NQN,
/// or no name is there.
std::string odd_name(std::string_view text);

/// A big-endian identifier of `size` bytes; all zeros means "none". `Tag` keeps kinds apart.
template <size_t size, class Tag>
struct Identifier {
    std::array<std::byte, size> bytes{};
    auto operator<=>(const Identifier&) const = default;
    [[nodiscard]] bool is_zero() const { return *this == Identifier{}; }
};
using Uuid = Identifier<16, struct UuidTag>;
using Nguid = Identifier<16, struct NguidTag>;
using Eui64 = Identifier<8, struct Eui64Tag>;
using HostId = Uuid;

/// 8-4-4-4-12 hexadecimal digits, either case. The nil UUID is refused.
base::Result<Uuid> parse_uuid(std::string_view text);
/// 32 hexadecimal digits, or the 8-4-4-4-12 form; not all zeros.
base::Result<Nguid> parse_nguid(std::string_view text);
/// 16 hexadecimal digits, with or without '-' or ':' between bytes; not all zeros.
base::Result<Eui64> parse_eui64(std::string_view text);

/// Lower case, 8-4-4-4-12.
std::string to_text(const Uuid& uuid);
/// Lower case, digits only.
std::string to_text(const Nguid& nguid);
std::string to_text(const Eui64& eui64);

/// The host NQN made from a host identifier.
std::string uuid_nqn(const Uuid& uuid);

}  // namespace nvme
