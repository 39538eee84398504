// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/text.h"
#include "nvme/dhchap.h"
#include "support/test.h"

namespace {

using nvme::DhchapSecret;

// Keys 00 01 02 …, with their checksums computed by zlib.
const std::string kBytes32 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+KfiaR";

std::string error_of(const std::string& text) {
    const auto secret = DhchapSecret::parse(text);
    return secret ? "accepted" : secret.error().text;
}

/// `HH`, then the base64 of `size` bytes with their checksum.
std::string text_of(std::optional<nvme::HashId> hash, size_t size) {
    return DhchapSecret::from_key(hash, base::Bytes(size, std::byte{0x5A})).value().text().reveal();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dhchap_secret)

BOOST_AUTO_TEST_CASE(reads_and_writes_the_text_form) {
    const auto secret = DhchapSecret::parse("DHHC-1:00:" + kBytes32 + ":");
    BOOST_REQUIRE(secret.ok());
    BOOST_TEST(!secret->hash().has_value());
    BOOST_TEST(base::to_hex(secret->key()) ==
               "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    BOOST_TEST(secret->text().reveal() == "DHHC-1:00:" + kBytes32 + ":");
}

BOOST_AUTO_TEST_CASE(the_hash_goes_with_the_length_of_its_keys) {
    for (const nvme::HashId hash : nvme::kHashes) {
        const auto secret = DhchapSecret::parse(text_of(hash, nvme::hash_bytes(hash)));
        BOOST_REQUIRE(secret.ok());
        BOOST_TEST(secret->hash() == hash);
        BOOST_TEST(secret->key().size() == nvme::hash_bytes(hash));
    }
    for (const size_t size : {32U, 48U, 64U}) {
        BOOST_TEST(DhchapSecret::parse(text_of(std::nullopt, size)).ok());
    }
    BOOST_TEST(!DhchapSecret::from_key(std::nullopt, base::Bytes(33)).ok());
    BOOST_TEST(!DhchapSecret::from_key(nvme::HashId::kSha512, base::Bytes(32)).ok());
}

BOOST_AUTO_TEST_CASE(refusals_name_the_part_and_never_quote_the_secret) {
    const std::string half = kBytes32.substr(0, 24);
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"", "a DH-HMAC-CHAP secret begins with DHHC-1:"},
        {"DHHC-2:00:" + kBytes32 + ":", "a DH-HMAC-CHAP secret begins with DHHC-1:"},
        {"DHHC-1:", "a DH-HMAC-CHAP secret has the form DHHC-1:HH:BASE64:"},
        {"DHHC-1:00:", "a DH-HMAC-CHAP secret has the form DHHC-1:HH:BASE64:"},
        {"DHHC-1:00:" + kBytes32, "a DH-HMAC-CHAP secret has the form DHHC-1:HH:BASE64:"},
        {"DHHC-1:0:" + kBytes32 + ":", "a DH-HMAC-CHAP secret has the form DHHC-1:HH:BASE64:"},
        {"DHHC-1:04:" + kBytes32 + ":", "the hash of a DH-HMAC-CHAP secret is 00, 01, 02 or 03"},
        {"DHHC-1:xx:" + kBytes32 + ":", "the hash of a DH-HMAC-CHAP secret is 00, 01, 02 or 03"},
        {"DHHC-1:02:" + kBytes32 + ":",
         "a DH-HMAC-CHAP secret: a key of 32 bytes, but its hash sha384 requires 48"},
        {"DHHC-1:00::", "a DH-HMAC-CHAP secret: a key of 0 bytes: 32, 48 or 64 are allowed"},
        {"DHHC-1:00:" + half + ":",
         "a DH-HMAC-CHAP secret: a key of 14 bytes: 32, 48 or 64 are allowed"},
        {"DHHC-1:00:" + kBytes32.substr(0, 47) + ":",
         "a DH-HMAC-CHAP secret: base64 text whose length is not a multiple of 4"},
        {"DHHC-1:00:B" + kBytes32.substr(1) + ":",
         "a DH-HMAC-CHAP secret: its checksum is wrong, it was not copied whole"},
        {"DHHC-1:00:" + kBytes32.substr(0, 47) + "!:",
         "a DH-HMAC-CHAP secret: a character that is not base64"},
    };
    for (const auto& [text, expected] : cases) {
        BOOST_TEST(error_of(text) == expected);
    }
}

BOOST_AUTO_TEST_CASE(a_moved_secret_is_empty_and_a_copy_is_equal) {
    auto first = DhchapSecret::parse("DHHC-1:00:" + kBytes32 + ":").value();
    const auto copy = first.copy();
    const auto second = std::move(first);
    BOOST_TEST(base::to_hex(copy.key()) == base::to_hex(second.key()));
    BOOST_TEST(first.key().empty());  // NOLINT(bugprone-use-after-move): what is asked
    auto third = DhchapSecret::from_key(std::nullopt, base::Bytes(64)).value();
    third = second.copy();
    BOOST_TEST(third.key().size() == 32U);
}

BOOST_AUTO_TEST_SUITE_END()
