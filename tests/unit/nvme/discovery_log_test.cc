// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/discovery_log.h"

#include <string>

#include "support/discovery_page.h"
#include "support/test.h"

namespace {

using nvme::DiscoveryEntry;
using nvme::DiscoveryReading;
using support::discovery_entry;
using support::DiscoveryPage;

/// Reads a log that `page_at` gives, each time it is asked for a piece.
template <class PageAt>
base::Status read(DiscoveryReading& reading, const PageAt& page_at) {
    for (int asked = 0; !reading.done(); ++asked) {
        BOOST_REQUIRE(asked < 3000);
        const auto piece = reading.next();
        BOOST_TEST(piece.length <= DiscoveryReading::kPieceBytes);
        base::Bytes bytes = page_at(asked).bytes();
        bytes.resize(std::max<size_t>(bytes.size(), piece.offset + piece.length));
        if (auto taken = reading.take(
                base::ByteView(bytes).subspan(static_cast<size_t>(piece.offset), piece.length));
            !taken) {
            return taken;
        }
    }
    return base::done();
}

nvme::DiscoveryLog parsed(const DiscoveryPage& page, DiscoveryReading::Filter wanted = {}) {
    DiscoveryReading reading(std::move(wanted));
    const auto taken = read(reading, [&](int) { return page; });
    BOOST_REQUIRE_MESSAGE(taken.ok(), (taken.ok() ? "" : taken.error().text));
    return reading.log();
}

/// Why an entry of this log is omitted, and what is reported about it.
std::string reason(const DiscoveryEntry& entry) {
    DiscoveryPage page;
    page.entries = {entry};
    const auto log = parsed(page);
    BOOST_REQUIRE(log.left_out.size() == 1U);
    BOOST_TEST(log.records.empty());
    BOOST_TEST(log.left_out[0].count == 1U);
    return log.left_out[0].why + " (" + log.left_out[0].example + ")";
}

constexpr const char* kDisk = "nqn.2024-08.com.example:disk";

}  // namespace

BOOST_AUTO_TEST_SUITE(discovery_log)

BOOST_AUTO_TEST_CASE(entries_become_records) {
    DiscoveryPage page;
    page.entries = {discovery_entry("nqn.2024-08.com.example:disk", "192.0.2.1", 4420),
                    discovery_entry("nqn.2024-08.com.example:disk", "2001:db8::1", 4421),
                    discovery_entry(std::string(nvme::kDiscoveryNqn), "192.0.2.2", 8009)};
    page.entries[2].subtype = DiscoveryEntry::kSubtypeReferral;
    for (const bool extended : {false, true}) {
        page.extended = extended;
        const auto records = parsed(page);
        BOOST_TEST(records.left_out.empty());
        BOOST_REQUIRE(records.records.size() == 3U);
        BOOST_TEST(
            (records.records[0] == nvme::DiscoveryRecord{false, "nqn.2024-08.com.example:disk",
                                                         "192.0.2.1", false, 4420}));
        BOOST_TEST(records.records[1].v6);
        BOOST_TEST(records.records[1].address == "2001:db8::1");
        BOOST_TEST(records.records[2].referral);
        BOOST_TEST(records.records[2].port == 8009);
    }
}

