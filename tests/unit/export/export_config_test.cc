// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/export_config.h"

#include "support/temp_dir.h"
#include "support/test.h"

namespace {

// The bytes 00h to 1Fh and their checksum; hash 00: used as they are.
constexpr const char* kHostSecret = "DHHC-1:00:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+KfiaR:";

std::string second_secret() {
    return nvme::DhchapSecret::from_key({}, base::Bytes(32, std::byte{0x44}))->text().reveal();
}

struct Fixture {
    Fixture() {
        dir.file("disk.img", std::string(8192, 'x'));
        dir.file("other.img", std::string(4096, 'x'));
        dir.file("odd.img", std::string(1536, 'x'));
        dir.file("empty.img", "");
        dir.file("host.key", std::string(kHostSecret) + "\n", 0600);
        dir.file("open.key", kHostSecret, 0644);
        dir.file("bad.key", "DHHC-1:00:AAAA:", 0600);
    }
    base::Result<exports::ExportConfig, exports::Errors> parse(const std::string& text) const {
        return exports::parse_config(text, dir.at("t.conf"));
    }
    /// The errors, one a line, without the directory.
    std::string errors(const std::string& text) const {
        std::string all;
        const auto config = parse(text);
        if (!config) {
            for (std::string line : config.error()) {
                while (line.find(dir.path() + "/") != std::string::npos) {
                    line.erase(line.find(dir.path() + "/"), dir.path().size() + 1);
                }
                all += line + "\n";
            }
        }
        return all;
    }
    support::TempDir dir;
};

const std::string kHost = "[host.a]\nnqn=nqn.2024-08.com.example:a\n";
const std::string kSubsystem = "[subsystem.s]\nnqn=nqn.2024-08.com.example:s\nhosts=a\n";
const std::string kNamespace = "[namespace.n]\nsubsystem=s\nimage=disk.img\n";
const std::string kWhole = kHost + kSubsystem + kNamespace;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(export_config, Fixture)

BOOST_AUTO_TEST_CASE(a_whole_file_becomes_a_configuration) {
    const auto config = parse(
        "[target]\nlisten = 192.0.2.1, [fd00::1]:4421\ndiscovery=192.0.2.1\nmax_connections=7\n"
        "io_queues=2\nqueue_size=64\nmdts=128K\nin_capsule_data=4K\nmax_h2c_data=64K\n"
        "[host.A]\nnqn=nqn.2024-08.com.example:a\ndhchap_secret_file=host.key\n"
        "dhchap_hash=sha512\ndhchap_dhgroup=ffdhe2048, null\n"
        "[subsystem.Root]\nnqn=nqn.2024-08.com.example:s\nhosts=A\nserial=S1\nmodel=disk of x\n"
        "[namespace.n]\nsubsystem=Root\nimage=disk.img\nnsid=3\nread_only=yes\nblock_size=4096\n"
        "uuid=11111111-2222-3333-4444-555555555555\nnguid=00112233445566778899aabbccddeeff\n"
        "eui64=0011223344556677\npi=type1\n");
    BOOST_REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error()[0]));
    BOOST_TEST(
        (config->listen == std::vector<exports::Address>{{"192.0.2.1", 4420}, {"fd00::1", 4421}}));
    BOOST_TEST((config->discovery == std::vector<exports::Address>{{"192.0.2.1", 8009}}));
    BOOST_TEST(config->limits.max_connections == 7U);
    BOOST_TEST(config->limits.io_queues == 2U);
    BOOST_TEST(config->limits.queue_entries == 64U);
    BOOST_TEST(config->limits.max_transfer_bytes == 131072U);
    BOOST_TEST(config->limits.io_capsule_bytes == 4096U);
    BOOST_TEST(config->limits.max_h2c_bytes == 65536U);
    BOOST_REQUIRE(config->hosts.size() == 1U);
    const exports::Host& host = config->hosts[0];
    BOOST_TEST(host.nqn == "nqn.2024-08.com.example:a");
    BOOST_TEST(host.secret->key().size() == 32U);
    BOOST_TEST(!host.ctrl_secret);
    BOOST_TEST(host.hashes == std::vector{nvme::HashId::kSha512});
    BOOST_TEST((host.groups == std::vector{nvme::DhGroup::kFfdhe2048, nvme::DhGroup::kNull}));
    BOOST_REQUIRE(config->subsystems.size() == 1U);
    const exports::Subsystem& subsystem = config->subsystems[0];
    BOOST_TEST((subsystem.hosts == std::vector<std::string>{host.nqn}));
    BOOST_TEST(subsystem.serial == "S1");
    BOOST_TEST(subsystem.model == "disk of x");
    BOOST_REQUIRE(subsystem.namespaces.size() == 1U);
    const exports::Namespace& ns = subsystem.namespaces[0];
    BOOST_TEST(ns.nsid == 3U);
    BOOST_TEST(ns.image == dir.at("disk.img"));
    BOOST_TEST(ns.read_only);
    BOOST_TEST(ns.block_bytes == 4096U);
    BOOST_TEST(ns.pi_type == 1);
    BOOST_TEST(nvme::to_text(ns.ids.uuid) == "11111111-2222-3333-4444-555555555555");
    BOOST_TEST(nvme::to_text(ns.ids.nguid) == "00112233445566778899aabbccddeeff");
    BOOST_TEST(nvme::to_text(ns.ids.eui64) == "0011223344556677");
    BOOST_TEST(config->warnings.empty());
}

