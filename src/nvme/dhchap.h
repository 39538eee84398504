// SPDX-License-Identifier: GPL-2.0-or-later
//
// DH-HMAC-CHAP without the cryptography: the text form of secrets, the identifiers of hashes and
// groups, and the messages. They travel in Authentication Send (host to controller) and Receive:
//
//   host                                        controller
//   Negotiate: hashes, groups        -------->
//                                    <--------  Challenge: hash, group, S1, C1, g^x
//   Reply: response, g^y [, S2, C2]  -------->
//                                    <--------  Success1 [: response]     or Failure1: reason
//   [Success2]                       -------->                            or Failure2: reason
//
// The bracketed parts are there when the host authenticates the controller too. An error in
// a message is returned as the reason that a Failure message carries. An Authentication Receive
// moves its whole allocation, so messages to the host may be followed by filler; messages to the
// controller have exactly the length their fields say.
//
// Base Specification 2.0: 8.13.5 "DH-HMAC-CHAP Protocol", 8.13.5.8 "DH-HMAC-CHAP Security
// Requirements" (the secret's form); RFC 7919 for the groups.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "nvme/types.h"

namespace nvme {

enum class HashId : uint8_t { kSha256 = 1, kSha384 = 2, kSha512 = 3 };

enum class DhGroup : uint8_t {
    kNull = 0,
    kFfdhe2048 = 1,
    kFfdhe3072 = 2,
    kFfdhe4096 = 3,
    kFfdhe6144 = 4,
    kFfdhe8192 = 5,
};

inline constexpr std::array kHashes = {HashId::kSha256, HashId::kSha384, HashId::kSha512};
inline constexpr std::array kDhGroups = {DhGroup::kNull,      DhGroup::kFfdhe2048,
                                         DhGroup::kFfdhe3072, DhGroup::kFfdhe4096,
                                         DhGroup::kFfdhe6144, DhGroup::kFfdhe8192};

/// `sha256`, `ffdhe2048`, `null`: as our configuration writes them.
std::string_view name(HashId hash);
std::string_view name(DhGroup group);
std::optional<HashId> find_hash(std::string_view name);
std::optional<DhGroup> find_dh_group(std::string_view name);
std::optional<HashId> find_hash(uint8_t id);
std::optional<DhGroup> find_dh_group(uint8_t id);

/// Bytes of a digest: 32, 48 or 64.
uint32_t hash_bytes(HashId hash);
/// Bytes of a public value: 0 for null, 256 to 1024.
uint32_t dh_bytes(DhGroup group);

// --- secrets -------------------------------------------------------------------------------------

/// `DHHC-1:HH:base64(key, crc32le(key)):` taken apart. HH 00 uses the key as it is; 01 to 03 name
/// the hash that binds it to its owner's NQN. Wipes the key when it goes.
class DhchapSecret {
  public:
    /// Errors never quote the text: it is a secret. They name the part that is wrong: prefix, hash,
    /// base64, length (32, 48 or 64 bytes; with HH > 00 that hash's size), checksum.
    static base::Result<DhchapSecret> parse(std::string_view text);
    /// @return an error when `key` has none of the lengths that parse() accepts with `hash`.
    static base::Result<DhchapSecret> from_key(std::optional<HashId> hash, base::ByteView key);

    DhchapSecret(DhchapSecret&& other) noexcept;
    DhchapSecret& operator=(DhchapSecret&& other) noexcept;
    DhchapSecret(const DhchapSecret&) = delete;
    DhchapSecret& operator=(const DhchapSecret&) = delete;
    ~DhchapSecret();

    /// Nothing where HH is 00.
    [[nodiscard]] std::optional<HashId> hash() const { return hash_; }
    [[nodiscard]] base::ByteView key() const { return key_; }
    [[nodiscard]] base::Secret text() const;
    [[nodiscard]] DhchapSecret copy() const;

  private:
    DhchapSecret(std::optional<HashId> hash, base::ByteView key);