BOOST_AUTO_TEST_CASE(the_entry_of_the_service_itself_is_not_a_path) {
    DiscoveryPage page;
    page.entries = {discovery_entry(std::string(nvme::kDiscoveryNqn), "192.0.2.2", 8009)};
    page.entries[0].subtype = DiscoveryEntry::kSubtypeCurrent;
    BOOST_TEST(parsed(page).records.empty());
    BOOST_TEST(parsed(page).left_out.empty());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_used_is_left_out_with_a_reason) {
    const DiscoveryEntry good = discovery_entry(kDisk, "192.0.2.1", 4420);
    const std::string disk = " (" + std::string(kDisk) + ")";
    DiscoveryEntry entry = good;
    entry.trtype = 1;
    BOOST_TEST(reason(entry) == "over RDMA, not TCP" + disk);
    entry.trtype = 9;
    BOOST_TEST(reason(entry) == "over transport 9, not TCP" + disk);
    entry = good;
    entry.adrfam = 0;
    BOOST_TEST(reason(entry) == "of address family 0, not IP" + disk);
    entry = good;
    entry.subtype = 9;
    BOOST_TEST(reason(entry) == "of subsystem type 9" + disk);
    entry = good;
    entry.treq = 1;
    BOOST_TEST(reason(entry) == "behind a secure channel (TLS), which nvmeroot does not do" + disk);
    entry = good;
    entry.subnqn.fill('x');
    BOOST_TEST(reason(entry).starts_with("with a name that is none (xxx"));
    for (const char* address :
         {"192.0.2.1,host_iface=lo", "a.example", "192.0.2.1\n1", "", "2001:db8::1"}) {
        entry = discovery_entry(kDisk, address, 4420);
        entry.adrfam = DiscoveryEntry::kFamilyIpv4;
        BOOST_TEST(reason(entry) ==
                   "without a numeric address of its family (" + std::string(address) + ")");
    }
    for (const char* port : {"", "0", "65536", "http", "4420,tls"}) {
        entry = good;
        entry.trsvcid.fill(' ');
        std::string_view(port).copy(entry.trsvcid.data(), entry.trsvcid.size());
        BOOST_TEST(reason(entry) == "without a port (" + std::string(port) + ")");
    }
}

BOOST_AUTO_TEST_CASE(reasons_are_counted_and_few) {
    DiscoveryPage page;
    for (int i = 0; i < 300; ++i) {
        page.entries.push_back(discovery_entry(kDisk, "192.0.2.1", 4420));
        page.entries.back().adrfam = static_cast<uint8_t>(3 + i % 100);
    }
    const auto log = parsed(page);
    BOOST_REQUIRE(log.left_out.size() == nvme::DiscoveryLog::kMaxReasons);
    BOOST_TEST(log.left_out[0].count == 3U);
    BOOST_TEST(log.left_out.back().why == "of no use for other reasons");
    BOOST_TEST(log.left_out.back().count == 300U - 3 * (nvme::DiscoveryLog::kMaxReasons - 1));
}

BOOST_AUTO_TEST_CASE(the_filter_goes_before_every_bound) {
    DiscoveryPage page;
    for (int i = 0; i < 3000; ++i) {
        page.entries.push_back(
            discovery_entry("nqn.2024-08.com.example:" + std::to_string(i), "192.0.2.1", 4420));
    }
    page.entries.push_back(discovery_entry(kDisk, "192.0.2.7", 4420));
    const auto log = parsed(page, [](std::string_view nqn) { return nqn == kDisk; });
    BOOST_REQUIRE(log.records.size() == 1U);
    BOOST_TEST(log.records[0].address == "192.0.2.7");
    BOOST_TEST(log.others.size() == nvme::DiscoveryLog::kMaxOthers);
    BOOST_TEST(log.more_others);
    // Matching entries are bounded too: names, and paths of each.
    const auto names = parsed(page);
    BOOST_TEST(names.records.size() == nvme::DiscoveryLog::kMaxNames);
    BOOST_REQUIRE(names.left_out.size() == 1U);
    BOOST_TEST(names.left_out[0].why == nvme::kTooManyNames);
    page.entries.clear();
    for (uint16_t port = 1; port <= 100; ++port) {
        page.entries.push_back(discovery_entry(kDisk, "192.0.2.7", port));
    }
    page.entries.push_back(discovery_entry("nqn.2024-08.com.example:b", "192.0.2.7", 1));
    const auto paths = parsed(page);
    BOOST_TEST(paths.records.size() == nvme::DiscoveryLog::kMaxPaths + 1);
    BOOST_REQUIRE(paths.left_out.size() == 1U);
    BOOST_TEST(paths.left_out[0].count == 36U);
}

