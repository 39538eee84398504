// SPDX-License-Identifier: GPL-2.0-or-later
//
// Identify, log pages, features, events and discovery, as Linux, nvme-cli and SPDK's initiator read
// them.
#include "nvme/tcp_pdu.h"
#include "support/admin_fixture.h"
#include "support/event_request.h"
#include "target/queue/command.h"

using nvme::Cns;
using nvme::Feature;
using nvme::LogPage;
using support::AdminFixture;
using support::open_discovery;
using support::page_of;
using support::TargetFixture;
namespace status = nvme::status;

BOOST_AUTO_TEST_SUITE(admin)

BOOST_AUTO_TEST_CASE(identifies_the_controller_as_linux_expects) {
    AdminFixture f({.io_capsule_bytes = 4096, .max_transfer_bytes = 131072});
    const auto id =
        page_of<nvme::IdentifyController>(f.admin->host.run(host::identify(Cns::kController)));
    BOOST_TEST(uint16_t{id.cntlid} == f.cntlid);
    BOOST_TEST(uint16_t{id.kas} != 0);
    BOOST_TEST(uint16_t{id.icdoff} == 0);
    BOOST_TEST((id.sgls & 3U) == 1U);
    BOOST_TEST(uint32_t{id.ioccsz} == (64U + 4096U) / 16);
    BOOST_TEST(uint32_t{id.iorcsz} == 1U);
    BOOST_TEST(int{id.mdts} == 5);
    BOOST_TEST(int{id.cntrltype} == 1);
    BOOST_TEST(uint16_t{id.maxcmd} == 128);
    BOOST_TEST(uint32_t{id.ver} == nvme::kVersion20);
    BOOST_TEST(std::string(id.subnqn.data()) == support::kSubsysNqn);
    BOOST_TEST(nvme::field_text({id.sn.data(), id.sn.size()}) == "SERIAL1");
    BOOST_TEST(nvme::field_text({id.mn.data(), id.mn.size()}) == "test disk");
    BOOST_TEST((id.cmic & nvme::IdentifyController::kCmicMultiController) != 0);
}

BOOST_AUTO_TEST_CASE(identifies_namespaces) {
    AdminFixture f;
    target::NamespaceConfig config;
    config.nsid = 7;
    config.block_bytes = 4096;
    config.ids.nguid.bytes[0] = std::byte{9};
    f.subsystem->add_namespace(config, std::make_unique<support::HeldBackend>(1U << 20U));
    const auto id =
        page_of<nvme::IdentifyNamespace>(f.admin->host.run(host::identify(Cns::kNamespace, 7)));
    BOOST_TEST(uint64_t{id.nsze} == 256U);
    BOOST_TEST(int{id.lbaf[0].lbads} == 12);
    BOOST_TEST(id.nguid == config.ids.nguid);
    const auto list =
        page_of<nvme::NamespaceList>(f.admin->host.run(host::identify(Cns::kActiveNamespaces, 0)));
    BOOST_TEST(uint32_t{list.nsid[0]} == 1U);
    BOOST_TEST(uint32_t{list.nsid[1]} == 7U);
    BOOST_TEST(uint32_t{list.nsid[2]} == 0U);
    const auto rest =
        page_of<nvme::NamespaceList>(f.admin->host.run(host::identify(Cns::kActiveNamespaces, 1)));
    BOOST_TEST(uint32_t{rest.nsid[0]} == 7U);
    const auto ids = nvme::parse_namespace_ids(
        f.admin->host.run(host::identify(Cns::kNamespaceDescriptors, 1))->data);
    BOOST_REQUIRE(ids.ok());
    BOOST_TEST(nvme::to_text(ids->uuid) == "33333333-3333-3333-3333-333333333333");
    const auto independent = page_of<nvme::IdentifyIndependentNamespace>(
        f.admin->host.run(host::identify(Cns::kIndependentNamespace, 7)));
    BOOST_TEST(int{independent.nstat} == 1);
    const auto inactive =
        page_of<nvme::IdentifyNamespace>(f.admin->host.run(host::identify(Cns::kNamespace, 3)));
    BOOST_TEST(uint64_t{inactive.nsze} == 0U);
}

