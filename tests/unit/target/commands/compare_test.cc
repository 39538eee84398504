// SPDX-License-Identifier: GPL-2.0-or-later
//
// Compare, Verify, and Compare fused with Write: verdicts, pairing, and that nothing comes between
// the halves.

#include "support/io_fixture.h"
#include "support/test.h"

using support::by_r2t;
using support::in_capsule;
using support::IoFixture;
using support::pattern;
using support::words;
namespace status = nvme::status;

namespace {

constexpr uint32_t kBlock = IoFixture::kBlock;
constexpr uint16_t kFirst = 10, kSecond = 11;
using Words = std::vector<std::string>;

nvme::Sqe half(nvme::Sqe sqe, uint8_t fused) {
    sqe.flags = fused;
    return sqe;
}
nvme::Sqe first_half(uint64_t block = 4, uint32_t count = 1) {
    return half(support::compare(1, {block, count, kBlock}, {}).sqe, nvme::Sqe::kFusedFirst);
}
nvme::Sqe second_half(uint64_t block = 4, uint32_t count = 1) {
    return half(host::write(1, {block, count, kBlock}, {}).sqe, nvme::Sqe::kFusedSecond);
}

/// A namespace whose block 4 holds pattern 1, and a pair that would make it pattern 2.
struct PairFixture : IoFixture {
    PairFixture() { fill(4, before); }
    Words send_first(const base::Bytes& expected) {
        return words(send(in_capsule(first_half(), kFirst, kBlock), expected));
    }
    Words send_second() { return words(send(in_capsule(second_half(), kSecond, kBlock), after)); }
    bool changed() const { return blocks(4, 1) == after; }

    const base::Bytes before = pattern(kBlock, 1);
    const base::Bytes after = pattern(kBlock, 2);
};

const Words kBothDone = {"10: Successful Completion (000h)", "11: Successful Completion (000h)"};

}  // namespace

BOOST_AUTO_TEST_SUITE(compare)

BOOST_AUTO_TEST_CASE(finds_each_difference_and_no_other) {
    IoFixture f;
    for (const uint32_t blocks : {1U, 16U, 300U, 2048U}) {
        BOOST_TEST_CONTEXT(blocks << " blocks") {
            base::Bytes data = pattern(size_t{blocks} * kBlock, blocks);
            f.fill(100, data);
            BOOST_TEST(f.run(support::compare(1, {100, blocks, kBlock}, data)) == 0);
            for (const size_t at : {size_t{0}, data.size() / 2, data.size() - 1}) {
                data[at] ^= std::byte{1};
                BOOST_TEST(f.run(support::compare(1, {100, blocks, kBlock}, data)) ==
                           status::kCompareFailure.number());
                data[at] ^= std::byte{1};
            }
        }
    }
    BOOST_TEST(f.run(support::compare(1, {4095, 2, kBlock}, pattern(2 * kBlock))) ==
               status::kLbaOutOfRange.dnr().number());
    BOOST_TEST(f.run(support::compare(9, {0, 1, kBlock}, pattern(kBlock))) ==
               status::kInvalidNamespace.dnr().number());
}

BOOST_AUTO_TEST_CASE(verify_reads_everything_and_moves_nothing) {
    IoFixture f;
    f.backend->asked.clear();
    const size_t before = f.io->host.received().size();
    BOOST_TEST(f.run(support::verify(1, {8, 600, kBlock})) == 0);
    BOOST_TEST(f.io->host.received().size() == before + sizeof(nvme::CapsuleResp));
    const Words asked = {"read 4096+131072", "read 135168+131072", "read 266240+45056"};
    BOOST_TEST(f.backend->asked == asked, boost::test_tools::per_element());
    BOOST_TEST(f.run(support::verify(1, {4095, 2, kBlock})) ==
               status::kLbaOutOfRange.dnr().number());
    BOOST_TEST(f.run(support::verify(1, {0, 2049, kBlock})) ==  // VSL is 1 MiB
               status::kInvalidField.dnr().number());
}

