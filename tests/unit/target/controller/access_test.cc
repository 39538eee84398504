// SPDX-License-Identifier: GPL-2.0-or-later
//
// Which hosts see what, and which must authenticate: over the queues, as hosts meet it.
#include "target/controller/access.h"

#include "nvme/identify.h"
#include "support/target_fixture.h"
#include "support/test.h"

using nvme::Cns;
using support::TargetFixture;
namespace status = nvme::status;

namespace {

std::vector<uint32_t> active_namespaces(support::Line& line) {
    const auto answer = line.host.run(host::identify(Cns::kActiveNamespaces, 0));
    BOOST_REQUIRE(answer.has_value());
    BOOST_REQUIRE(answer->data.size() == sizeof(nvme::NamespaceList));
    nvme::NamespaceList list;
    std::memcpy(&list, answer->data.data(), sizeof list);
    std::vector<uint32_t> nsids;
    for (size_t i = 0; list.nsid[i] != 0; ++i) {
        nsids.push_back(list.nsid[i]);
    }
    return nsids;
}

nvme::DhchapSecret secret(uint8_t fill) {
    return nvme::DhchapSecret::from_key({}, base::Bytes(32, std::byte{fill})).value();
}

std::shared_ptr<target::HostKeys> keys(uint8_t host, uint8_t controller) {
    return std::make_shared<target::HostKeys>(target::HostKeys{
        secret(host), secret(controller), {nvme::HashId::kSha256}, {nvme::DhGroup::kNull}});
}

/// Whether a host that has these two secrets gets through the authentication in both directions.
bool proves(TargetFixture& f, const std::string& subnqn, uint8_t host, uint8_t controller) {
    auto line = f.open();
    auto options = f.connect_options();
    options.subsysnqn = subnqn;
    const auto connected = line->host.connect(options);
    BOOST_REQUIRE(connected->status.ok());
    BOOST_TEST(nvme::ConnectResult::from_dw0(connected->dw0).authentication_required);
    support::DhchapHostOptions dhchap;
    dhchap.hostnqn = support::kHostNqn;
    dhchap.subsysnqn = subnqn;
    dhchap.secret = secret(host).text().reveal();
    dhchap.controller_secret = secret(controller).text().reveal();
    support::DhchapHost peer(dhchap);
    (void)line->host.authenticate(peer);
    return peer.state() == support::DhchapHost::State::kAuthenticated;
}

void add_namespace(TargetFixture& f, uint32_t nsid, std::vector<std::string> hosts) {
    target::NamespaceConfig config;
    config.nsid = nsid;
    config.hosts = std::move(hosts);
    f.subsystem->add_namespace(config, std::make_unique<support::HeldBackend>(1U << 20U));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(access_policy)

BOOST_AUTO_TEST_CASE(a_namespace_is_there_only_for_the_hosts_that_it_names) {
    TargetFixture f;
    add_namespace(f, 3, {support::kStrangerNqn});
    add_namespace(f, 5, {support::kStrangerNqn, support::kHostNqn});
    const auto admin = f.open_admin();
    BOOST_REQUIRE(admin);
    BOOST_TEST((active_namespaces(*admin) == std::vector<uint32_t>{1, 5}));
    const auto run = [](support::Line& line, host::Command command) {
        return line.host.run(std::move(command))->status.number();
    };
    BOOST_TEST(run(*admin, host::identify(Cns::kNamespaceDescriptors, 3)) ==
               status::kInvalidNamespace.dnr().number());
    const auto io = f.open_io();
    BOOST_REQUIRE(io);
    BOOST_TEST(run(*io, host::read(3, {0, 1})) == status::kInvalidNamespace.dnr().number());
    BOOST_TEST(run(*io, host::read(5, {0, 1})) == 0);
}

BOOST_AUTO_TEST_CASE(old_and_next_keys_are_valid_together_each_with_its_own_proof) {
    TargetFixture f;
    auto both = keys(1, 2);
    both->next_host = secret(3);
    f.hosts.add(support::kHostNqn, both);
    BOOST_TEST(proves(f, support::kSubsysNqn, 1, 2));
    BOOST_TEST(proves(f, support::kSubsysNqn, 3, 2));  // no next proof: the one there is
    auto four = keys(1, 2);
    four->next_host = secret(3);
    four->next_controller = secret(4);
    f.hosts.add(support::kHostNqn, four);
    BOOST_TEST(proves(f, support::kSubsysNqn, 1, 2));
    BOOST_TEST(f.events.has("authenticated: sha256, null, in both directions"));
    BOOST_TEST(proves(f, support::kSubsysNqn, 3, 4));
    BOOST_TEST(f.events.has("authenticated: sha256, null, in both directions, by the next key"));
    BOOST_TEST(!proves(f, support::kSubsysNqn, 1, 4));
    BOOST_TEST(!proves(f, support::kSubsysNqn, 3, 2));
    BOOST_TEST(!proves(f, support::kSubsysNqn, 5, 2));
    f.hosts.add(support::kHostNqn, keys(3, 4));
    BOOST_TEST(!proves(f, support::kSubsysNqn, 1, 2));
    BOOST_TEST(proves(f, support::kSubsysNqn, 3, 4));
}

BOOST_AUTO_TEST_CASE(keys_of_one_subsystem_stand_before_those_of_the_host) {
    TargetFixture f;
    target::SubsystemConfig other;
    other.nqn = "nqn.2024-08.com.example:other";
    other.hosts = {support::kHostNqn};
    f.target.add_subsystem(other);
    f.hosts.add(support::kHostNqn, keys(1, 2));
    f.hosts.add(support::kHostNqn, other.nqn, keys(5, 6));
    BOOST_TEST(proves(f, support::kSubsysNqn, 1, 2));
    BOOST_TEST(!proves(f, support::kSubsysNqn, 5, 6));
    BOOST_TEST(proves(f, other.nqn, 5, 6));
    BOOST_TEST(!proves(f, other.nqn, 1, 2));
}

BOOST_AUTO_TEST_CASE(a_host_with_keys_authenticates_if_every_host_may_connect) {
    TargetFixture f;
    target::SubsystemConfig open;
    open.nqn = "nqn.2024-08.com.example:open";
    open.allow_any_host = true;
    f.target.add_subsystem(open);
    f.hosts.add(support::kHostNqn, keys(1, 2));
    BOOST_TEST(proves(f, open.nqn, 1, 2));
}

BOOST_AUTO_TEST_CASE(a_host_with_an_odd_name_is_let_in_where_every_host_may_connect) {
    TargetFixture f;
    target::SubsystemConfig open;
    open.nqn = "testnqn";
    open.allow_any_host = true;
    f.target.add_subsystem(open);
    auto options = f.connect_options();
    for (const std::string& name : {std::string("hostnqn"), std::string(223, 'x'),
                                    std::string("a, b/c"), std::string("caf\xe9")}) {
        options.hostnqn = name;
        options.subsysnqn = open.nqn;
        BOOST_TEST(f.open()->host.connect(options)->status.ok(), name);
        // If hosts are listed, an odd name is one that is not in the list.
        options.subsysnqn = support::kSubsysNqn;
        BOOST_TEST(f.open()->host.connect(options)->status.number() ==
                   status::kConnectInvalidHost.dnr().number());
    }
}

BOOST_AUTO_TEST_CASE(a_name_that_is_listed_in_another_letter_case_is_pointed_out) {
    TargetFixture f;
    auto options = f.connect_options();
    options.hostnqn[0] = 'N';
    BOOST_TEST(f.open()->host.connect(options)->status.number() ==
               status::kConnectInvalidHost.dnr().number());
    BOOST_REQUIRE(!f.events.lines.empty());
    BOOST_TEST(f.events.lines.back().find("differs only in the case of letters") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_discovery_service_requires_authentication_if_configured) {
    TargetFixture f;
    const std::string discovery(nvme::kDiscoveryNqn);
    auto options = f.connect_options();
    options.subsysnqn = discovery;
    options.kato_ms = 0;
    f.hosts.add(support::kHostNqn, keys(1, 2));
    const auto connect = [&] { return *f.open()->host.connect(options); };
    BOOST_TEST(!nvme::ConnectResult::from_dw0(connect().dw0).authentication_required);
    f.hosts.require_proof_for_discovery(true);
    BOOST_TEST(proves(f, discovery, 1, 2));
    BOOST_TEST(!proves(f, discovery, 2, 2));
    options.hostnqn = support::kStrangerNqn;
    BOOST_TEST(connect().status.number() == status::kConnectInvalidHost.dnr().number());
}

BOOST_AUTO_TEST_SUITE_END()
