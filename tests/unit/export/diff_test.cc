// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/diff.h"

#include "export/keys.h"
#include "support/test.h"

namespace {

nvme::DhchapSecret secret(uint8_t fill) {
    return nvme::DhchapSecret::from_key({}, base::Bytes(32, std::byte{fill})).value();
}

exports::ExportConfig sample() {
    exports::ExportConfig config;
    config.listen = {{"192.0.2.1", 4420}};
    config.hosts.resize(2);
    config.hosts[0].nqn = "nqn.2024-08.com.example:a";
    config.hosts[0].secret = secret(1);
    config.hosts[1].nqn = "nqn.2024-08.com.example:b";
    exports::Subsystem subsystem;
    subsystem.nqn = "nqn.2024-08.com.example:s";
    subsystem.hosts = {config.hosts[0].nqn};
    subsystem.namespaces.resize(1);
    subsystem.namespaces[0].nsid = 1;
    subsystem.namespaces[0].image = "one.img";
    config.subsystems.push_back(std::move(subsystem));
    return config;
}

std::string lines(const exports::ExportConfig& before, const exports::ExportConfig& after) {
    std::string text;
    for (const exports::Change& change : exports::diff(before, after)) {
        text += change.line() + "\n";
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(diff)

BOOST_AUTO_TEST_CASE(nothing_lies_between_equal_configurations) {
    BOOST_TEST(lines(sample(), sample()) == "");
}

BOOST_AUTO_TEST_CASE(every_kind_of_change_has_its_line_and_secrets_are_not_shown) {
    auto after = sample();
    after.listen = {{"::1", 4420}};
    after.limits.io_queues = 4;
    after.discovery_auth = true;
    after.hosts[0].secret = secret(2);
    after.hosts[0].next_secret = secret(3);
    after.hosts[0].groups = {nvme::DhGroup::kFfdhe2048};
    after.hosts[1].nqn = "nqn.2024-08.com.example:c";
    after.subsystems[0].hosts = {"nqn.2024-08.com.example:c"};
    after.subsystems[0].model = "other";
    after.subsystems[0].namespaces[0].read_only = true;
    after.subsystems[0].namespaces.resize(2);
    after.subsystems[0].namespaces[1].nsid = 2;
    after.subsystems[0].namespaces[1].image = "two.img";
    BOOST_TEST(
        lines(sample(), after) ==
        "~ target: discovery_auth no -> yes\n"
        "! target, after a restart: listen 192.0.2.1:4420 -> [::1]:4420, io_queues 128 -> 4\n"
        "~ host nqn.2024-08.com.example:a: dhchap_secret_file has another secret, "
        "dhchap_secret_file_next is added, dhchap_dhgroup null, ffdhe2048, ffdhe3072, ffdhe4096, "
        "ffdhe6144, ffdhe8192 -> ffdhe2048\n"
        "- host nqn.2024-08.com.example:b\n"
        "+ host nqn.2024-08.com.example:c\n"
        "~ subsystem nqn.2024-08.com.example:s: model nvmeroot -> other, hosts "
        "+nqn.2024-08.com.example:c, hosts -nqn.2024-08.com.example:a\n"
        "~ namespace 1 of nqn.2024-08.com.example:s: read_only no -> yes\n"
        "+ namespace 2 of nqn.2024-08.com.example:s: two.img\n");
}

BOOST_AUTO_TEST_CASE(the_hosts_of_a_namespace_are_listed_if_a_mask_is_added_or_removed) {
    const auto masked = [](std::vector<std::string> hosts) {
        auto config = sample();
        config.subsystems[0].namespaces[0].hosts = std::move(hosts);
        return config;
    };
    const std::string ns = "~ namespace 1 of nqn.2024-08.com.example:s: hosts ";
    BOOST_TEST(lines(masked({}), masked({"a", "b"})) == ns + "all of the subsystem -> a, b\n");
    BOOST_TEST(lines(masked({"a"}), masked({})) == ns + "a -> all of the subsystem\n");
    BOOST_TEST(lines(masked({"a"}), masked({"a", "b"})) == ns + "+b\n");
}

BOOST_AUTO_TEST_CASE(another_directory_for_reservations_waits_for_the_next_start) {
    auto after = sample();
    after.state_dir = "state";
    BOOST_TEST(lines(sample(), after) == "! target, after a restart: state_dir none -> state\n");
}

BOOST_AUTO_TEST_CASE(every_value_of_the_target_section_has_its_line) {
    for (const auto& key : exports::target_keys()) {
        const bool of_hosts = key.name.starts_with("dhchap_");  // these bound what [host] has
        const bool is_shown = key.shown.at_start != nullptr || key.shown.live != nullptr;
        BOOST_TEST(is_shown != of_hosts, key.name);
    }
}

BOOST_AUTO_TEST_CASE(only_some_changes_of_a_namespace_reopen_its_image) {
    const exports::Namespace ns = sample().subsystems[0].namespaces[0];
    auto other = ns;
    other.read_only = true;
    BOOST_TEST(!exports::needs_another_store(ns, other));
    BOOST_TEST(exports::needs_another_store(other, ns));
    other = ns;
    other.hosts = {"nqn.2024-08.com.example:a"};
    BOOST_TEST(!exports::needs_another_store(ns, other));
    other.image = "two.img";
    BOOST_TEST(exports::needs_another_store(ns, other));
}

BOOST_AUTO_TEST_CASE(a_device_that_is_gone_keeps_the_block_size_that_runs) {
    exports::ExportConfig running = sample();
    exports::ExportConfig next = sample();
    running.subsystems[0].namespaces[0].block_bytes = 4096;  // the device said so
    exports::Namespace& ns = next.subsystems[0].namespaces[0];
    exports::keep_block_sizes(running, next);
    BOOST_TEST(ns.block_bytes == 512U);  // it is there, and says so
    ns.unserved = "one.img: No such file or directory";
    ns.block_bytes_given = true;
    exports::keep_block_sizes(running, next);
    BOOST_TEST(ns.block_bytes == 512U);
    ns.block_bytes_given = false;
    exports::keep_block_sizes(running, next);
    BOOST_TEST(ns.block_bytes == 4096U);
    BOOST_TEST(!exports::needs_another_store(running.subsystems[0].namespaces[0], ns));
}

BOOST_AUTO_TEST_SUITE_END()
