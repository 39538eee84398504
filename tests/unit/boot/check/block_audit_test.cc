// SPDX-License-Identifier: GPL-2.0-or-later
//
// The client's own look at blocks and tuples: what it reads, what it finds, whom it names. The
// namespace is in memory; each format with one field harmed.
#include "boot/check/block_audit.h"

#include <algorithm>
#include <cerrno>
#include <set>
#include <vector>

#include "boot/sources/keys.h"
#include "boot/stages/audit_stage.h"
#include "support/test.h"

namespace {

using Extent = boot::AuditPolicy::Extent;

constexpr uint64_t kBlocks = 4096;

/// Blocks that say their number, with right tuples. Remembers what was read.
class Namespace final : public boot::IoDevice {
  public:
    explicit Namespace(nvme::PiFormat shown) : format(shown), content(kBlocks * shown.block_bytes) {
        format.metadata_bytes = format.tuple_bytes();
        tuples.resize(kBlocks * format.metadata_bytes);
        for (size_t i = 0; i < kBlocks; ++i) {
            content[i * format.block_bytes] = static_cast<std::byte>(i);
        }
        protect();
    }
    void protect() { nvme::generate(format, nvme::Blocks::separate(format, content, tuples), {}); }
    base::Result<nvme::Status> read(const boot::BlockCommand& command, base::MutableBytes data,
                                    base::MutableBytes metadata) override {
        BOOST_TEST(command.checks == 0U);  // evidence, not a verdict
        if (!answer || !answer->ok()) {
            return answer;
        }
        const size_t block = format.block_bytes;
        const size_t tuple = format.metadata_bytes;
        BOOST_TEST(data.size() == command.count * (block + (format.extended ? tuple : 0)));
        for (size_t i = 0; i < command.count; ++i) {
            const size_t at = command.first + i;
            seen.insert(at);
            auto wire =
                format.extended ? data.subspan(i * (block + tuple)) : data.subspan(i * block);
            auto meta = format.extended ? wire.subspan(block) : metadata.subspan(i * tuple);
            std::ranges::copy(base::ByteView(content).subspan(at * block, block), wire.begin());
            std::ranges::copy(base::ByteView(tuples).subspan(at * tuple, tuple), meta.begin());
            if (at == hurt_on_the_way && times-- > 0) {
                wire[0] ^= std::byte{1};
            }
        }
        return nvme::status::kSuccess;
    }
    base::Result<nvme::Status> verify(const boot::BlockCommand& command) override {
        BOOST_TEST(command.checks != 0U);
        const auto bad =
            nvme::verify(format,
                         nvme::BlocksView::separate(
                             format,
                             base::ByteView(content).subspan(command.first * format.block_bytes,
                                                             format.block_bytes),
                             base::ByteView(tuples).subspan(command.first * format.metadata_bytes,
                                                            format.metadata_bytes)),
                         {.ref_tag = command.first}, {.guard = true, .ref_tag = format.type == 1});
        return bad ? nvme::to_status(bad->field) : nvme::status::kSuccess;
    }
    std::byte& tuple_byte(size_t block, size_t at) {
        return tuples[block * format.metadata_bytes + at];
    }

