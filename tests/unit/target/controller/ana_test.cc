// SPDX-License-Identifier: GPL-2.0-or-later
//
// Paths: the ANA log as Linux parses it, what happens to commands on a path that is not good, and
// the drain before an orderly stop.
#include "nvme/log_pages.h"
#include "support/admin_fixture.h"

using nvme::AnaState;
using nvme::LogPage;
using support::AdminFixture;
namespace status = nvme::status;

namespace {

constexpr uint32_t kAnaEvent = 0x000C0302;  // notice 03h, log 0Ch
constexpr uint32_t kAnaNotices = 1U << 11U;
constexpr uint32_t kGroupsOnly = 1U << 8U;

struct AnaFixture : AdminFixture {
    AnaFixture() {
        target.add_portal({.address = "192.0.2.1", .port = 4420, .id = 1});
        target.add_portal({.address = "198.51.100.1", .port = 4420, .id = 2});
        admin = open_admin();
        BOOST_REQUIRE(admin);
        io = open_io();
        BOOST_REQUIRE(io);
        BOOST_REQUIRE_EQUAL(run(host::set_features(nvme::Feature::kAsyncEventConfig, kAnaNotices)),
                            0);
        add(2, 5);
        add(3, 5);
    }
    void add(uint32_t nsid, uint32_t group) {
        target::NamespaceConfig config;
        config.nsid = nsid;
        config.ana_group = group;
        subsystem->add_namespace(config, std::make_unique<support::HeldBackend>(1U << 20U));
    }
    base::Bytes log(uint32_t flags = 0) {
        auto command = host::get_log_page(LogPage::kAna, 128);
        command.sqe.cdw10 = command.sqe.cdw10 | flags;
        return admin->host.run(command)->data;
    }
    uint16_t read(uint32_t nsid) { return io->host.run(host::read(nsid, {0, 8}))->status.number(); }

