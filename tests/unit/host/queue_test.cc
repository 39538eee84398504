// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/queue.h"

#include "base/text.h"
#include "support/data_digest.h"
#include "support/test.h"

namespace {

using base::Bytes;
using host::HandshakeProblem;
using host::Queue;
using nvme::Framing;
using nvme::PduHeader;

Bytes ic_resp(uint8_t dgst = 0, uint32_t maxh2cdata = 8192) {
    nvme::IcResp pdu;
    pdu.dgst = dgst;
    pdu.maxh2cdata = maxh2cdata;
    return nvme::whole_pdu(pdu, {});
}

/// A queue whose handshake is done.
Queue open_queue(const host::QueueOptions& options = {}, uint32_t maxh2cdata = 8192) {
    Queue queue(options);
    (void)queue.take_output();  // ICReq
    queue.receive(ic_resp(
        static_cast<uint8_t>((options.header_digest ? 1 : 0) | (options.data_digest ? 2 : 0)),
        maxh2cdata));
    BOOST_REQUIRE((queue.state() == Queue::State::kOpen));
    return queue;
}

Bytes response(uint16_t cid, nvme::Status status = {}, const Framing& framing = {}) {
    nvme::CapsuleResp pdu;
    pdu.cqe.cid = cid;
    pdu.cqe.dw0 = 0xD0;
    pdu.cqe.status = status.wire();
    return nvme::whole_pdu(pdu, framing);
}

Bytes data_pdu(uint16_t cid, uint32_t offset, const Bytes& data, uint8_t flags,
               const Framing& framing = {}) {
    nvme::C2hData pdu;
    pdu.header.flags = flags;
    pdu.cccid = cid;
    pdu.datao = offset;
    pdu.datal = static_cast<uint32_t>(data.size());
    return nvme::whole_pdu(pdu, framing, data);
}

Bytes r2t(uint16_t cid, uint32_t offset, uint32_t length) {
    nvme::R2t pdu;
    pdu.cccid = cid;
    pdu.ttag = 9;
    pdu.r2to = offset;
    pdu.r2tl = length;
    return nvme::whole_pdu(pdu, {});
}

template <class Pdu>
Pdu pdu_at(const Bytes& bytes, size_t offset = 0) {
    const auto pdu = base::Reader(base::ByteView(bytes).subspan(offset)).take<Pdu>();
    BOOST_REQUIRE(pdu.has_value());
    return *pdu;
}

/// The TermReq a broken queue leaves in its output.
std::string term_req_of(Queue& queue) {
    const auto term = pdu_at<nvme::TermReq>(queue.take_output());
    BOOST_TEST(term.header.type == nvme::PduType::kH2cTermReq);
    return base::format("fes=%u fei=%u", unsigned{term.fes}, uint32_t{term.fei});
}

constexpr uint8_t kLast = PduHeader::kLastPdu;
constexpr uint8_t kLastSuccess = PduHeader::kLastPdu | PduHeader::kSuccess;

}  // namespace

BOOST_AUTO_TEST_SUITE(queue)

BOOST_AUTO_TEST_CASE(begins_with_an_icreq_that_asks_for_the_digests) {
    Queue queue({.header_digest = true, .data_digest = true});
    const auto request = pdu_at<nvme::IcReq>(queue.take_output());
    BOOST_TEST(request.header.type == nvme::PduType::kIcReq);
    BOOST_TEST(request.dgst == 3);
    BOOST_TEST(request.hpda == 0);
    BOOST_TEST(queue.take_output().empty());
}

