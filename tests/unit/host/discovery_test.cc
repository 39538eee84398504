// SPDX-License-Identifier: GPL-2.0-or-later
#include "host/discovery.h"

#include <string>

#include "nvme/pdu_reader.h"
#include "support/discovery_page.h"
#include "support/test.h"

namespace {

using host::Discovery;
namespace status = nvme::status;

/// A discovery controller that answers what the conversation asks.
struct Service {
    support::DiscoveryPage page;
    uint32_t connect_dw0 = 3;
    nvme::Status connect_status;
    nvme::Status log_status;
    int polls_until_ready = 0;
    int pieces = 0;
    bool silent = false;

    [[nodiscard]] host::ProbeOptions options() const {
        host::ProbeOptions probe;
        probe.hostnqn = "nqn.2024-08.com.example:host";
        probe.subsysnqn = nvme::kDiscoveryNqn;
        probe.hostid = nvme::parse_uuid("11111111-2222-3333-4444-555555555555").value();
        probe.kato_ms = 0;
        return probe;
    }

    void run(Discovery& discovery) {
        BOOST_TEST(discovery.take_output().size() == sizeof(nvme::IcReq));
        nvme::IcResp greeting;
        greeting.maxh2cdata = 131072;
        discovery.receive(nvme::whole_pdu(greeting, {}));
        for (int asked = 0; !discovery.ended() && !silent; ++asked) {
            BOOST_REQUIRE(asked < 100000);
            const base::Bytes out = discovery.take_output();
            const auto capsule = base::Reader(out).take<nvme::CapsuleCmd>();
            BOOST_REQUIRE(capsule);
            answer(capsule->sqe, discovery);
        }
    }

  private:
    void complete(Discovery& discovery, nvme::Status code, uint32_t dw0 = 0) const {
        nvme::CapsuleResp pdu;
        pdu.cqe.dw0 = dw0;
        pdu.cqe.status = code.wire();
        discovery.receive(nvme::whole_pdu(pdu, {}));
    }
    void answer(const nvme::Sqe& sqe, Discovery& discovery) {
        if (sqe.opcode == static_cast<uint8_t>(nvme::AdminOpcode::kGetLogPage)) {
            return answer_log(sqe, discovery);
        }
        const auto type = nvme::command_as<nvme::PropertySqe>(sqe).fctype;
        if (type == nvme::FabricsType::kConnect) {
            BOOST_TEST(nvme::command_as<nvme::ConnectSqe>(sqe).kato == 0U);
            complete(discovery, connect_status, connect_dw0);
        } else if (type == nvme::FabricsType::kPropertySet) {
            complete(discovery, {});
        } else {
            complete(discovery, {}, polls_until_ready-- > 0 ? 0 : 1);
        }
    }
    void answer_log(const nvme::Sqe& sqe, Discovery& discovery) {
        ++pieces;
        if (!log_status.ok()) {
            return complete(discovery, log_status);
        }
        const size_t length = ((sqe.cdw10 >> 16U) + 1) * 4;
        base::Bytes bytes = page.bytes();
        bytes.resize(std::max<size_t>(bytes.size(), sqe.cdw12 + length));
        nvme::C2hData pdu;
        pdu.header.flags = nvme::PduHeader::kLastPdu | nvme::PduHeader::kSuccess;
        pdu.datal = static_cast<uint32_t>(length);
        discovery.receive(
            nvme::whole_pdu(pdu, {}, base::ByteView(bytes).subspan(sqe.cdw12, length)));
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(discovery)

BOOST_AUTO_TEST_CASE(enables_the_controller_and_reads_its_log) {
    Service service;
    service.polls_until_ready = 3;
    service.page.entries.assign(
        5, support::discovery_entry("nqn.2024-08.com.example:disk", "192.0.2.1", 4420));
    Discovery discovery(service.options());
    service.run(discovery);
    BOOST_TEST(service.pieces == 4);  // header, two pieces, header
    const auto log = discovery.log();
    BOOST_REQUIRE_MESSAGE(log.ok(), (log.ok() ? "" : log.error().text));
    BOOST_REQUIRE(log->records.size() == 1U);  // five times the same
    BOOST_TEST(log->records[0].address == "192.0.2.1");
    BOOST_REQUIRE(discovery.verdict() != nullptr);
    BOOST_TEST(discovery.verdict()->connect.cntlid == 3);
}

BOOST_AUTO_TEST_CASE(a_service_that_requires_authentication_is_left_to_the_kernel) {
    Service service;
    service.connect_dw0 = 3U | 1U << 17U;
    Discovery discovery(service.options());
    service.run(discovery);
    BOOST_TEST(discovery.wants_authentication());
    BOOST_TEST(!discovery.log().ok());
    BOOST_TEST(service.pieces == 0);
}

BOOST_AUTO_TEST_CASE(a_refusal_is_reported_as_by_a_probe) {
    Service service;
    service.connect_status = status::kConnectInvalidHost.dnr();
    Discovery discovery(service.options());
    service.run(discovery);
    BOOST_REQUIRE(discovery.verdict() != nullptr);
    BOOST_TEST(discovery.verdict()->kind == host::Verdict::Kind::kHostNotAllowed);
    BOOST_TEST(discovery.log().error().text == discovery.verdict()->text);
}

BOOST_AUTO_TEST_CASE(a_controller_without_the_log_is_named) {
    Service service;
    service.log_status = status::kInvalidField.dnr();
    Discovery discovery(service.options());
    service.run(discovery);
    BOOST_TEST(discovery.log().error().text ==
               "the discovery controller refuses its log: Invalid Field in Command (002h, do not "
               "retry)");
}

BOOST_AUTO_TEST_CASE(one_that_is_never_ready_does_not_keep_us) {
    Service service;
    service.polls_until_ready = 1000000;
    Discovery discovery(service.options());
    service.run(discovery);
    BOOST_TEST(discovery.log().error().text == "the discovery controller does not become ready");
}

BOOST_AUTO_TEST_CASE(silence_and_a_hang_up_are_reported) {
    Service service;
    service.silent = true;
    Discovery silent(service.options());
    service.run(silent);
    silent.timed_out();
    BOOST_TEST(silent.log().error().text ==
               "the target takes connections but does not answer Connect");
    Discovery closed(service.options());
    closed.closed();
    BOOST_TEST(closed.ended());
    BOOST_TEST(closed.log().error().text == "the target closed the connection");
    BOOST_TEST(closed.verdict() == nullptr);
}

BOOST_AUTO_TEST_CASE(an_answer_and_bad_bytes_in_one_segment_end_it) {
    const base::Bytes nonsense(8, std::byte{0xFF});
    const auto connected = [](uint32_t dw0) {
        nvme::CapsuleResp pdu;
        pdu.cqe.dw0 = dw0;
        return nvme::whole_pdu(pdu, {});
    };
    nvme::IcResp greeting;
    greeting.maxh2cdata = 131072;
    // After Connect, and after each answer that another command would follow.
    for (int answers = 1; answers <= 3; ++answers) {
        Discovery discovery(Service().options());
        discovery.receive(nvme::whole_pdu(greeting, {}));
        for (int i = 1; i < answers; ++i) {
            discovery.receive(connected(1));
        }
        base::Bytes segment = connected(1);
        base::Writer(segment).put_bytes(nonsense);
        discovery.receive(segment);
        BOOST_REQUIRE(discovery.ended());
        BOOST_TEST(discovery.log().error().text ==
                   "the target broke the protocol: invalid PDU header field at byte 0");
    }
}

BOOST_AUTO_TEST_SUITE_END()
