// SPDX-License-Identifier: GPL-2.0-or-later
//
// PDUs that no host may send: for each broken PDU the C2HTermReq that answers it.
#include <functional>
#include <ostream>

#include "nvme/tcp_pdu.h"
#include "support/target_fixture.h"
#include "support/test.h"

using nvme::FatalStatus;
using nvme::PduHeader;
using support::TargetFixture;

namespace {

constexpr uint16_t kWriteCid = 7;

template <class Wire>
base::Bytes raw(const Wire& wire) {
    const auto bytes = base::bytes_of(wire);
    return {bytes.begin(), bytes.end()};
}

nvme::IcReq ic_req() {
    nvme::IcReq pdu;
    pdu.header.hlen = sizeof pdu;
    pdu.header.plen = sizeof pdu;
    return pdu;
}

/// A capsule whose header `change` spoils.
template <class Change>
base::Bytes capsule(Change change) {
    nvme::CapsuleCmd pdu;
    pdu.header.type = nvme::PduType::kCapsuleCmd;
    pdu.header.hlen = sizeof pdu;
    pdu.header.plen = sizeof pdu;
    pdu.sqe = host::keep_alive().sqe;
    pdu.sqe.flags = nvme::Sqe::kPsdtSgl;
    change(pdu);
    return raw(pdu);
}

/// Data of the first 4096 bytes of the write under way, spoiled by `change`.
template <class Change>
base::Bytes h2c_data(Change change) {
    nvme::H2cData pdu;
    pdu.header.type = nvme::PduType::kH2cData;
    pdu.header.hlen = sizeof pdu;
    pdu.header.pdo = sizeof pdu;
    pdu.header.plen = sizeof pdu + 4096;
    pdu.cccid = kWriteCid;
    pdu.datal = 4096;
    change(pdu);
    base::Bytes out = raw(pdu);
    out.resize(sizeof pdu + 4096);
    return out;
}

/// A write of 32 blocks whose data is to be fetched by R2T.
base::Bytes write_command() {
    return capsule([](nvme::CapsuleCmd& pdu) {
        pdu.sqe = host::write(1, {0, 32, 512}, {}).sqe;
        pdu.sqe.flags = nvme::Sqe::kPsdtSgl;
        pdu.sqe.cid = kWriteCid;
        pdu.sqe.sgl.type = nvme::SglDescriptor::kTransport;
        pdu.sqe.sgl.length = 32 * 512;
    });
}

enum class Stage {
    kFresh,        ///< nothing was said
    kInitialized,  ///< after ICResp
    kWriting,      ///< an I/O queue with an R2T for 16384 bytes outstanding
};

struct Case {
    const char* name;
    Stage stage;
    base::Bytes bytes;
    FatalStatus fes;
    uint32_t fei;
};

std::vector<Case> cases() {
    std::vector<Case> out;
    const auto add = [&](const char* name, Stage stage, base::Bytes bytes, FatalStatus fes,
                         size_t fei) {
        out.push_back({name, stage, std::move(bytes), fes, static_cast<uint32_t>(fei)});
    };
    const auto kField = FatalStatus::kInvalidHeaderField;
    const auto kSequence = FatalStatus::kSequenceError;
    const auto icreq = [](auto change) {
        nvme::IcReq pdu = ic_req();
        change(pdu);
        return raw(pdu);
    };

    add("capsule before ICReq", Stage::kFresh, capsule([](auto&) {}), kSequence, 0);
    add("unknown type", Stage::kFresh, icreq([](auto& p) { p.header.type = nvme::PduType(0x44); }),
        kField, 0);
    add("a controller's PDU", Stage::kFresh,
        icreq([](auto& p) { p.header.type = nvme::PduType::kIcResp; }), kField, 0);
    add("ICReq with flags", Stage::kFresh,
        icreq([](auto& p) { p.header.flags = PduHeader::kHeaderDigest; }), kField, 1);
    add("ICReq hlen", Stage::kFresh, icreq([](auto& p) { p.header.hlen = 127; }), kField, 2);
    add("ICReq plen", Stage::kFresh, icreq([](auto& p) { p.header.plen = uint32_t{129}; }), kField,
        4);
    add("ICReq pfv", Stage::kFresh, icreq([](auto& p) { p.pfv = uint16_t{1}; }),
        FatalStatus::kUnsupportedParameter, 8);
    add("ICReq hpda", Stage::kFresh, icreq([](auto& p) { p.hpda = 32; }), kField, 10);
    add("ICReq digest bits", Stage::kFresh, icreq([](auto& p) { p.dgst = 4; }), kField, 11);

    add("second ICReq", Stage::kInitialized, raw(ic_req()), kSequence, 0);
    add("H2CData nobody asked for", Stage::kInitialized, h2c_data([](auto&) {}), kSequence, 0);
    add("capsule hlen", Stage::kInitialized, capsule([](auto& p) { p.header.hlen = 64; }), kField,
        2);
    add("capsule plen too small", Stage::kInitialized,
        capsule([](auto& p) { p.header.plen = uint32_t{71}; }), kField, 4);
    add("capsule pdo inside the header", Stage::kInitialized, capsule([](auto& p) {
            p.header.pdo = 71;
            p.header.plen = uint32_t{80};
        }),
        kField, 3);
    add("capsule pdo beyond the PDU", Stage::kInitialized, capsule([](auto& p) {
            p.header.pdo = 84;
            p.header.plen = uint32_t{80};
        }),
        kField, 3);
    add("capsule pdo not aligned", Stage::kInitialized, capsule([](auto& p) {
            p.header.pdo = 73;
            p.header.plen = uint32_t{80};
        }),
        kField, 3);
    add("capsule larger than it may be", Stage::kInitialized, capsule([](auto& p) {
            p.header.pdo = 72;
            p.header.plen = uint32_t{72 + 8193};
        }),
        FatalStatus::kDataLimitExceeded, 4);
    add("four gigabytes in a capsule", Stage::kInitialized, capsule([](auto& p) {
            p.header.pdo = 72;
            p.header.plen = uint32_t{0xFFFFFFFF};
        }),
        FatalStatus::kDataLimitExceeded, 4);
    add("digest flag that was not agreed on", Stage::kInitialized,
        capsule([](auto& p) { p.header.flags = PduHeader::kHeaderDigest; }), kField, 1);

    add("ttag out of range", Stage::kWriting, h2c_data([](auto& p) { p.ttag = uint16_t{999}; }),
        kField, 10);
    add("cccid of another command", Stage::kWriting,
        h2c_data([](auto& p) { p.cccid = uint16_t{8}; }), kField, 8);
    add("datal against plen", Stage::kWriting, h2c_data([](auto& p) { p.datal = 4092U; }), kField,
        16);
    add("datao skips", Stage::kWriting, h2c_data([](auto& p) { p.datao = 4U; }),
        FatalStatus::kDataOutOfRange, 12);
    add("last flag too early", Stage::kWriting,
        h2c_data([](auto& p) { p.header.flags = PduHeader::kLastPdu; }), kField, 1);
    add("no data", Stage::kWriting, h2c_data([](auto& p) {
            p.header.plen = uint32_t{24};
            p.header.pdo = 0;
            p.datal = 0U;
        }),
        kField, 16);
    add(
        "data beyond the R2T", Stage::kWriting,
        [] {
            base::Bytes pdu = h2c_data([](auto& p) {
                p.header.plen = uint32_t{24 + 16388};
                p.datal = 16388U;
                p.header.flags = PduHeader::kLastPdu;
            });
            pdu.resize(24 + 16388);
            return pdu;
        }(),
        FatalStatus::kDataOutOfRange, 16);
    add("an unsolicited tag of a slot in use", Stage::kWriting,
        h2c_data([](auto& p) { p.ttag = uint16_t{0x1000}; }), kField, 10);
    add("H2CData pdo inside the header", Stage::kWriting,
        h2c_data([](auto& p) { p.header.pdo = 20; }), kField, 3);
    add("H2CData without an end", Stage::kWriting, h2c_data([](auto& p) {
            p.header.plen = uint32_t{0xFFFFFFFF};
            p.datal = 0xFFFFFFE7U;
        }),
        FatalStatus::kDataLimitExceeded, 4);
    add("datao that wraps round", Stage::kWriting, h2c_data([](auto& p) { p.datao = 0xFFFFF000U; }),
        FatalStatus::kDataOutOfRange, 12);
    add("H2CData beyond MAXH2CDATA", Stage::kWriting, h2c_data([](auto& p) {
            p.header.plen = uint32_t{24 + (1U << 20U) + 4};
            p.datal = (1U << 20U) + 4;
        }),
        FatalStatus::kDataLimitExceeded, 4);
    return out;
}

/// The TermReq at the end of what came, if one is there.
nvme::TermReq term_req_in(const base::Bytes& answer) {
    base::Reader reader(answer);
    for (;;) {
        const auto header =
            base::Reader(base::ByteView(answer).subspan(reader.offset())).take<PduHeader>();
        BOOST_REQUIRE(header.has_value());
        if (header->type == nvme::PduType::kC2hTermReq) {
            return *reader.take<nvme::TermReq>();
        }
        BOOST_REQUIRE(reader.take_bytes(header->plen).has_value());
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pdu)

BOOST_AUTO_TEST_CASE(answers_each_broken_pdu_with_its_term_req) {
    for (const Case& test : cases()) {
        BOOST_TEST_CONTEXT(test.name) {
            TargetFixture f;
            auto admin = f.open_admin();
            BOOST_REQUIRE(admin);
            std::unique_ptr<support::Line> line;
            if (test.stage == Stage::kFresh) {
                line = std::make_unique<support::Line>(f.sessions, f.clock, host::QueueOptions{});
            } else if (test.stage == Stage::kInitialized) {
                line = f.open();
            } else {
                line = f.open_io();
                BOOST_REQUIRE(line);
                (void)line->peer.exchange(write_command());
            }
            const base::Bytes answer = line->peer.exchange(test.bytes);
            const nvme::TermReq term = term_req_in(answer);
            BOOST_TEST(uint16_t{term.fes} == static_cast<uint16_t>(test.fes));
            BOOST_TEST(uint32_t{term.fei} == test.fei);
            BOOST_TEST(line->over());
            BOOST_TEST(f.backend->asked.empty());
            const size_t events = f.events.lines.size();
            BOOST_TEST(line->peer.exchange(test.bytes).empty());
            BOOST_TEST(f.events.lines.size() == events);
        }
    }
}

BOOST_AUTO_TEST_CASE(quotes_the_offending_header) {
    TargetFixture f;
    support::Line line(f.sessions, f.clock, {});
    nvme::IcReq pdu = ic_req();
    pdu.pfv = uint16_t{1};
    const base::Bytes answer = line.peer.exchange(raw(pdu));
    BOOST_REQUIRE_EQUAL(answer.size(), 24 + 128);
    BOOST_TEST(std::ranges::equal(base::ByteView(answer).subspan(24), base::bytes_of(pdu)));
}

BOOST_AUTO_TEST_CASE(names_the_digest_that_was_wrong) {
    TargetFixture f;
    auto line = f.open({.header_digest = true});
    base::Bytes pdu =
        nvme::whole_pdu(nvme::CapsuleCmd{{}, host::keep_alive().sqe}, {.header_digest = true});
    pdu.back() ^= std::byte{0x80};
    const nvme::TermReq term = term_req_in(line->peer.exchange(pdu));
    BOOST_TEST(uint16_t{term.fes} == static_cast<uint16_t>(FatalStatus::kHeaderDigestError));
    const auto digest = base::Reader(base::ByteView(pdu).last(4)).take<nvme::le32>();
    BOOST_TEST(uint32_t{term.fei} == uint32_t{*digest});
}

BOOST_AUTO_TEST_CASE(takes_a_pdu_one_byte_at_a_time) {
    TargetFixture f;
    support::Line line(f.sessions, f.clock, {});
    const base::Bytes pdu = raw(ic_req());
    base::Bytes answer;
    for (const std::byte byte : pdu) {
        BOOST_TEST(answer.empty());
        answer = line.peer.exchange(std::span(&byte, 1));
    }
    BOOST_REQUIRE_EQUAL(answer.size(), sizeof(nvme::IcResp));
    BOOST_TEST(!line.over());
}

BOOST_AUTO_TEST_CASE(ends_the_connection_when_the_host_does) {
    TargetFixture f;
    auto line = f.open();
    const auto term =
        nvme::term_req(nvme::Sender::kHost, {FatalStatus::kDataOutOfRange, 12}, raw(ic_req()));
    BOOST_TEST(line->peer.exchange(term).empty());
    BOOST_TEST(line->over());
    BOOST_TEST(f.events.has("failed: the host gave up: data transfer out of range at byte 12"));
}

BOOST_AUTO_TEST_CASE(refuses_more_commands_than_a_queue_has_entries) {
    TargetFixture f({.queue_entries = 32});
    auto admin = f.open_admin();
    BOOST_REQUIRE(admin);
    auto options = f.connect_options(1, f.cntlid);
    options.queue_size = 32;
    auto line = f.open();
    BOOST_REQUIRE(line->host.connect(options)->status.ok());
    f.backend->hold = true;
    base::Bytes answer;
    for (uint16_t cid = 0; cid < 41 && answer.empty(); ++cid) {
        auto command = capsule([&](nvme::CapsuleCmd& pdu) {
            pdu.sqe = host::flush(1).sqe;
            pdu.sqe.flags = nvme::Sqe::kPsdtSgl;
            pdu.sqe.cid = cid;
        });
        answer = line->peer.exchange(command);
    }
    BOOST_TEST(uint16_t{term_req_in(answer).fes} ==
               static_cast<uint16_t>(FatalStatus::kSequenceError));
    BOOST_TEST(f.backend->held.size() == 32U);
    f.backend->settle();
}

BOOST_AUTO_TEST_CASE(refuses_commands_beyond_the_answers_that_nobody_took) {
    TargetFixture f({.queue_entries = 32});
    auto admin = f.open_admin();
    BOOST_REQUIRE(admin);
    auto options = f.connect_options(1, f.cntlid);
    options.queue_size = 32;
    auto line = f.open();
    BOOST_REQUIRE(line->host.connect(options)->status.ok());
    const base::Bytes command = capsule([](nvme::CapsuleCmd& pdu) {
        pdu.sqe = host::flush(1).sqe;
        pdu.sqe.flags = nvme::Sqe::kPsdtSgl;
    });
    base::Bytes many;
    for (int i = 0; i < 80; ++i) {
        base::Writer(many).put_bytes(command);
    }
    line->session->receive(many, f.clock.now());
    BOOST_TEST(!line->over());
    BOOST_TEST(!line->session->wants_input());
    line->session->receive(command, f.clock.now());
    BOOST_TEST(line->over());
    BOOST_TEST(f.events.has("failed: PDU sequence error"));
}

BOOST_AUTO_TEST_SUITE_END()
