// SPDX-License-Identifier: GPL-2.0-or-later
//
// Namespaces that come, go and change under connected hosts: what the hosts learn, and what
// becomes of commands in progress.

#include "nvme/identify.h"
#include "support/event_request.h"
#include "support/target_fixture.h"
#include "support/test.h"

using nvme::Cns;
using nvme::LogPage;
using support::HeldBackend;
using support::TargetFixture;
namespace status = nvme::status;

namespace {

constexpr uint32_t kNamespaceEvent = 0x00040002;  // notice 00h, log 04h
constexpr uint32_t kNamespaceNotices = 1U << 8U;

target::NamespaceConfig config_of(uint32_t nsid, std::vector<std::string> hosts = {}) {
    target::NamespaceConfig config;
    config.nsid = nsid;
    config.ids.nguid.bytes[0] = static_cast<std::byte>(nsid);
    config.hosts = std::move(hosts);
    return config;
}

struct ChangeFixture : TargetFixture {
    ChangeFixture() : admin(open_admin()) {
        BOOST_REQUIRE(admin);
        io = open_io();
        BOOST_REQUIRE(io);
        const auto set = admin->host.run(
            host::set_features(nvme::Feature::kAsyncEventConfig, kNamespaceNotices));
        BOOST_REQUIRE(set && set->status.ok());
    }
    void ask_for_event() { BOOST_REQUIRE(!admin->host.run(support::async_event_request())); }
    /// DW0 of the event that came, 0: none did.
    uint32_t event() {
        admin->host.pump();
        const auto completion = admin->host.queue().take_completion();
        return completion ? completion->dw0 : 0;
    }
    std::vector<uint32_t> list(host::Command command) {
        const auto answer = admin->host.run(std::move(command));
        BOOST_REQUIRE(answer && answer->status.ok());
        base::Reader reader(answer->data);
        std::vector<uint32_t> nsids;
        for (auto nsid = reader.take<nvme::le32>(); nsid && *nsid != 0;
             nsid = reader.take<nvme::le32>()) {
            nsids.push_back(*nsid);
        }
        return nsids;
    }
    std::vector<uint32_t> changed(uint32_t flags = 0) {
        auto command = host::get_log_page(LogPage::kChangedNamespaces, 4096);
        command.sqe.cdw10 = command.sqe.cdw10 | flags;
        return list(command);
    }
    std::vector<uint32_t> active() { return list(host::identify(Cns::kActiveNamespaces)); }
    void add(uint32_t nsid, std::vector<std::string> names = {}) {
        subsystem->add_namespace(config_of(nsid, std::move(names)),
                                 std::make_unique<HeldBackend>(1U << 20U));
    }
    uint16_t run_io(host::Command command) {
        const auto answer = io->host.run(std::move(command));
        BOOST_REQUIRE(answer.has_value());
        return answer->status.number();
    }

