// SPDX-License-Identifier: GPL-2.0-or-later
//
// Abort of commands at every stage of their life, and data pointers that no command may have.
#include <cstring>

#include "support/io_fixture.h"
#include "support/lanes.h"
#include "support/test.h"

using support::by_r2t;
using support::in_capsule;
using support::IoFixture;
using support::pattern;
using support::words;
namespace status = nvme::status;

namespace {

constexpr uint32_t kBlock = IoFixture::kBlock;
constexpr uint32_t kAborted = 0, kNotAborted = 1;  // DW0 of an Abort
using Words = std::vector<std::string>;

struct AbortFixture : IoFixture {
    using IoFixture::IoFixture;
    uint32_t abort(uint16_t cid, uint16_t sqid = 1) {
        const auto answer = admin->host.run(support::abort(sqid, cid));
        BOOST_REQUIRE(answer.has_value());
        BOOST_TEST(answer->status.ok());
        return static_cast<uint32_t>(answer->dw0);
    }
    /// The transfer tag of the R2T that came last.
    uint16_t last_ttag() const {
        nvme::R2t pdu;
        std::memcpy(&pdu, received.data() + received.size() - sizeof pdu, sizeof pdu);
        return pdu.ttag;
    }
    base::Bytes send(nvme::Sqe sqe, base::ByteView data = {}) {
        received = IoFixture::send(sqe, data);
        return received;
    }
    base::Bytes received;
    Words data(uint16_t cid, uint16_t slot, uint32_t offset, uint32_t size, bool last) {
        nvme::H2cData pdu;
        pdu.header.flags = last ? nvme::PduHeader::kLastPdu : uint8_t{0};
        pdu.cccid = cid;
        pdu.ttag = slot;
        pdu.datao = offset;
        pdu.datal = size;
        return words(io->peer.exchange(nvme::whole_pdu(pdu, {}, pattern(size))));
    }
};

const Words kOneAborted = {"5: Abort Requested (007h)"};

}  // namespace

BOOST_AUTO_TEST_SUITE(abort_command)

BOOST_AUTO_TEST_CASE(knows_what_it_did_not_find) {
    AbortFixture f;
    BOOST_TEST(f.abort(5) == kNotAborted);
    BOOST_TEST(f.abort(5, 0) == kNotAborted);
    BOOST_TEST(f.abort(5, 77) == kNotAborted);
    BOOST_TEST(words(f.send(in_capsule(host::flush(1).sqe, 5, 0))).size() == 1U);
    BOOST_TEST(f.abort(5) == kNotAborted);  // it has been answered
}

BOOST_AUTO_TEST_CASE(a_write_whose_data_is_on_its_way_never_happens) {
    AbortFixture f;
    const auto sqe = by_r2t(host::write(1, {0, 16, kBlock}, {}).sqe, 5, 8192);
    f.backend->asked.clear();
    BOOST_TEST(words(f.send(sqe)) == Words{"r2t 5"}, boost::test_tools::per_element());
    BOOST_TEST(f.data(5, 0, 0, 4096, false).empty());
    BOOST_TEST(f.abort(5) == kAborted);
    BOOST_TEST(words(f.answers()) == kOneAborted, boost::test_tools::per_element());
    BOOST_TEST(f.abort(5) == kNotAborted);
    BOOST_TEST(f.data(5, 0, 4096, 4096, true).empty());  // the host was still sending
    BOOST_TEST(f.backend->asked.empty());
    BOOST_TEST(f.run(host::flush(1)) == 0);
}

BOOST_AUTO_TEST_CASE(asks_for_no_more_data_of_an_aborted_write) {
    AbortFixture f(target::Limits{.max_h2c_bytes = 4096});
    const auto sqe = by_r2t(host::write(1, {0, 64, kBlock}, {}).sqe, 5, 32768);
    BOOST_TEST(words(f.send(sqe)) == Words{"r2t 5"}, boost::test_tools::per_element());
    BOOST_TEST(f.abort(5) == kAborted);
    BOOST_TEST(words(f.answers()) == kOneAborted, boost::test_tools::per_element());
    BOOST_TEST(f.data(5, 0, 0, 4096, true).empty());
}

