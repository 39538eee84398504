// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/config.h"

#include "base/fd.h"
#include "nvmet/commands.h"
#include "nvmet/config_keys.h"
#include "nvmet/presence.h"
#include "nvmet/validate.h"
#include "sample.h"
#include "support/fake_configfs.h"

namespace {

using nvmet::Kind;
using nvmet::Object;
using sample::kFull;
using sample::with;

struct Fixture : sample::Files {
    /// Every error of a file, parsed and checked, one a line.
    [[nodiscard]] std::string errors(const std::string& text) const {
        std::string all;
        const auto config = nvmet::parse_config(text, dir.at("t.conf"));
        for (const std::string& line :
             config ? nvmet::check_rules(config->state) : config.error()) {
            all += line + "\n";
        }
        return all;
    }
    void expect(const std::string& text, const std::string& error) const {
        const std::string found = errors(text);
        BOOST_TEST(found.find(error) != std::string::npos, error + "\n--- found:\n" + found);
        BOOST_TEST(found.find("DHHC") == std::string::npos);
    }
};

const std::string kHost = "[host.a]\nnqn=nqn.2024-08.com.example:a\n";
const std::string kSubsystem = "[subsystem.s]\nnqn=nqn.2024-08.com.example:s\nhosts=a\n";
const std::string kNamespace = "[namespace.n]\nsubsystem=s\nimage=one.img\n";
const std::string kWhole = kHost + kSubsystem + kNamespace;
const std::string kPort =
    "[port.p]\nportid=1\ntrtype=tcp\nadrfam=ipv4\ntraddr="
    "192.0.2.1\ntrsvcid=4420\n";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(nvmet_config, Fixture)

BOOST_AUTO_TEST_CASE(a_file_of_the_other_target_is_enough) {
    const Object state = wanted(kWhole);
    const Object* port = state.find(Kind::kPort, "1");
    BOOST_REQUIRE(port != nullptr);
    BOOST_TEST(port->get("addr_traddr") == "0.0.0.0");
    BOOST_TEST(port->get("addr_trsvcid") == "4420");
    BOOST_TEST(port->links.contains("nqn.2024-08.com.example:s"));
    const Object* ns =
        state.find(Kind::kSubsystem, "nqn.2024-08.com.example:s")->find(Kind::kNamespace, "1");
    BOOST_REQUIRE(ns != nullptr);
    BOOST_TEST(ns->get("device_path") == dir.at("one.img"));
    BOOST_TEST(ns->get("enable") == "1");
    BOOST_TEST(errors(kWhole).empty());
}

BOOST_AUTO_TEST_CASE(addresses_take_the_numbers_that_ports_leave) {
    const Object state = wanted("[target]\nlisten=192.0.2.1, [fd00::1]:4421\n" + kWhole +
                                "[port.p]\nportid=1\nsubsystems=none\n");
    BOOST_TEST(state.find(Kind::kPort, "1")->links.empty());
    BOOST_TEST(state.find(Kind::kPort, "2")->get("addr_traddr") == "192.0.2.1");
    BOOST_TEST(state.find(Kind::kPort, "3")->get("addr_adrfam") == "ipv6");
    BOOST_TEST(wanted("[target]\nlisten=none\n" + kWhole).all(Kind::kPort).empty());
}

BOOST_AUTO_TEST_CASE(what_the_kernel_cannot_do_is_refused_by_name) {
    expect(kWhole + "read_only=yes\n", "read_only: the kernel allows writes from every host");
    expect(kWhole + "block_size=512\n", "block_size: the kernel uses the block size");
    expect(kWhole + "pi=type1\n", "pi: the kernel uses the format of the device");
    expect(kWhole + "eui64=0011223344556677\n", "no EUI-64");
    expect(kWhole + "hosts=a\n", "the kernel admits hosts to subsystems");
    expect("[target]\ndiscovery=192.0.2.1\n" + kWhole, "every port of the kernel's target");
    expect("[target]\nmax_connections=9\n" + kWhole, "has no such setting");
    expect("[target]\nio_queues=9\n" + kWhole, "qid_max");
    expect(kWhole + "[host.b]\nnqn=nqn.2024-08.com.example:b\ndhchap_secret_file_next=host.key\n",
           "one key per host");
    expect(kWhole + "[access.x]\nhost=a\nsubsystem=s\n", "not one per subsystem");
    expect("[target]\nin_capsule_data=4096\n" + kWhole, "inline_data_size");
    expect(kWhole + "protection=at-rest\n", "the kernel keeps no checksums");
    expect(kWhole + "shared=no\n", "reports every disk as shared");
    expect("[target]\nlisten=192.0.2.1:0\n" + kWhole, "not a number between 1 and 65535");
}

BOOST_AUTO_TEST_CASE(what_the_kernel_does_anyway_may_be_said) {
    BOOST_TEST(
        errors(kWhole + "read_only=no\npi=none\nshared=yes\nprotection=none\nscrub=no\n").empty());
    BOOST_TEST(errors("[target]\ndiscovery_auth=no\n" + kWhole).empty());
}

BOOST_AUTO_TEST_CASE(of_a_list_the_kernel_prefers_the_strongest) {
    const std::string text = kHost + "dhchap_secret_file=host.key\ndhchap_hash=sha384,sha256\n" +
                             "dhchap_dhgroup = ffdhe2048, ffdhe4096, ffdhe3072\n" + kSubsystem +
                             kNamespace;
    const auto config = nvmet::parse_config(text, dir.at("t.conf"));
    BOOST_REQUIRE(config.ok());
    const Object* host = config->state.find(Kind::kHost, "nqn.2024-08.com.example:a");
    BOOST_TEST(host->get("dhchap_hash") == "hmac(sha384)");
    BOOST_TEST(host->get("dhchap_dhgroup") == "ffdhe4096");
    BOOST_REQUIRE(config->warnings.size() == 2U);
    BOOST_TEST(config->warnings[0].find("[host.a] dhchap_hash: the kernel prefers the strongest") !=
               std::string::npos);
    const auto one =
        nvmet::parse_config(with(with(text, "sha384,", ""), ", ffdhe4096, ffdhe3072", ""), "t");
    BOOST_TEST((!one.ok() || one->warnings.empty()));
}

BOOST_AUTO_TEST_CASE(each_key_of_the_other_target_is_known_here) {
    for (const exports::KeyHelp& key : exports::key_help()) {
        const std::string kind(key.section.substr(0, key.section.find('.')));
        const std::string name = kind == "target" ? "" : ".x";
        const std::string text =
            errors("[" + kind + name + "]\n" + std::string(key.name) + " = ?\n");
        BOOST_TEST(text.find("no such key") == std::string::npos, key.name << ": " << text);
        BOOST_TEST(text.find("no such section") == std::string::npos, text);
    }
}

BOOST_AUTO_TEST_CASE(the_other_target_knows_each_key_of_this_one) {
    for (const nvmet::KeyDoc& key : nvmet::key_docs()) {
        const std::string kind(key.section);
        const auto read = exports::parse_config(
            "[" + kind + (kind == "target" ? "" : ".x") + "]\n" + std::string(key.name) + " = ?\n",
            "t.conf");
        BOOST_REQUIRE(!read.ok());
        for (const std::string& error : read.error()) {
            BOOST_TEST(error.find("no such key") == std::string::npos, key.name << ": " << error);
            BOOST_TEST(error.find("no such section") == std::string::npos, error);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_other_targets_example_is_read_but_for_what_the_kernel_lacks) {
    auto text = base::read_text("packaging/nvmeroot-target.conf");
    BOOST_REQUIRE(text.ok());
    for (const char* name : {"web1.key", "target.key", "kiosk.key"}) {
        const bool target = std::string(name) == "target.key";
        dir.file(name, target ? sample::kCtrlKey : sample::kHostKey, 0600);
        for (size_t at = 0;
             (at = text->find("/etc/nvmeroot/" + std::string(name))) != std::string::npos;) {
            text->replace(at, std::string("/etc/nvmeroot/").size(), "");
        }
    }
    expect(*text, "[target] discovery: every port of the kernel's target provides discovery");
    expect(*text, "[namespace.room] read_only: the kernel allows writes from every host");
    const Object state =
        wanted(with(with(*text, "discovery = 0.0.0.0:8009\n", ""), "read_only = yes\n", ""));
    const Object* host = state.find(
        Kind::kHost, "nqn.2014-08.org.nvmexpress:uuid:4c4c4544-0035-5910-804b-b7c04f305a32");
    BOOST_REQUIRE(host != nullptr);
    BOOST_TEST(host->get("dhchap_hash") == "hmac(sha512)");
    BOOST_TEST(host->get("dhchap_dhgroup") == "ffdhe4096");
    BOOST_TEST(state.all(Kind::kPort).size() == 2U);
    BOOST_TEST(nvmet::check_rules(state).empty());
}

BOOST_AUTO_TEST_CASE(paths_are_described_as_for_the_other_target) {
    const auto state_at = [](const Object& state, const char* port, const char* group) {
        const Object* found = state.find(Kind::kPort, port)->find(Kind::kAnaGroup, group);
        return found == nullptr ? std::string("none") : found->get("ana_state");
    };
    const std::string text = "[target]\nlisten=192.0.2.1, 192.0.2.2\n" + kWhole + "ana_group=2\n";
    const Object usual = wanted(text);
    BOOST_TEST(state_at(usual, "1", "2") == "optimized");
    BOOST_TEST(state_at(usual, "2", "2") == "optimized");
    const Object told = wanted(text +
                               "[ana.far]\ngroup=2\nlisten=192.0.2.2:4420\nstate=inaccessible\n"
                               "[ana.all]\ngroup=2\nstate=non-optimized\n");
    BOOST_TEST(state_at(told, "1", "2") == "non-optimized");
    BOOST_TEST(state_at(told, "2", "2") == "inaccessible");
    BOOST_TEST(state_at(told, "1", "1") == "optimized");
    const std::string named =
        text + with(with(kPort, "192.0.2.1", "192.0.2.3"), "portid=1", "portid=7");
    const Object both = wanted(named +
                               "[ana.p]\ngroup=2\nport=P\nlisten=192.0.2.1\n"
                               "state=persistent-loss\n");
    BOOST_TEST(state_at(both, "7", "2") == "persistent-loss");
    BOOST_TEST(state_at(both, "1", "2") == "persistent-loss");
    BOOST_TEST(state_at(both, "2", "2") == "optimized");
    expect(text + "[ana.x]\ngroup=2\nlisten=192.0.2.9\n",
           "no port has the address 192.0.2.9 port 4420");
    expect(text + "[ana.x]\ngroup=2\nlisten=host\n", "[ana.x] listen: \"host\" is not ADDRESS");
    expect(text + "[ana.x]\ngroup=2\n[ana.y]\ngroup=2\n", "another section already has this group");
    expect(text + "[ana.x]\ngroup=2\nport=q\n", "no section [port.q]");
}

BOOST_AUTO_TEST_CASE(referrals_of_the_target_are_those_of_each_port) {
    const Object state = wanted(
        "[target]\nlisten=192.0.2.1, 192.0.2.2\n"
        "referrals=192.0.2.8, [fd00::8]:4420\n" +
        kWhole);
    for (const char* port : {"1", "2"}) {
        const Object* referral =
            state.find(Kind::kPort, port)->find(Kind::kReferral, "192.0.2.8-8009");
        BOOST_REQUIRE(referral != nullptr);
        BOOST_TEST(referral->get("addr_traddr") == "192.0.2.8");
        BOOST_TEST(referral->get("addr_trsvcid") == "8009");
        BOOST_TEST(referral->get("enable") == "1");
        BOOST_REQUIRE(state.find(Kind::kPort, port)->find(Kind::kReferral, "fd00::8-4420"));
    }
}

BOOST_AUTO_TEST_CASE(silent_ways_to_no_authentication_are_refused) {
    const std::string key = "dhchap_secret_file=host.key\n";
    expect(kHost + key + kSubsystem + "allow_any_host=yes\n" + kNamespace, "allow_any_host");
    expect(kHost + "dhchap_ctrl_secret_file=ctrl.key\n" + kSubsystem + kNamespace,
           "dhchap_ctrl_secret_file requires dhchap_secret_file");
    expect(kHost + key + "[subsystem.s]\nnqn=nqn.2024-08.com.example:s\nallow_any_host=yes\n" +
               kNamespace,
           "has a key and no subsystem lists it");
    const Object running = wanted(kHost + key + kSubsystem + kNamespace);
    const auto lost = nvmet::check_lost_keys(running, wanted(kWhole));
    BOOST_REQUIRE(lost.size() == 1U);
    BOOST_TEST(lost[0].find("has a dhchap_key now and would lose it") != std::string::npos);
    BOOST_TEST(nvmet::check_lost_keys(running, running).empty());
}

BOOST_AUTO_TEST_CASE(the_kernels_rules_are_known_before_a_write) {
    expect(kWhole + kPort + "pi_enable=yes\n", "only rdma supports protection information");
    expect(kWhole + kPort + "tsas=tls1.3\n", "requires treq");
    expect(kWhole + kPort + "tsas=connected\n", "does not match trtype = tcp");
    expect(kWhole + kPort + "max_queue_size=4\n", "not between 16 and 1024");
    expect(kWhole + with(kPort, "192.0.2.1", "host.example"), "not a numeric ipv4 address");
    expect(kWhole + with(kPort, "trsvcid=4420", "trsvcid=http"), "port \"http\": not a number");
    expect(kWhole + with(kPort, "trtype=tcp\n", ""), "no trtype");
    expect(kWhole + kPort + with(with(kPort, "port.p", "port.q"), "portid=1", "portid=2"),
           "tcp 192.0.2.1 port 4420 is already used by port 1");
    expect(kWhole + "ana_group=128\n" + kPort, "128");
    expect(kHost + kSubsystem + "cntlid_min=9\ncntlid_max=8\n" + kNamespace, "is above cntlid_max");
    expect(kHost + kSubsystem + "passthru=/dev/nvme0\n" + kNamespace, "cannot have other");
    expect("[target]\ndiscovery_nqn=nqn.2024-08.com.example\n" + kWhole, "begins with the disc");
    expect(kHost + kSubsystem + "[namespace.n]\nsubsystem=s\nenable=yes\n", "no image");
}

BOOST_AUTO_TEST_CASE(misspellings_are_reported_all_at_once) {
    const std::string found =
        errors("[prot.x]\na=1\n[port.p]\nportid=70000\ntrtpye=tcp\n" + kHost +
               "[subsystem.s]\nnqn=nqn.2024-08.com.example:s\nhosts=a\nqid_max=0\n" + kNamespace +
               "[ana.x]\nport=q\ngroup=0\nstate=optimised\n[referral.r]\ntrtype=tcp\n");
    for (const char* part :
         {"did you mean \"port\"?", "did you mean \"trtype\"?", "qid_max", "optimised"}) {
        BOOST_TEST(found.find(part) != std::string::npos, part + ("\n" + found));
    }
}

BOOST_AUTO_TEST_CASE(each_attribute_that_the_kernel_lacks_is_reported) {
    const Object want = wanted(kFull);
    for (const nvmet::Attribute& row : nvmet::attributes()) {
        const bool asked = row.since != "4.8" && row.change != nvmet::Change::kTrigger;
        if (!asked) {
            continue;
        }
        const std::string kind(nvmet::info(row.kind).name);
        support::FakeConfigfs kernel({kind + "/" + std::string(row.file)});
        const auto before = kernel.snapshot();
        const auto presence =
            nvmet::probe(kernel, nvmet::Presence::seen_in(*nvmet::read_tree(kernel)));
        BOOST_REQUIRE(presence.ok());
        bool undecided = true;
        const auto errors = nvmet::check_presence(want, *presence, undecided);
        BOOST_TEST(!errors.empty(), row.file);
        for (const std::string& error : errors) {
            BOOST_TEST(error.find(std::string(row.file) + " (Linux " + std::string(row.since)) !=
                           std::string::npos,
                       error);
        }
        BOOST_TEST(!undecided);
        BOOST_TEST(kernel.snapshot() == before);
    }
}

BOOST_AUTO_TEST_CASE(looking_leaves_nothing_where_it_fails) {
    support::FakeConfigfs kernel;
    const auto before = kernel.snapshot();
    for (int n = 1; n <= 10; ++n) {
        kernel.fail_at(n);
        const auto presence =
            nvmet::probe(kernel, nvmet::Presence::seen_in(*nvmet::read_tree(kernel)));
        BOOST_TEST(!presence.ok());
        // An object that could not be removed is removed by the next run, as every
        // foreign object is.
        BOOST_TEST((n > 5 || kernel.snapshot() == before), n);
        kernel = support::FakeConfigfs();
    }
}

BOOST_AUTO_TEST_SUITE_END()
