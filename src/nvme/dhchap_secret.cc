// SPDX-License-Identifier: GPL-2.0-or-later
//
// The text form of DH-HMAC-CHAP secrets, apart from the messages (dhchap.cc) so that a program
// which only hands a secret on carries no more than this.
#include <utility>

#include "base/text.h"
#include "nvme/crc.h"
#include "nvme/dhchap.h"

namespace nvme {
namespace {

constexpr std::string_view kPrefix = "DHHC-1:";
constexpr size_t kCrcBytes = 4;

void wipe(base::Bytes& bytes) {
    base::wipe(bytes.data(), bytes.size());
    bytes.clear();
}

base::Status check_length(std::optional<HashId> hash, size_t size) {
    if (hash && size != hash_bytes(*hash)) {
        return base::error(base::format("a key of %zu bytes, but its hash %s requires %u", size,
                                        std::string(name(*hash)).c_str(), hash_bytes(*hash)));
    }
    if (size != 32 && size != 48 && size != 64) {
        return base::error(base::format("a key of %zu bytes: 32, 48 or 64 are allowed", size));
    }
    return base::done();
}

}  // namespace

base::Result<DhchapSecret> DhchapSecret::parse(std::string_view text) {
    if (!text.starts_with(kPrefix)) {
        return base::error("a DH-HMAC-CHAP secret begins with DHHC-1:");
    }
    text.remove_prefix(kPrefix.size());
    if (text.size() < 4 || text[2] != ':' || !text.ends_with(':')) {
        return base::error("a DH-HMAC-CHAP secret has the form DHHC-1:HH:BASE64:");
    }
    const std::string_view digits = text.substr(0, 2);
    if (digits[0] != '0' || digits[1] < '0' || digits[1] > '3') {
        return base::error("the hash of a DH-HMAC-CHAP secret is 00, 01, 02 or 03");
    }
    const auto hash = find_hash(static_cast<uint8_t>(digits[1] - '0'));
    auto decoded = base::from_base64(text.substr(3, text.size() - 4));
    if (!decoded) {
        return std::move(decoded).error().in("a DH-HMAC-CHAP secret");
    }
    const base::ByteView bytes = *decoded;
    const size_t key_size = bytes.size() < kCrcBytes ? 0 : bytes.size() - kCrcBytes;
    auto secret = from_key(hash, bytes.first(key_size));
    const auto sum = base::Reader(bytes.subspan(key_size)).take<le32>();
    if (secret && (!sum || crc32_ieee(secret->key()) != *sum)) {
        secret = base::error("its checksum is wrong, it was not copied whole");
    }
    wipe(*decoded);
    if (!secret) {
        return std::move(secret).error().in("a DH-HMAC-CHAP secret");
    }
    return secret;
}

base::Result<DhchapSecret> DhchapSecret::from_key(std::optional<HashId> hash, base::ByteView key) {
    TRY_VOID(check_length(hash, key.size()));
    return DhchapSecret(hash, key);
}

DhchapSecret::DhchapSecret(std::optional<HashId> hash, base::ByteView key)
    : hash_(hash), key_(key.begin(), key.end()) {}

DhchapSecret::DhchapSecret(DhchapSecret&& other) noexcept
    : hash_(other.hash_), key_(std::exchange(other.key_, {})) {}

DhchapSecret& DhchapSecret::operator=(DhchapSecret&& other) noexcept {
    std::swap(hash_, other.hash_);
    std::swap(key_, other.key_);
    return *this;
}

DhchapSecret::~DhchapSecret() {
    wipe(key_);
}

base::Secret DhchapSecret::text() const {
    base::Bytes bytes;
    bytes.reserve(key_.size() + kCrcBytes);  // so that no smaller copy is left behind
    base::Writer(bytes).put_bytes(key_).put(le32(crc32_ieee(key_)));
    std::string encoded = base::to_base64(bytes);
    std::string text;
    text.reserve(encoded.size() + 16);
    text += kPrefix;
    text += base::format("%02u:", hash_ ? static_cast<unsigned>(*hash_) : 0U);
    text += encoded;
    text += ':';
    base::wipe(encoded.data(), encoded.size());
    wipe(bytes);
    return base::Secret(text);
}

DhchapSecret DhchapSecret::copy() const {
    return {hash_, key_};
}

}  // namespace nvme