BOOST_AUTO_TEST_CASE(refuses_what_linux_refuses_of_an_icresp) {
    struct Case {
        const char* what;
        uint16_t pfv;
        uint8_t cpda;
        uint8_t dgst;
        uint32_t maxh2cdata;
        HandshakeProblem problem;
    };
    const std::vector<Case> cases = {
        {"fine", 0, 0, 2, 4096, HandshakeProblem::kNone},
        {"pfv", 1, 0, 2, 4096, HandshakeProblem::kVersion},
        {"cpda", 0, 1, 2, 4096, HandshakeProblem::kAlignment},
        {"data digest refused", 0, 0, 0, 4096, HandshakeProblem::kDataDigest},
        {"header digest unasked", 0, 0, 3, 4096, HandshakeProblem::kHeaderDigest},
        {"small", 0, 0, 2, 4092, HandshakeProblem::kMaxData},
        {"odd", 0, 0, 2, 8190, HandshakeProblem::kMaxData},
    };
    for (const Case& c : cases) {
        Queue queue({.data_digest = true});
        nvme::IcResp pdu;
        pdu.pfv = c.pfv;
        pdu.cpda = c.cpda;
        pdu.dgst = c.dgst;
        pdu.maxh2cdata = c.maxh2cdata;
        queue.receive(nvme::whole_pdu(pdu, {}));
        BOOST_TEST(queue.handshake_problem() == c.problem, c.what);
        BOOST_TEST(queue.problem().empty() == (c.problem == HandshakeProblem::kNone));
    }
}

BOOST_AUTO_TEST_CASE(another_protocol_is_noticed_at_its_first_bytes) {
    Queue queue({});
    queue.receive(base::bytes_of("SSH-2.0-"));
    BOOST_TEST(queue.handshake_problem() == HandshakeProblem::kNotIcResp);
    BOOST_TEST(queue.problem() == "what answers is not an NVMe/TCP target");
}

BOOST_AUTO_TEST_CASE(a_term_req_instead_of_an_icresp_gives_its_reason) {
    Queue queue({});
    queue.receive(nvme::term_req(nvme::Sender::kController,
                                 {nvme::FatalStatus::kUnsupportedParameter, 10}, {}));
    BOOST_TEST(queue.problem() ==
               "the target refused the handshake: unsupported parameter at byte 10");
}

BOOST_AUTO_TEST_CASE(takes_bytes_in_pieces_of_any_size) {
    Queue queue({});
    const auto cid = uint16_t{0};
    Bytes all = ic_resp();
    for (const std::byte b : all) {
        queue.receive(std::span(&b, 1));
    }
    BOOST_REQUIRE((queue.state() == Queue::State::kOpen));
    BOOST_REQUIRE(queue.submit(host::keep_alive()) == cid);
    all = response(cid);
    for (const std::byte b : all) {
        BOOST_TEST(!queue.take_completion().has_value());
        queue.receive(std::span(&b, 1));
    }
    BOOST_TEST(queue.take_completion().has_value());
}

BOOST_AUTO_TEST_CASE(small_writes_go_in_the_capsule) {
    Queue queue = open_queue({.in_capsule_len = 512});
    BOOST_REQUIRE(queue.submit(host::write(1, {5, 1, 512}, Bytes(512, std::byte{7}))));
    const Bytes out = queue.take_output();
    const auto capsule = pdu_at<nvme::CapsuleCmd>(out);
    BOOST_TEST(out.size() == 72U + 512);
    BOOST_TEST(capsule.sqe.sgl.type == nvme::SglDescriptor::kInCapsule);
    BOOST_TEST(capsule.sqe.sgl.length == 512U);
    BOOST_TEST(nvme::start_block(capsule.sqe) == 5U);
    queue.receive(r2t(0, 0, 512));  // all of it has gone already
    BOOST_TEST(term_req_of(queue) == "fes=4 fei=12");
}

