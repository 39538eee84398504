// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/types.h"

#include "support/test.h"

BOOST_AUTO_TEST_SUITE(types)

BOOST_AUTO_TEST_CASE(a_status_goes_to_the_wire_and_back) {
    for (unsigned type = 0; type < 8; ++type) {
        for (unsigned code = 0; code < 256; ++code) {
            const nvme::Status status(static_cast<uint8_t>(type), static_cast<uint8_t>(code));
            const auto back = nvme::Status::from_wire(status.dnr().wire());
            BOOST_REQUIRE((back == status && back.final && !back.more));
            BOOST_REQUIRE(status.wire() == (type << 9U | code << 1U));
        }
    }
    BOOST_TEST(nvme::status::kGuardCheck.dnr().number() == 0x4282);
    BOOST_TEST(nvme::Status::from_wire(0x4000).more);
    BOOST_TEST(nvme::Status::from_wire(1).ok());
}

BOOST_AUTO_TEST_CASE(a_status_is_named_by_its_command) {
    using namespace nvme::status;
    BOOST_TEST(nvme::describe(kInvalidField.dnr()) ==
               "Invalid Field in Command (002h, do not retry)");
    BOOST_TEST(nvme::describe(kConnectInvalidHost, true) == "Connect Invalid Host (184h)");
    BOOST_TEST(nvme::describe(kInvalidProtectionInfo) == "Invalid Protection Information (181h)");
    BOOST_TEST(nvme::describe(kConnectControllerBusy, true) == "Connect Controller Busy (181h)");
    BOOST_TEST(nvme::describe(kSequenceError, true) == "Command Sequence Error (00Ch)");
    BOOST_TEST(nvme::describe(nvme::Status(7, 0x77)) == "unknown status (777h)");
}

BOOST_AUTO_TEST_CASE(names_are_found_or_empty) {
    BOOST_TEST(nvme::name(nvme::AdminOpcode::kIdentify) == "Identify");
    BOOST_TEST(nvme::name(nvme::AdminOpcode{0xFE}).empty());
    BOOST_TEST(nvme::name(nvme::IoOpcode::kWriteZeroes) == "Write Zeroes");
    BOOST_TEST(nvme::name(nvme::Cns::kController) == "Controller");
    BOOST_TEST(nvme::name(nvme::Feature::kKeepAliveTimer) == "Keep Alive Timer");
    BOOST_TEST(nvme::name(nvme::LogPage::kDiscovery) == "Discovery");
}

BOOST_AUTO_TEST_CASE(block_commands_name_their_range) {
    nvme::Sqe sqe;
    sqe.cdw10 = 0x89ABCDEF;
    sqe.cdw11 = 0x01234567;
    sqe.cdw12 = nvme::IoFlags::kForceUnitAccess | 0xFFFF;
    BOOST_TEST(nvme::start_block(sqe) == 0x0123456789ABCDEFU);
    BOOST_TEST(nvme::block_count(sqe) == 65536U);
}

BOOST_AUTO_TEST_CASE(the_data_direction_lies_in_the_opcode) {
    using nvme::DataDirection;
    BOOST_TEST(nvme::data_direction(0x01) == DataDirection::kToController);
    BOOST_TEST(nvme::data_direction(0x02) == DataDirection::kToHost);
    BOOST_TEST(nvme::data_direction(0x08) == DataDirection::kNone);
}

BOOST_AUTO_TEST_CASE(an_async_event_is_packed_into_dw0) {
    const nvme::AsyncEvent event{nvme::AsyncEvent::Type::kNotice,
                                 nvme::AsyncEvent::kDiscoveryChanged, nvme::LogPage::kDiscovery};
    BOOST_TEST(event.dw0() == 0x0070F002U);
}

BOOST_AUTO_TEST_SUITE_END()