BOOST_AUTO_TEST_CASE(a_namespace_need_not_have_an_nguid) {
    const auto config = parse(kWhole + "nguid=none\n");
    BOOST_REQUIRE(config.ok());
    BOOST_TEST(config->subsystems[0].namespaces[0].ids.nguid.is_zero());
    BOOST_TEST(!config->subsystems[0].namespaces[0].ids.uuid.is_zero());
}

BOOST_AUTO_TEST_CASE(who_does_not_serve_may_leave_parts_out) {
    const auto settings = exports::parse_settings(
        "[subsystem.s]\nnqn=nqn.2024-08.com.example:s\n[namespace.n]\nsubsystem=s\n", "f");
    BOOST_REQUIRE(settings.ok());
    BOOST_TEST(exports::assemble(*settings, "").error().size() == 2U);
    const auto config = exports::assemble(*settings, "", exports::Demand::kWellFormed);
    BOOST_REQUIRE(config.ok());
    BOOST_TEST(config->subsystems[0].namespaces[0].image.empty());
}

BOOST_AUTO_TEST_CASE(identity_that_is_not_given_is_made_from_names) {
    const auto config = parse(kWhole);
    BOOST_REQUIRE(config.ok());
    const exports::Subsystem& subsystem = config->subsystems[0];
    const exports::Namespace& ns = subsystem.namespaces[0];
    // uuidgen --sha1 -n @url -N nvme+tcp:nqn.2024-08.com.example:s/1
    BOOST_TEST(nvme::to_text(ns.ids.uuid) == "e441caf0-9a13-541b-b436-be8e6f4bdea2");
    BOOST_TEST(ns.ids.nguid.bytes == ns.ids.uuid.bytes);
    BOOST_TEST(ns.ids.eui64.is_zero());
    BOOST_TEST(subsystem.serial == "a621101f77265559ac1d");
    BOOST_TEST((config->listen == std::vector<exports::Address>{{"0.0.0.0", 4420}}));
}

BOOST_AUTO_TEST_CASE(every_error_is_listed_at_once) {
    BOOST_TEST(
        errors("[target]\nlisten=localhost\nmax_conections=3\nmdts=5000\n"
               "[hosts.b]\nnqn=x\n[namespace]\nnsid=1\n[host.z]\n" +
               kHost + "dhchap_secret_file=none.key\n" + kSubsystem + kNamespace +
               "nsid=0\nblock_size=1024\n") ==
        "t.conf: [host.z]: an empty section\n"
        "t.conf:2: [target] listen: \"localhost\" is not ADDRESS[:PORT] with a numeric "
        "address\n"
        "t.conf:3: [target] max_conections: no such key; did you mean "
        "\"max_connections\"?\n"
        "t.conf:4: [target] mdts: \"5000\" is not a power of two between 4K and 16M\n"
        "t.conf:6: [hosts.b]: no such section; there are [target], [subsystem.NAME], "
        "[namespace.NAME], [host.NAME], [access.NAME] and [ana.NAME]; did you mean \"host\"?\n"
        "t.conf:8: [namespace]: no such section; there are [target], [subsystem.NAME], "
        "[namespace.NAME], [host.NAME], [access.NAME] and [ana.NAME]; did you mean \"namespace\"?\n"
        "t.conf:12: [host.a] dhchap_secret_file: open none.key: No such file or directory\n"
        "t.conf:19: [namespace.n] nsid: \"0\" is not between 1 and 4294967294\n"
        "t.conf:20: [namespace.n] block_size: \"1024\" is neither 512 nor 4096\n");
}