BOOST_AUTO_TEST_CASE(answers_or_refuses_each_identify) {
    struct Case {
        uint8_t cns;
        uint32_t nsid;
        uint8_t command_set;
        nvme::Status expected;
    };
    const Case cases[] = {
        {0x00, 0, 0, status::kInvalidNamespace.dnr()},
        {0x00, nvme::kNsidAll, 0, status::kInvalidNamespace.dnr()},
        {0x02, 0xFFFFFFFE, 0, status::kInvalidNamespace.dnr()},
        {0x03, 2, 0, status::kInvalidNamespace.dnr()},
        {0x04, 0, 0, status::kInvalidField.dnr()},
        {0x05, 1, 0, status::kSuccess},
        {0x05, 1, 2, status::kInvalidField.dnr()},
        {0x05, 9, 0, status::kInvalidNamespace.dnr()},
        {0x06, 0, 0, status::kSuccess},
        {0x06, 0, 2, status::kInvalidField.dnr()},
        {0x07, 0, 0, status::kSuccess},
        {0x08, 1, 0, status::kSuccess},
        {0x10, 0, 0, status::kSuccess},
        {0x11, 1, 0, status::kSuccess},
        {0x11, 0, 0, status::kInvalidNamespace.dnr()},
        {0x12, 1, 0, status::kSuccess},
        {0x12, 9, 0, status::kInvalidNamespace.dnr()},
        {0x13, 0, 0, status::kSuccess},
        {0x14, 0, 0, status::kInvalidField.dnr()},
        {0x15, 0, 0, status::kInvalidField.dnr()},
        {0x16, 0, 0, status::kInvalidField.dnr()},
        {0x17, 0, 0, status::kInvalidField.dnr()},
        {0x18, 0, 0, status::kInvalidField.dnr()},
        {0x1C, 0, 0, status::kSuccess},
        {0xFF, 0, 0, status::kInvalidField.dnr()},
    };
    AdminFixture f;
    for (const Case& test : cases) {
        BOOST_TEST_CONTEXT("CNS " << int{test.cns} << " NSID " << test.nsid) {
            BOOST_TEST(f.run(host::identify(static_cast<Cns>(test.cns), test.nsid,
                                            test.command_set)) == test.expected.number());
        }
    }
}

BOOST_AUTO_TEST_CASE(says_of_itself_what_its_tables_hold) {
    AdminFixture f;
    const auto id =
        page_of<nvme::IdentifyController>(f.admin->host.run(host::identify(Cns::kController)));
    const auto knows = [](nvme::IoOpcode opcode) {
        return std::ranges::any_of(target::io_commands(), [&](const target::CommandEntry& entry) {
            return entry.opcode == static_cast<uint8_t>(opcode);
        });
    };
    BOOST_TEST(((id.oncs & nvme::IdentifyController::kOncsCompare) != 0) ==
               knows(nvme::IoOpcode::kCompare));
    BOOST_TEST(((id.oncs & nvme::IdentifyController::kOncsWriteZeroes) != 0) ==
               knows(nvme::IoOpcode::kWriteZeroes));
    BOOST_TEST(((id.oncs & nvme::IdentifyController::kOncsReservations) != 0) ==
               knows(nvme::IoOpcode::kReservationRegister));
    BOOST_TEST((id.oncs & nvme::IdentifyController::kOncsTimestamp) != 0);
    BOOST_TEST(uint64_t{id.tnvmcap[0]} == TargetFixture::kImageBytes);
    BOOST_TEST(uint64_t{id.unvmcap[0]} == 0U);
    BOOST_TEST(int{id.nwpc} == 3);
    BOOST_TEST((id.lpa & 0x26U) == 0x26U);  // effects, extended offset, supported pages
    BOOST_TEST(uint32_t{id.oaes} == 0x900U);
    BOOST_TEST(uint32_t{id.rtd3e} != 0U);
}

BOOST_AUTO_TEST_CASE(lists_controllers) {
    AdminFixture f;
    auto second = f.open_admin();
    BOOST_REQUIRE(second);
    const auto list = [&](Cns cns, uint32_t nsid, uint16_t first) {
        auto command = host::identify(cns, nsid);
        command.sqe.cdw10 = command.sqe.cdw10 | uint32_t{first} << 16U;
        return page_of<nvme::ControllerList>(second->host.run(command));
    };
    const auto all = list(Cns::kControllers, 0, 0);
    BOOST_TEST(uint16_t{all.count} == 2);
    BOOST_TEST(uint16_t{all.cntlid[0]} == 1);
    BOOST_TEST(uint16_t{all.cntlid[1]} == 2);
    BOOST_TEST(uint16_t{list(Cns::kControllers, 0, 2).count} == 1);
    BOOST_TEST(uint16_t{list(Cns::kNamespaceControllers, 1, 0).count} == 2);
    BOOST_TEST(uint16_t{list(Cns::kNamespaceControllers, 1, 3).count} == 0);
}

