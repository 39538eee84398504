// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/probe.h"

#include "support/test.h"

namespace {

using host::Probe;
using host::Verdict;
using Kind = host::Verdict::Kind;
namespace status = nvme::status;

host::ProbeOptions options() {
    host::ProbeOptions probe;
    probe.hostnqn = "nqn.2024-08.com.example:host";
    probe.subsysnqn = "nqn.2024-08.com.example:disk";
    probe.hostid = nvme::parse_uuid("11111111-2222-3333-4444-555555555555").value();
    probe.data_digest = true;
    return probe;
}

base::Bytes ic_resp(uint8_t cpda = 0) {
    nvme::IcResp pdu;
    pdu.cpda = cpda;
    pdu.dgst = nvme::kDigestData;
    pdu.maxh2cdata = 131072;
    return nvme::whole_pdu(pdu, {});
}

base::Bytes completion(nvme::Status code, uint32_t dw0 = 0) {
    nvme::CapsuleResp pdu;
    pdu.cqe.dw0 = dw0;
    pdu.cqe.status = code.wire();
    return nvme::whole_pdu(pdu, {});
}

/// The verdict of a probe if Connect ends so.
Verdict verdict_of(nvme::Status code, uint32_t dw0 = 0) {
    Probe probe(options());
    probe.receive(ic_resp());
    probe.receive(completion(code, dw0));
    BOOST_REQUIRE(probe.verdict() != nullptr);
    return *probe.verdict();
}

uint32_t invalid(size_t offset, bool in_data) {
    return nvme::ConnectInvalidField{static_cast<uint16_t>(offset), in_data}.dw0();
}

void check(const Verdict& verdict, Kind kind, const std::string& text) {
    BOOST_TEST(verdict.kind == kind, verdict.text);
    BOOST_TEST(verdict.text == text);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(probe)

BOOST_AUTO_TEST_CASE(sends_an_icreq_and_then_a_connect_of_the_admin_queue) {
    Probe probe(options());
    BOOST_TEST(probe.take_output().size() == sizeof(nvme::IcReq));
    probe.receive(ic_resp());
    const base::Bytes out = probe.take_output();
    base::Reader reader(out);
    const auto capsule = reader.take<nvme::CapsuleCmd>();
    const auto data = reader.take<nvme::ConnectData>();
    BOOST_REQUIRE((capsule && data));
    BOOST_TEST(reader.remaining() == nvme::kDigestBytes);
    const auto connect = nvme::command_as<nvme::ConnectSqe>(capsule->sqe);
    BOOST_TEST(connect.qid == 0);
    BOOST_TEST(connect.sqsize == 31);
    BOOST_TEST(connect.kato == 5000U);
    BOOST_TEST(data->cntlid == nvme::kCntlidDynamic);
    BOOST_TEST(data->hostid == options().hostid);
    BOOST_TEST(nvme::nqn_of(data->subnqn).value() == options().subsysnqn);
    BOOST_TEST(nvme::nqn_of(data->hostnqn).value() == options().hostnqn);
    BOOST_TEST(probe.verdict() == nullptr);
}

BOOST_AUTO_TEST_CASE(tells_whether_authentication_is_asked_for) {
    const auto open = verdict_of({}, 5);
    check(open, Kind::kAccepted, "accepted as controller 5, no authentication asked for");
    BOOST_TEST(!open.connect.authentication_required);
    const auto asked = verdict_of({}, 5U | 1U << 17U);
    check(asked, Kind::kAccepted, "accepted as controller 5, authentication required");
    BOOST_TEST(asked.connect.authentication_required);
    BOOST_TEST(asked.connect.cntlid == 5);
}

BOOST_AUTO_TEST_CASE(says_why_connect_was_refused) {
    using nvme::ConnectData;
    using nvme::ConnectSqe;
    const auto parameters = status::kConnectInvalidParameters.dnr();
    check(verdict_of(parameters, invalid(offsetof(ConnectData, subnqn), true)), Kind::kNoSubsystem,
          "the target has no subsystem nqn.2024-08.com.example:disk");
    check(verdict_of(status::kConnectInvalidHost.dnr()), Kind::kHostNotAllowed,
          "the target does not allow host nqn.2024-08.com.example:host in "
          "nqn.2024-08.com.example:disk");
    check(verdict_of(parameters, invalid(offsetof(ConnectData, hostid), true)),
          Kind::kHostNotAllowed,
          "the target does not accept HOSTID of host nqn.2024-08.com.example:host");
    check(
        verdict_of(parameters, invalid(offsetof(ConnectSqe, kato), false)), Kind::kRefused,
        "the target refuses Connect: Connect Invalid Parameters (182h, do not retry), field KATO");
    check(verdict_of(status::kConnectControllerBusy), Kind::kBusy,
          "the target is busy: it has no controller to give");
    check(verdict_of(status::kInternalError), Kind::kBusy,
          "the target refuses Connect: Internal Error (006h)");
    const auto refused = verdict_of(status::kInvalidField.dnr());
    check(refused, Kind::kRefused,
          "the target refuses Connect: Invalid Field in Command (002h, do not retry)");
    BOOST_TEST(refused.status == status::kInvalidField);
}

BOOST_AUTO_TEST_CASE(notices_parameters_that_linux_refuses) {
    Probe probe(options());
    probe.receive(ic_resp(3));
    BOOST_REQUIRE(probe.verdict() != nullptr);
    check(*probe.verdict(), Kind::kUnusable,
          "the target requires data aligned to 16 bytes (CPDA 3), Linux does not");
    BOOST_TEST(probe.verdict()->handshake == host::HandshakeProblem::kAlignment);
}

BOOST_AUTO_TEST_CASE(notices_that_the_other_end_is_something_else) {
    Probe probe(options());
    probe.receive(base::bytes_of("HTTP/1.1 400 Bad Request\r\n"));
    check(*probe.verdict(), Kind::kNotNvme, "what answers is not an NVMe/TCP target");
}

BOOST_AUTO_TEST_CASE(says_what_was_not_answered) {
    Probe before(options());
    before.timed_out();
    check(*before.verdict(), Kind::kUnreachable,
          "the target takes connections but does not answer ICReq");
    Probe after(options());
    after.receive(ic_resp());
    after.timed_out();
    check(*after.verdict(), Kind::kUnreachable,
          "the target takes connections but does not answer Connect");
    Probe closed_before(options());
    closed_before.closed();
    check(*closed_before.verdict(), Kind::kUnreachable,
          "the target closed the connection instead of answering ICReq");
    Probe closed_after(options());
    closed_after.receive(ic_resp());
    closed_after.closed();
    check(*closed_after.verdict(), Kind::kProtocolError,
          "the target closed the connection instead of answering Connect");
}

BOOST_AUTO_TEST_CASE(a_broken_protocol_is_a_verdict) {
    Probe probe(options());
    probe.receive(ic_resp());
    probe.receive(ic_resp());
    check(*probe.verdict(), Kind::kProtocolError,
          "the target broke the protocol: PDU sequence error");
}

BOOST_AUTO_TEST_CASE(the_first_verdict_stays) {
    Probe probe(options());
    probe.receive(ic_resp());
    probe.receive(completion({}, 7));
    probe.closed();
    probe.timed_out();
    probe.receive(base::bytes_of("anything"));
    BOOST_TEST(probe.verdict()->kind == Kind::kAccepted);
}

BOOST_AUTO_TEST_SUITE_END()