BOOST_AUTO_TEST_CASE(metrics_are_for_this_machine_alone) {
    const std::string rest = std::string(kHost) + kSubsystem + kNamespace;
    for (const char* good : {"/run/metrics", "127.0.0.1:9100", "[::1]:9100"}) {
        BOOST_TEST(errors("[target]\nmetrics=" + std::string(good) + "\n" + rest) == "");
    }
    for (const std::string bad : {"0.0.0.0:9100", "127.0.0.1", "localhost:9100", "metrics.sock",
                                  "127.0.0.1:0", "[::]:9100"}) {
        BOOST_TEST(
            errors("[target]\nmetrics=" + bad + "\n" + rest) ==
            "t.conf:2: [target] metrics: \"" + bad +
                "\" is neither the absolute path of a file nor a loopback address with a port\n");
    }
}

BOOST_AUTO_TEST_CASE(what_sections_say_together_is_checked) {
    struct Case {
        std::string text;
        const char* errors;
    };
    const std::string s2 = "[subsystem.s2]\nnqn=nqn.2024-08.com.example:s\nhosts=a\n";
    const std::string n2 = "[namespace.n2]\nsubsystem=s\nimage=other.img\n";
    const Case cases[] = {
        {"[target]\nio_queues=1\n", "no subsystem: nothing would be served\n"},
        {kHost + kSubsystem, "t.conf:4: [subsystem.s]: no [namespace.NAME] belongs to it\n"},
        {kWhole + n2,
         "t.conf:10: [namespace.n2]: nsid 1 of \"nqn.2024-08.com.example:s\" is already defined: "
         "t.conf:7: [namespace.n]\n"
         "t.conf:10: [namespace.n2]: uuid e441caf0-9a13-541b-b436-be8e6f4bdea2 is already defined: "
         "t.conf:7: "
         "[namespace.n]\n"},
        {kWhole + s2 + "[namespace.n2]\nsubsystem=s2\nnsid=2\nimage=other.img\n",
         "t.conf:10: [subsystem.s2]: subsystem nqn.2024-08.com.example:s is already defined: "
         "t.conf:4: [subsystem.s]\n"},
        {kWhole + "[host.b]\nnqn=nqn.2024-08.com.example:a\n",
         "t.conf:10: [host.b]: host nqn.2024-08.com.example:a is already defined: t.conf:2: "
         "[host.a]\n"},
        {kWhole + "[namespace.n2]\nsubsystem=s\nnsid=2\nimage=disk.img\n",
         "t.conf:10: [namespace.n2]: writable image disk.img is already defined: t.conf:7: "
         "[namespace.n]\n"},
        {kWhole + "[namespace.n2]\nsubsystem=s\nnsid=2\nread_only=yes\nimage=disk.img\n",
         "t.conf:10: [namespace.n2]: image: disk.img is written by one namespace and read by "
         "another\n"},
        {kHost + kSubsystem + "allow_any_host=yes\n" + kNamespace,
         "t.conf:4: [subsystem.s]: allow_any_host and hosts: a list has no effect if every host "
         "may connect; remove one of the two\n"},
        {kSubsystem + kNamespace, "t.conf:2: [subsystem.s]: hosts: no section [host.a]\n"},
        {"[host.anna]\nnqn=nqn.2024-08.com.example:a\n"
         "[subsystem.s]\nnqn=nqn.2024-08.com.example:s\nhosts=ana\n" +
             kNamespace,
         "t.conf:4: [subsystem.s]: hosts: no section [host.ana]; did you mean \"anna\"?\n"},
        {"[subsystem.s]\nnqn=nqn.2024-08.com.example:s\n" + kNamespace,
         "t.conf:2: [subsystem.s]: no hosts: no host could connect (or set allow_any_host = "
         "yes)\n"},
        {kWhole + "[namespace.x]\nnsid=2\n",
         "t.conf:10: [namespace.x]: no subsystem\nt.conf:10: [namespace.x]: no image\n"},
        {kWhole + "[namespace.x]\nsubsystem=t\nimage=other.img\n",
         "t.conf:10: [namespace.x]: subsystem: no section [subsystem.t]; did you mean \"s\"?\n"},
        {kHost + "dhchap_ctrl_secret_file=host.key\n" + kSubsystem + kNamespace,
         "t.conf:2: [host.a]: dhchap_ctrl_secret_file requires dhchap_secret_file: the target "
         "authenticates only to hosts that authenticate\n"},
        {kHost + "dhchap_ctrl_secret_file=host.key\ndhchap_secret_file=host.key\n" + kSubsystem +
             kNamespace,
         "t.conf:2: [host.a]: both secrets are the same: anyone who has it could impersonate both "
         "sides\n"},
        {"[target]\nstrict=yes\n" + kWhole +
             "[namespace.n2]\nsubsystem=s\nnsid=2\nimage=none.img\n",
         "t.conf:12: [namespace.n2]: image none.img: No such file or directory\n"},
        {"[target]\nstrict=yes\n" + kWhole +
             "[namespace.n2]\nsubsystem=s\nnsid=2\nimage=empty.img\n",
         "t.conf:12: [namespace.n2]: image empty.img: it is empty\n"},
        {"[target]\nstrict=yes\n" + kWhole +
             "[namespace.n2]\nsubsystem=s\nnsid=2\nimage=odd.img\nblock_size=4096\n",
         "t.conf:12: [namespace.n2]: image odd.img: its size, 1536 bytes, is not a multiple of the "
         "block size, 4096\n"},
        {"[host.a]\nnqn=nqn.2014-08.org.nvmexpress.discovery\n" + kSubsystem + kNamespace,
         "t.conf:2: [host.a] nqn: this NQN is reserved for the discovery service\n"},
        {"[host.a\n" + kWhole, "t.conf:1: neither [section] nor key = value\n"},
        {kWhole + "nsid=1\nnsid=1\nblock_size=7\n",
         "t.conf:10: [namespace.n] nsid: already given in line 9\n"
         "t.conf:11: [namespace.n] block_size: \"7\" is neither 512 nor 4096\n"},
    };
    for (const Case& c : cases) {
        BOOST_TEST_CONTEXT(c.text) {
            BOOST_TEST(errors(c.text) == c.errors);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_secret_comes_from_a_private_file_and_is_never_quoted) {
    for (const char* key : {"image", "sidecar", "fault_file"}) {
        BOOST_TEST(errors(kWhole + "[namespace.x]\nsubsystem=s\nnsid=2\n" + key +
                          "=DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:\n")
                       .find(std::string(key) + ": a secret instead of the name of its file") !=
                   std::string::npos);
    }
    BOOST_TEST(errors(kHost + "dhchap_secret_file=open.key\n" + kSubsystem + kNamespace) ==
               "t.conf:3: [host.a] dhchap_secret_file: open.key has mode 0644: others could read "
               "the secret; chmod 0600 open.key\n");
    const std::string bad =
        errors(kHost + "dhchap_secret_file=bad.key\n" + kSubsystem + kNamespace);
    BOOST_TEST(bad.starts_with("t.conf:3: [host.a] dhchap_secret_file: bad.key: "));
    BOOST_TEST(bad.find("AAAA") == std::string::npos);
    BOOST_TEST(errors(kHost + "dhchap_secret=" + kHostSecret + "\n" + kSubsystem + kNamespace) ==
               "t.conf:3: [host.a] dhchap_secret: no such key\n");
}

BOOST_AUTO_TEST_CASE(what_is_seldom_meant_is_a_warning) {
    const auto open = parse("[subsystem.s]\nnqn=nqn.2024-08.com.example:s\nallow_any_host=yes\n" +
                            kNamespace + kHost);
    BOOST_REQUIRE(open.ok());
    BOOST_REQUIRE(open->warnings.size() == 2U);
    BOOST_TEST(
        open->warnings[0].ends_with("t.conf:2: [subsystem.s]: every host may connect, and hosts "
                                    "without a secret do not authenticate"));
    BOOST_TEST(open->warnings[1].ends_with("t.conf:8: [host.a]: no subsystem names this host"));
    const auto keyless = parse(kWhole);
    BOOST_REQUIRE(keyless.ok());
    BOOST_REQUIRE(keyless->warnings.size() == 1U);
    BOOST_TEST(keyless->warnings[0].ends_with(
        "[host.a]: no dhchap_secret_file: anyone who claims this NQN may connect"));
}

BOOST_AUTO_TEST_CASE(addresses_are_numeric_with_a_port) {
    struct Case {
        const char* text;
        const char* error;
    };
    const Case cases[] = {
        {"fd00::1",
         "\"fd00::1\" is not ADDRESS[:PORT] with a numeric address: an IPv6 address must be in "
         "brackets"},
        {"[fd00::1]4420", "\"[fd00::1]4420\" has something other than a port after the address"},
        {"192.0.2.1:", "port: \"\" is not a number"},
        {"192.0.2.1:65536", "port: \"65536\" is above 65535"},
        {"192.0.2.1,,192.0.2.2", "an entry of the list is empty"},
        {"192.0.2.1 192.0.2.1:4420", "\"192.0.2.1:4420\" is given twice"},
        {"[192.0.2.1]", "\"[192.0.2.1]\" is not ADDRESS[:PORT] with a numeric address"},
    };
    for (const Case& c : cases) {
        BOOST_TEST(errors("[target]\nlisten=" + std::string(c.text) + "\n" + kWhole) ==
                   "t.conf:2: [target] listen: " + std::string(c.error) + "\n");
    }
}

BOOST_AUTO_TEST_CASE(a_namespace_may_be_for_some_of_the_hosts) {
    const std::string hosts = kHost +
                              "[host.b]\nnqn=nqn.2024-08.com.example:b\n"
                              "[host.c]\nnqn=nqn.2024-08.com.example:c\n"
                              "[subsystem.s]\nnqn=nqn.2024-08.com.example:s\nhosts=a,b\n";
    const auto config = parse(hosts + kNamespace + "hosts=b\n");
    BOOST_REQUIRE(config.ok());
    BOOST_TEST((config->subsystems[0].namespaces[0].hosts ==
                std::vector<std::string>{"nqn.2024-08.com.example:b"}));
    BOOST_TEST(errors(hosts + kNamespace + "hosts=c,xyz\n") ==
               "t.conf:11: [namespace.n]: hosts: [subsystem.s] does not admit host.c\n"
               "t.conf:11: [namespace.n]: hosts: no section [host.xyz]\n");
}

BOOST_AUTO_TEST_CASE(an_access_section_gives_one_host_keys_of_its_own_at_one_subsystem) {
    dir.file("second.key", second_secret(), 0600);
    const auto config =
        parse("[target]\ndhchap_dhgroup=ffdhe2048,ffdhe3072\ndiscovery_auth=yes\n" + kHost +
              "[subsystem.s]\nnqn=nqn.2024-08.com.example:s\nrequire_auth=yes\n" + kNamespace +
              "[access.x]\nhost=A\nsubsystem=s\ndhchap_secret_file=host.key\n"
              "dhchap_secret_file_next=second.key\ndhchap_hash=sha384\n");
    BOOST_REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error()[0]));
    BOOST_TEST(config->warnings.empty());
    BOOST_TEST(config->discovery_auth);
    const exports::Subsystem& subsystem = config->subsystems[0];
    BOOST_TEST((subsystem.hosts == std::vector<std::string>{"nqn.2024-08.com.example:a"}));
    BOOST_REQUIRE(subsystem.access.size() == 1U);
    const exports::Access& access = subsystem.access[0];
    BOOST_TEST(access.hostnqn == "nqn.2024-08.com.example:a");
    BOOST_TEST(access.secret.has_value());
    BOOST_TEST(access.next_secret->text().reveal() == second_secret());
    BOOST_TEST(access.hashes == std::vector{nvme::HashId::kSha384});
    BOOST_TEST(
        (access.groups == std::vector{nvme::DhGroup::kFfdhe2048, nvme::DhGroup::kFfdhe3072}));
    BOOST_TEST(config->hosts[0].groups == access.groups);
}

