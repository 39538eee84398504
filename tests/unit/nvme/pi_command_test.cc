// SPDX-License-Identifier: GPL-2.0-or-later
//
// The requests of read and write commands for protection information.
#include <string_view>
#include <vector>

#include "nvme/pi.h"
#include "support/test.h"
#include "unit/nvme/pi_sample.h"

namespace {

using nvme::PiField;
using nvme::PiFormat;

nvme::Sqe command(uint64_t block, uint32_t flags) {
    nvme::Sqe sqe;
    sqe.cdw10 = static_cast<uint32_t>(block);
    sqe.cdw11 = static_cast<uint32_t>(block >> 32U);
    sqe.cdw12 = flags;
    return sqe;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pi_command)

BOOST_AUTO_TEST_CASE(every_flag_of_a_command_is_read) {
    const PiFormat format = make_format(2, 16, false, 0, false);
    struct Row {
        uint32_t flags;
        bool pract, guard, app, ref, storage;
    };
    for (uint32_t prinfo = 0; prinfo < 16; ++prinfo) {
        for (const bool storage : {false, true}) {
            const auto read = nvme::read_pi_command(
                format, command(5, prinfo << 26U | (storage ? 1U << 24U : 0)));
            BOOST_REQUIRE(read.ok());
            BOOST_TEST(read->pract == ((prinfo & 8U) != 0));
            BOOST_TEST(read->checks.guard == ((prinfo & 4U) != 0));
            BOOST_TEST(read->checks.app_tag == ((prinfo & 2U) != 0));
            BOOST_TEST(read->checks.ref_tag == ((prinfo & 1U) != 0));
            BOOST_TEST(read->checks.storage_tag == storage);
            BOOST_TEST(read->checks.escape);
        }
    }
}

BOOST_AUTO_TEST_CASE(tags_of_a_command_lie_in_as_many_dwords_as_the_guard_needs) {
    nvme::Sqe sqe = command(0, 0);
    sqe.cdw2 = 0xFFFF1122U;
    sqe.cdw3 = 0x33445566U;
    sqe.cdw14 = 0x778899AAU;
    sqe.cdw15 = 0xF0F01234U;
    struct Row {
        uint8_t guard, storage_bits;
        uint64_t storage, ref;
    };
    const std::vector<Row> rows = {{16, 0, 0, 0x778899AA},
                                   {16, 8, 0x77, 0x8899AA},
                                   {16, 32, 0x778899AA, 0},
                                   {64, 0, 0, 0x5566778899AA},
                                   {64, 16, 0x5566, 0x778899AA},
                                   {64, 48, 0x5566778899AA, 0},
                                   {32, 16, 0x1122, 0x33445566778899AA},
                                   {32, 64, 0x1122334455667788, 0x99AA}};
    for (const Row& row : rows) {
        const PiFormat format = make_format(2, row.guard, false, row.storage_bits, false);
        const auto read = nvme::read_pi_command(format, sqe);
        BOOST_REQUIRE(read.ok());
        BOOST_TEST(read->tags.storage_tag == row.storage);
        BOOST_TEST(read->tags.ref_tag == row.ref);
        BOOST_TEST(read->tags.app_tag == 0x1234U);
        BOOST_TEST(read->tags.app_mask == 0xF0F0U);
    }
}

BOOST_AUTO_TEST_CASE(a_reference_check_must_fit_the_type) {
    constexpr uint32_t kCheckRef = 1U << 26U;
    constexpr uint64_t kBlock = 0x1'0000'0007;  // only its low bits fit the tag
    for (const uint8_t type : {uint8_t{1}, uint8_t{2}, uint8_t{3}}) {
        for (const uint8_t guard : {uint8_t{16}, uint8_t{64}}) {
            for (const bool check : {false, true}) {
                for (const bool matches : {false, true}) {
                    const PiFormat format = make_format(type, guard, false, 0, false);
                    nvme::Sqe sqe = command(kBlock, check ? kCheckRef : 0);
                    sqe.cdw14 = matches ? 7U : 8U;
                    sqe.cdw3 = guard == 64 ? 1U : 0U;
                    const auto read = nvme::read_pi_command(format, sqe);
                    const bool refused = check && (type == 3 || (type == 1 && !matches));
                    BOOST_TEST(read.ok() == !refused);
                    if (refused) {
                        BOOST_TEST(read.error() == nvme::status::kInvalidProtectionInfo);
                        BOOST_TEST(read.error().final);
                    } else if (type == 1) {
                        BOOST_TEST(read->tags.ref_tag == (kBlock & ref_tag_mask(format)));
                    }
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(the_tuple_stays_behind_only_where_it_is_all_of_the_metadata) {
    const PiFormat alone = make_format(1, 16, false, 0, false);
    const PiFormat more = make_format(1, 64, false, 0, true);
    BOOST_TEST(nvme::transfer_bytes(alone, true) == 512U);
    BOOST_TEST(nvme::transfer_bytes(alone, false) == 520U);
    BOOST_TEST(nvme::transfer_bytes(more, true) == 552U);
    BOOST_TEST(nvme::transfer_bytes(more, false) == 552U);
}

BOOST_AUTO_TEST_CASE(each_field_has_its_name_and_status) {
    struct Row {
        PiField field;
        std::string_view name;
        nvme::Status status;
    };
    const std::vector<Row> rows = {
        {PiField::kGuard, "guard", nvme::status::kGuardCheck},
        {PiField::kAppTag, "application tag", nvme::status::kApplicationTagCheck},
        {PiField::kStorageTag, "storage tag", nvme::status::kStorageTagCheck},
        {PiField::kRefTag, "reference tag", nvme::status::kReferenceTagCheck}};
    for (const Row& row : rows) {
        BOOST_TEST(nvme::name(row.field) == row.name);
        BOOST_TEST(nvme::to_status(row.field) == row.status);
        BOOST_TEST(nvme::to_status(row.field).final);
    }
}

BOOST_AUTO_TEST_SUITE_END()