BOOST_AUTO_TEST_CASE(refuses_data_of_another_length) {
    AdminFixture f;
    auto command = host::identify(Cns::kController);
    command.data_in_len = 4092;
    BOOST_TEST(f.run(command) == status::kDataSglLengthInvalid.dnr().number());
}

BOOST_AUTO_TEST_CASE(bounds_log_pages) {
    AdminFixture f({.max_transfer_bytes = 65536});
    const auto field = status::kInvalidField.dnr().number();
    for (const LogPage page :
         {LogPage::kErrors, LogPage::kSmart, LogPage::kFirmwareSlots, LogPage::kChangedNamespaces,
          LogPage::kCommandEffects, LogPage::kSupportedPages}) {
        BOOST_TEST(f.run(host::get_log_page(page, 512)) == 0);
    }
    BOOST_TEST(f.run(host::get_log_page(LogPage::kSmart, 4, 508)) == 0);
    BOOST_TEST(f.run(host::get_log_page(LogPage::kSmart, 4, 512)) == 0);  // nothing but zeros
    BOOST_TEST(f.run(host::get_log_page(LogPage::kSmart, 4, 516)) == field);
    BOOST_TEST(f.run(host::get_log_page(LogPage::kSmart, 4, UINT64_MAX - 3)) == field);
    BOOST_TEST(f.run(host::get_log_page(LogPage::kSmart, 4, 2)) == field);
    BOOST_TEST(f.run(host::get_log_page(LogPage::kSmart, 65536)) == 0);
    BOOST_TEST(f.run(host::get_log_page(LogPage::kSmart, 65540)) == field);
    BOOST_TEST(f.run(host::get_log_page(LogPage::kDiscovery, 1024)) ==
               status::kInvalidLogPage.dnr().number());
    BOOST_TEST(f.run(host::get_log_page(static_cast<LogPage>(0xC0), 512)) ==
               status::kInvalidLogPage.dnr().number());
}

BOOST_AUTO_TEST_CASE(tells_which_commands_it_knows) {
    AdminFixture f;
    const auto log = f.admin->host.run(host::get_log_page(LogPage::kCommandEffects, 4096));
    const auto entry = [&](size_t offset) {
        return uint32_t{
            *base::Reader(base::ByteView(log->data).subspan(offset)).take<nvme::le32>()};
    };
    BOOST_TEST(entry(4 * 0x06) == 1U);         // Identify
    BOOST_TEST(entry(4 * 0x84) == 0U);         // Sanitize
    BOOST_TEST(entry(1024 + 4 * 0x01) == 3U);  // Write changes blocks
    BOOST_TEST(entry(1024 + 4 * 0x02) == 1U);
}

BOOST_AUTO_TEST_CASE(keeps_features) {
    AdminFixture f;
    for (const Feature feature :
         {Feature::kArbitration, Feature::kTemperatureThreshold, Feature::kErrorRecovery}) {
        BOOST_TEST(f.run(host::set_features(feature, 0x55)) == 0);
        BOOST_TEST(f.admin->host.run(host::get_features(feature))->dw0 == 0x55U);
    }
    BOOST_TEST(f.admin->host.run(host::get_features(Feature::kKeepAliveTimer))->dw0 == 5000U);
    BOOST_TEST(f.run(host::set_features(Feature::kKeepAliveTimer, 9000)) == 0);
    BOOST_TEST(f.admin->host.run(host::get_features(Feature::kKeepAliveTimer))->dw0 == 9000U);
    BOOST_TEST(f.admin->host.run(host::get_features(Feature::kNumberOfQueues))->dw0 == 0x007F007FU);
    BOOST_TEST(f.admin->host.run(host::set_features(Feature::kNumberOfQueues, 0x00030001))->dw0 ==
               0x00010001U);
    BOOST_TEST(f.admin->host.run(host::set_features(Feature::kNumberOfQueues, 0x03FF03FF))->dw0 ==
               0x007F007FU);
    const auto field = status::kInvalidField.dnr().number();
    BOOST_TEST(f.run(host::set_features(Feature::kNumberOfQueues, 0xFFFF)) == field);
    BOOST_TEST(f.run(host::set_features(Feature::kPowerManagement, 1)) == field);
    BOOST_TEST(f.run(host::set_features(Feature::kAsyncEventConfig, 1U << 9U)) == field);
    BOOST_TEST(f.run(host::set_features(Feature::kWriteProtect, 1)) ==
               status::kInvalidNamespace.dnr().number());
    auto saved = host::set_features(Feature::kArbitration, 1);
    saved.sqe.cdw10 = saved.sqe.cdw10 | 1U << 31U;
    BOOST_TEST(f.run(saved) == status::kFeatureNotSaveable.dnr().number());
}

