// SPDX-License-Identifier: GPL-2.0-or-later
//
// Log pages by their bytes: errors, SMART, effects, what is supported.
#include "nvme/log_pages.h"
#include "support/admin_fixture.h"
#include "support/io_fixture.h"
#include "target/queue/command.h"

using nvme::LogPage;
using support::AdminFixture;
namespace status = nvme::status;

namespace {

template <class Wire>
Wire at(const base::Bytes& page, size_t offset) {
    return *base::Reader(base::ByteView(page).subspan(offset)).take<Wire>();
}

base::Bytes log(AdminFixture& f, LogPage page, uint32_t length) {
    const auto answer = f.admin->host.run(host::get_log_page(page, length));
    BOOST_REQUIRE(answer && answer->status.ok());
    return answer->data;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(logs)

BOOST_AUTO_TEST_CASE(every_failed_command_is_in_the_error_log) {
    AdminFixture f;
    auto io = f.open_io();
    BOOST_TEST(uint64_t{at<nvme::le64>(log(f, LogPage::kErrors, 64), 0)} == 0U);
    (void)io->host.run(host::read(1, {1U << 30U, 8}));
    (void)f.run(host::identify(static_cast<nvme::Cns>(0x7F), 6));
    const base::Bytes page = log(f, LogPage::kErrors, 64 * 64);
    BOOST_TEST(uint64_t{at<nvme::le64>(page, 0)} == 2U);  // the newest first
    BOOST_TEST(uint16_t{at<nvme::le16>(page, 8)} == 0);   // SQID
    BOOST_TEST(uint16_t{at<nvme::le16>(page, 12)} == status::kInvalidField.dnr().wire());
    BOOST_TEST(uint16_t{at<nvme::le16>(page, 14)} == 40);  // CDW10, where the CNS is
    BOOST_TEST(uint32_t{at<nvme::le32>(page, 24)} == 6U);  // NSID
    BOOST_TEST(int{at<uint8_t>(page, 29)} == 3);           // TCP
    BOOST_TEST(uint64_t{at<nvme::le64>(page, 64)} == 1U);
    BOOST_TEST(uint16_t{at<nvme::le16>(page, 64 + 8)} == 1);
    BOOST_TEST(uint16_t{at<nvme::le16>(page, 64 + 12)} == status::kLbaOutOfRange.dnr().wire());
    BOOST_TEST(uint64_t{at<nvme::le64>(page, 64 + 16)} == 1U << 30U);
    BOOST_TEST(uint64_t{at<nvme::le64>(page, 128)} == 0U);
}

BOOST_AUTO_TEST_CASE(the_error_log_keeps_the_last_64) {
    AdminFixture f;
    for (int i = 0; i < 100; ++i) {
        (void)f.run(host::identify(static_cast<nvme::Cns>(0x7F)));
    }
    const base::Bytes page = log(f, LogPage::kErrors, 64 * 64);
    BOOST_TEST(uint64_t{at<nvme::le64>(page, 0)} == 100U);
    BOOST_TEST(uint64_t{at<nvme::le64>(page, 63 * 64)} == 37U);
    const auto id = support::page_of<nvme::IdentifyController>(
        f.admin->host.run(host::identify(nvme::Cns::kController)));
    BOOST_TEST(int{id.elpe} == 63);
}

BOOST_AUTO_TEST_CASE(an_internal_error_is_an_event) {
    AdminFixture f;
    f.ask_for_event();
    f.backend->hold = true;
    BOOST_TEST(!f.admin->host.run(host::property_set(nvme::Property::kCc, 0x00464001)));
    f.backend->settle(target::IoError::kMedium);  // the flush of the shutdown
    f.admin->host.pump();
    BOOST_TEST(f.admin->host.queue().take_completion()->status.number() ==
               status::kInternalError.number());
    BOOST_TEST(f.admin->host.queue().take_completion()->dw0 == 0x00010400U);
}

BOOST_AUTO_TEST_CASE(smart_counts_what_all_hosts_did) {
    AdminFixture f;
    {
        auto other_admin = f.open_admin();
        auto other = f.open_io();
        BOOST_TEST(other->host.run(host::write(1, {0, 8}, base::Bytes(4096)))->status.ok());
    }
    f.admin = f.open_admin();
    auto io = f.open_io();
    BOOST_TEST(io->host.run(host::read(1, {0, 2048}))->status.ok());
    BOOST_TEST(io->host.run(host::read(1, {0, 8}))->status.ok());
    f.backend->hold = true;
    BOOST_TEST(!io->host.run(host::read(1, {0, 8})));
    f.backend->settle(target::IoError::kMedium);
    io->host.pump();
    f.clock.sleep(base::seconds(2));
    const base::Bytes page = log(f, LogPage::kSmart, 512);
    BOOST_TEST(int{at<uint8_t>(page, 0)} == 0);
    BOOST_TEST(uint64_t{at<nvme::le64>(page, 32)} == 3U);  // 1 MiB + 8 KiB in 512000 bytes
    BOOST_TEST(uint64_t{at<nvme::le64>(page, 48)} == 1U);
    BOOST_TEST(uint64_t{at<nvme::le64>(page, 64)} == 3U);
    BOOST_TEST(uint64_t{at<nvme::le64>(page, 80)} == 1U);
    BOOST_TEST(uint64_t{at<nvme::le64>(page, 128)} == 0U);  // hours
    BOOST_TEST(uint64_t{at<nvme::le64>(page, 160)} == 1U);  // media errors
    BOOST_TEST(uint64_t{at<nvme::le64>(page, 176)} == 1U);
    auto command = host::get_log_page(LogPage::kSmart, 512);
    command.sqe.nsid = 1U;
    BOOST_TEST(f.run(command) == status::kInvalidField.dnr().number());
    command.sqe.nsid = nvme::kNsidAll;
    BOOST_TEST(f.run(command) == 0);
}

BOOST_AUTO_TEST_CASE(smart_counts_every_command_that_reads_or_writes) {
    support::IoFixture f;
    struct Row {
        const char* name;
        host::Command command;
        uint64_t units_read, units_written, reads, writes;
    };
    constexpr uint32_t kBlock = support::IoFixture::kBlock;
    const host::BlockRange range{0, 1, kBlock};
    auto first = support::compare(1, range, base::Bytes(kBlock));
    auto second = host::write(1, range, base::Bytes(kBlock));
    first.sqe.flags = nvme::Sqe::kFusedFirst;
    second.sqe.flags = nvme::Sqe::kFusedSecond;
    const Row rows[] = {
        {"write", host::write(1, range, base::Bytes(kBlock)), 0, 1, 0, 1},
        {"compare", support::compare(1, range, base::Bytes(kBlock)), 1, 1, 1, 1},
        {"copy", support::copy(1, 8, {{0, 1}}), 1, 1, 2, 2},
        {"verify, 1 MiB", support::verify(1, {0, (1U << 20U) / kBlock}), 3, 1, 2, 2},
        {"first half", first, 3, 1, 2, 2},
        {"second half", second, 3, 1, 3, 3},
    };
    for (const Row& row : rows) {
        BOOST_TEST_CONTEXT(row.name) {
            (void)f.io->host.run(row.command);
            const base::Bytes page =
                f.admin->host.run(host::get_log_page(LogPage::kSmart, 512))->data;
            BOOST_TEST(uint64_t{at<nvme::le64>(page, 32)} == row.units_read);
            BOOST_TEST(uint64_t{at<nvme::le64>(page, 48)} == row.units_written);
            BOOST_TEST(uint64_t{at<nvme::le64>(page, 64)} == row.reads);
            BOOST_TEST(uint64_t{at<nvme::le64>(page, 80)} == row.writes);
        }
    }
}

BOOST_AUTO_TEST_CASE(effects_are_those_of_the_tables) {
    AdminFixture f;
    const base::Bytes page = log(f, LogPage::kCommandEffects, 4096);
    for (size_t opcode = 0; opcode < 256; ++opcode) {
        const auto known = [&](std::span<const target::CommandEntry> table) {
            return std::ranges::any_of(
                table, [&](const target::CommandEntry& entry) { return entry.opcode == opcode; });
        };
        const uint32_t admin = at<nvme::le32>(page, 4 * opcode);
        const uint32_t io = at<nvme::le32>(page, 1024 + 4 * opcode);
        BOOST_TEST(((admin & 1U) != 0) == known(target::admin_commands()));
        BOOST_TEST(((io & 1U) != 0) == known(target::io_commands()));
        BOOST_TEST(admin >> 20U == 0U);  // Linux warns of scopes
        BOOST_TEST(io >> 20U == 0U);
    }
    auto other_set = host::get_log_page(LogPage::kCommandEffects, 4096);
    other_set.sqe.cdw14 = 2U << 24U;
    BOOST_TEST(f.run(other_set) == status::kInvalidField.dnr().number());
}

BOOST_AUTO_TEST_CASE(tells_which_features_and_pages_it_knows) {
    AdminFixture f;
    const base::Bytes features = log(f, LogPage::kFeatureEffects, 1024);
    BOOST_TEST(uint32_t{at<nvme::le32>(features, 4 * 0x07)} == 0x00200001U);
    BOOST_TEST(uint32_t{at<nvme::le32>(features, 4 * 0x84)} == 0x00100001U);
    BOOST_TEST(uint32_t{at<nvme::le32>(features, 4 * 0x0C)} == 0U);
    const base::Bytes pages = log(f, LogPage::kSupportedPages, 1024);
    for (const size_t page : {0x00U, 0x01U, 0x02U, 0x03U, 0x04U, 0x05U, 0x0CU, 0x12U, 0x13U}) {
        BOOST_TEST(uint32_t{at<nvme::le32>(pages, 4 * page)} == 1U);
        BOOST_TEST(f.run(host::get_log_page(static_cast<LogPage>(page), 4)) == 0);
    }
    BOOST_TEST(uint32_t{at<nvme::le32>(pages, 4 * 0x70)} == 0U);
    const base::Bytes slots = log(f, LogPage::kFirmwareSlots, 512);
    BOOST_TEST(base::text_of(base::ByteView(slots).subspan(8, 8)) == "1       ");
}

BOOST_AUTO_TEST_SUITE_END()