BOOST_AUTO_TEST_CASE(large_writes_wait_for_r2t_and_go_in_allowed_pieces) {
    Queue queue = open_queue({.in_capsule_len = 0}, 4096);
    BOOST_REQUIRE(queue.submit(host::write(1, {0, 3, 4096}, Bytes(12288, std::byte{7}))));
    const auto capsule = pdu_at<nvme::CapsuleCmd>(queue.take_output());
    BOOST_TEST(capsule.sqe.sgl.type == nvme::SglDescriptor::kTransport);
    BOOST_TEST(capsule.sqe.sgl.length == 12288U);

    queue.receive(r2t(0, 0, 6144));
    const Bytes first = queue.take_output();
    BOOST_TEST(first.size() == 2U * 24 + 6144);
    const auto head = pdu_at<nvme::H2cData>(first);
    BOOST_TEST(head.datal == 4096U);
    BOOST_TEST((head.header.flags & kLast) == 0);
    const auto tail = pdu_at<nvme::H2cData>(first, 24 + 4096);
    BOOST_TEST(tail.datao == 4096U);
    BOOST_TEST(tail.datal == 2048U);
    BOOST_TEST(tail.ttag == 9);
    BOOST_TEST((tail.header.flags & kLast) != 0);

    queue.receive(r2t(0, 6144, 6144));
    BOOST_TEST(pdu_at<nvme::H2cData>(queue.take_output()).datao == 6144U);
    queue.receive(response(0));
    BOOST_TEST(queue.take_completion()->status.ok());
    BOOST_TEST(queue.outstanding() == 0U);
}

BOOST_AUTO_TEST_CASE(refuses_r2ts_that_do_not_fit) {
    struct Case {
        Bytes pdu;
        const char* term;
    };
    for (const Case& c :
         {Case{r2t(1, 0, 8), "fes=1 fei=8"}, Case{r2t(0, 0, 0), "fes=1 fei=16"},
          Case{r2t(0, 512, 8), "fes=4 fei=12"}, Case{r2t(0, 0, 513), "fes=4 fei=12"}}) {
        Queue queue = open_queue({.in_capsule_len = 0});
        BOOST_REQUIRE(queue.submit(host::write(1, {}, Bytes(512))));
        (void)queue.take_output();
        queue.receive(c.pdu);
        BOOST_TEST(queue.state() == Queue::State::kBroken);
        BOOST_TEST(term_req_of(queue) == c.term);
    }
}

BOOST_AUTO_TEST_CASE(collects_read_data_and_completes_on_the_response) {
    Queue queue = open_queue();
    BOOST_REQUIRE(queue.submit(host::read(1, {0, 2, 512})));
    queue.receive(data_pdu(0, 0, Bytes(512, std::byte{1}), 0));
    queue.receive(data_pdu(0, 512, Bytes(512, std::byte{2}), kLast));
    BOOST_TEST(!queue.take_completion().has_value());
    queue.receive(response(0));
    const auto completion = queue.take_completion();
    BOOST_REQUIRE(completion.has_value());
    BOOST_TEST(completion->dw0 == 0xD0U);
    BOOST_TEST(completion->data.size() == 1024U);
    BOOST_TEST((completion->data[511] == std::byte{1} && completion->data[512] == std::byte{2}));
}

BOOST_AUTO_TEST_CASE(success_on_the_last_data_completes_without_a_response) {
    Queue queue = open_queue();
    BOOST_REQUIRE(queue.submit(host::read(1, {})));
    queue.receive(data_pdu(0, 0, Bytes(512), kLastSuccess));
    BOOST_TEST(queue.take_completion()->status.ok());
}

BOOST_AUTO_TEST_CASE(refuses_data_that_does_not_fit) {
    const std::vector<std::pair<Bytes, const char*>> cases = {
        {data_pdu(3, 0, Bytes(512), kLast), "fes=1 fei=8"},
        {data_pdu(0, 4, Bytes(508), kLast), "fes=4 fei=12"},
        {data_pdu(0, 0, Bytes(516), kLast), "fes=4 fei=12"},
        {data_pdu(0, 0, Bytes(8), PduHeader::kSuccess), "fes=1 fei=1"},
        {ic_resp(), "fes=2 fei=0"},
        {response(9), "fes=1 fei=20"},
    };
    for (const auto& [pdu, term] : cases) {
        Queue queue = open_queue();
        BOOST_REQUIRE(queue.submit(host::read(1, {})));
        (void)queue.take_output();
        queue.receive(pdu);
        BOOST_TEST(term_req_of(queue) == term);
        queue.receive(pdu);  // a broken queue takes nothing
        BOOST_TEST(queue.take_output().empty());
    }
}

