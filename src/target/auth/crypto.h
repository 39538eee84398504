// SPDX-License-Identifier: GPL-2.0-or-later
//
// The arithmetic of DH-HMAC-CHAP, and the only user of OpenSSL: hashes, HMAC, Diffie-Hellman in the
// groups of RFC 7919, random numbers, comparison in constant time. None of these fails for a
// reason the caller could act on other than by giving up the authentication at hand.
#pragma once

#include <initializer_list>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "nvme/dhchap.h"

namespace target::crypto {

/// The hash of the parts, one after the other.
base::Result<base::Bytes> hash(nvme::HashId function, std::initializer_list<base::ByteView> parts);

/// HMAC of the parts, one after the other.
base::Result<base::Bytes> hmac(nvme::HashId function, base::ByteView key,
                               std::initializer_list<base::ByteView> parts);

/// Fills `out` from the generator meant for values that others may see.
base::Status random_bytes(base::MutableBytes out);

/// Takes the same time wherever the first difference lies. Sizes are not secret.
bool equal(base::ByteView a, base::ByteView b);

/// One ephemeral key pair: made for one authentication and thrown away with it.
class DhKey {
  public:
    /// REQUIRES: group is not kNull.
    static base::Result<DhKey> generate(nvme::DhGroup group);

    DhKey(DhKey&&) noexcept;
    DhKey& operator=(DhKey&&) noexcept;
    ~DhKey();

    /// Big endian, as long as the group's prime.
    [[nodiscard]] base::ByteView public_value() const { return public_value_; }

    /// The secret both ends share, big endian, as long as the group's prime.
    /// Errors: the peer's value has another length, or is 0, 1, p-1 or not below p. In a group made
    /// of a safe prime no other value confines the secret to a small set.
    [[nodiscard]] base::Result<base::Bytes> shared_secret(base::ByteView peer_value) const;

  private:
    struct Pair;
    DhKey(std::unique_ptr<Pair> pair, base::Bytes public_value);

    std::unique_ptr<Pair> pair_;
    base::Bytes public_value_;
};

}  // namespace target::crypto