    std::optional<HashId> hash_;
    base::Bytes key_;
};

// --- messages ------------------------------------------------------------------------------------

/// Why authentication failed: the reason code explanation of a Failure message.
enum class AuthFailure : uint8_t {
    kFailed = 1,
    kProtocolUnusable = 2,
    kSecureChannelMismatch = 3,
    kHashUnusable = 4,
    kGroupUnusable = 5,
    kIncorrectPayload = 6,
    kIncorrectMessage = 7,
};
std::string_view name(AuthFailure failure);

template <class T>
using AuthResult = base::Result<T, AuthFailure>;

enum class AuthMessage : uint8_t {
    kNegotiate,
    kChallenge,
    kReply,
    kSuccess1,
    kSuccess2,
    kFailure1,  ///< the controller gives up
    kFailure2,  ///< the host gives up
};
std::string_view name(AuthMessage message);

/// Which message `bytes` begin with, nothing when none.
std::optional<AuthMessage> auth_message(base::ByteView bytes);
/// The transaction that any message belongs to. REQUIRES: auth_message(bytes)
uint16_t auth_transaction(base::ByteView bytes);

/// SC_C of Negotiate: whether TLS is to follow.
enum class SecureChannel : uint8_t { kNone = 0, kNewTlsPsk = 1, kReplaceTlsPsk = 2 };

struct AuthNegotiate {
    uint16_t transaction = 0;
    uint8_t secure_channel = 0;
    std::vector<uint8_t> hashes;  ///< identifiers, as offered; at most 30
    std::vector<uint8_t> groups;

    /// Exact length. Errors: kIncorrectPayload; kProtocolUnusable where DH-HMAC-CHAP is not
    /// offered.
    static AuthResult<AuthNegotiate> parse(base::ByteView bytes);
    [[nodiscard]] base::Bytes serialize() const;
    bool operator==(const AuthNegotiate&) const = default;
};

struct AuthChallenge {
    uint16_t transaction = 0;
    HashId hash = HashId::kSha256;
    DhGroup group = DhGroup::kNull;
    uint32_t sequence = 0;  ///< S1, not 0
    base::Bytes challenge;  ///< C1, hash_bytes(hash)
    base::Bytes dh_value;   ///< g^x, dh_bytes(group)

    /// Filler may follow. Errors: kHashUnusable, kGroupUnusable, kIncorrectPayload.
    static AuthResult<AuthChallenge> parse(base::ByteView bytes);
    [[nodiscard]] base::Bytes serialize() const;
    bool operator==(const AuthChallenge&) const = default;
};

struct AuthReply {
    uint16_t transaction = 0;
    base::Bytes response;                  ///< to C1
    std::optional<base::Bytes> challenge;  ///< C2: the host requires the proof of the controller
    uint32_t sequence = 0;                 ///< S2
    base::Bytes dh_value;                  ///< g^y

    /// Exact length; response and challenge are equally long, one of the hashes' sizes. Whether
    /// that and the length of g^y fit the challenge is the caller's to check.
    static AuthResult<AuthReply> parse(base::ByteView bytes);
    [[nodiscard]] base::Bytes serialize() const;
    bool operator==(const AuthReply&) const = default;
};

struct AuthSuccess1 {
    uint16_t transaction = 0;
    uint8_t hash_length = 0;  ///< HL of the hash in use
    base::Bytes response;     ///< to C2; empty where the host asked for none

    /// Filler may follow.
    static AuthResult<AuthSuccess1> parse(base::ByteView bytes);
    [[nodiscard]] base::Bytes serialize() const;
    bool operator==(const AuthSuccess1&) const = default;
};

struct AuthSuccess2 {
    uint16_t transaction = 0;

    static AuthResult<AuthSuccess2> parse(base::ByteView bytes);
    [[nodiscard]] base::Bytes serialize() const;
    bool operator==(const AuthSuccess2&) const = default;
};

/// Failure1 or Failure2.
struct AuthFailureMessage {
    AuthMessage kind = AuthMessage::kFailure1;
    uint16_t transaction = 0;
    uint8_t reason = 1;       ///< 1: authentication failure, the only one there is
    uint8_t explanation = 0;  ///< AuthFailure, or a number that is none

    /// Filler may follow.
    static AuthResult<AuthFailureMessage> parse(base::ByteView bytes);
    [[nodiscard]] base::Bytes serialize() const;
    bool operator==(const AuthFailureMessage&) const = default;
};

/// The longest message there is: a Reply with SHA-512 and ffdhe8192.
constexpr uint32_t kMaxAuthBytes = 16 + 2 * 64 + 1024;

}  // namespace nvme
