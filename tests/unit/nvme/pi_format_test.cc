// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/pi_format.h"

#include "support/test.h"

namespace {

using nvme::IdentifyNamespace;
using nvme::IdentifyNvmNamespace;
using nvme::PiFormat;

constexpr uint32_t kGuard32 = 1U << 7U;
constexpr uint32_t kGuard64 = 2U << 7U;
constexpr uint32_t kGuardQualified = 3U << 7U;

/// A namespace of one format: 2^`shift` byte blocks, `metadata` bytes behind them.
IdentifyNamespace ns(uint8_t shift, uint16_t metadata, uint8_t dps) {
    IdentifyNamespace identify;
    identify.flbas = metadata == 0 ? uint8_t{0} : IdentifyNamespace::kFlbasExtended;
    identify.dpc = 0x1F;
    identify.dps = dps;
    identify.lbaf[0].lbads = shift;
    identify.lbaf[0].ms = metadata;
    return identify;
}

IdentifyNvmNamespace nvm(uint32_t elbaf, uint8_t pic = 0) {
    IdentifyNvmNamespace identify;
    identify.elbaf[0] = elbaf;
    identify.pic = pic;
    return identify;
}

std::string decode(const IdentifyNamespace& identify,
                   const IdentifyNvmNamespace* extended = nullptr) {
    const auto format = nvme::decode_pi_format(identify, extended);
    return format ? nvme::describe(*format) : format.error().text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pi_format)

BOOST_AUTO_TEST_CASE(plain_blocks) {
    BOOST_TEST(decode(ns(9, 0, 0)) == "512-byte blocks");
    BOOST_TEST(decode(ns(12, 0, 0)) == "4096-byte blocks");
    BOOST_TEST(decode(ns(9, 8, 0)) == "512+8-byte blocks, metadata without protection information");
}

BOOST_AUTO_TEST_CASE(every_type_position_and_guard) {
    struct Guard {
        uint32_t elbaf;
        uint8_t pic;
        uint8_t bits;
        uint16_t tuple;
        uint8_t storage_tag = 0;
    };
    const std::vector<Guard> guards = {
        {0, 0, 16, 8},
        {kGuard32 | 16U, 0, 32, 16, 16},
        {kGuard64, 0, 64, 16},
        {kGuardQualified | 2U << 9U, IdentifyNvmNamespace::kPicQualified, 64, 16}};
    for (uint8_t type = 1; type <= 3; ++type) {
        for (const bool first : {false, true}) {
            for (const Guard& guard : guards) {
                const auto dps =
                    static_cast<uint8_t>(type | (first ? IdentifyNamespace::kDpsFirst : 0));
                const auto extended = nvm(guard.elbaf, guard.pic);
                const auto format = nvme::decode_pi_format(ns(9, guard.tuple, dps), &extended);
                BOOST_REQUIRE(format.ok());
                BOOST_TEST((*format == PiFormat{512, guard.tuple, true, type, guard.bits, first,
                                                guard.storage_tag}));
                BOOST_TEST(format->tuple_bytes() == guard.tuple);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_description_says_all_of_it) {
    const auto extended = nvm(kGuard64 | 16U);
    BOOST_TEST(decode(ns(12, 64, 0x0A), &extended) ==
               "4096+64-byte blocks, type 2 protection, 64-bit guard, in the first bytes, 16-bit "
               "storage tag");
}

BOOST_AUTO_TEST_CASE(the_format_in_use_is_read_not_the_first) {
    IdentifyNamespace identify = ns(9, 0, 0);
    identify.nlbaf = 15;
    identify.nulbaf = 2;
    identify.flbas = 0x21;  // 17: the high bits lie apart
    identify.lbaf[17].lbads = 12;
    BOOST_TEST(decode(identify) == "4096-byte blocks");
}

BOOST_AUTO_TEST_CASE(contradictions_are_refused_with_a_sentence) {
    IdentifyNamespace identify = ns(9, 0, 0);
    identify.flbas = 1;
    BOOST_TEST(decode(identify) == "LBA format 1 is in use but there are only 1");
    BOOST_TEST(decode(ns(8, 0, 0)) == "blocks of 2^8 bytes: 512 to 4096 are supported");
    BOOST_TEST(decode(ns(13, 0, 0)) == "blocks of 2^13 bytes: 512 to 4096 are supported");
    BOOST_TEST(decode(ns(9, 8, 4)) == "protection type 4 is not defined");
    BOOST_TEST(decode(ns(9, 4, 1)) ==
               "4 metadata bytes cannot hold protection information of 8 bytes");
    BOOST_TEST(decode(ns(9, 0, 1)) ==
               "0 metadata bytes cannot hold protection information of 8 bytes");
    const auto guard64 = nvm(kGuard64);
    BOOST_TEST(decode(ns(9, 8, 1), &guard64) ==
               "8 metadata bytes cannot hold protection information of 16 bytes");
    const auto undefined = nvm(kGuardQualified);
    BOOST_TEST(decode(ns(9, 16, 1), &undefined) ==
               "protection information format 3 is not defined");
    const auto wide16 = nvm(33);
    BOOST_TEST(decode(ns(9, 8, 1), &wide16) ==
               "a storage tag of 33 bits with a guard of 16 bits: 0 to 32 are defined");
    const auto narrow32 = nvm(kGuard32 | 15U);
    BOOST_TEST(decode(ns(9, 16, 1), &narrow32) ==
               "a storage tag of 15 bits with a guard of 32 bits: 16 to 64 are defined");
    const auto wide64 = nvm(kGuard64 | 49U);
    BOOST_TEST(decode(ns(9, 16, 1), &wide64) ==
               "a storage tag of 49 bits with a guard of 64 bits: 0 to 48 are defined");
    identify = ns(9, 8, 2);
    identify.dpc = 0x1D;
    BOOST_TEST(decode(identify) ==
               "type 2 protection is in use but not among the namespace's "
               "capabilities (DPC 1Dh)");
    identify = ns(9, 8, 9);
    identify.dpc = 0x11;
    BOOST_TEST(decode(identify) ==
               "protection information in the first bytes is in use but not "
               "among the namespace's capabilities (DPC 11h)");
}

BOOST_AUTO_TEST_CASE(metadata_may_have_a_buffer_of_its_own) {
    IdentifyNamespace identify = ns(9, 8, 1);
    identify.flbas = 0;
    const auto format = nvme::decode_pi_format(identify, nullptr);
    BOOST_REQUIRE(format.ok());
    BOOST_TEST(!format->extended);
    BOOST_TEST(format->metadata_bytes == 8U);
}

BOOST_AUTO_TEST_SUITE_END()
