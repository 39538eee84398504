// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/auth/crypto.h"

#include "base/text.h"
#include "support/test.h"

namespace crypto = target::crypto;

BOOST_AUTO_TEST_SUITE(crypto_functions)

BOOST_AUTO_TEST_CASE(hashes_in_parts) {
    const auto sum = crypto::hash(nvme::HashId::kSha256, {base::bytes_of(std::string_view("a")),
                                                          base::bytes_of(std::string_view("bc"))});
    BOOST_REQUIRE(sum.ok());
    BOOST_TEST(base::to_hex(*sum) ==
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// RFC 4231, test case 2.
BOOST_AUTO_TEST_CASE(authenticates_in_parts) {
    const std::string_view key = "Jefe";
    const std::string_view first = "what do ya want ";
    const std::string_view second = "for nothing?";
    const auto mac = [&](nvme::HashId hash) {
        return base::to_hex(*crypto::hmac(hash, base::bytes_of(key),
                                          {base::bytes_of(first), base::bytes_of(second)}));
    };
    BOOST_TEST(mac(nvme::HashId::kSha256) ==
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    BOOST_TEST(mac(nvme::HashId::kSha384) ==
               "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
               "8e2240ca5e69e2c78b3239ecfab21649");
    BOOST_TEST(mac(nvme::HashId::kSha512) ==
               "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
               "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}

BOOST_AUTO_TEST_CASE(both_ends_of_an_exchange_agree) {
    for (const nvme::DhGroup group : nvme::kDhGroups) {
        if (group == nvme::DhGroup::kNull) {
            continue;
        }
        const auto a = crypto::DhKey::generate(group);
        const auto b = crypto::DhKey::generate(group);
        BOOST_REQUIRE((a.ok() && b.ok()));
        BOOST_TEST(a->public_value().size() == nvme::dh_bytes(group));
        const auto secret = a->shared_secret(b->public_value());
        BOOST_REQUIRE(secret.ok());
        BOOST_TEST(secret->size() == nvme::dh_bytes(group));
        BOOST_TEST(*secret == *b->shared_secret(a->public_value()));
    }
}

BOOST_AUTO_TEST_CASE(refuses_public_values_that_prove_nothing) {
    const auto key = crypto::DhKey::generate(nvme::DhGroup::kFfdhe2048);
    BOOST_REQUIRE(key.ok());
    base::Bytes value(256);
    BOOST_TEST(!key->shared_secret(value).ok());
    value.back() = std::byte{1};
    BOOST_TEST(!key->shared_secret(value).ok());
    value.back() = std::byte{2};
    BOOST_TEST(key->shared_secret(value).ok());
    std::ranges::fill(value, std::byte{0xFF});
    BOOST_TEST(!key->shared_secret(value).ok());
    BOOST_TEST(!key->shared_secret(base::ByteView(value).first(255)).ok());
}

BOOST_AUTO_TEST_CASE(compares_all_of_two_values) {
    const base::Bytes a(4, std::byte{1});
    base::Bytes b = a;
    BOOST_TEST(crypto::equal(a, b));
    b.back() = std::byte{0};
    BOOST_TEST(!crypto::equal(a, b));
    BOOST_TEST(!crypto::equal(a, base::ByteView(a).first(3)));
}

BOOST_AUTO_TEST_SUITE_END()
