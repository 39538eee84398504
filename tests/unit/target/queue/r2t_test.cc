// SPDX-License-Identifier: GPL-2.0-or-later
//
// Writes whose data is asked for in parts: as many R2Ts at a time as the host takes, whatever order
// they are served in, and what must not be sent in answer to them.

#include "nvme/tcp_pdu.h"
#include "support/target_fixture.h"
#include "support/test.h"

using nvme::FatalStatus;
using support::pattern;
using support::TargetFixture;
namespace status = nvme::status;

namespace {

constexpr uint32_t kBlock = TargetFixture::kBlock;
constexpr uint32_t kPart = 4096;

/// An I/O queue spoken to in PDUs, of a host that takes `maxr2t` + 1 R2Ts of a command at a time.
struct R2tFixture : TargetFixture {
    explicit R2tFixture(uint32_t maxr2t, bool digests = false)
        : TargetFixture({.io_capsule_bytes = 0, .max_h2c_bytes = kPart}),
          framing{.header_digest = digests, .data_digest = digests},
          admin(open_admin()),
          line(sessions, clock, {}) {
        nvme::IcReq request;
        request.maxr2t = maxr2t;
        request.dgst = digests ? 3 : 0;
        const auto response =
            base::Reader(line.peer.exchange(nvme::whole_pdu(request, {}))).take<nvme::IcResp>();
        BOOST_REQUIRE(response.has_value());
        BOOST_TEST(uint32_t{response->maxh2cdata} == kPart);
        auto connect = host::connect(connect_options(1, cntlid));
        connect.sqe.flags = nvme::Sqe::kPsdtSgl;
        connect.sqe.sgl = {
            .address = uint64_t{0}, .length = 1024U, .type = nvme::SglDescriptor::kInCapsule};
        (void)line.peer.exchange(
            nvme::whole_pdu(nvme::CapsuleCmd{{}, connect.sqe}, framing, connect.data_out));
    }

    base::Bytes write(uint16_t cid, uint32_t bytes) {
        auto sqe = host::write(1, {0, bytes / kBlock, kBlock}, {}).sqe;
        sqe.flags = nvme::Sqe::kPsdtSgl;
        sqe.cid = cid;
        sqe.sgl = {
            .address = uint64_t{0}, .length = bytes, .type = nvme::SglDescriptor::kTransport};
        return line.peer.exchange(nvme::whole_pdu(nvme::CapsuleCmd{{}, sqe}, framing));
    }
    /// Sends what `r2t` asks for, or a piece of it.
    base::Bytes serve(const nvme::R2t& r2t, base::ByteView all, uint32_t skip = 0,
                      uint32_t length = kPart) {
        nvme::H2cData pdu;
        length = std::min(length, uint32_t{r2t.r2tl} - skip);
        pdu.cccid = uint16_t{r2t.cccid};
        pdu.ttag = uint16_t{r2t.ttag};
        pdu.datao = r2t.r2to + skip;
        pdu.datal = length;
        pdu.header.flags = skip + length == r2t.r2tl ? nvme::PduHeader::kLastPdu : uint8_t{0};
        return line.peer.exchange(nvme::whole_pdu(pdu, framing, all.subspan(pdu.datao, pdu.datal)));
    }