BOOST_AUTO_TEST_CASE(keys_that_cannot_mean_what_is_written_are_errors) {
    dir.file("second.key", second_secret(), 0600);
    const std::string key = "dhchap_secret_file=host.key\n";
    struct Case {
        std::string text;
        const char* errors;
    };
    const Case cases[] = {
        {kHost + "dhchap_secret_file_next=second.key\n" + kSubsystem + kNamespace,
         "t.conf:2: [host.a]: dhchap_secret_file_next requires dhchap_secret_file\n"},
        {kHost + key + "dhchap_ctrl_secret_file_next=second.key\n" + kSubsystem + kNamespace,
         "t.conf:2: [host.a]: dhchap_ctrl_secret_file_next requires dhchap_secret_file_next\n"},
        {kHost + key + "dhchap_secret_file_next=second.key\ndhchap_ctrl_secret_file=second.key\n" +
             kSubsystem + kNamespace,
         "t.conf:2: [host.a]: both secrets are the same: anyone who has it could impersonate both "
         "sides\n"},
        {"[target]\ndhchap_dhgroup=ffdhe2048\n" + kHost + key + "dhchap_dhgroup=null\n" +
             kSubsystem + kNamespace,
         "t.conf:4: [host.a]: dhchap_dhgroup: [target] does not allow null\n"},
        {kHost + kSubsystem + "require_auth=yes\n" + kNamespace,
         "t.conf:4: [subsystem.s]: require_auth: [host.a] has no secret\n"},
        {kHost + key +
             "[subsystem.s]\nnqn=nqn.2024-08.com.example:s\nallow_any_host=yes\n"
             "require_auth=yes\n" +
             kNamespace,
         "t.conf:5: [subsystem.s]: allow_any_host and require_auth: remove one of the two\n"},
        {kWhole + "[access.x]\nhost=a\nsubsystem=s\n",
         "t.conf:10: [access.x]: no dhchap_secret_file\n"},
        {kWhole + "[access.x]\nhost=a\nsubsystem=s\n" + key + "[access.y]\nhost=a\nsubsystem=s\n" +
             key,
         "t.conf:14: [access.y]: access of host.a to subsystem.s is already defined: t.conf:10: "
         "[access.x]\n"},
        {kWhole + "[access.x]\nhost=a\nsubsystem=other\n" + key,
         "t.conf:10: [access.x]: subsystem: no section [subsystem.other]\n"},
    };
    for (const Case& c : cases) {
        BOOST_TEST(errors(c.text) == c.errors);
    }
}

