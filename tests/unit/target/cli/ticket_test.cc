// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/cli/ticket.h"

#include "nvme/uri.h"
#include "support/test.h"

namespace {

exports::ExportConfig config() {
    exports::ExportConfig out;
    out.listen = {{"192.0.2.1", 4420}, {"::", 4421}};
    out.hosts.resize(2);
    out.hosts[0].name = "web";
    out.hosts[0].nqn = "nqn.2024-08.com.example:web";
    out.hosts[0].secret =
        nvme::DhchapSecret::from_key({}, base::Bytes(32, std::byte{0x44})).value();
    out.hosts[1].name = "none";
    out.hosts[1].nqn = "nqn.2024-08.com.example:none";
    exports::Subsystem subsystem;
    subsystem.nqn = "nqn.2024-08.com.example:disk";
    subsystem.hosts = {out.hosts[0].nqn};
    subsystem.namespaces.resize(2);
    subsystem.namespaces[0].nsid = 1;
    subsystem.namespaces[1].nsid = 2;
    subsystem.namespaces[1].hosts = {"nqn.2024-08.com.example:somebody-else"};
    out.subsystems.push_back(std::move(subsystem));
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ticket)

BOOST_AUTO_TEST_CASE(holds_what_the_host_may_see_and_no_secret) {
    const auto text = target::ticket(config(), {.config = "", .address = "", .host = "Web"});
    BOOST_REQUIRE_MESSAGE(text.ok(), (text.ok() ? "" : text.error().text));
    const std::string cmdline =
        "ip=dhcp nvmeroot=nvme+tcp://192.0.2.1:4420/nqn.2024-08.com.example:disk/1 "
        "nvmeroot.hostnqn=nqn.2024-08.com.example:web nvmeroot.auth=host\n";
    BOOST_TEST(text->find("# kernel command line\n" + cmdline) != std::string::npos);
    BOOST_TEST(text->find("initrd=initrd.img " + cmdline) != std::string::npos);
    BOOST_TEST(text->find("dhcp-option=option:root-path,nvme+tcp://192.0.2.1:4420/"
                          "nqn.2024-08.com.example:disk/1\n") != std::string::npos);
    BOOST_TEST(text->find("uri = nvme+tcp://192.0.2.1:4420/nqn.2024-08.com.example:disk/1\n") !=
               std::string::npos);
    BOOST_TEST(text->find("DHHC") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_disk_is_the_root_and_others_are_listed) {
    auto two = config();
    two.subsystems[0].namespaces[1].hosts.clear();
    const auto text = target::ticket(two, {.config = "", .address = "", .host = "web"});
    BOOST_REQUIRE_MESSAGE(text.ok(), (text.ok() ? "" : text.error().text));
    const std::string other = "nvme+tcp://192.0.2.1:4420/nqn.2024-08.com.example:disk/2";
    BOOST_TEST(text->starts_with("# not the root: " + other + "\n# kernel command line\n"));
    BOOST_TEST(text->find(other, text->find('\n')) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(authentication_is_that_of_the_subsystem_of_the_root) {
    auto open = config();
    open.subsystems[0].hosts.clear();
    open.subsystems[0].allow_any_host = true;
    const auto text = target::ticket(open, {.config = "", .address = "", .host = "web"});
    BOOST_REQUIRE_MESSAGE(text.ok(), (text.ok() ? "" : text.error().text));
    BOOST_TEST(text->find("nvmeroot.auth=host\n") != std::string::npos);  // it has a secret
    open.hosts[0].secret.reset();
    BOOST_TEST(target::ticket(open, {.config = "", .address = "", .host = "web"})
                   ->find("nvmeroot.auth=off\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(odd_names_are_quoted) {
    const auto named = [](const std::string& nqn) {
        auto out = config();
        out.hosts[0].nqn = nqn;
        out.subsystems[0].hosts = {nqn};
        return target::ticket(out, {.config = "", .address = "", .host = "web"});
    };
    const auto text = named("nqn.2024-08.com.example:it's one; 2");
    BOOST_REQUIRE_MESSAGE(text.ok(), (text.ok() ? "" : text.error().text));
    BOOST_TEST(text->find("hostnqn=\"nqn.2024-08.com.example:it's one; 2\" nvmeroot.auth=host\n") !=
               std::string::npos);
    BOOST_TEST(text->find("hostnqn = \"nqn.2024-08.com.example:it's one; 2\"\n") !=
               std::string::npos);
    BOOST_TEST(text->find("hostnqn=\"nqn.2024-08.com.example:it'\\''s one; 2\" "
                          "nvmeroot.auth=host'\n") != std::string::npos);
    BOOST_TEST(named("nqn.2024-08.com.example:a\"b").error().text ==
               "\"nqn.2024-08.com.example:a\\x22b\" contains a quotation mark, which a kernel "
               "command line cannot contain");
}

BOOST_AUTO_TEST_CASE(a_wildcard_needs_an_address) {
    const auto v6 = target::ticket(
        config(), {.config = "", .address = "fd00::1", .host = "nqn.2024-08.com.example:web"});
    BOOST_REQUIRE(v6.ok());
    BOOST_TEST(v6->find("nvme+tcp://[fd00::1]:4421/") != std::string::npos);
    auto wild = config();
    wild.listen = {{"0.0.0.0", 4420}};
    BOOST_TEST(target::ticket(wild, {.config = "", .address = "", .host = "web"}).error().text ==
               "listen has only wildcards: use --address ADDRESS");
    BOOST_TEST(target::ticket(config(), {.config = "", .address = "192.0.2.7", .host = "web"})
                   .error()
                   .text == "the target does not listen on \"192.0.2.7\"");
}

BOOST_AUTO_TEST_CASE(an_address_is_written_in_many_ways) {
    struct Row {
        const char* address;
        std::vector<std::string> hosts;  ///< as the URIs name them
        const char* ip;
    };
    auto both = config();
    both.listen = {{"0.0.0.0", 4420}, {"::", 4420}, {"2001:db8::7", 4421}};
    for (const Row& row : {
             Row{"192.0.2.1", {"192.0.2.1:4420"}, "dhcp"},
             Row{"192.0.2.1:4420", {"192.0.2.1:4420"}, "dhcp"},
             Row{"2001:db8::1", {"[2001:db8::1]:4420"}, "auto6"},
             Row{"[2001:db8::1]", {"[2001:db8::1]:4420"}, "auto6"},
             Row{"[2001:db8::1]:4420", {"[2001:db8::1]:4420"}, "auto6"},
             Row{"2001:DB8:0::7", {"[2001:DB8:0::7]:4420", "[2001:DB8:0::7]:4421"}, "auto6"},
             Row{"[2001:db8::7]:4421", {"[2001:db8::7]:4421"}, "auto6"},
             Row{"fe80::1%eth0", {"[fe80::1%25eth0]:4420"}, "link6"},
             Row{"server.example", {"server.example:4420", "server.example:4421"}, "dhcp"},
             Row{"server.example:4421", {"server.example:4421"}, "dhcp"},
         }) {
        BOOST_TEST_CONTEXT(row.address) {
            const auto text =
                target::ticket(both, {.config = "", .address = row.address, .host = "web"});
            BOOST_REQUIRE_MESSAGE(text.ok(), (text.ok() ? "" : text.error().text));
            std::string words = "ip=" + std::string(row.ip);
            for (const std::string& host : row.hosts) {
                const std::string uri = "nvme+tcp://" + host + "/nqn.2024-08.com.example:disk/1";
                const auto parsed = nvme::Uri::parse(uri);  // as the client does
                BOOST_REQUIRE(parsed.ok());
                BOOST_TEST(parsed->subsysnqn == "nqn.2024-08.com.example:disk");
                words += " nvmeroot=" + uri;
            }
            BOOST_TEST(text->find("# kernel command line\n" + words + " nvmeroot.hostnqn=") !=
                       std::string::npos);
        }
    }
    for (const char* wrong : {"192.0.2.1:4421", "[2001:db8::1]:99"}) {
        BOOST_TEST(
            target::ticket(both, {.config = "", .address = wrong, .host = "web"}).error().text ==
            "the target does not listen on \"" + std::string(wrong) + "\"");
    }
    for (const char* bad : {"[2001:db8::1", "192.0.2.1:x", "192.0.2.300", "a/b", "::1::2", "a b",
                            "192.0.2.1:", "http://a", "user@a", "a?b", ":4420", "[::1]4420"}) {
        BOOST_TEST_CONTEXT(bad) {
            const auto text = target::ticket(both, {.config = "", .address = bad, .host = "web"});
            BOOST_REQUIRE(!text.ok());
            BOOST_TEST(text.error().text.starts_with("--address: "));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_host_gets_an_address_of_each_kind_that_it_needs) {
    auto both = config();
    both.listen = {{"192.0.2.1", 4420}, {"2001:db8::7", 4420}, {"192.0.2.2", 4420}};
    const auto text = target::ticket(both, {.config = "", .address = "", .host = "web"});
    BOOST_REQUIRE(text.ok());
    BOOST_TEST(text->find("\nip=dhcp,auto6 nvmeroot=nvme+tcp://192.0.2.1:4420/") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_host_without_a_disk_gets_none) {
    BOOST_TEST(
        target::ticket(config(), {.config = "", .address = "", .host = "none"}).error().text ==
        "host \"none\" cannot see any namespace");
    BOOST_TEST(target::ticket(config(), {.config = "", .address = "", .host = "x"}).error().text ==
               "unknown host \"x\"");
}

BOOST_AUTO_TEST_SUITE_END()