BOOST_AUTO_TEST_CASE(referrals_by_any_name_leave_room_for_subsystems) {
    DiscoveryPage page;
    for (uint16_t i = 1; i <= 100; ++i) {  // each service may have a name of its own
        page.entries.push_back(
            discovery_entry("nqn.2024-08.com.example:service" + std::to_string(i), "192.0.2.9", i));
        page.entries.back().subtype = DiscoveryEntry::kSubtypeReferral;
    }
    page.entries.push_back(discovery_entry(kDisk, "192.0.2.7", 4420));
    const auto log = parsed(page);
    BOOST_TEST(log.records.size() == nvme::DiscoveryLog::kMaxPaths + 1);
    BOOST_TEST(log.records.back().nqn == kDisk);
    BOOST_REQUIRE(log.left_out.size() == 1U);
    BOOST_TEST(log.left_out[0].why == nvme::kTooManyReferrals);
    BOOST_TEST(log.left_out[0].count == 36U);
}

BOOST_AUTO_TEST_CASE(a_page_that_lies_about_itself_is_refused) {
    DiscoveryPage page;
    page.entries = {discovery_entry(kDisk, "192.0.2.1", 4420)};
    const auto refusal = [&] {
        DiscoveryReading reading;
        return read(reading, [&](int) { return page; }).error().text;
    };
    page.format = 1;
    BOOST_TEST(refusal() == "the discovery log has format 1, known is 0");
    page.format = 0;
    page.extended = true;
    page.entry_bytes = 1000;
    BOOST_TEST(refusal() == "an entry of the discovery log says a length that it cannot have");
    DiscoveryReading shorter;
    BOOST_TEST(shorter.take(base::Bytes(10)).error().text ==
               "the discovery log ends after 10 bytes of 1024");
}

BOOST_AUTO_TEST_CASE(what_stands_behind_an_extended_entry_is_passed_over) {
    DiscoveryPage page;
    page.extended = true;
    page.entry_bytes = 6000;
    page.entries = {discovery_entry(kDisk, "192.0.2.1", 4420),
                    discovery_entry(kDisk, "192.0.2.2", 4420)};
    page.behind = 6000 - 1032;
    const auto log = parsed(page);
    BOOST_REQUIRE(log.records.size() == 2U);
    BOOST_TEST(log.records[1].address == "192.0.2.2");
}

BOOST_AUTO_TEST_CASE(a_log_is_read_in_pieces_and_its_generation_compared) {
    DiscoveryPage page;
    page.entries.assign(9, discovery_entry("nqn.2024-08.com.example:disk", "192.0.2.1", 4420));
    DiscoveryReading reading;
    int pieces = 0;
    BOOST_REQUIRE(read(reading, [&](int asked) {
                      pieces = asked + 1;
                      return page;
                  }).ok());
    BOOST_TEST(pieces == 5);                         // header, 4 + 4 + 1 entries, header
    BOOST_TEST(reading.log().records.size() == 1U);  // nine times the same
}

BOOST_AUTO_TEST_CASE(an_empty_log_takes_one_piece) {
    DiscoveryReading reading;
    BOOST_TEST(reading.next().length == 1024U);
    BOOST_REQUIRE(reading.take(DiscoveryPage{}.bytes()).ok());
    BOOST_TEST(reading.done());
}

BOOST_AUTO_TEST_CASE(a_log_that_changes_is_read_again_and_at_last_refused) {
    const auto page_of = [](uint64_t generation, size_t entries) {
        DiscoveryPage page;
        page.generation = generation;
        for (size_t i = 0; i < entries; ++i) {
            page.entries.push_back(
                discovery_entry(kDisk, "192.0.2.1", static_cast<uint16_t>(generation * 10 + i)));
        }
        return page;
    };
    DiscoveryReading once;
    BOOST_REQUIRE(
        read(once, [&](int asked) { return asked < 2 ? page_of(1, 1) : page_of(2, 2); }).ok());
    BOOST_REQUIRE(once.log().records.size() == 2U);
    BOOST_TEST(once.log().records[0].port == 20);
    DiscoveryReading always;
    int pieces = 0;
    const auto refused = read(always, [&](int asked) {
        pieces = asked + 1;
        return page_of(static_cast<uint64_t>(asked), 1);
    });
    BOOST_REQUIRE(!refused.ok());
    BOOST_TEST(refused.error().text == "the discovery log changed each of the 5 times it was read");
    BOOST_TEST(pieces < 20);
}

BOOST_AUTO_TEST_SUITE_END()
