// SPDX-License-Identifier: GPL-2.0-or-later
//
// Every fault at every layer of a protected namespace, seen by a host: what was injected, what the
// host got, and which layer's counter moved. README.md's table is held against this one.
#include <boost/test/unit_test.hpp>

#include "base/fd.h"
#include "support/target_fixture.h"
#include "target/backend_memory.h"
#include "target/fault_backend.h"
#include "target/protected_backend.h"

using support::pattern;
using target::Fault;
using target::IntegrityCounters;

namespace {

constexpr uint32_t kBlock = 512;
constexpr uint64_t kBlocks = 4096;
constexpr uint64_t kBad = 2000;
constexpr uint16_t kUnrecovered = 0x4281;  // Unrecovered Read Error, Do Not Retry

/// A host that reads and writes namespace 2, which is protected; faults come as the plan says.
struct Protected {
    explicit Protected(std::vector<Fault> faults = {})
        : plan(std::make_shared<target::FaultPlan>(std::vector<Fault>())) {
        nvme::PiFormat format;
        format.type = 1;
        format.metadata_bytes = 8;
        auto header = target::new_header(format, kBlocks, {1}, target::kMinLogEntries);
        header.state = target::SidecarHeader::kInUse;
        base::Bytes sidecar(target::sidecar_bytes(header));
        nvme::generate_for_zeros(format, std::span(sidecar).subspan(header.tuple_offset), {});
        auto data = std::make_unique<target::FaultBackend>(
            std::make_unique<target::MemoryBackend>(base::Bytes(kBlocks * kBlock)), plan,
            target::FaultBackend::Layout{0, kBlock, 0});
        auto tuples = std::make_unique<target::FaultBackend>(
            std::make_unique<target::MemoryBackend>(std::move(sidecar)), plan,
            target::FaultBackend::Layout{header.tuple_offset, 8, 2});
        auto store = std::make_unique<target::ProtectedBackend>(
            std::move(data), std::move(tuples), header,
            [this](const target::IntegrityFault& fault) { told.push_back(describe(fault)); });
        counters = &store->counters();
        target::NamespaceConfig config;
        config.nsid = 2;
        config.block_bytes = kBlock;
        fixture.subsystem->add_namespace(config, std::move(store));
        admin = fixture.open_admin();
        io = fixture.open_io();
        BOOST_REQUIRE((admin && io));
        written = pattern(size_t{8} * kBlock);
        BOOST_REQUIRE(write(kBad - 4, written) == 0);
        *plan = target::FaultPlan(std::move(faults));
    }

    uint16_t write(uint64_t block, const base::Bytes& data, uint32_t flags = 0) const {
        const auto count = static_cast<uint32_t>(data.size() / kBlock);
        return io->host.run(host::write(2, {block, count, kBlock}, data, flags))->status.number();
    }
    /// @return the status; what came is in `read_back`
    uint16_t read(uint64_t block, uint32_t count) {
        const auto answer = io->host.run(host::read(2, {block, count, kBlock}));
        read_back = answer->data;
        return answer->status.number();
    }

    std::shared_ptr<target::FaultPlan> plan;
    std::vector<std::string> told;
    IntegrityCounters* counters = nullptr;
    support::TargetFixture fixture;
    std::unique_ptr<support::Line> admin;
    std::unique_ptr<support::Line> io;
    base::Bytes written;
    base::Bytes read_back;
};

struct Row {
    std::string_view injected;  ///< as in README.md
    std::string_view seen;
    Fault fault;
    uint16_t status;
    std::string_view field;  ///< that the log names; empty: nothing is told
};

const std::vector<Row>& rows() {
    static const std::vector<Row> kRows = {{"a bit of the data, lasting",
                                            "the command fails, no data",
                                            {Fault::Kind::kFlipData, kBad, false},
                                            kUnrecovered,
                                            "guard"},
                                           {"a bit of the data, once",
                                            "read again, served, counted",
                                            {Fault::Kind::kFlipData, kBad, true},
                                            0,
                                            "guard"},
                                           {"a bit of the guard, lasting",
                                            "the command fails, no data",
                                            {Fault::Kind::kFlipGuard, kBad, false},
                                            kUnrecovered,
                                            "guard"},
                                           {"a bit of the guard, once",
                                            "read again, served, counted",
                                            {Fault::Kind::kFlipGuard, kBad, true},
                                            0,
                                            "guard"},
                                           {"a bit of the reference tag, lasting",
                                            "the command fails, no data",
                                            {Fault::Kind::kFlipRef, kBad, false},
                                            kUnrecovered,
                                            "reference tag"},
                                           {"a bit of the reference tag, once",
                                            "read again, served, counted",
                                            {Fault::Kind::kFlipRef, kBad, true},
                                            0,
                                            "reference tag"},
                                           {"the escape value, lasting",
                                            "the command fails, no data",
                                            {Fault::Kind::kSetEscape, kBad, false},
                                            kUnrecovered,
                                            "application tag"},
                                           {"the escape value, once",
                                            "read again, served, counted",
                                            {Fault::Kind::kSetEscape, kBad, true},
                                            0,
                                            "application tag"}};
    return kRows;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(integrity)

BOOST_AUTO_TEST_CASE(what_is_written_comes_back_and_nothing_is_told) {
    Protected p;
    BOOST_TEST(p.read(kBad - 4, 8) == 0);
    BOOST_TEST((p.read_back == p.written));
    BOOST_TEST(p.told.empty());
    BOOST_TEST(p.counters->blocks_made == 8U);
    BOOST_TEST(p.counters->blocks_checked == 8U);
    BOOST_TEST(p.read(0, 64) == 0);  // never written
    BOOST_TEST((p.read_back == base::Bytes(size_t{64} * kBlock)));
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
            *p.plan = target::FaultPlan(std::vector<Fault>());
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
    BOOST_TEST((p.read_back == expected));
    BOOST_TEST(p.io->host.run(host::flush(2))->status.ok());
    BOOST_TEST(p.write(kBad, base::Bytes(kBlock), nvme::IoFlags::kForceUnitAccess) == 0);
}

BOOST_AUTO_TEST_CASE(a_fault_file_is_read_line_by_line) {
    const auto faults = target::parse_faults("flip-data 7\n\n flip-guard 8 once\ntear-write 9\n");
    BOOST_REQUIRE(faults.ok());
    const std::vector<Fault> expected = {{Fault::Kind::kFlipData, 7, false},
                                         {Fault::Kind::kFlipGuard, 8, true},
                                         {Fault::Kind::kTearWrite, 9, true}};
    BOOST_TEST((*faults == expected));
    for (const char* bad :
         {"flip-data", "melt 7", "flip-data x", "flip-data 7 twice", "flip-data 7 once more"}) {
        BOOST_TEST(!target::parse_faults(bad).ok(), bad);
    }
}

BOOST_AUTO_TEST_CASE(readme_has_the_table_of_what_was_injected_and_seen) {
    const auto readme = base::read_text("README.md");
    BOOST_REQUIRE(readme.ok());
    for (const Row& row : rows()) {
        const std::string line =
            "| " + std::string(row.injected) + " | " + std::string(row.seen) + " | ";
        BOOST_TEST(readme->find(line) != std::string::npos, line);
    }
}

BOOST_AUTO_TEST_SUITE_END()
