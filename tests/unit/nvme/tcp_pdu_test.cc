// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/tcp_pdu.h"

#include "base/text.h"
#include "nvme/crc.h"
#include "nvme/fabrics.h"
#include "support/data_digest.h"
#include "support/golden.h"
#include "support/test.h"

namespace {

using base::Bytes;
using nvme::Framing;
using nvme::PduHeader;
using nvme::PduType;
using nvme::ReceiveRules;
using nvme::Sender;

const auto kData = base::bytes_of("12345678");
constexpr Framing kBoth{true, true, 0};

nvme::CapsuleCmd write_8_bytes(uint32_t flags) {
    nvme::CapsuleCmd pdu;
    pdu.sqe.opcode = 0x01;
    pdu.sqe.flags = nvme::Sqe::kPsdtSgl;
    pdu.sqe.cid = 7;
    pdu.sqe.nsid = 1;
    pdu.sqe.sgl.length = 8;
    pdu.sqe.sgl.type = nvme::SglDescriptor::kInCapsule;
    pdu.sqe.cdw10 = 16;
    pdu.sqe.cdw12 = flags;
    return pdu;
}

Bytes icreq() {
    nvme::IcReq pdu;
    pdu.dgst = nvme::kDigestHeader | nvme::kDigestData;
    return nvme::whole_pdu(pdu, {});
}

Bytes icresp() {
    nvme::IcResp pdu;
    pdu.dgst = nvme::kDigestHeader | nvme::kDigestData;
    pdu.maxh2cdata = 131072;
    return nvme::whole_pdu(pdu, {});
}

Bytes term_req(Sender from) {
    const Bytes offending = base::from_hex("0400480000000000").value();
    return nvme::term_req(from, {nvme::FatalStatus::kInvalidHeaderField, 4}, offending);
}

Bytes connect() {
    nvme::ConnectSqe sqe;
    sqe.cid = 1;
    sqe.sgl.length = sizeof(nvme::ConnectData);
    sqe.sgl.type = nvme::SglDescriptor::kInCapsule;
    sqe.sqsize = 31;
    sqe.kato = 5000;
    nvme::ConnectData data;
    for (size_t i = 0; i < data.hostid.bytes.size(); ++i) {
        data.hostid.bytes[i] = static_cast<std::byte>(i + 1);
    }
    data.subnqn = nvme::nqn_field("nqn.2024-08.com.example:disk");
    data.hostnqn = nvme::nqn_field("nqn.2024-08.com.example:host");
    nvme::CapsuleCmd pdu;
    pdu.sqe = nvme::to_sqe(sqe);
    return nvme::whole_pdu(pdu, {}, base::bytes_of(data));
}

Bytes read() {
    nvme::CapsuleCmd pdu;
    pdu.sqe.opcode = 0x02;
    pdu.sqe.flags = nvme::Sqe::kPsdtSgl;
    pdu.sqe.cid = 8;
    pdu.sqe.nsid = 1;
    pdu.sqe.sgl.length = 4096;
    pdu.sqe.sgl.type = nvme::SglDescriptor::kTransport;
    pdu.sqe.cdw11 = 1;
    pdu.sqe.cdw12 = 7;
    return nvme::whole_pdu(pdu, kBoth);
}

Bytes capsule_resp() {
    nvme::CapsuleResp pdu;
    pdu.cqe.sqhd = 1;
    pdu.cqe.cid = 1;
    pdu.cqe.status = nvme::status::kConnectInvalidHost.dnr().wire();
    return nvme::whole_pdu(pdu, kBoth);
}

Bytes h2c_data() {
    nvme::H2cData pdu;
    pdu.header.flags = PduHeader::kLastPdu;
    pdu.cccid = 7;
    pdu.ttag = 3;
    pdu.datao = 8;
    pdu.datal = 8;
    return nvme::whole_pdu(pdu, kBoth, kData);
}

Bytes c2h_data() {
    nvme::C2hData pdu;
    pdu.header.flags = PduHeader::kLastPdu | PduHeader::kSuccess;
    pdu.cccid = 8;
    pdu.datal = 8;
    return nvme::whole_pdu(pdu, {false, true, 0}, kData);
}

Bytes r2t() {
    nvme::R2t pdu;
    pdu.cccid = 7;
    pdu.ttag = 3;
    pdu.r2to = 8;
    pdu.r2tl = 8;
    return nvme::whole_pdu(pdu, kBoth);
}

/// One kind of PDU: its sample, how we build it, how its receiver reads it.
struct Row {
    const char* golden;
    Bytes built;
    ReceiveRules rules;
    uint32_t data_length;
};

std::vector<Row> rows() {
    using nvme::IoFlags;
    const auto host = Sender::kHost;
    const auto controller = Sender::kController;
    return {
        {"icreq", icreq(), {host, false, false, 0, 8192}, 0},
        {"icresp", icresp(), {controller, false, false, 0, 8192}, 0},
        {"h2c_term_req", term_req(host), {host, true, true, 0, 0}, 8},
        {"c2h_term_req", term_req(controller), {controller, true, true, 0, 0}, 8},
        {"capsule_cmd_connect", connect(), {host, false, false, 0, 8192}, 1024},
        {"capsule_cmd_write",
         nvme::whole_pdu(write_8_bytes(IoFlags::kForceUnitAccess), kBoth, kData),
         {host, true, true, 0, 8},
         8},
        {"capsule_cmd_read", read(), {host, true, true, 0, 8192}, 0},
        {"capsule_cmd_padded",
         nvme::whole_pdu(write_8_bytes(0), {false, false, 15}, kData),
         {host, false, false, 15, 8192},
         8},
        {"capsule_resp", capsule_resp(), {controller, true, true, 0, 8192}, 0},
        {"h2c_data", h2c_data(), {host, true, true, 0, 8192}, 8},
        {"c2h_data", c2h_data(), {controller, false, true, 0, 8192}, 8},
        {"r2t", r2t(), {controller, true, false, 0, 8192}, 0},
    };
}

PduHeader header_of(base::ByteView pdu) {
    const auto header = base::Reader(pdu).take<PduHeader>();
    BOOST_REQUIRE(header.has_value());
    return *header;
}

/// `host header_digest data_digest pda=15 max=8192`
ReceiveRules parse_rules(std::string_view text) {
    ReceiveRules rules;
    for (const std::string_view word : base::split_words(text)) {
        const auto number = base::parse_u64(word.substr(word.find('=') + 1));
        if (word == "controller") {
            rules.sender = Sender::kController;
        } else if (word == "header_digest") {
            rules.header_digest = true;
        } else if (word == "data_digest") {
            rules.data_digest = true;
        } else if (word.starts_with("pda=")) {
            rules.pda = static_cast<uint8_t>(number.value());
        } else if (word.starts_with("max=")) {
            rules.max_data = static_cast<uint32_t>(number.value());
        } else {
            BOOST_REQUIRE(word == "host");
        }
    }
    return rules;
}

std::string error_text(nvme::PduError error) {
    return base::format("fes=%u fei=%u", static_cast<unsigned>(error.fes), error.fei);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tcp_pdu)

BOOST_AUTO_TEST_CASE(builds_the_sample_of_every_pdu) {
    for (const Row& row : rows()) {
        const Bytes sample = support::golden(std::string("pdu/") + row.golden + ".hex");
        BOOST_TEST(base::to_hex(row.built) == base::to_hex(sample), row.golden);
    }
}

BOOST_AUTO_TEST_CASE(reads_the_sample_of_every_pdu) {
    for (const Row& row : rows()) {
        BOOST_TEST_CONTEXT(row.golden) {
            const auto layout = nvme::check_header(header_of(row.built), row.rules);
            BOOST_REQUIRE(layout.ok());
            BOOST_TEST(layout->length == row.built.size());
            BOOST_TEST(layout->data_length == row.data_length);
            BOOST_TEST(nvme::check_header_digest(row.built, *layout).ok());
            BOOST_TEST(support::data_digest_matches(row.built, *layout));
            if (row.data_length == 8 && row.built[0] > std::byte{3}) {
                BOOST_TEST(base::text_of(nvme::data_of(row.built, *layout)) == "12345678");
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(refuses_every_bad_header) {
    for (const auto& sample : support::load_goldens("pdu_bad")) {
        BOOST_TEST_CONTEXT(sample.name) {
            const auto layout =
                nvme::check_header(header_of(sample.bytes), parse_rules(sample.says.at("rules")));
            BOOST_REQUIRE(!layout.ok());
            BOOST_TEST(error_text(layout.error()) == sample.says.at("error"));
        }
    }
}

BOOST_AUTO_TEST_CASE(pdo_is_not_looked_at_without_data) {
    PduHeader header;
    header.type = PduType::kCapsuleCmd;
    header.hlen = sizeof(nvme::CapsuleCmd);
    header.pdo = 3;
    header.plen = sizeof(nvme::CapsuleCmd);
    const auto layout = nvme::check_header(header, {});
    BOOST_REQUIRE(layout.ok());
    BOOST_TEST(layout->data_length == 0U);
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_anywhere_fails_a_digest) {
    const ReceiveRules rules{Sender::kHost, true, true, 0, 8192};
    const Bytes good = h2c_data();
    const auto layout = nvme::check_header(header_of(good), rules);
    BOOST_REQUIRE(layout.ok());
    for (size_t i = sizeof(PduHeader); i < good.size(); ++i) {
        Bytes bad = good;
        bad[i] ^= std::byte{0x10};
        const auto header = nvme::check_header_digest(bad, *layout);
        const bool in_header = i < layout->data_offset;
        BOOST_TEST(header.ok() == !in_header);
        BOOST_TEST(support::data_digest_matches(bad, *layout) == in_header);
    }
}

BOOST_AUTO_TEST_CASE(a_header_digest_error_names_the_digest_received) {
    Bytes pdu = r2t();
    const auto layout =
        nvme::check_header(header_of(pdu), {Sender::kController, true, false, 0, 0});
    BOOST_REQUIRE(layout.ok());
    std::fill(pdu.end() - 4, pdu.end(), std::byte{0x11});
    const auto result = nvme::check_header_digest(pdu, *layout);
    BOOST_REQUIRE(!result.ok());
    BOOST_TEST(error_text(result.error()) == base::format("fes=3 fei=%u", 0x11111111U));
    BOOST_TEST(nvme::describe(result.error()) == "header digest error (received 11111111)");
}

BOOST_AUTO_TEST_CASE(every_alignment_and_digest_survives_the_round_trip) {
    for (unsigned pda = 0; pda <= nvme::kMaxPda; ++pda) {
        for (unsigned digests = 0; digests < 4; ++digests) {
            const Framing framing{(digests & 1U) != 0, (digests & 2U) != 0,
                                  static_cast<uint8_t>(pda)};
            const Bytes pdu = nvme::whole_pdu(write_8_bytes(0), framing, kData);
            const auto layout = nvme::check_header(
                header_of(pdu),
                {Sender::kHost, framing.header_digest, framing.data_digest, framing.pda, 8192});
            BOOST_REQUIRE(layout.ok());
            BOOST_TEST(layout->data_offset % ((pda + 1) * 4) == 0U);
            BOOST_TEST(nvme::check_header_digest(pdu, *layout).ok());
            BOOST_TEST(support::data_digest_matches(pdu, *layout));
            BOOST_TEST(base::text_of(nvme::data_of(pdu, *layout)) == "12345678");
        }
    }
}

BOOST_AUTO_TEST_CASE(a_term_req_quotes_at_most_128_bytes) {
    const Bytes pdu = nvme::term_req(Sender::kHost, {nvme::FatalStatus::kSequenceError, 0},
                                     Bytes(500, std::byte{7}));
    BOOST_TEST(pdu.size() == nvme::kMaxTermReqBytes);
    BOOST_TEST(nvme::check_header(header_of(pdu), {}).ok());
}

BOOST_AUTO_TEST_CASE(errors_and_types_have_names) {
    BOOST_TEST(nvme::name(PduType::kC2hData) == "C2HData");
    BOOST_TEST(nvme::name(static_cast<PduType>(8)).empty());
    BOOST_TEST(nvme::describe({nvme::FatalStatus::kInvalidHeaderField, 4}) ==
               "invalid PDU header field at byte 4");
    BOOST_TEST(nvme::describe({nvme::FatalStatus::kSequenceError, 0}) == "PDU sequence error");
    BOOST_TEST(nvme::describe({static_cast<nvme::FatalStatus>(77), 0}) == "unknown fatal error 77");
}

BOOST_AUTO_TEST_SUITE_END()