BOOST_AUTO_TEST_CASE(late_data_meets_no_other_command) {
    AbortFixture f;
    const auto sqe = [](uint16_t cid) {
        return by_r2t(host::write(1, {0, 16, kBlock}, {}).sqe, cid, 8192);
    };
    for (uint16_t round = 0; round < 300; ++round) {  // more than the queue has entries
        BOOST_TEST(words(f.send(sqe(5))) == Words{"r2t 5"}, boost::test_tools::per_element());
        const uint16_t slot = f.last_ttag();
        BOOST_TEST(f.abort(5) == kAborted);
        BOOST_TEST(words(f.answers()) == kOneAborted, boost::test_tools::per_element());
        BOOST_TEST(words(f.send(sqe(5))) == Words{"r2t 5"}, boost::test_tools::per_element());
        const uint16_t other = f.last_ttag();
        BOOST_TEST(other != slot);
        f.backend->asked.clear();
        BOOST_TEST(f.data(5, slot, 0, 8192, true).empty());
        BOOST_TEST(f.backend->asked.empty());
        BOOST_TEST(f.data(5, other, 0, 8192, true).size() == 1U);
        BOOST_TEST(f.backend->asked.size() == 1U);
    }
    BOOST_TEST(f.run(host::flush(1)) == 0);
}

BOOST_AUTO_TEST_CASE(a_host_need_not_send_the_data_of_what_it_aborted) {
    AbortFixture f;
    for (uint16_t round = 0; round < 1000; ++round) {
        const auto sqe = by_r2t(host::write(1, {0, 16, kBlock}, {}).sqe, 5, 8192);
        BOOST_REQUIRE((words(f.send(sqe)) == Words{"r2t 5"}));
        BOOST_REQUIRE(f.abort(5) == kAborted);
        BOOST_REQUIRE((words(f.answers()) == kOneAborted));
    }
    BOOST_TEST(f.run(host::flush(1)) == 0);
}

BOOST_AUTO_TEST_CASE(late_data_that_begins_and_does_not_end_ends_the_connection) {
    AbortFixture f;
    const auto sqe = by_r2t(host::write(1, {0, 16, kBlock}, {}).sqe, 5, 8192);
    BOOST_TEST(words(f.send(sqe)) == Words{"r2t 5"}, boost::test_tools::per_element());
    BOOST_TEST(f.abort(5) == kAborted);
    BOOST_TEST(words(f.answers()) == kOneAborted, boost::test_tools::per_element());
    f.clock.sleep(base::seconds(100));
    f.io->on_timer();
    BOOST_TEST(!f.io->over());  // it need not send any
    const size_t idle = support::io_memory(f.target).bytes();
    nvme::H2cData pdu;
    pdu.cccid = uint16_t{5};
    pdu.ttag = f.last_ttag();
    pdu.datal = 4096U;
    for (const uint32_t offset : {0U, 4096U}) {
        pdu.header.flags = offset == 0 ? uint8_t{0} : nvme::PduHeader::kLastPdu;
        pdu.datao = offset;
        const base::Bytes whole = nvme::whole_pdu(pdu, {}, pattern(4096));
        BOOST_TEST(f.io->peer.exchange(base::ByteView(whole).first(3000)).empty());
        BOOST_TEST(support::io_memory(f.target).bytes() > idle);
        f.clock.sleep(base::seconds(29));
        f.io->on_timer();
        BOOST_TEST(!f.io->over());
        if (offset == 0) {
            BOOST_TEST(f.io->peer.exchange(base::ByteView(whole).subspan(3000)).empty());
            BOOST_TEST(support::io_memory(f.target).bytes() == idle);
        }
    }
    BOOST_TEST(f.io->session->next_deadline().has_value());
    f.clock.sleep(base::seconds(1));
    f.io->on_timer();
    BOOST_TEST(f.io->over());
    BOOST_TEST(f.events.has("the data of a write did not arrive within the time limit"));
}

BOOST_AUTO_TEST_CASE(an_abort_may_come_in_the_middle_of_the_data) {
    AbortFixture f;
    const auto sqe = by_r2t(host::write(1, {0, 16, kBlock}, {}).sqe, 5, 8192);
    BOOST_TEST(words(f.send(sqe)) == Words{"r2t 5"}, boost::test_tools::per_element());
    nvme::H2cData pdu;
    pdu.header.flags = nvme::PduHeader::kLastPdu;
    pdu.cccid = uint16_t{5};
    pdu.ttag = f.last_ttag();
    pdu.datal = 8192U;
    const base::Bytes whole = nvme::whole_pdu(pdu, {}, pattern(8192));
    BOOST_TEST(f.io->peer.exchange(base::ByteView(whole).first(3000)).empty());
    BOOST_TEST(f.abort(5) == kAborted);
    BOOST_TEST(words(f.answers()) == kOneAborted, boost::test_tools::per_element());
    const auto other = f.open_io(2);
    BOOST_TEST(other->host.run(host::read(1, {0, 2048, kBlock})).has_value());  // takes memory
    f.backend->asked.clear();
    BOOST_TEST(f.io->peer.exchange(base::ByteView(whole).subspan(3000)).empty());
    BOOST_TEST(f.backend->asked.empty());
    BOOST_TEST(f.run(host::flush(1)) == 0);
}