    std::unique_ptr<support::Line> admin;
    std::unique_ptr<support::Line> io;
};

using Nsids = std::vector<uint32_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(namespace_change)

BOOST_AUTO_TEST_CASE(tells_of_an_added_namespace_once_until_the_list_is_read) {
    ChangeFixture f;
    f.ask_for_event();
    f.ask_for_event();
    f.add(3);
    BOOST_TEST(f.event() == kNamespaceEvent);
    f.add(2);
    BOOST_TEST(f.event() == 0U);  // told already
    BOOST_TEST(f.active() == (Nsids{1, 2, 3}), boost::test_tools::per_element());
    constexpr uint32_t kRetain = 1U << 15U;
    BOOST_TEST(f.changed(kRetain) == (Nsids{2, 3}), boost::test_tools::per_element());
    BOOST_TEST(f.changed() == (Nsids{2, 3}), boost::test_tools::per_element());
    BOOST_TEST(f.changed().empty());
    f.add(9);
    BOOST_TEST(f.event() == kNamespaceEvent);
    BOOST_TEST(f.run_io(host::read(9, {0, 8})) == 0);
}

/// A subsystem may have a thousand namespaces and as many controllers.
BOOST_AUTO_TEST_CASE(looks_at_no_other_namespace_than_the_one_that_changed) {
    ChangeFixture f;
    f.add(2);
    f.add(3);
    f.subsystem->namespaces().at(2)->change(config_of(2, {support::kStrangerNqn}));
    BOOST_TEST(f.subsystem->protect_namespace(3, target::WriteProtection::kProtected));
    BOOST_TEST(f.active() == (Nsids{1, 2, 3}), boost::test_tools::per_element());
    BOOST_TEST(f.subsystem->change_namespace(config_of(2, {support::kStrangerNqn})));
    BOOST_TEST(f.active() == (Nsids{1, 3}), boost::test_tools::per_element());
    BOOST_TEST(f.subsystem->change_namespace(config_of(2)));
    BOOST_TEST(f.active() == (Nsids{1, 2, 3}), boost::test_tools::per_element());
    BOOST_TEST(f.subsystem->remove_namespace(1));
    BOOST_TEST(f.active() == (Nsids{2, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(keeps_an_event_until_it_is_asked_for) {
    ChangeFixture f;
    f.add(3);
    f.add(4);
    const auto first = f.admin->host.run(support::async_event_request());
    BOOST_REQUIRE(first.has_value());
    BOOST_TEST(first->dw0 == kNamespaceEvent);
    f.ask_for_event();
    BOOST_TEST(f.changed() == (Nsids{3, 4}), boost::test_tools::per_element());
    BOOST_TEST(f.event() == 0U);
}

BOOST_AUTO_TEST_CASE(says_nothing_to_a_host_that_did_not_ask) {
    ChangeFixture f;
    BOOST_REQUIRE(
        f.admin->host.run(host::set_features(nvme::Feature::kAsyncEventConfig, 0))->status.ok());
    f.ask_for_event();
    f.add(3);
    BOOST_TEST(f.event() == 0U);
    BOOST_TEST(f.changed() == (Nsids{3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_list_that_is_too_long_says_so) {
    ChangeFixture f;
    for (uint32_t nsid = 2; nsid <= 1026; ++nsid) {
        f.add(nsid);
    }
    BOOST_TEST(f.changed() == (Nsids{nvme::kNsidAll}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(commands_to_a_removed_namespace_are_refused) {
    ChangeFixture f;
    f.ask_for_event();
    BOOST_TEST(f.run_io(host::read(1, {0, 8})) == 0);
    BOOST_TEST(f.subsystem->remove_namespace(1));
    BOOST_TEST(!f.subsystem->remove_namespace(1));
    BOOST_TEST(f.event() == kNamespaceEvent);
    const auto gone = status::kInvalidNamespace.dnr().number();
    BOOST_TEST(f.run_io(host::read(1, {0, 8})) == gone);
    BOOST_TEST(f.run_io(host::flush(1)) == gone);
    BOOST_TEST(f.active().empty());
    BOOST_TEST(f.changed() == (Nsids{1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_command_that_runs_ends_as_if_nothing_had_happened) {
    ChangeFixture f;
    f.backend->content = support::pattern(f.backend->content.size());
    f.backend->hold = true;
    BOOST_TEST(!f.io->host.run(host::read(1, {8, 8})));
    BOOST_TEST(f.subsystem->remove_namespace(1));
    f.add(1);  // another one under the same number
    f.backend->settle();
    f.io->host.pump();
    const auto read = f.io->host.queue().take_completion();
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->status.ok());
    const base::Bytes expected = support::pattern(TargetFixture::kImageBytes);
    BOOST_TEST(std::ranges::equal(read->data, std::span(expected).subspan(4096, 4096)));
    BOOST_TEST(f.io->host.run(host::read(1, {8, 8}))->data[0] == std::byte{0});
}

BOOST_AUTO_TEST_CASE(a_write_whose_namespace_goes_before_its_data_comes_is_refused) {
    ChangeFixture f;
    auto& queue = f.io->host.queue();
    BOOST_REQUIRE(queue.submit(host::write(1, {0, 128}, base::Bytes(65536))));
    (void)f.io->host.send(queue.take_output());
    const base::Bytes data = queue.take_output();  // what the R2T asked for
    BOOST_REQUIRE(!data.empty());
    BOOST_TEST(f.subsystem->remove_namespace(1));
    (void)f.io->host.send(data);
    const auto written = queue.take_completion();
    BOOST_REQUIRE(written.has_value());
    BOOST_TEST(written->status.number() == status::kInvalidNamespace.dnr().number());
}

BOOST_AUTO_TEST_CASE(a_change_of_access_holds_for_a_write_under_way) {
    ChangeFixture f;
    auto& queue = f.io->host.queue();
    BOOST_REQUIRE(queue.submit(host::write(1, {0, 128}, base::Bytes(65536))));
    (void)f.io->host.send(queue.take_output());
    const base::Bytes data = queue.take_output();
    auto config = f.subsystem->find_namespace(1)->config();
    config.read_only = true;
    BOOST_TEST(f.subsystem->change_namespace(config));
    (void)f.io->host.send(data);
    BOOST_TEST(queue.take_completion()->status.number() ==
               status::kNamespaceWriteProtected.dnr().number());
    BOOST_TEST(f.backend->asked.empty());
    config.nsid = 8;
    BOOST_TEST(!f.subsystem->change_namespace(config));
}

BOOST_AUTO_TEST_CASE(shows_a_new_size) {
    ChangeFixture f;
    f.ask_for_event();
    BOOST_TEST(f.subsystem->resize_namespace(1));
    BOOST_TEST(f.event() == 0U);  // as large as before
    f.backend->content.resize(2 * TargetFixture::kImageBytes);
    constexpr uint64_t kOldEnd = TargetFixture::kImageBytes / TargetFixture::kBlock;
    BOOST_TEST(f.run_io(host::read(1, {kOldEnd, 8})) == status::kLbaOutOfRange.dnr().number());
    BOOST_TEST(f.subsystem->resize_namespace(1));
    BOOST_TEST(f.event() == kNamespaceEvent);
    const auto id = f.admin->host.run(host::identify(Cns::kNamespace, 1));
    BOOST_TEST(uint64_t{*base::Reader(id->data).take<nvme::le64>()} == 2 * kOldEnd);
    BOOST_TEST(f.run_io(host::read(1, {kOldEnd, 8})) == 0);
    BOOST_TEST(!f.subsystem->resize_namespace(5));
}

BOOST_AUTO_TEST_CASE(hides_namespaces_from_other_hosts) {
    ChangeFixture f;
    f.ask_for_event();
    f.add(2, {support::kStrangerNqn});
    BOOST_TEST(f.event() == 0U);
    BOOST_TEST(f.active() == (Nsids{1}), boost::test_tools::per_element());
    BOOST_TEST(f.changed().empty());
    BOOST_TEST(f.run_io(host::read(2, {0, 8})) == status::kInvalidNamespace.dnr().number());
    const auto id = f.admin->host.run(host::identify(Cns::kNamespaceDescriptors, 2));
    BOOST_TEST(id->status.number() == status::kInvalidNamespace.dnr().number());
    BOOST_TEST(f.subsystem->change_namespace(config_of(2)));  // everybody's now
    BOOST_TEST(f.event() == kNamespaceEvent);
    BOOST_TEST(f.run_io(host::read(2, {0, 8})) == 0);
    f.ask_for_event();
    BOOST_TEST(f.changed() == (Nsids{2}), boost::test_tools::per_element());
    BOOST_TEST(f.subsystem->change_namespace(config_of(2, {support::kStrangerNqn})));
    BOOST_TEST(f.event() == kNamespaceEvent);
    BOOST_TEST(f.run_io(host::read(2, {0, 8})) == status::kInvalidNamespace.dnr().number());
}

BOOST_AUTO_TEST_CASE(a_reset_forgets_events) {
    ChangeFixture f;
    f.add(3);
    BOOST_REQUIRE(
        f.admin->host.run(host::property_set(nvme::Property::kCc, 0x00460000))->status.ok());
    BOOST_REQUIRE(f.admin->host.enable());
    BOOST_REQUIRE(
        f.admin->host.run(host::set_features(nvme::Feature::kAsyncEventConfig, kNamespaceNotices))
            ->status.ok());
    f.ask_for_event();
    BOOST_TEST(f.changed().empty());
}

BOOST_AUTO_TEST_SUITE_END()
