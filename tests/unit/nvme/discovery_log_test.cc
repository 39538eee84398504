// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/discovery_log.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "support/discovery_page.h"

namespace {

using nvme::DiscoveryEntry;
using nvme::DiscoveryReading;
using support::discovery_entry;
using support::DiscoveryPage;

nvme::DiscoveryRecords parsed(const DiscoveryPage& page) {
    auto records = nvme::parse_discovery_log(page.bytes());
    BOOST_REQUIRE_MESSAGE(records.ok(), (records.ok() ? "" : records.error().text));
    return *records;
}

/// Why an entry of this log is left out.
std::string reason(const DiscoveryEntry& entry) {
    DiscoveryPage page;
    page.entries = {entry};
    const auto records = parsed(page);
    BOOST_REQUIRE(records.left_out.size() == 1U);
    BOOST_TEST(records.records.empty());
    return records.left_out[0];
}

/// Reads a log that `page_at` gives, each time it is asked for a piece.
template <class PageAt>
base::Status read(DiscoveryReading& reading, const PageAt& page_at) {
    for (int asked = 0; !reading.done(); ++asked) {
        BOOST_REQUIRE(asked < 1000);
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

BOOST_AUTO_TEST_CASE(the_services_own_entry_is_no_path) {
    DiscoveryPage page;
    page.entries = {discovery_entry(std::string(nvme::kDiscoveryNqn), "192.0.2.2", 8009)};
    page.entries[0].subtype = DiscoveryEntry::kSubtypeCurrent;
    BOOST_TEST(parsed(page).records.empty());
    BOOST_TEST(parsed(page).left_out.empty());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_used_is_left_out_with_a_reason) {
    const DiscoveryEntry good = discovery_entry("nqn.2024-08.com.example:disk", "192.0.2.1", 4420);
    DiscoveryEntry entry = good;
    entry.trtype = 1;
    BOOST_TEST(reason(entry) == "entry 0: its transport is 1, not TCP");
    entry = good;
    entry.adrfam = 4;
    BOOST_TEST(reason(entry) == "entry 0: its address family is 4, not IP");
    entry = good;
    entry.subtype = 9;
    BOOST_TEST(reason(entry) == "entry 0: its subsystem type is 9");
    entry = good;
    entry.treq = 1;
    BOOST_TEST(reason(entry) ==
               "entry 0: it demands a secure channel (TLS), which nvmeroot does not do");
    entry = good;
    entry.subnqn.fill('x');
    BOOST_TEST(reason(entry) == "entry 0: an NQN field that no NUL ends");
    for (const char* address :
         {"192.0.2.1,host_iface=lo", "a.example", "192.0.2.1\n1", "", "2001:db8::1"}) {
        entry = discovery_entry("nqn.2024-08.com.example:disk", address, 4420);
        entry.adrfam = DiscoveryEntry::kFamilyIpv4;
        BOOST_TEST(reason(entry).ends_with("is no numeric address of its family"));
    }
    for (const char* port : {"", "0", "65536", "http", "4420,tls"}) {
        entry = good;
        entry.trsvcid.fill(' ');
        std::string_view(port).copy(entry.trsvcid.data(), entry.trsvcid.size());
        BOOST_TEST(reason(entry).ends_with("is no port"));
    }
}

BOOST_AUTO_TEST_CASE(a_page_that_lies_about_itself_is_refused) {
    DiscoveryPage page;
    page.entries = {discovery_entry("nqn.2024-08.com.example:disk", "192.0.2.1", 4420)};
    base::Bytes bytes = page.bytes();
    bytes.pop_back();
    BOOST_TEST(nvme::parse_discovery_log(bytes).error().text ==
               "the discovery log is not as long as it says");
    BOOST_TEST(nvme::parse_discovery_log(base::Bytes(1000)).error().text ==
               "the discovery log is shorter than its header");
    page.format = 1;
    BOOST_TEST(nvme::parse_discovery_log(page.bytes()).error().text ==
               "the discovery log has format 1, known is 0");
    page.format = 0;
    page.extended = true;
    page.entry_bytes = 1000;
    BOOST_TEST(nvme::parse_discovery_log(page.bytes()).error().text ==
               "an entry of the discovery log says a length that it cannot have");
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
    BOOST_TEST(pieces == 5);  // header, 4 + 4 + 1 entries, header
    const base::ByteView read_page = reading.page();
    BOOST_TEST(base::text_of(read_page) == base::text_of(page.bytes()));
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
        page.entries.assign(entries,
                            discovery_entry("nqn.2024-08.com.example:disk", "192.0.2.1", 4420));
        return page;
    };
    DiscoveryReading once;
    BOOST_REQUIRE(
        read(once, [&](int asked) { return asked < 2 ? page_of(1, 1) : page_of(2, 2); }).ok());
    BOOST_TEST(once.page().size() == 3U * 1024);
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

BOOST_AUTO_TEST_CASE(sizes_are_bounded_before_anything_is_read) {
    DiscoveryPage page;
    page.announced = 1025;
    DiscoveryReading reading;
    BOOST_TEST(reading.take(page.bytes()).error().text ==
               "the discovery log has 1025 entries; at most 1024 are read");
    page.announced = 2;
    page.extended = true;
    page.announced_bytes = 0xFFFFFFF0;
    DiscoveryReading extended;
    BOOST_TEST(extended.take(page.bytes()).error().text ==
               "the discovery log says that it has 4294967280 bytes");
    DiscoveryReading shorter;
    BOOST_TEST(shorter.take(base::Bytes(10)).error().text ==
               "the discovery log ends after 10 bytes of 1024");
}

BOOST_AUTO_TEST_SUITE_END()