BOOST_AUTO_TEST_CASE(a_command_that_waits_for_its_turn_ends_at_once) {
    AbortFixture f;
    f.backend->hold = true;
    nvme::Sqe first = support::compare(1, {4, 1, kBlock}, {}).sqe;
    first.flags = nvme::Sqe::kFusedFirst;
    nvme::Sqe second = host::write(1, {4, 1, kBlock}, {}).sqe;
    second.flags = nvme::Sqe::kFusedSecond;
    for (const uint16_t cid : {uint16_t{10}, uint16_t{20}}) {  // the second pair waits
        BOOST_TEST(f.send(in_capsule(first, cid, kBlock), base::Bytes(kBlock)).empty());
        BOOST_TEST(f.send(in_capsule(second, cid + 1, kBlock), pattern(kBlock)).empty());
    }
    const auto write = in_capsule(host::write(1, {4, 1, kBlock}, {}).sqe, 5, kBlock);
    BOOST_TEST(f.send(write, pattern(kBlock)).empty());
    BOOST_TEST(f.abort(5) == kAborted);
    BOOST_TEST(words(f.answers()) == kOneAborted, boost::test_tools::per_element());
    BOOST_TEST(f.abort(20) == kAborted);
    const Words both = {"20: Abort Requested (007h)",
                        "21: Aborted due to Failed Fused Command (009h)"};
    BOOST_TEST(words(f.answers()) == both, boost::test_tools::per_element());
    f.backend->hold = false;
    f.backend->settle();
    const Words done = {"10: Successful Completion (000h)", "11: Successful Completion (000h)"};
    BOOST_TEST(words(f.answers()) == done, boost::test_tools::per_element());
    BOOST_TEST(f.run(host::flush(1)) == 0);
}

BOOST_AUTO_TEST_CASE(a_server_that_stops_ends_what_waits_for_its_turn) {
    AbortFixture f;
    f.backend->hold = true;
    nvme::Sqe first = support::compare(1, {4, 1, kBlock}, {}).sqe;
    first.flags = nvme::Sqe::kFusedFirst;
    nvme::Sqe second = host::write(1, {4, 1, kBlock}, {}).sqe;
    second.flags = nvme::Sqe::kFusedSecond;
    for (uint16_t cid = 10; cid < 70; cid += 2) {
        BOOST_TEST(f.send(in_capsule(first, cid, kBlock), base::Bytes(kBlock)).empty());
        BOOST_TEST(f.send(in_capsule(second, cid + 1, kBlock), pattern(kBlock)).empty());
    }
    f.io->session->wind_down();
    if (support::reactors() == 1) {  // else the test's session does not pass it on
        BOOST_TEST(words(f.answers()).size() == 58U);
    }
    f.backend->settle();
}

BOOST_AUTO_TEST_CASE(a_command_that_waits_for_memory_ends_at_once) {
    AbortFixture f;
    f.backend->hold = true;
    for (uint16_t cid = 1; cid <= 5; ++cid) {
        BOOST_TEST(f.send(by_r2t(host::read(1, {0, 2048, kBlock}).sqe, cid, 1U << 20U)).empty());
    }
    BOOST_TEST(f.backend->held.size() == 4U);
    BOOST_TEST(f.abort(5) == kAborted);
    BOOST_TEST(words(f.answers()) == kOneAborted, boost::test_tools::per_element());
    f.backend->settle();
    BOOST_TEST(words(f.answers()).size() == 8U);
}