BOOST_AUTO_TEST_CASE(both_tell_of_a_store_that_fails) {
    IoFixture f;
    f.backend->hold = true;
    for (const bool verify : {false, true}) {
        auto sqe = verify ? support::verify(1, {0, 1, kBlock}).sqe
                          : support::compare(1, {0, 1, kBlock}, {}).sqe;
        const size_t data = verify ? 0 : kBlock;
        BOOST_TEST(words(f.send(in_capsule(sqe, 5, data), base::Bytes(data))).empty());
        f.backend->settle(target::IoError::kMedium);
        const Words expected = {"5: Unrecovered Read Error (281h)"};
        BOOST_TEST(words(f.answers()) == expected, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(a_pair_writes_when_the_blocks_are_as_expected) {
    PairFixture f;
    BOOST_TEST(f.send_first(f.before).empty());
    BOOST_TEST(f.send_second() == kBothDone, boost::test_tools::per_element());
    BOOST_TEST(f.changed());
}

BOOST_AUTO_TEST_CASE(a_pair_writes_nothing_when_they_are_not) {
    PairFixture f;
    BOOST_TEST(f.send_first(f.after).empty());
    const Words expected = {"10: Compare Failure (285h)",
                            "11: Aborted due to Failed Fused Command (009h)"};
    BOOST_TEST(f.send_second() == expected, boost::test_tools::per_element());
    BOOST_TEST(!f.changed());
}

BOOST_AUTO_TEST_CASE(a_pair_may_be_fetched_by_r2t_in_any_order) {
    for (const bool second_comes_first : {false, true}) {
        PairFixture f;
        const Words expected = {"r2t 10", "r2t 11"};
        Words asked = words(f.send(by_r2t(first_half(), kFirst, kBlock)));
        const auto more = words(f.send(by_r2t(second_half(), kSecond, kBlock)));
        asked.insert(asked.end(), more.begin(), more.end());
        BOOST_TEST(asked == expected, boost::test_tools::per_element());
        const auto data = [&](uint16_t cid, uint16_t ttag, const base::Bytes& bytes) {
            nvme::H2cData pdu;
            pdu.header.flags = nvme::PduHeader::kLastPdu;
            pdu.cccid = cid;
            pdu.ttag = ttag;
            pdu.datal = kBlock;
            return words(f.io->peer.exchange(nvme::whole_pdu(pdu, {}, bytes)));
        };
        // Slots are given from 0 on: Connect had 0 and gave it back.
        const auto tag = [](uint16_t cid) { return cid == kFirst ? uint16_t{0} : uint16_t{1}; };
        const auto early = second_comes_first ? kSecond : kFirst;
        const auto late = second_comes_first ? kFirst : kSecond;
        BOOST_TEST(data(early, tag(early), early == kFirst ? f.before : f.after).empty());
        BOOST_TEST(data(late, tag(late), late == kFirst ? f.before : f.after) == kBothDone,
                   boost::test_tools::per_element());
        BOOST_TEST(f.changed());
    }
}

BOOST_AUTO_TEST_CASE(wrong_pairs_end_with_the_status_of_their_fault) {
    const auto failed = [](const char* cid) {
        return std::string(cid) + ": Aborted due to Failed Fused Command (009h)";
    };
    const auto invalid = [](const char* cid) {
        return std::string(cid) + ": Invalid Field in Command (002h, do not retry)";
    };
    const std::string missing = "Aborted due to Missing Fused Command (00Ah)";
    struct Case {
        const char* name;
        std::vector<nvme::Sqe> commands;  // CIDs from 10 on
        Words answers;
    };
    const nvme::Sqe plain = host::write(1, {4, 1, kBlock}, {}).sqe;
    const nvme::Sqe write_first = half(plain, nvme::Sqe::kFusedFirst);
    const nvme::Sqe compare_second = half(first_half(), nvme::Sqe::kFusedSecond);
    const nvme::Sqe both = half(plain, nvme::Sqe::kFusedMask);
    nvme::Sqe stranger = second_half();
    stranger.nsid = 9U;
    const Case cases[] = {
        {"a second half alone", {second_half()}, {"10: " + missing}},
        {"a first half before another command",
         {first_half(), plain},
         {"10: " + missing, "11: Successful Completion (000h)"}},
        {"two first halves",
         {first_half(), first_half(), second_half()},
         {"10: " + missing, "11: Compare Failure (285h)", failed("12")}},
        {"other blocks", {first_half(), second_half(5)}, {invalid("10"), invalid("11")}},
        {"more blocks",
         {first_half(4, 1), second_half(4, 1)},
         {"10: Compare Failure (285h)", failed("11")}},
        {"another namespace",
         {first_half(), stranger},
         {failed("10"), "11: Invalid Namespace or Format (00Bh, do not retry)"}},
        {"a write first", {write_first, second_half()}, {invalid("10"), failed("11")}},
        {"a compare second", {first_half(), compare_second}, {failed("10"), invalid("11")}},
        {"both bits", {both}, {invalid("10")}},
        {"an invalid first half",
         {first_half(1U << 20U), second_half()},
         {"10: LBA Out of Range (080h, do not retry)", failed("11")}},
    };
    for (const Case& test : cases) {
        BOOST_TEST_CONTEXT(test.name) {
            PairFixture f;
            Words answers;
            uint16_t cid = 10;
            for (const nvme::Sqe& sqe : test.commands) {
                const auto more = words(f.send(in_capsule(sqe, cid++, kBlock), f.after));
                answers.insert(answers.end(), more.begin(), more.end());
            }
            BOOST_TEST(answers == test.answers, boost::test_tools::per_element());
            BOOST_TEST(f.run(host::flush(1)) == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_pair_is_bounded) {
    IoFixture f;
    const nvme::Sqe large = first_half(0, 9);
    const Words expected = {"10: Invalid Field in Command (002h, do not retry)"};
    BOOST_TEST(
        words(f.send(in_capsule(large, kFirst, 9 * kBlock), pattern(9 * kBlock))) == expected,
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nothing_is_written_between_the_halves) {
    PairFixture f;
    f.backend->hold = true;
    // A write of the same block is under way: the pair waits for it.
    BOOST_TEST(f.send(in_capsule(host::write(1, {0, 8, kBlock}, {}).sqe, 1, 8 * kBlock),
                      pattern(8 * kBlock, 3))
                   .empty());
    BOOST_TEST(f.send_first(f.before).empty());
    BOOST_TEST(f.send_second().empty());
    BOOST_TEST(f.backend->held.size() == 1U);
    // Behind the pair: writes of its block wait, others do not.
    const auto zero = host::write_zeroes(1, {4, 1, kBlock}).sqe;
    BOOST_TEST(f.send(in_capsule(zero, 2, 0)).empty());
    BOOST_TEST(
        f.send(in_capsule(host::write(1, {9, 1, kBlock}, {}).sqe, 3, kBlock), f.after).empty());
    BOOST_TEST(f.backend->held.size() == 2U);
    f.backend->settle();
    Words answers = words(f.answers());
    while (!f.backend->held.empty()) {
        f.backend->settle();
        const Words more = words(f.answers());
        answers.insert(answers.end(), more.begin(), more.end());
    }
    const Words expected = {"1: Successful Completion (000h)", "3: Successful Completion (000h)",
                            "10: Compare Failure (285h)",
                            "11: Aborted due to Failed Fused Command (009h)",
                            "2: Successful Completion (000h)"};
    BOOST_TEST(answers == expected, boost::test_tools::per_element());
    BOOST_TEST(f.blocks(4, 1) == base::Bytes(kBlock));
}

BOOST_AUTO_TEST_CASE(a_connection_that_goes_leaves_its_turn_to_others) {
    PairFixture f;
    auto other = f.open_io(2);
    f.backend->hold = true;
    BOOST_TEST(f.send_first(f.before).empty());
    BOOST_TEST(f.send_second().empty());
    const nvme::Sqe zero = in_capsule(host::write_zeroes(1, {4, 1, kBlock}).sqe, 2, 0);
    const base::Bytes pdu = nvme::whole_pdu(nvme::CapsuleCmd{{}, zero}, {});
    BOOST_TEST(other->peer.exchange(pdu).empty());
    BOOST_TEST(f.send(zero).empty());  // waits too, and goes with its queue
    f.io.reset();
    f.backend->settle();
    f.backend->settle();
    const Words expected = {"2: Successful Completion (000h)"};
    BOOST_TEST(words(other->peer.exchange({})) == expected, boost::test_tools::per_element());
    BOOST_TEST(f.backend->held.empty());
}

BOOST_AUTO_TEST_SUITE_END()
