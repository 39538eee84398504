// SPDX-License-Identifier: GPL-2.0-or-later
//
// Every fault at every layer of a protected namespace, seen by a host: what was injected, what the
// host got, and which layer's counter moved. The table of docs/integrity.md must match this one.

#include "base/fd.h"
#include "nvme/log_pages.h"
#include "support/protected_fixture.h"
#include "support/test.h"
#include "target/operate/status.h"
#include "target/protection/scrub.h"

using support::pattern;
using target::Fault;

namespace {

constexpr uint32_t kBlock = 512;
constexpr uint64_t kBad = 2000;
constexpr uint16_t kUnrecovered = 0x4281;  // Unrecovered Read Error, Do Not Retry

/// Eight blocks are written round a bad one.
struct Protected : support::ProtectedFixture {
    explicit Protected(std::vector<Fault> faults = {}, const host::QueueOptions& options = {})
        : ProtectedFixture({.type = 1}, false, options), written(pattern(size_t{8} * kBlock)) {
        BOOST_REQUIRE(write(kBad - 4, written) == 0);
        inject(std::move(faults));
    }

    base::Bytes written;
};

struct Row {
    std::string_view injected;  ///< as in docs/integrity.md
    std::string_view seen;
    Fault fault;
    uint16_t status;
    std::string_view field;  ///< that the log names; empty: nothing is logged
};

const std::vector<Row>& rows() {
    static const std::vector<Row> kRows = {{"bit flip in the data, persistent",
                                            "the command fails, no data",
                                            {Fault::Kind::kFlipData, kBad, false},
                                            kUnrecovered,
                                            "guard"},
                                           {"bit flip in the data, transient",
                                            "second read succeeds, data served",
                                            {Fault::Kind::kFlipData, kBad, true},
                                            0,
                                            "guard"},
                                           {"bit flip in the guard, persistent",
                                            "the command fails, no data",
                                            {Fault::Kind::kFlipGuard, kBad, false},
                                            kUnrecovered,
                                            "guard"},
                                           {"bit flip in the guard, transient",
                                            "second read succeeds, data served",
                                            {Fault::Kind::kFlipGuard, kBad, true},
                                            0,
                                            "guard"},
                                           {"bit flip in the reference tag, persistent",
                                            "the command fails, no data",
                                            {Fault::Kind::kFlipRef, kBad, false},
                                            kUnrecovered,
                                            "reference tag"},
                                           {"bit flip in the reference tag, transient",
                                            "second read succeeds, data served",
                                            {Fault::Kind::kFlipRef, kBad, true},
                                            0,
                                            "reference tag"},
                                           {"escape value, persistent",
                                            "the command fails, no data",
                                            {Fault::Kind::kSetEscape, kBad, false},
                                            kUnrecovered,
                                            "application tag"},
                                           {"escape value, transient",
                                            "second read succeeds, data served",
                                            {Fault::Kind::kSetEscape, kBad, true},
                                            0,
                                            "application tag"}};
    return kRows;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(integrity)

BOOST_AUTO_TEST_CASE(written_data_comes_back_and_nothing_is_logged) {
    Protected p;
    BOOST_TEST(p.read(kBad - 4, 8) == 0);
    BOOST_TEST(p.read_back == p.written);
    BOOST_TEST(p.told.empty());
    BOOST_TEST(p.counters->blocks_made == 8U);
    BOOST_TEST(p.counters->blocks_checked == 8U);
    BOOST_TEST(p.read(0, 64) == 0);  // never written
    BOOST_TEST(p.read_back == base::Bytes(size_t{64} * kBlock));
}

BOOST_AUTO_TEST_CASE(each_fault_is_found_named_and_never_served) {
    for (const Row& row : rows()) {
        BOOST_TEST_CONTEXT(row.injected) {
            Protected p({row.fault});
            BOOST_TEST(p.read(kBad - 4, 8) == row.status);
            BOOST_REQUIRE(p.told.size() == 1U);
            BOOST_TEST(p.told[0].starts_with("LBA 2000: " + std::string(row.field) + " is"),
                       p.told[0]);
            const bool lasting = row.status != 0;
            BOOST_TEST(p.read_back.empty() == lasting);
            BOOST_TEST((lasting || p.read_back == p.written));
            BOOST_TEST(p.counters->at_rest_errors == (lasting ? 1U : 0U));
            BOOST_TEST(p.counters->reread_saved == (lasting ? 0U : 1U));
            // neighbours stay readable, and a new write heals
            BOOST_TEST(p.read(kBad - 4, 4) == 0);
            p.inject({});
            BOOST_TEST(p.write(kBad, base::Bytes(kBlock)) == 0);
            BOOST_TEST(p.read(kBad, 1) == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_lasting_fault_is_final_for_the_host) {
    Protected p({rows()[0].fault});
    const auto answer = p.io->host.run(host::read(2, {kBad, 1, kBlock}));
    BOOST_TEST(answer->status.final);
}

BOOST_AUTO_TEST_CASE(a_torn_write_is_found_when_it_is_read) {
    Protected p({{Fault::Kind::kTearWrite, kBad, true}});
    BOOST_TEST(p.write(kBad - 4, pattern(size_t{8} * kBlock, 9)) == 0);
    BOOST_TEST(p.read(kBad, 1) == kUnrecovered);
    BOOST_TEST(p.read(kBad + 1, 1) == kUnrecovered);  // was not written at all
    BOOST_TEST(p.read(kBad - 4, 4) == 0);
    BOOST_TEST(p.counters->at_rest_errors == 2U);
}

BOOST_AUTO_TEST_CASE(zeros_have_tuples_too) {
    Protected p;
    BOOST_TEST(p.io->host.run(host::write_zeroes(2, {kBad - 2, 3, kBlock}))->status.ok());
    BOOST_TEST(p.read(kBad - 4, 8) == 0);
    base::Bytes expected = p.written;
    std::fill_n(expected.begin() + 2 * kBlock, 3 * kBlock, std::byte{0});
    BOOST_TEST(p.read_back == expected);
    BOOST_TEST(p.io->host.run(host::flush(2))->status.ok());
    BOOST_TEST(p.write(kBad, base::Bytes(kBlock), nvme::IoFlags::kForceUnitAccess) == 0);
}

BOOST_AUTO_TEST_CASE(the_error_log_has_the_block_that_failed) {
    Protected p({rows()[0].fault});
    BOOST_TEST(p.read(kBad - 4, 8) == kUnrecovered);
    const auto page = p.admin->host.run(host::get_log_page(nvme::LogPage::kErrors, 64));
    BOOST_REQUIRE(page->status.ok());
    const auto entry = *base::Reader(page->data).take<nvme::ErrorLogEntry>();
    BOOST_TEST(uint64_t{entry.lba} == kBad);
    BOOST_TEST(uint32_t{entry.nsid} == p.kPlain);
    BOOST_TEST(nvme::Status::from_wire(entry.status).number() == kUnrecovered);
}

BOOST_AUTO_TEST_CASE(status_json_and_metrics_have_a_counter_for_each_layer) {
    Protected p({rows()[0].fault});
    (void)p.read(kBad, 1);
    const target::TargetStatus status = look_at(p.fixture.target, p.fixture.clock.now(), {});
    const std::string text = to_text(status);
    const std::string json = to_json(status);
    const std::string metrics = to_metrics(status);
    BOOST_TEST(text.find("type 1 protection, 16-bit guard\n  blocks made 8, checked 0, wrong at "
                         "receipt 0, wrong at rest 1,") != std::string::npos,
               text);
    BOOST_TEST(json.find("\"integrity\":{\"type\":1,\"guard_bits\":16,\"blocks_made\":8,") !=
                   std::string::npos,
               json);
    BOOST_TEST(json.find("\"integrity\":null") != std::string::npos, json);  // namespace 1
    BOOST_TEST(json.find("\"digest_errors\":0") != std::string::npos, json);
    BOOST_TEST(metrics.find("nvmeroot_integrity_at_rest_errors_total{subsystem=\"" +
                            support::kSubsysNqn + "\",nsid=\"2\"} 1\n") != std::string::npos,
               metrics);
}

BOOST_AUTO_TEST_CASE(a_host_is_there_since_one_second_whenever_somebody_asks) {
    Protected p;
    const auto since = [&](base::milliseconds wall) {
        return look_at(p.fixture.target, p.fixture.clock.now(), wall).controllers.at(0).since;
    };
    const int64_t first = since(base::milliseconds(1'700'000'000'400));
    p.fixture.clock.sleep(base::milliseconds(700));
    BOOST_TEST(since(base::milliseconds(1'700'000'001'100)) == first);
}

BOOST_AUTO_TEST_CASE(a_flip_behind_the_digest_is_the_wires) {
    Protected p({{Fault::Kind::kFlipBehindDigest, kBad, true}}, {.data_digest = true});
    const auto hurt = p.io->host.run(host::read(2, {kBad, 1, kBlock}));
    BOOST_TEST(!(hurt && hurt->status.ok()));  // the host sees that the digest does not fit
    BOOST_TEST(p.told.empty());
    BOOST_TEST(p.counters->at_rest_errors == 0U);
}

BOOST_AUTO_TEST_CASE(a_flip_before_the_digest_is_seen_by_who_has_the_tuple) {
    Protected p({{Fault::Kind::kFlipBeforeDigest, kBad, true}}, {.data_digest = true});
    // Raw, with its tuple: the digest is right and the guard is not.
    BOOST_REQUIRE(p.run(host::read(p.kExposed, {kBad, 1, kBlock + 8})) == 0);
    const auto bad = nvme::verify(p.format, nvme::BlocksView::extended(p.format, p.read_back),
                                  {.ref_tag = kBad}, {.guard = true});
    BOOST_REQUIRE(bad.has_value());
    BOOST_TEST(bad->field == nvme::PiField::kGuard);
    BOOST_TEST(p.told.empty());
}

BOOST_AUTO_TEST_CASE(a_scrub_finds_each_bad_block_and_continues) {
    Protected p({{Fault::Kind::kFlipData, kBad, false}, {Fault::Kind::kFlipGuard, 7, false}});
    const auto reactor = target::Reactor::open(target::Reactor::Engine::kEpoll).value();
    const auto scrub = target::Scrub::start(*reactor, p.store, uint64_t{1} << 30U);
    target::Timer look(*reactor, [&] {
        p.counters->scrub_passes >= 2 ? reactor->stop()
                                      : look.set(reactor->now() + base::milliseconds(1));
    });
    look.set(reactor->now());
    reactor->run();
    scrub->stop();
    BOOST_REQUIRE(p.told.size() >= 4U);
    BOOST_TEST(p.told[0].starts_with("LBA 7: guard is"), p.told[0]);
    BOOST_TEST(p.told[1].starts_with("LBA 2000: guard is"), p.told[1]);
    const uint64_t passes = p.counters->scrub_passes;  // and a part of the next one
    BOOST_TEST(p.counters->scrub_errors >= 2 * passes);
    BOOST_TEST(p.counters->scrub_errors <= 2 * passes + 2);
    BOOST_TEST(p.counters->scrubbed_blocks >= 2 * p.kBlocks);
}

BOOST_AUTO_TEST_CASE(a_scrub_ends_with_its_store) {
    const auto reactor = target::Reactor::open(target::Reactor::Engine::kEpoll).value();
    std::shared_ptr<target::Scrub> scrub;
    {
        const Protected p;
        scrub = target::Scrub::start(*reactor, p.store, uint64_t{1} << 30U);
        BOOST_TEST(scrub->reads(p.store));
    }
    target::Timer end(*reactor, [&] { reactor->stop(); });
    end.set(reactor->now() + base::milliseconds(20));
    reactor->run();
    BOOST_TEST(!scrub->reads(std::make_shared<support::HeldBackend>(512)));
}

BOOST_AUTO_TEST_CASE(a_fault_file_is_read_line_by_line) {
    const auto faults = target::parse_faults("flip-data 7\n\n flip-guard 8 once\ntear-write 9\n");
    BOOST_REQUIRE(faults.ok());
    const std::vector<Fault> expected = {{Fault::Kind::kFlipData, 7, false},
                                         {Fault::Kind::kFlipGuard, 8, true},
                                         {Fault::Kind::kTearWrite, 9, true}};
    BOOST_TEST(*faults == expected);
    for (const char* bad :
         {"flip-data", "melt 7", "flip-data x", "flip-data 7 twice", "flip-data 7 once more"}) {
        BOOST_TEST(!target::parse_faults(bad).ok(), bad);
    }
}

BOOST_AUTO_TEST_CASE(the_integrity_page_has_this_table) {
    const auto page = base::read_text("docs/integrity.md");
    BOOST_REQUIRE(page.ok());
    for (const Row& row : rows()) {
        const std::string line =
            "| " + std::string(row.injected) + " | " + std::string(row.seen) + " | ";
        BOOST_TEST(page->find(line) != std::string::npos, line);
    }
    // The tests below and above, of exposed_test.cc and of io_test.cc.
    for (const std::string line :
         {"| half of a block is written | the command fails, no data | ",
          "| bit flip after the data digest is computed | digest mismatch, ",
          "| bit flip before the data digest is computed | plain blocks: not detected; ",
          "| bit flip in data from the host | Transient Transport Error, nothing stored | ",
          "| tuple from the host that does not match | Guard, Application or Reference Tag "}) {
        BOOST_TEST(page->find(line) != std::string::npos, line);
    }
}

BOOST_AUTO_TEST_SUITE_END()