BOOST_AUTO_TEST_CASE(a_command_that_a_backend_has_ends_when_it_comes_back) {
    AbortFixture f;
    f.backend->hold = true;
    const auto read = by_r2t(host::read(1, {0, 1, kBlock}).sqe, 5, kBlock);
    BOOST_TEST(f.send(read).empty());
    BOOST_TEST(f.abort(5) == kNotAborted);  // not yet
    BOOST_TEST(f.answers().empty());
    f.backend->settle();
    BOOST_TEST(words(f.answers()) == kOneAborted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_command_of_many_steps_takes_no_further_one) {
    AbortFixture f;
    f.backend->hold = true;
    const auto command = support::copy(1, 100, {{0, 1}, {8, 1}});
    BOOST_TEST(f.send(in_capsule(command.sqe, 5, 64), command.data_out).empty());
    BOOST_TEST(f.abort(5) == kNotAborted);  // not yet
    f.backend->asked.clear();
    f.backend->settle();
    BOOST_TEST(words(f.answers()) == kOneAborted, boost::test_tools::per_element());
    BOOST_TEST(f.backend->asked.empty());
}

BOOST_AUTO_TEST_CASE(one_half_of_a_pair_takes_the_other_with_it) {
    for (const uint16_t cid : {uint16_t{5}, uint16_t{6}}) {
        AbortFixture f;
        nvme::Sqe first = support::compare(1, {4, 1, kBlock}, {}).sqe;
        first.flags = nvme::Sqe::kFusedFirst;
        nvme::Sqe second = host::write(1, {4, 1, kBlock}, {}).sqe;
        second.flags = nvme::Sqe::kFusedSecond;
        f.backend->hold = true;
        BOOST_TEST(f.send(in_capsule(first, 5, kBlock), base::Bytes(kBlock)).empty());
        BOOST_TEST(f.send(in_capsule(second, 6, kBlock), pattern(kBlock)).empty());
        BOOST_TEST(f.abort(cid) == kNotAborted);  // not yet
        f.backend->settle();
        const std::string failed = "Aborted due to Failed Fused Command (009h)";
        const Words expected = {"5: " + (cid == 5 ? "Abort Requested (007h)" : failed),
                                "6: " + (cid == 6 ? "Abort Requested (007h)" : failed)};
        BOOST_TEST(words(f.answers()) == expected, boost::test_tools::per_element());
        BOOST_TEST(f.blocks(4, 1) == base::Bytes(kBlock));
    }
    AbortFixture f;
    nvme::Sqe first = support::compare(1, {4, 1, kBlock}, {}).sqe;
    first.flags = nvme::Sqe::kFusedFirst;
    nvme::Sqe second = host::write(1, {4, 1, kBlock}, {}).sqe;
    second.flags = nvme::Sqe::kFusedSecond;
    BOOST_TEST(f.send(in_capsule(first, 5, kBlock), base::Bytes(kBlock)).empty());
    BOOST_TEST(f.abort(5) == kAborted);
    BOOST_TEST(words(f.answers()) == kOneAborted, boost::test_tools::per_element());
    const Words expected = {"6: Aborted due to Failed Fused Command (009h)"};
    BOOST_TEST(words(f.send(in_capsule(second, 6, kBlock), pattern(kBlock))) == expected,
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_wrong_data_pointer_has_its_status) {
    struct Case {
        const char* name;
        void (*spoil)(nvme::Sqe& sqe);
        nvme::Status status;
    };
    const Case cases[] = {
        {"a PRP", [](auto& s) { s.flags = 0; }, status::kInvalidField},
        {"a segment", [](auto& s) { s.sgl.type = 0x20; }, status::kSglTypeInvalid},
        {"a last segment", [](auto& s) { s.sgl.type = 0x30; }, status::kSglTypeInvalid},
        {"a keyed block", [](auto& s) { s.sgl.type = 0x40; }, status::kSglTypeInvalid},
        {"an address", [](auto& s) { s.sgl.type = 0x00; }, status::kSglTypeInvalid},
        {"four gigabytes", [](auto& s) { s.sgl.length = 0xFFFFFFFFU; },
         status::kDataSglLengthInvalid},
        {"nothing", [](auto& s) { s.sgl.length = 0U; }, status::kDataSglLengthInvalid},
        {"a byte too much", [](auto& s) { s.sgl.length = kBlock + 1; },
         status::kDataSglLengthInvalid},
        {"an offset beyond the capsule", [](auto& s) { s.sgl.address = uint64_t{kBlock + 1}; },
         status::kSglOffsetInvalid},
        {"an offset without end", [](auto& s) { s.sgl.address = UINT64_MAX; },
         status::kSglOffsetInvalid},
        {"an offset that leaves too little", [](auto& s) { s.sgl.address = uint64_t{1}; },
         status::kDataSglLengthInvalid},
    };
    for (const Case& test : cases) {
        BOOST_TEST_CONTEXT(test.name) {
            IoFixture f;
            nvme::Sqe sqe = in_capsule(host::write(1, {0, 1, kBlock}, {}).sqe, 5, kBlock);
            test.spoil(sqe);
            f.backend->asked.clear();
            const Words expected = {"5: " + nvme::describe(test.status.dnr())};
            BOOST_TEST(words(f.send(sqe, pattern(kBlock))) == expected,
                       boost::test_tools::per_element());
            BOOST_TEST(f.backend->asked.empty());
            BOOST_TEST(f.run(host::flush(1)) == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(reads_never_come_in_a_capsule) {
    IoFixture f;
    nvme::Sqe sqe = in_capsule(host::read(1, {0, 1, kBlock}).sqe, 5, kBlock);
    const Words expected = {"5: " + nvme::describe(status::kSglTypeInvalid.dnr())};
    BOOST_TEST(words(f.send(sqe)) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
