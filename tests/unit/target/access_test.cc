// SPDX-License-Identifier: GPL-2.0-or-later
//
// Who sees what, and who has to prove it: over the queues, as hosts meet it.
#include "target/access.h"

#include <boost/test/unit_test.hpp>

#include "nvme/identify.h"
#include "support/target_fixture.h"

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

BOOST_AUTO_TEST_SUITE_END()