BOOST_AUTO_TEST_CASE(keeps_features_that_are_structures) {
    AdminFixture f;
    base::Bytes behavior(512);
    behavior[2] = std::byte{1};
    BOOST_TEST(f.run(host::set_features(Feature::kHostBehavior, 0, behavior)) == 0);
    BOOST_TEST(
        (f.admin->host.run(host::get_features(Feature::kHostBehavior, 512))->data == behavior));
    auto id = host::get_features(Feature::kHostIdentifier, 16);
    BOOST_TEST(f.run(id) == status::kInvalidField.dnr().number());
    id.sqe.cdw11 = 1U;
    BOOST_TEST(f.admin->host.run(id)->data[0] == std::byte{0x11});
    BOOST_TEST(f.run(host::set_features(Feature::kHostIdentifier, 1, base::Bytes(16))) ==
               status::kSequenceError.dnr().number());
}

BOOST_AUTO_TEST_CASE(holds_four_event_requests_and_aborts_them) {
    AdminFixture f;
    std::vector<uint16_t> cids;
    for (int i = 0; i < 4; ++i) {
        cids.push_back(*f.admin->host.queue().submit(support::async_event_request()));
    }
    f.admin->host.pump();
    BOOST_TEST(!f.admin->host.queue().take_completion());
    BOOST_TEST(f.run(support::async_event_request()) ==
               status::kAsyncEventLimitExceeded.dnr().number());
    host::Command abort;
    abort.sqe.opcode = static_cast<uint8_t>(nvme::AdminOpcode::kAbort);
    abort.sqe.cdw10 = uint32_t{cids[2]} << 16U;
    const auto aborted = f.admin->host.run(abort);
    BOOST_TEST(aborted->cid == cids[2]);
    BOOST_TEST(aborted->status.number() == status::kAbortRequested.number());
    BOOST_TEST(f.admin->host.queue().take_completion()->dw0 == 0U);
    BOOST_TEST(f.admin->host.run(abort)->dw0 == 1U);
    BOOST_TEST(f.run(host::keep_alive()) == 0);
}

BOOST_AUTO_TEST_CASE(gives_up_an_event_request_whose_identifier_comes_again) {
    AdminFixture f;
    const uint16_t cid = *f.admin->host.queue().submit(support::async_event_request());
    f.admin->host.pump();
    auto sqe = host::property_get(nvme::Property::kCc).sqe;
    sqe.flags = nvme::Sqe::kPsdtSgl;
    sqe.cid = cid;
    const auto answer =
        base::Reader(f.admin->peer.exchange(nvme::whole_pdu(nvme::CapsuleCmd{{}, sqe}, {})))
            .take<nvme::CapsuleResp>();
    BOOST_REQUIRE(answer.has_value());
    BOOST_TEST(nvme::Status::from_wire(answer->cqe.status).ok());
    BOOST_TEST(uint16_t{answer->cqe.cid} == cid);
    host::Command abort;
    abort.sqe.opcode = static_cast<uint8_t>(nvme::AdminOpcode::kAbort);
    abort.sqe.cdw10 = uint32_t{cid} << 16U;
    BOOST_TEST(f.admin->host.run(abort)->dw0 == 1U);
    for (int i = 0; i < 4; ++i) {
        BOOST_TEST(!f.admin->host.run(support::async_event_request()));
    }
}

BOOST_AUTO_TEST_CASE(without_a_keep_alive_time_a_silent_host_stays) {
    AdminFixture f;
    BOOST_TEST(f.run(host::set_features(Feature::kKeepAliveTimer, 0)) == 0);
    f.clock.sleep(base::seconds(86400));
    f.admin->on_timer();
    BOOST_TEST(!f.admin->over());
    BOOST_TEST(f.run(host::set_features(Feature::kKeepAliveTimer, 5000)) == 0);
    f.clock.sleep(base::seconds(10));
    f.admin->on_timer();
    BOOST_TEST(f.admin->over());
}

