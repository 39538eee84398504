// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/crc.h"

#include "support/test.h"

namespace {

using base::Bytes;

Bytes filled(size_t size, unsigned value) {
    return Bytes(size, static_cast<std::byte>(value));
}

/// `size` bytes that begin with `first` and change by `step`, modulo 256.
Bytes counting(size_t size, unsigned first, unsigned step) {
    Bytes bytes(size);
    for (size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<std::byte>(first + i * step);
    }
    return bytes;
}

const auto kDigits = base::bytes_of("123456789");

}  // namespace

BOOST_AUTO_TEST_SUITE(crc)

BOOST_AUTO_TEST_CASE(crc32c_gives_the_published_sums) {
    for (const auto sum : {nvme::crc32c, nvme::crc32c_portable}) {
        BOOST_TEST(sum({}, 0) == 0U);
        BOOST_TEST(sum(kDigits, 0) == 0xE3069283U);
        BOOST_TEST(sum(filled(32, 0), 0) == 0x8A9136AAU);
        BOOST_TEST(sum(filled(32, 0xFF), 0) == 0x62A8AB43U);
        BOOST_TEST(sum(counting(32, 0, 1), 0) == 0x46DD794EU);
        BOOST_TEST(sum(counting(32, 31, 0xFF), 0) == 0x113FDB5CU);
    }
}

BOOST_AUTO_TEST_CASE(the_instruction_and_the_tables_agree_at_every_length_and_alignment) {
    const Bytes bytes = counting(70'000, 7, 13);
    const base::ByteView view = bytes;
    for (size_t size = 0; size < 1200; ++size) {
        const auto part = view.subspan(size % 9, size);
        BOOST_REQUIRE(nvme::crc32c(part) == nvme::crc32c_portable(part));
    }
    for (const size_t size : {4096U, 8191U, 12'287U, 24'576U, 65'536U, 69'999U}) {
        BOOST_TEST(nvme::crc32c(view.first(size)) == nvme::crc32c_portable(view.first(size)));
    }
}

BOOST_AUTO_TEST_CASE(crc32_ieee_gives_the_published_sums) {
    BOOST_TEST(nvme::crc32_ieee(kDigits) == 0xCBF43926U);
    BOOST_TEST(nvme::crc32_ieee(base::bytes_of("a")) == 0xE8B7BE43U);
    BOOST_TEST(nvme::crc32_ieee({}) == 0U);
}

BOOST_AUTO_TEST_CASE(crc16_t10_gives_the_published_sums) {
    for (const auto sum : {nvme::crc16_t10, nvme::crc16_t10_portable}) {
        BOOST_TEST(sum({}, 0) == 0U);
        BOOST_TEST(sum(kDigits, 0) == 0xD0DBU);
        BOOST_TEST(sum(filled(512, 0), 0) == 0U);
        BOOST_TEST(sum(filled(512, 0xFF), 0) == 0xE6A1U);
        BOOST_TEST(sum(filled(32, 0xFF), 0) == 0xA293U);
        BOOST_TEST(sum(counting(32, 0, 1), 0) == 0x0224U);
    }
}

BOOST_AUTO_TEST_CASE(the_library_and_the_tables_agree_at_every_length_and_alignment) {
    const Bytes bytes = counting(5000, 7, 13);
    const base::ByteView view = bytes;
    for (size_t size = 0; size < 1200; ++size) {
        const auto part = view.subspan(size % 9, size);
        BOOST_REQUIRE(nvme::crc16_t10(part, 0x1234) == nvme::crc16_t10_portable(part, 0x1234));
    }
    BOOST_TEST(nvme::crc16_t10(view.first(4096)) == nvme::crc16_t10_portable(view.first(4096)));
}

BOOST_AUTO_TEST_CASE(crc64_nvme_gives_the_published_sums) {
    for (const auto sum : {nvme::crc64_nvme, nvme::crc64_nvme_portable}) {
        BOOST_TEST(sum({}, 0) == 0U);
        BOOST_TEST(sum(kDigits, 0) == 0xAE8B14860A799888U);
        BOOST_TEST(sum(filled(4096, 0), 0) == 0x6482D367EB22B64EU);
        BOOST_TEST(sum(filled(4096, 0xFF), 0) == 0xC0DDBA7302ECA3ACU);
        BOOST_TEST(sum(counting(4096, 0, 1), 0) == 0x3E729F5F6750449CU);
        BOOST_TEST(sum(counting(4096, 0xFF, 0xFF), 0) == 0x9A2DF64B8E9E517EU);
    }
}

BOOST_AUTO_TEST_CASE(folding_and_the_tables_agree_at_every_length_and_alignment) {
    const Bytes bytes = counting(5000, 7, 13);
    const base::ByteView view = bytes;
    for (size_t size = 0; size < 1200; ++size) {
        const auto part = view.subspan(size % 9, size);
        BOOST_REQUIRE(nvme::crc64_nvme(part, 0x1234) == nvme::crc64_nvme_portable(part, 0x1234));
    }
    BOOST_TEST(nvme::crc64_nvme(view) == nvme::crc64_nvme_portable(view));
}

BOOST_AUTO_TEST_CASE(a_buffer_may_be_summed_in_pieces) {
    const Bytes bytes = counting(5000, 3, 7);
    const base::ByteView view = bytes;
    for (const size_t cut : {0U, 1U, 7U, 8U, 1000U, 4999U, 5000U}) {
        const auto a = view.first(cut);
        const auto b = view.subspan(cut);
        BOOST_TEST(nvme::crc32c(b, nvme::crc32c(a)) == nvme::crc32c(view));
        BOOST_TEST(nvme::crc32_ieee(b, nvme::crc32_ieee(a)) == nvme::crc32_ieee(view));
        BOOST_TEST(nvme::crc16_t10(b, nvme::crc16_t10(a)) == nvme::crc16_t10(view));
        BOOST_TEST(nvme::crc64_nvme(b, nvme::crc64_nvme(a)) == nvme::crc64_nvme(view));
    }
}

BOOST_AUTO_TEST_SUITE_END()