    nvme::PiFormat format;
    base::Bytes content;
    base::Bytes tuples;
    std::set<uint64_t> seen;
    base::Result<nvme::Status> answer = nvme::status::kSuccess;
    uint64_t hurt_on_the_way = UINT64_MAX;
    int times = 0;
};

std::vector<nvme::PiFormat> formats() {
    std::vector<nvme::PiFormat> all;
    for (const uint8_t type : {uint8_t{1}, uint8_t{2}, uint8_t{3}}) {
        for (const uint8_t guard : {uint8_t{16}, uint8_t{32}, uint8_t{64}}) {
            for (const uint32_t block : {512U, 4096U}) {
                for (const bool extended : {true, false}) {
                    all.push_back({.block_bytes = block,
                                   .extended = extended,
                                   .type = type,
                                   .guard_bits = guard,
                                   .storage_tag_bits = guard == 32 ? uint8_t{16} : uint8_t{0}});
                }
            }
        }
    }
    return all;
}

boot::Outcome<boot::AuditReport> look(Namespace& ns, Extent extent, uint64_t count = 0) {
    return boot::audit_blocks(ns, ns.format, kBlocks, {extent, count, ""});
}

std::string refusal(Namespace& ns, Extent extent = Extent::kFull) {
    const auto report = look(ns, extent);
    if (report) {
        return "";
    }
    BOOST_TEST(report.error().code == boot::ExitCode::kFormat);
    BOOST_TEST(!report.error().retry);
    return report.error().error.text;
}

bool says(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(block_audit)

BOOST_AUTO_TEST_CASE(whole_namespaces_of_every_format_match) {
    for (const nvme::PiFormat& format : formats()) {
        BOOST_TEST_CONTEXT(nvme::describe(format)) {
            Namespace ns(format);
            const auto report = look(ns, Extent::kFull);
            BOOST_REQUIRE(report.ok());
            BOOST_TEST(report->blocks == kBlocks);
            BOOST_TEST(report->transient == 0U);
            BOOST_TEST(ns.seen.size() == kBlocks);
            BOOST_TEST(describe(*report) == "4096 blocks match their checksums");
        }
    }
}

BOOST_AUTO_TEST_CASE(damage_on_the_medium_is_named_as_the_targets) {
    for (const nvme::PiFormat& format : formats()) {
        BOOST_TEST_CONTEXT(nvme::describe(format)) {
            Namespace data(format);
            data.content[2000 * size_t{format.block_bytes} + 17] ^= std::byte{4};
            const std::string text = refusal(data);
            BOOST_TEST(text.starts_with("audit-guard: LBA 2000: the guard is "), text);
            BOOST_TEST(says(text, "the target finds the block corrupt too"), text);
            Namespace guard(format);
            guard.tuple_byte(7, 0) ^= std::byte{1};
            BOOST_TEST(refusal(guard).starts_with("audit-guard: LBA 7: "));
            Namespace ref(format);
            ref.tuple_byte(9, ref.format.metadata_bytes - 1) ^= std::byte{1};
            const std::string other = refusal(ref);
            BOOST_TEST((format.type == 1 ? other.starts_with("audit-ref: LBA 9: the reference tag")
                                         : other.empty()),
                       other);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_happens_behind_the_targets_check_is_not_the_mediums) {
    for (const nvme::PiFormat& format : formats()) {
        Namespace ns(format);
        ns.hurt_on_the_way = 100;
        ns.times = 1;
        const auto once = look(ns, Extent::kFull);
        BOOST_REQUIRE(once.ok());
        BOOST_TEST(once->transient == 1U);
        BOOST_TEST(says(describe(*once), "1 of the reads only at the second attempt"));
        ns.times = 1000;
        const std::string text = refusal(ns);
        BOOST_TEST(text.starts_with("audit-guard: LBA 100: "), text);
        BOOST_TEST(says(text, "the target finds the block correct"), text);
    }
}

BOOST_AUTO_TEST_CASE(an_escape_does_not_protect) {
    Namespace ns({.extended = true, .type = 1});
    ns.content[5 * 512] ^= std::byte{1};
    ns.tuple_byte(5, 2) = ns.tuple_byte(5, 3) = std::byte{0xFF};
    BOOST_TEST(refusal(ns).starts_with("audit-escape: LBA 5: the application tag disables"));
}

BOOST_AUTO_TEST_CASE(unreadable_blocks_are_not_evidence) {
    Namespace ns({.extended = true, .type = 1});
    ns.answer = nvme::status::kInvalidField.dnr();
    BOOST_TEST(refusal(ns).starts_with("audit-read: blocks from 0 on cannot be read"));
    BOOST_TEST(!boot::audit_blocks(ns, ns.format, 0, {Extent::kFull, 0, ""}).ok());
}

BOOST_AUTO_TEST_CASE(a_lost_connection_is_not_a_verdict_on_blocks) {
    Namespace ns({.extended = true, .type = 1});
    for (const base::Result<nvme::Status>& answer : std::vector<base::Result<nvme::Status>>{
             nvme::status::kHostPathError, nvme::status::kAbortedByHost.dnr(),
             nvme::status::kTransientTransportError, base::errno_error(EAGAIN, "passthrough"),
             base::errno_error(EINTR, "passthrough"), base::errno_error(ENODEV, "passthrough")}) {
        ns.answer = answer;
        const auto report = look(ns, Extent::kFull);
        BOOST_REQUIRE(!report.ok());
        BOOST_TEST(report.error().code == boot::ExitCode::kConnect);
        BOOST_TEST(report.error().retry);
    }
    ns.answer = base::errno_error(EINVAL, "passthrough");
    BOOST_TEST(refusal(ns).starts_with("audit-read"));
}

BOOST_AUTO_TEST_CASE(first_and_sample_read_so_many_blocks) {
    Namespace ns({.extended = true, .type = 1});
    BOOST_TEST(look(ns, Extent::kFirst, 100)->blocks == 100U);
    BOOST_TEST(*ns.seen.rbegin() == 99U);
    BOOST_TEST(look(ns, Extent::kFirst, kBlocks + 5)->blocks == kBlocks);
    ns.seen.clear();
    BOOST_TEST(look(ns, Extent::kSample, 500)->blocks == 500U);
    BOOST_TEST(ns.seen.size() > 300U);  // all over, some of them twice
    BOOST_TEST(*ns.seen.rbegin() > kBlocks / 2);
}

BOOST_AUTO_TEST_CASE(superblocks_are_those_of_the_disk_and_of_gpt_partitions) {
    for (const uint32_t block : {512U, 4096U}) {
        Namespace ns({.block_bytes = block, .extended = true, .type = 1});
        const std::string_view magic = "EFI PART";
        std::ranges::copy(std::as_bytes(std::span(magic)),
                          ns.content.begin() + static_cast<std::ptrdiff_t>(block));
        const nvme::le64 start{uint64_t{2048}};
        std::ranges::copy(base::bytes_of(start),
                          ns.content.begin() + static_cast<std::ptrdiff_t>(2 * block + 128 + 32));
        ns.protect();
        const auto report = look(ns, Extent::kSuperblocks);
        BOOST_REQUIRE(report.ok());
        for (const uint64_t wanted :
             {uint64_t{0}, uint64_t{1}, 65536 / uint64_t{block}, uint64_t{2048},
              2048 + 65536 / uint64_t{block}, kBlocks - 33, kBlocks - 1}) {
            BOOST_TEST(ns.seen.contains(wanted), wanted);
        }
        BOOST_TEST(!ns.seen.contains(1500));
        BOOST_TEST(ns.seen.size() == report->blocks);
        ns.content[size_t{2048} * block] ^= std::byte{1};
        BOOST_TEST(refusal(ns, Extent::kSuperblocks).starts_with("audit-guard: LBA 2048: "));
    }
}

BOOST_AUTO_TEST_CASE(superblocks_of_mbr_partitions_and_nonsense_tables) {
    Namespace ns({.extended = true, .type = 1});
    const nvme::le32 start{uint32_t{3000}};
    std::ranges::copy(base::bytes_of(start), ns.content.begin() + 446 + 8);
    std::fill_n(ns.content.begin() + 446 + 16, 48, std::byte{0xFF});  // far behind the end
    ns.protect();
    BOOST_TEST(look(ns, Extent::kSuperblocks).ok());
    BOOST_TEST(ns.seen.contains(3000));
}

BOOST_AUTO_TEST_CASE(extents_are_words_with_or_without_a_number) {
    struct Row {
        std::string_view text;
        Extent extent;
        uint64_t count;
    };
    for (const Row& row :
         {Row{"none", Extent::kNone, 0}, Row{"sb", Extent::kSuperblocks, 0},
          Row{"first:64", Extent::kFirst, 64}, Row{"sample:1000", Extent::kSample, 1000},
          Row{"full", Extent::kFull, 0}}) {
        const auto policy = boot::parse_extent(row.text);
        BOOST_REQUIRE(policy.ok());
        BOOST_TEST(policy->extent == row.extent);
        BOOST_TEST(policy->count == row.count);
    }
    for (const char* bad : {"", "all", "first", "first:", "first:0", "first:x", "full:3", "sb:"}) {
        BOOST_TEST(!boot::parse_extent(bad).ok(), bad);
    }
}

BOOST_AUTO_TEST_CASE(the_root_must_name_the_view_that_was_audited) {
    boot::AuditedView view;
    view.nqn = "nqn.2024-08.com.example:disk:audit";
    view.nsid = 1;
    view.blocks = kBlocks;
    view.format = {.type = 1};
    boot::RootNamespace root;
    root.identify.nsze = kBlocks;
    const auto fits = [&](const boot::AuditPolicy& policy = {}) {
        return compare_with_root(view, root, policy).ok();
    };
    BOOST_TEST(!fits());
    boot::AuditPolicy configured;
    configured.nqn = view.nqn;
    BOOST_TEST(fits(configured));  // a target of another make
    nvme::ProtectionNote& note = root.identify.note;
    note.magic = nvme::ProtectionNote::kMagic;
    note.version = nvme::ProtectionNote::kVersion;
    note.type = 1;
    note.guard_bits = 16;
    note.audit_nsid = uint32_t{1};
    nvme::set_field(note.audit_nqn, view.nqn, '\0');
    BOOST_TEST(fits());
    view.nsid = 2;
    BOOST_TEST(!fits());
    view.nsid = 1;
    view.blocks = 1;
    BOOST_TEST(!fits(configured));
    view.blocks = kBlocks;
    view.nqn = "nqn.2024-08.com.example:other:audit";
    BOOST_TEST(!fits());
}

BOOST_AUTO_TEST_SUITE_END()