    nvme::Framing framing;
    std::unique_ptr<support::Line> admin;
    support::Line line;
};

/// Every R2T in `bytes`, which hold nothing else.
std::vector<nvme::R2t> r2ts_in(const R2tFixture& f, const base::Bytes& bytes) {
    std::vector<nvme::R2t> out;
    base::Reader reader(bytes);
    while (reader.remaining() > 0) {
        const auto r2t = reader.take<nvme::R2t>();
        BOOST_REQUIRE(r2t.has_value());
        BOOST_REQUIRE((r2t->header.type == nvme::PduType::kR2t));
        BOOST_TEST(uint32_t{r2t->header.plen} == (f.framing.header_digest ? 28U : 24U));
        if (f.framing.header_digest) {
            (void)reader.take<nvme::le32>();
        }
        out.push_back(*r2t);
    }
    return out;
}

nvme::Status status_in(const base::Bytes& bytes) {
    const auto answer = base::Reader(bytes).take<nvme::CapsuleResp>();
    BOOST_REQUIRE(answer.has_value());
    BOOST_REQUIRE((answer->header.type == nvme::PduType::kCapsuleResp));
    return nvme::Status::from_wire(answer->cqe.status);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(r2t)

BOOST_AUTO_TEST_CASE(keeps_as_many_r2ts_outstanding_as_the_host_takes) {
    struct Case {
        uint32_t maxr2t;
        size_t outstanding;
    };
    for (const Case test : {Case{0, 1}, Case{1, 2}, Case{3, 4}, Case{4, 4}, Case{UINT32_MAX, 4}}) {
        for (const bool digests : {false, true}) {
            BOOST_TEST_CONTEXT("MAXR2T " << test.maxr2t << " digests " << digests) {
                constexpr uint32_t kBytes = 20 * kPart + 512;
                R2tFixture f(test.maxr2t, digests);
                const base::Bytes data = pattern(kBytes, 5);
                auto open = r2ts_in(f, f.write(3, kBytes));
                BOOST_TEST(open.size() == test.outstanding);
                uint32_t next = 0;
                for (const nvme::R2t& r2t : open) {
                    BOOST_TEST(uint32_t{r2t.r2to} == next);
                    next += r2t.r2tl;
                }
                base::Bytes answer;
                while (!open.empty()) {
                    BOOST_TEST(open.size() <= test.outstanding);
                    answer = f.serve(open.front(), data);
                    open.erase(open.begin());
                    if (next == kBytes) {
                        continue;
                    }
                    for (const nvme::R2t& r2t : r2ts_in(f, answer)) {
                        BOOST_TEST(uint32_t{r2t.r2to} == next);
                        next += r2t.r2tl;
                        open.push_back(r2t);
                    }
                }
                BOOST_TEST(status_in(answer).ok());
                BOOST_TEST(std::ranges::equal(data, std::span(f.backend->content).first(kBytes)));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(takes_the_parts_in_any_order_and_in_pieces) {
    R2tFixture f(3);
    constexpr uint32_t kBytes = 6 * kPart;
    const base::Bytes data = pattern(kBytes, 6);
    auto open = r2ts_in(f, f.write(3, kBytes));
    BOOST_REQUIRE_EQUAL(open.size(), 4);
    BOOST_TEST(f.serve(open[1], data, 0, 1024).empty());
    BOOST_TEST(f.serve(open[3], data).empty());  // its place is taken until part 0 is here
    BOOST_TEST(f.serve(open[1], data, 1024, 512).empty());
    BOOST_TEST(f.serve(open[2], data).empty());
    BOOST_TEST(f.serve(open[1], data, 1536).empty());
    const auto rest = r2ts_in(f, f.serve(open[0], data));
    BOOST_REQUIRE_EQUAL(rest.size(), 2);
    BOOST_TEST(f.serve(rest[1], data).empty());
    BOOST_TEST(status_in(f.serve(rest[0], data)).ok());
    BOOST_TEST(std::ranges::equal(data, std::span(f.backend->content).first(kBytes)));
}

BOOST_AUTO_TEST_CASE(serves_two_commands_whose_parts_mix) {
    R2tFixture f(1);
    const base::Bytes one = pattern(2 * kPart, 7);
    const base::Bytes two = pattern(2 * kPart, 8);
    const auto first = r2ts_in(f, f.write(3, 2 * kPart));
    const auto second = r2ts_in(f, f.write(4, 2 * kPart));
    BOOST_REQUIRE((first.size() == 2 && second.size() == 2));
    BOOST_TEST(f.serve(first[0], one).empty());
    BOOST_TEST(f.serve(second[0], two).empty());
    BOOST_TEST(status_in(f.serve(second[1], two)).ok());
    BOOST_TEST(status_in(f.serve(first[1], one)).ok());
    BOOST_TEST(std::ranges::equal(one, std::span(f.backend->content).first(2 * kPart)));
}

BOOST_AUTO_TEST_CASE(refuses_answers_to_parts_that_were_not_asked_for) {
    struct Case {
        const char* name;
        void (*spoil)(nvme::H2cData& pdu);
        FatalStatus fes;
        uint32_t fei;
    };
    const Case cases[] = {
        {"a part that is already here", [](auto& p) { p.ttag = uint16_t(p.ttag & 0x0FFFU); },
         FatalStatus::kInvalidHeaderField, 10},
        {"a part of later", [](auto& p) { p.ttag = uint16_t(p.ttag + 0x2000U); },
         FatalStatus::kInvalidHeaderField, 10},
        {"the offset of another part", [](auto& p) { p.datao = p.datao + kPart; },
         FatalStatus::kDataOutOfRange, 12},
        {"beyond its R2T", [](auto& p) { p.datao = p.datao - 4U; }, FatalStatus::kDataOutOfRange,
         12},
        {"not the last piece", [](auto& p) { p.header.flags = 0; },
         FatalStatus::kInvalidHeaderField, 1},
    };
    for (const Case& test : cases) {
        BOOST_TEST_CONTEXT(test.name) {
            R2tFixture f(1);
            const base::Bytes data = pattern(4 * kPart, 9);
            const auto open = r2ts_in(f, f.write(3, 4 * kPart));
            BOOST_REQUIRE_EQUAL(open.size(), 2);
            BOOST_TEST(r2ts_in(f, f.serve(open[0], data)).size() == 1U);
            nvme::H2cData pdu;
            pdu.cccid = uint16_t{3};
            pdu.ttag = uint16_t{open[1].ttag};
            pdu.datao = uint32_t{open[1].r2to};
            pdu.datal = kPart;
            pdu.header.flags = nvme::PduHeader::kLastPdu;
            test.spoil(pdu);
            const base::Bytes answer =
                f.line.peer.exchange(nvme::whole_pdu(pdu, {}, std::span(data).first(kPart)));
            const auto term = base::Reader(answer).take<nvme::TermReq>();
            BOOST_REQUIRE(term.has_value());
            BOOST_TEST(term->header.type == nvme::PduType::kC2hTermReq);
            BOOST_TEST(uint16_t{term->fes} == static_cast<uint16_t>(test.fes));
            BOOST_TEST(uint32_t{term->fei} == test.fei);
            BOOST_TEST(f.line.over());
            BOOST_TEST(f.backend->asked.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(asks_again_only_when_the_last_r2t_has_gone) {
    // The host answers before we hear that our R2T has gone: an asynchronous send.
    R2tFixture f(0);
    const base::Bytes data = pattern(2 * kPart, 10);
    auto sqe = host::write(1, {0, 2 * kPart / kBlock, kBlock}, {}).sqe;
    sqe.flags = nvme::Sqe::kPsdtSgl;
    sqe.cid = uint16_t{3};
    sqe.sgl = {
        .address = uint64_t{0}, .length = 2 * kPart, .type = nvme::SglDescriptor::kTransport};
    f.line.session->receive(nvme::whole_pdu(nvme::CapsuleCmd{{}, sqe}, {}), f.clock.now());
    nvme::H2cData pdu;
    pdu.cccid = uint16_t{3};
    pdu.datal = kPart;
    pdu.header.flags = nvme::PduHeader::kLastPdu;
    f.line.session->receive(nvme::whole_pdu(pdu, {}, std::span(data).first(kPart)), f.clock.now());
    const auto both = r2ts_in(f, f.line.peer.exchange({}));
    BOOST_REQUIRE_EQUAL(both.size(), 2);
    BOOST_TEST(uint32_t{both[1].r2to} == kPart);
    BOOST_TEST(status_in(f.serve(both[1], data)).ok());
}

BOOST_AUTO_TEST_CASE(refuses_an_identifier_that_is_in_use) {
    R2tFixture f(0);
    const auto open = r2ts_in(f, f.write(3, kPart));
    BOOST_REQUIRE_EQUAL(open.size(), 1);
    BOOST_TEST(status_in(f.write(3, kPart)).number() == status::kCommandIdConflict.dnr().number());
    BOOST_TEST(status_in(f.serve(open[0], pattern(kPart, 1))).ok());
    BOOST_TEST(r2ts_in(f, f.write(3, kPart)).size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