BOOST_AUTO_TEST_CASE(paths_and_controller_ids_of_one_server_among_several) {
    const auto config =
        parse("[target]\nlisten=192.0.2.1,192.0.2.2:4421\nreferrals=192.0.2.9,[fd00::9]:8010\n" +
              kHost + kSubsystem + "cntlid_min=1001\ncntlid_max=2000\n" + kNamespace +
              "shared=yes\nana_group=5\n"
              "[ana.all]\ngroup=5\nstate=non-optimized\n"
              "[ana.one]\ngroup=5\nstate=persistent-loss\nlisten=192.0.2.2:4421\n");
    BOOST_REQUIRE(config.ok());
    BOOST_TEST(config->subsystems[0].cntlid_min == 1001);
    BOOST_TEST(config->subsystems[0].cntlid_max == 2000);
    BOOST_TEST(config->subsystems[0].namespaces[0].ana_group == 5U);
    BOOST_TEST(config->subsystems[0].namespaces[0].shared);
    BOOST_REQUIRE_EQUAL(config->ana.size(), 2U);
    BOOST_TEST(config->ana[0].group == 5U);
    BOOST_TEST(config->ana[0].state == nvme::AnaState::kNonOptimized);
    BOOST_TEST(config->ana[0].listen.empty());
    BOOST_TEST(config->ana[1].state == nvme::AnaState::kPersistentLoss);
    BOOST_TEST(config->ana[1].listen[0].port == 4421);
    BOOST_REQUIRE_EQUAL(config->referrals.size(), 2U);
    BOOST_TEST(config->referrals[0].port == 8009);
    BOOST_TEST(config->referrals[1].port == 8010);
}

BOOST_AUTO_TEST_CASE(paths_that_contradict_each_other_are_errors) {
    const std::string text =
        errors(kHost + kSubsystem + "cntlid_min=9\ncntlid_max=8\n" + kNamespace +
               "ana_group=33\n[ana.a]\ngroup=1\n[ana.b]\ngroup=1\n"
               "state=change\n[ana.c]\nlisten=192.0.2.7\n");
    for (const char* part :
         {"cntlid_min is above cntlid_max", "ana_group: \"33\" is not between 1 and 32",
          "state of group 1 is already defined", "state: \"change\" is not one of",
          "[ana.c]: no group", "listen: [target] does not listen on 192.0.2.7 port 4420"}) {
        BOOST_TEST(text.find(part) != std::string::npos, part << " in " << text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
