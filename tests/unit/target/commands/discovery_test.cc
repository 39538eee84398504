// SPDX-License-Identifier: GPL-2.0-or-later
//
// The discovery log beyond what admin_test.cc shows: its generation, events, flags and referrals.
#include "support/admin_fixture.h"
#include "support/event_request.h"

using nvme::LogPage;
using support::open_discovery;
using support::TargetFixture;

namespace {

constexpr uint32_t kDiscoveryEvent = 0x0070F002;  // notice F0h, log 70h
constexpr uint32_t kDiscoveryNotices = 1U << 31U;

host::Command log_command(uint32_t length, uint8_t flags = 0, uint64_t offset = 0) {
    auto command = host::get_log_page(LogPage::kDiscovery, length, offset);
    command.sqe.cdw10 = command.sqe.cdw10 | uint32_t{flags} << 8U;
    return command;
}

nvme::DiscoveryHeader header(support::Line& line, uint8_t flags = 0) {
    return support::page_of<nvme::DiscoveryHeader>(line.host.run(log_command(1024, flags)));
}

uint64_t generation(support::Line& line) {
    return header(line).genctr;
}

nvme::DiscoveryEntry entry(support::Line& line, size_t index, uint8_t flags = 0) {
    return support::page_of<nvme::DiscoveryEntry>(
        line.host.run(log_command(1024, flags, 1024 * (index + 1))));
}

target::SubsystemConfig another(std::set<std::string, std::less<>> hosts) {
    target::SubsystemConfig config;
    config.nqn = "nqn.2024-08.com.example:other";
    config.hosts = std::move(hosts);
    return config;
}

struct DiscoveryFixture : TargetFixture {
    DiscoveryFixture() {
        target.add_portal({.address = "192.0.2.1", .port = 4420, .id = 1});
        target.add_portal({.address = "198.51.100.1", .port = 4420, .id = 2});
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(discovery)

BOOST_AUTO_TEST_CASE(the_generation_changes_with_what_the_host_sees) {
    DiscoveryFixture f;
    auto host = open_discovery(f, support::kHostNqn);
    auto stranger = open_discovery(f, support::kStrangerNqn);
    BOOST_TEST(generation(*host) == 1U);
    BOOST_TEST(generation(*host) == 1U);
    f.target.add_subsystem(another({support::kStrangerNqn}));
    BOOST_TEST(generation(*host) == 1U);
    BOOST_TEST(generation(*stranger) == 3U);
    stranger = open_discovery(f, support::kStrangerNqn);
    BOOST_TEST(generation(*stranger) == 3U);
    BOOST_TEST(generation(*host) == 1U);
}

BOOST_AUTO_TEST_CASE(a_forgotten_host_gets_no_old_generation) {
    target::DiscoveryGenerations generations;
    BOOST_TEST(generations.of("a", "x") == 1U);
    BOOST_TEST(generations.of("a", "y") == 2U);
    for (size_t i = 0; i <= target::DiscoveryGenerations::kHosts; ++i) {
        (void)generations.of(std::to_string(i), "x");
    }
    BOOST_TEST(generations.of("a", "z") == 3U);
    BOOST_TEST(generations.of("a", "z") == 3U);
}

BOOST_AUTO_TEST_CASE(a_host_that_nobody_names_any_more_gets_no_old_generation) {
    target::DiscoveryGenerations generations;
    BOOST_TEST(generations.of("a", "x") == 1U);  // named
    BOOST_TEST(generations.of("", "y") == 2U);   // what it sees when it is not
    BOOST_TEST(generations.of("a", "z") == 3U);
    BOOST_TEST(generations.of("", "x") == 4U);
    BOOST_TEST(generations.of("b", "x") == 4U);  // the same, named or not
    BOOST_TEST(generations.of("c", "y") == 5U);
}

BOOST_AUTO_TEST_CASE(tells_hosts_whose_log_changed) {
    DiscoveryFixture f;
    auto host = open_discovery(f, support::kHostNqn, 30000);
    auto stranger = open_discovery(f, support::kStrangerNqn, 30000);
    for (auto* line : {&host, &stranger}) {
        BOOST_REQUIRE(
            (*line)
                ->host.run(host::set_features(nvme::Feature::kAsyncEventConfig, kDiscoveryNotices))
                ->status.ok());
        BOOST_REQUIRE(!(*line)->host.run(support::async_event_request()));
    }
    f.target.discovery_changed();
    BOOST_TEST(support::event_on(*host) == 0U);
    f.target.add_subsystem(another({support::kHostNqn}));
    f.target.discovery_changed();
    BOOST_TEST(support::event_on(*host) == kDiscoveryEvent);
    BOOST_TEST(support::event_on(*stranger) == 0U);
    BOOST_TEST(generation(*host) == 3U);
    f.target.set_referrals({{.address = "2001:db8::7"}});
    BOOST_TEST(support::event_on(*stranger) == kDiscoveryEvent);
}

BOOST_AUTO_TEST_CASE(refers_to_other_services) {
    DiscoveryFixture f;
    f.target.set_referrals({{.address = "2001:db8::7", .port = 8010, .id = 9}});
    auto host = open_discovery(f, support::kHostNqn);
    BOOST_TEST(uint64_t{header(*host).numrec} == 3U);
    const auto referral = entry(*host, 2);
    BOOST_TEST(int{referral.trtype} == 3);
    BOOST_TEST(int{referral.adrfam} == 2);
    BOOST_TEST(int{referral.subtype} == 1);
    BOOST_TEST(uint16_t{referral.portid} == 9);
    BOOST_TEST(uint16_t{referral.cntlid} == 0xFFFF);
    BOOST_TEST(nvme::field_text({referral.traddr.data(), 256}) == "2001:db8::7");
    BOOST_TEST(nvme::field_text({referral.trsvcid.data(), 32}) == "8010");
    BOOST_TEST(std::string(referral.subnqn.data()) == nvme::kDiscoveryNqn);
    BOOST_TEST(int{referral.tsas[0]} == 0);
}

BOOST_AUTO_TEST_CASE(marks_the_ways_to_itself) {
    DiscoveryFixture f;
    f.target.add_portal({.address = "192.0.2.1", .port = 8009, .id = 3, .discovery = true});
    auto host = open_discovery(f, support::kHostNqn);
    BOOST_TEST(uint16_t{entry(*host, 0).eflags} == 6);  // persistent connection, no central service
    f.target.add_portal({.address = "198.51.100.1", .port = 8009, .id = 4, .discovery = true});
    BOOST_TEST(uint16_t{entry(*host, 0).eflags} == 7);  // leads to the same log
    BOOST_TEST(uint16_t{entry(*host, 1).eflags} == 7);
    BOOST_TEST(uint16_t{entry(*host, 2).eflags} == 0);
}

BOOST_AUTO_TEST_CASE(gives_the_entries_of_one_port) {
    DiscoveryFixture f;
    f.target.set_referrals({{.address = "192.0.2.7"}});
    auto host = open_discovery(f, support::kHostNqn);
    constexpr uint8_t kPortLocal = nvme::DiscoveryHeader::kPortLocal;
    const auto local = header(*host, kPortLocal);
    BOOST_TEST(uint64_t{local.numrec} == 1U);
    BOOST_TEST(int{local.flags} == int{kPortLocal});
    BOOST_TEST(uint32_t{local.total_bytes} == 2048U);
    BOOST_TEST(uint16_t{entry(*host, 0, kPortLocal).portid} == 1);
}

BOOST_AUTO_TEST_CASE(gives_extended_entries) {
    DiscoveryFixture f;
    auto host = open_discovery(f, support::kHostNqn);
    constexpr uint8_t kExtended = nvme::DiscoveryHeader::kExtendedEntries;
    BOOST_TEST(uint32_t{header(*host, kExtended).total_bytes} == 1024U + 2 * 1032U);
    const auto tail = host->host.run(log_command(8, kExtended, 2048))->data;
    base::Reader reader(tail);
    BOOST_TEST(uint32_t{*reader.take<nvme::le32>()} == 1032U);
    BOOST_TEST(uint16_t{*reader.take<nvme::le16>()} == 0);
    const auto second = support::page_of<nvme::DiscoveryEntry>(
        host->host.run(log_command(1024, kExtended, 1024 + 1032)));
    BOOST_TEST(uint16_t{second.portid} == 2);
    const auto pages = host->host.run(host::get_log_page(LogPage::kSupportedPages, 4, 4 * 0x70));
    BOOST_TEST(uint32_t{*base::Reader(pages->data).take<nvme::le32>()} == 0x00030001U);
}

BOOST_AUTO_TEST_SUITE_END()