    std::unique_ptr<support::Line> io;
};

template <class Wire>
Wire at(const base::Bytes& page, size_t offset) {
    return *base::Reader(base::ByteView(page).subspan(offset)).take<Wire>();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ana)

BOOST_AUTO_TEST_CASE(promises_a_log_that_one_command_can_read) {
    for (const uint32_t transfer : {4096U, 131072U}) {
        AdminFixture f({.max_transfer_bytes = transfer});
        const auto id = support::page_of<nvme::IdentifyController>(
            f.admin->host.run(host::identify(nvme::Cns::kController)));
        BOOST_TEST((id.cmic & nvme::IdentifyController::kCmicAna) != 0);
        BOOST_TEST(uint32_t{id.mnan} != 0U);
        BOOST_TEST(uint32_t{id.mnan} <= uint32_t{id.nn});
        BOOST_TEST(16 + 32 * id.nanagrpid + 4 * id.mnan <= transfer);
        BOOST_TEST(uint32_t{id.anagrpmax} >= uint32_t{id.nanagrpid});
        BOOST_TEST(int{id.anatt} != 0);
    }
}

BOOST_AUTO_TEST_CASE(lists_groups_with_their_namespaces) {
    AnaFixture f;
    const base::Bytes log = f.log();
    BOOST_TEST(uint64_t{at<nvme::le64>(log, 0)} == 0U);
    BOOST_TEST(uint16_t{at<nvme::le16>(log, 8)} == 2);
    BOOST_TEST(uint32_t{at<nvme::le32>(log, 16)} == 1U);  // group
    BOOST_TEST(uint32_t{at<nvme::le32>(log, 20)} == 1U);  // its namespaces
    BOOST_TEST(int{at<uint8_t>(log, 32)} == 1);           // optimized
    BOOST_TEST(uint32_t{at<nvme::le32>(log, 48)} == 1U);  // NSID
    BOOST_TEST(uint32_t{at<nvme::le32>(log, 52)} == 5U);
    BOOST_TEST(uint32_t{at<nvme::le32>(log, 56)} == 2U);
    BOOST_TEST(uint32_t{at<nvme::le32>(log, 84)} == 2U);
    BOOST_TEST(uint32_t{at<nvme::le32>(log, 88)} == 3U);
    const base::Bytes groups = f.log(kGroupsOnly);
    BOOST_TEST(uint32_t{at<nvme::le32>(groups, 20)} == 0U);
    BOOST_TEST(uint32_t{at<nvme::le32>(groups, 48)} == 5U);
    const auto id = support::page_of<nvme::IdentifyNamespace>(
        f.admin->host.run(host::identify(nvme::Cns::kNamespace, 3)));
    BOOST_TEST(uint32_t{id.anagrpid} == 5U);
}

BOOST_AUTO_TEST_CASE(can_be_read_to_the_end_of_the_largest_in_pieces) {
    AnaFixture f;
    BOOST_TEST(f.run(host::get_log_page(LogPage::kAna, 1040, 4096)) == 0);
    BOOST_TEST(f.run(host::get_log_page(LogPage::kAna, 4, 16 + 32 * 32 + 4 * 1024 + 4)) ==
               status::kInvalidField.dnr().number());
}

BOOST_AUTO_TEST_CASE(each_state_has_its_status) {
    const std::pair<AnaState, nvme::Status> cases[] = {
        {AnaState::kInaccessible, status::kAnaInaccessible},
        {AnaState::kPersistentLoss, status::kAnaPersistentLoss},
        {AnaState::kChange, status::kAnaTransition},
        {AnaState::kNonOptimized, status::kSuccess},
    };
    AnaFixture f;
    for (const auto& [state, expected] : cases) {
        f.target.set_ana_states({{{5, target::AnaGroups::kEveryPortal}, state}});
        BOOST_TEST(f.read(2) == expected.number());  // another path may do: no DNR
        BOOST_TEST(f.read(1) == 0);
        BOOST_TEST(int{at<uint8_t>(f.log(), 68)} == static_cast<int>(state));
    }
    BOOST_TEST(uint64_t{at<nvme::le64>(f.log(), 0)} == 4U);
}

BOOST_AUTO_TEST_CASE(a_state_may_be_that_of_one_portal) {
    AnaFixture f;
    constexpr auto kEvery = target::AnaGroups::kEveryPortal;
    f.target.set_ana_states(
        {{{5, kEvery}, AnaState::kInaccessible}, {{5, 1}, AnaState::kOptimized}});
    BOOST_TEST(f.read(2) == 0);
    f.target.set_ana_states({{{5, 2}, AnaState::kPersistentLoss}});
    BOOST_TEST(f.read(2) == 0);
}

BOOST_AUTO_TEST_CASE(tells_hosts_of_changes) {
    AnaFixture f;
    f.ask_for_event();
    f.target.set_ana_states({{{5, 1}, AnaState::kNonOptimized}});
    BOOST_TEST(support::event_on(*f.admin) == kAnaEvent);
    f.target.set_ana_states({});
    f.ask_for_event();
    (void)f.log();
    auto config = f.subsystem->find_namespace(3)->config();
    config.ana_group = 6;
    BOOST_TEST(f.subsystem->change_namespace(config));
    BOOST_TEST(support::event_on(*f.admin) == kAnaEvent);
}

BOOST_AUTO_TEST_CASE(drains_hosts_that_look) {
    AnaFixture f;
    f.ask_for_event();
    f.backend->hold = true;
    BOOST_TEST(!f.io->host.run(host::read(1, {0, 8})));
    f.target.drain();
    BOOST_TEST(f.target.undrained() == 1U);
    BOOST_TEST(support::event_on(*f.admin) == kAnaEvent);
    BOOST_TEST(f.target.undrained() == 1U);  // has not looked
    (void)f.log();
    BOOST_TEST(f.target.undrained() == 1U);  // a command runs
    f.backend->settle();
    f.io->host.pump();
    BOOST_TEST(f.io->host.queue().take_completion()->status.ok());
    BOOST_TEST(f.target.undrained() == 0U);
    BOOST_TEST(f.read(1) == status::kAnaInaccessible.number());
    auto late = f.open();
    BOOST_TEST(late->host.connect(f.connect_options())->status.number() ==
               status::kConnectControllerBusy.number());
    auto discovery = support::open_discovery(f, support::kHostNqn);
    const auto header = support::page_of<nvme::DiscoveryHeader>(
        discovery->host.run(host::get_log_page(LogPage::kDiscovery, 1024)));
    BOOST_TEST(uint64_t{header.numrec} == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
