// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/name_uuid.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

#include "base/bytes.h"
#include "base/endian.h"
#include "base/text.h"

namespace exports {
namespace {

using Words = std::array<uint32_t, 5>;

/// The function of SHA-1 for 20 of its 80 steps: FIPS 180-4, 4.1.1 and 4.2.1.
uint32_t mix(size_t step, uint32_t b, uint32_t c, uint32_t d) {
    switch (step / 20) {
        case 0:
            return ((b & c) | (~b & d)) + 0x5a827999U;
        case 1:
            return (b ^ c ^ d) + 0x6ed9eba1U;
        case 2:
            return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcU;
        default:
            return (b ^ c ^ d) + 0xca62c1d6U;
    }
}

void absorb(Words& state, base::ByteView block) {
    std::array<uint32_t, 80> w;
    base::Reader reader(block);
    std::generate_n(w.begin(), 16, [&] { return uint32_t{*reader.take<base::be32>()}; });
    for (size_t i = 16; i < w.size(); ++i) {
        w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    }
    auto [a, b, c, d, e] = state;
    for (size_t i = 0; i < w.size(); ++i) {
        const uint32_t next = std::rotl(a, 5) + mix(i, b, c, d) + e + w[i];
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = next;
    }
    const Words change = {a, b, c, d, e};
    std::transform(state.begin(), state.end(), change.begin(), state.begin(), std::plus());
}

Words sha1(base::Bytes message) {
    constexpr size_t kBlock = 64;
    const uint64_t bits = message.size() * 8;
    message.push_back(std::byte{0x80});
    while (message.size() % kBlock != kBlock - sizeof bits) {
        message.push_back(std::byte{0});
    }
    base::Writer(message).put(base::be64(bits));
    Words state = {0x67452301U, 0xefcdab89U, 0x98badcfeU, 0x10325476U, 0xc3d2e1f0U};
    for (base::Reader rest(message); rest.remaining() > 0;) {
        absorb(state, *rest.take_bytes(kBlock));
    }
    return state;
}

}  // namespace

nvme::Uuid url_uuid(std::string_view name) {
    static constexpr std::string_view kUrls = "6ba7b8119dad11d180b400c04fd430c8";
    base::Bytes message = base::from_hex(kUrls).value();
    base::Writer(message).put_bytes(base::bytes_of(name));
    base::Bytes digest;
    base::Writer writer(digest);
    for (const uint32_t word : sha1(std::move(message))) {
        writer.put(base::be32(word));
    }
    nvme::Uuid uuid;
    std::copy_n(digest.begin(), uuid.bytes.size(), uuid.bytes.begin());
    uuid.bytes[6] = (uuid.bytes[6] & std::byte{0x0f}) | std::byte{0x50};
    uuid.bytes[8] = (uuid.bytes[8] & std::byte{0x3f}) | std::byte{0x80};
    return uuid;
}

nvme::Uuid namespace_uuid(std::string_view subsysnqn, uint32_t nsid) {
    return url_uuid("nvme+tcp:" + std::string(subsysnqn) + "/" + std::to_string(nsid));
}

std::string subsystem_serial(std::string_view subsysnqn) {
    constexpr size_t kSerialBytes = 20;
    const nvme::Uuid uuid = url_uuid("nvme+tcp:" + std::string(subsysnqn));
    return base::to_hex(uuid.bytes).substr(0, kSerialBytes);
}

}  // namespace exports