BOOST_AUTO_TEST_CASE(datal_must_be_what_the_pdu_holds) {
    Queue queue = open_queue();
    BOOST_REQUIRE(queue.submit(host::read(1, {})));
    (void)queue.take_output();
    Bytes pdu = data_pdu(0, 0, Bytes(512), kLast);
    pdu[16] = std::byte{8};
    queue.receive(pdu);
    BOOST_TEST(term_req_of(queue) == "fes=1 fei=16");
}

BOOST_AUTO_TEST_CASE(a_wrong_data_digest_fails_the_command_alone) {
    const Framing framing{false, true, 0};
    Queue queue = open_queue({.data_digest = true});
    BOOST_REQUIRE(queue.submit(host::read(1, {})));
    Bytes pdu = data_pdu(0, 0, Bytes(512), kLast, framing);
    pdu[100] ^= std::byte{1};
    queue.receive(pdu);
    queue.receive(response(0));
    BOOST_TEST(queue.take_completion()->status == nvme::status::kDataTransferError);
    BOOST_TEST(queue.state() == Queue::State::kOpen);
}

BOOST_AUTO_TEST_CASE(a_wrong_header_digest_breaks_the_queue) {
    Queue queue = open_queue({.header_digest = true});
    BOOST_REQUIRE(queue.submit(host::keep_alive()));
    (void)queue.take_output();
    Bytes pdu = response(0, {}, {true, false, 0});
    pdu[8] ^= std::byte{1};
    queue.receive(pdu);
    BOOST_TEST(queue.problem().starts_with("the target broke the protocol: header digest error"));
}

BOOST_AUTO_TEST_CASE(both_digests_are_sent) {
    Queue queue = open_queue({.header_digest = true, .data_digest = true, .in_capsule_len = 512});
    BOOST_REQUIRE(queue.submit(host::write(1, {}, Bytes(512, std::byte{3}))));
    const Bytes out = queue.take_output();
    const auto layout =
        nvme::check_header(pdu_at<PduHeader>(out), {nvme::Sender::kHost, true, true, 0, 8192});
    BOOST_REQUIRE(layout.ok());
    BOOST_TEST(nvme::check_header_digest(out, *layout).ok());
    BOOST_TEST(support::data_digest_matches(out, *layout));
}

BOOST_AUTO_TEST_CASE(a_term_req_ends_the_queue_with_its_reason) {
    Queue queue = open_queue();
    queue.receive(
        nvme::term_req(nvme::Sender::kController, {nvme::FatalStatus::kSequenceError, 0}, {}));
    BOOST_TEST(queue.problem() == "the target ended the connection: PDU sequence error");
    BOOST_TEST(queue.take_output().empty());
}

BOOST_AUTO_TEST_CASE(identifiers_are_used_again_and_bounded) {
    Queue queue = open_queue({.max_commands = 2});
    BOOST_TEST(queue.submit(host::keep_alive()) == uint16_t{0});
    BOOST_TEST(queue.submit(host::keep_alive()) == uint16_t{1});
    BOOST_TEST(!queue.submit(host::keep_alive()).has_value());
    queue.receive(response(1, nvme::status::kInvalidOpcode.dnr()));
    const auto completion = queue.take_completion();
    BOOST_TEST((completion->status == nvme::status::kInvalidOpcode && completion->status.final));
    BOOST_TEST(queue.submit(host::flush(1)) == uint16_t{1});
}

BOOST_AUTO_TEST_CASE(a_queue_that_is_not_open_takes_no_command) {
    Queue fresh{host::QueueOptions()};
    BOOST_TEST(!fresh.submit(host::keep_alive()).has_value());
    Queue broken = open_queue();
    broken.receive(Bytes(8, std::byte{0xFF}));
    BOOST_TEST(!broken.submit(host::keep_alive()).has_value());
    BOOST_TEST(broken.outstanding() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