BOOST_AUTO_TEST_CASE(the_keep_alive_time_is_rounded_up_to_whole_units) {
    AdminFixture f;
    const auto told = [&](uint32_t select) {
        auto command = host::get_features(Feature::kKeepAliveTimer);
        command.sqe.cdw10 = command.sqe.cdw10 | select << 8U;
        return uint32_t{f.admin->host.run(std::move(command))->dw0};
    };
    const std::array<std::array<uint32_t, 2>, 6> rows = {{{0, 0},
                                                          {1, 1000},
                                                          {1000, 1000},
                                                          {1001, 2000},
                                                          {120'000, 120'000},
                                                          {0xFFFFFFFF, 4294967000}}};
    for (const auto& [asked, rounded] : rows) {
        BOOST_TEST(f.run(host::set_features(Feature::kKeepAliveTimer, asked)) == 0);
        BOOST_TEST(told(0) == rounded);
    }
    BOOST_TEST(told(1) == 120'000U);
    BOOST_TEST(f.run(host::set_features(Feature::kKeepAliveTimer, 1)) == 0);
    f.clock.sleep(base::milliseconds(500));
    f.admin->on_timer();
    BOOST_TEST(!f.admin->over());

    auto line = f.open();
    auto options = f.connect_options();
    options.kato_ms = 10;
    BOOST_TEST(line->host.connect(options)->status.ok());
    BOOST_TEST(line->host.enable());
    f.clock.sleep(base::milliseconds(500));
    line->on_timer();
    BOOST_TEST(!line->over());
}

BOOST_AUTO_TEST_CASE(discovery_shows_a_host_what_it_may_use) {
    TargetFixture f;
    f.target.add_portal({.address = "0.0.0.0", .port = 4420, .id = 1});
    f.target.add_portal({.address = "2001:db8::1", .port = 4421, .id = 2});
    f.target.add_portal({.address = "0.0.0.0", .port = 8009, .id = 3, .discovery = true});
    auto line = open_discovery(f, support::kHostNqn);
    const auto header = page_of<nvme::DiscoveryHeader>(
        line->host.run(host::get_log_page(LogPage::kDiscovery, 1024)));
    BOOST_TEST(uint64_t{header.numrec} == 3U);
    BOOST_TEST(uint64_t{header.genctr} == 1U);
    const auto log = line->host.run(host::get_log_page(LogPage::kDiscovery, 3072, 1024));
    std::array<nvme::DiscoveryEntry, 3> entries;
    BOOST_REQUIRE_EQUAL(log->data.size(), sizeof entries);
    std::memcpy(&entries, log->data.data(), sizeof entries);
    BOOST_TEST(int{entries[0].subtype} == 3);
    BOOST_TEST(std::string(entries[0].subnqn.data()) == nvme::kDiscoveryNqn);
    BOOST_TEST(int{entries[1].subtype} == 2);
    BOOST_TEST(int{entries[1].adrfam} == 1);
    BOOST_TEST(nvme::field_text({entries[1].traddr.data(), 256}) == "192.0.2.1");
    BOOST_TEST(nvme::field_text({entries[1].trsvcid.data(), 32}) == "4420");
    BOOST_TEST(std::string(entries[1].subnqn.data()) == support::kSubsysNqn);
    BOOST_TEST(int{entries[2].adrfam} == 2);
    BOOST_TEST(nvme::field_text({entries[2].traddr.data(), 256}) == "2001:db8::1");
    BOOST_TEST(uint16_t{entries[2].asqsz} >= 32);

    auto stranger = open_discovery(f, support::kStrangerNqn);
    const auto less = page_of<nvme::DiscoveryHeader>(
        stranger->host.run(host::get_log_page(LogPage::kDiscovery, 1024)));
    BOOST_TEST(uint64_t{less.numrec} == 1U);
}

BOOST_AUTO_TEST_CASE(discovery_takes_nothing_else) {
    TargetFixture f;
    auto line = open_discovery(f, support::kStrangerNqn);
    const auto id =
        page_of<nvme::IdentifyController>(line->host.run(host::identify(Cns::kController)));
    BOOST_TEST(int{id.cntrltype} == 2);
    const auto number = [&](host::Command command) {
        return line->host.run(std::move(command))->status.number();
    };
    BOOST_TEST(number(host::identify(Cns::kActiveNamespaces)) ==
               status::kInvalidField.dnr().number());
    BOOST_TEST(number(host::get_log_page(LogPage::kSmart, 512)) ==
               status::kInvalidLogPage.dnr().number());
    BOOST_TEST(number(host::set_features(Feature::kAsyncEventConfig, 1U << 31U)) == 0);
    BOOST_TEST(number(host::set_features(Feature::kNumberOfQueues, 0)) ==
               status::kInvalidField.dnr().number());
    BOOST_TEST(number(host::keep_alive()) == 0);
    // Nobody keeps a connection to it forever without a keep-alive.
    f.clock.sleep(base::seconds(120));
    line->on_timer();
    BOOST_TEST(line->over());
}

BOOST_AUTO_TEST_SUITE_END()
