// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/fabrics.h"

#include "support/test.h"

BOOST_AUTO_TEST_SUITE(fabrics)

BOOST_AUTO_TEST_CASE(a_command_keeps_its_bytes_in_either_form) {
    nvme::ConnectSqe connect;
    connect.cid = 5;
    connect.qid = 3;
    connect.sqsize = 127;
    connect.kato = 15000;
    const nvme::Sqe sqe = nvme::to_sqe(connect);
    BOOST_TEST(sqe.opcode == 0x7F);
    BOOST_TEST(nvme::fabrics_type(sqe) == nvme::FabricsType::kConnect);
    BOOST_TEST(sqe.cdw10 == 3U << 16U);
    BOOST_TEST(sqe.cdw11 == 127U);
    BOOST_TEST(sqe.cdw12 == 15000U);
    BOOST_TEST(nvme::command_as<nvme::ConnectSqe>(sqe).qid == 3);
}

BOOST_AUTO_TEST_CASE(the_results_of_connect_go_to_dw0_and_back) {
    const nvme::ConnectResult result{0x1234, true, false};
    BOOST_TEST(result.dw0() == 0x00021234U);
    BOOST_TEST(nvme::ConnectResult::from_dw0(0x00021234) == result);
    BOOST_TEST(nvme::ConnectResult::from_dw0(0x00040000).secure_channel_required);
    const nvme::ConnectInvalidField field{256, true};
    BOOST_TEST(field.dw0() == 0x00010100U);
    BOOST_TEST(nvme::ConnectInvalidField::from_dw0(0x00010100) == field);
}

BOOST_AUTO_TEST_CASE(an_invalid_field_of_connect_has_a_name) {
    BOOST_TEST(nvme::name(nvme::ConnectInvalidField{256, true}) == "SUBNQN");
    BOOST_TEST(nvme::name(nvme::ConnectInvalidField{512, true}) == "HOSTNQN");
    BOOST_TEST(nvme::name(nvme::ConnectInvalidField{0, true}) == "HOSTID");
    BOOST_TEST(nvme::name(nvme::ConnectInvalidField{44, false}) == "SQSIZE");
    BOOST_TEST(nvme::name(nvme::ConnectInvalidField{3, false}).empty());
}

BOOST_AUTO_TEST_CASE(an_nqn_field_must_be_ended_and_valid) {
    auto field = nvme::nqn_field("nqn.2024-08.com.example:disk");
    BOOST_TEST(nvme::nqn_of(field).value() == "nqn.2024-08.com.example:disk");
    BOOST_TEST(nvme::nqn_of(nvme::nqn_field("disk")).ok());
    BOOST_TEST(!nvme::nqn_of(nvme::nqn_field("di\nsk")).ok());
    field.fill('x');
    BOOST_TEST(!nvme::nqn_of(field).ok());
}

BOOST_AUTO_TEST_CASE(registers_are_packed_as_the_host_expects) {
    const nvme::Capabilities cap{127, true, 30, true};
    BOOST_TEST(cap.wire() == 0x0000'0020'1E01'007FU);
    BOOST_TEST(nvme::Capabilities::from_wire(cap.wire()) == cap);
    // The value that Linux writes: IOSQES 6, IOCQES 4, EN.
    const auto cc = nvme::Configuration::from_wire(0x00460001);
    BOOST_TEST(cc.enable);
    BOOST_TEST(cc.submission_entry == 6);
    BOOST_TEST(cc.completion_entry == 4);
    BOOST_TEST(cc.shutdown == 0);
    BOOST_TEST(cc.wire() == 0x00460001U);
    BOOST_TEST(nvme::Configuration::from_wire(0x00464001).shutdown == 1);
    for (unsigned bit = 0; bit < 24; ++bit) {
        if (bit >= 1 && bit <= 3) {
            continue;  // reserved
        }
        BOOST_TEST(nvme::Configuration::from_wire(1U << bit).wire() == 1U << bit);
    }
}

BOOST_AUTO_TEST_CASE(commands_and_properties_have_names) {
    BOOST_TEST(nvme::name(nvme::FabricsType::kAuthReceive) == "Authentication Receive");
    BOOST_TEST(nvme::name(nvme::FabricsType{0x33}).empty());
    BOOST_TEST(nvme::name(nvme::Property::kCsts) == "CSTS");
    BOOST_TEST(nvme::name(nvme::Property{4}).empty());
    BOOST_TEST(nvme::is_wide(nvme::Property::kCap));
    BOOST_TEST(!nvme::is_wide(nvme::Property::kCc));
}

BOOST_AUTO_TEST_SUITE_END()
