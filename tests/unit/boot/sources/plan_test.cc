// SPDX-License-Identifier: GPL-2.0-or-later
#include <filesystem>
#include <fstream>

#include "boot/sources/keys.h"
#include "boot/sources/load_plan.h"
#include "boot/sources/plan_report.h"
#include "support/test.h"
#include "unit/boot/sources/plan_fixture.h"

using namespace plan_fixture;

BOOST_AUTO_TEST_SUITE(plan)

BOOST_AUTO_TEST_CASE(one_uri_and_the_defaults_make_a_plan) {
    const Machine machine;
    const boot::LoadedPlan loaded = machine.load(kUri);
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    const boot::BootPlan& plan = loaded.plan;
    BOOST_TEST(loaded.asked == boot::Asked::kYes);
    BOOST_TEST(loaded.asked_why == "requested by command line: nvmeroot");
    BOOST_TEST(plan.target.subsysnqn == "nqn.2024-08.com.example:disk");
    BOOST_REQUIRE(plan.target.portals.size() == 1U);
    BOOST_TEST(plan.target.portals[0].address == "192.0.2.10");
    BOOST_TEST(plan.target.portals[0].port == 4420);
    BOOST_TEST(plan.target.choice.nsid == 1U);
    BOOST_TEST(plan.host.nqn == "nqn.2014-08.org.nvmexpress:uuid:" + std::string(kDmi));
    BOOST_TEST(plan.auth.mode == boot::Auth::kOff);
    BOOST_TEST(plan.auth.hashes.size() == 3U);
    BOOST_TEST(plan.auth.groups.size() == 6U);
    BOOST_TEST(plan.connect.ctrl_loss_tmo.count() == -1);
    BOOST_TEST(plan.connect.reconnect_delay.count() == 2);
    BOOST_TEST(plan.connect.queue_size == 128U);
    BOOST_TEST(plan.connect.data_digest);
    BOOST_TEST(!plan.connect.hdr_digest);
    BOOST_TEST(plan.timeouts.total.count() == 180'000);
    BOOST_TEST(plan.timeouts.connect.count() == 20'000);
    BOOST_TEST(plan.network.carrier_timeout.count() == 10'000);
    BOOST_TEST(!plan.format.pi_type.has_value());
    BOOST_TEST(plan.probe);
    BOOST_TEST(plan.load_modules);
    BOOST_TEST(value_of(loaded, "timeout").origin == "default");
    BOOST_TEST(value_of(loaded, "hostnqn").origin == "DMI product UUID");
}

BOOST_AUTO_TEST_CASE(every_default_is_a_value_that_its_key_accepts) {
    for (const boot::Key& key : boot::keys()) {
        if (!key.fallback.empty()) {
            boot::Given given{std::string(key.fallback), ""};
            boot::Draft draft;
            const auto applied = key.apply(given, draft);
            BOOST_TEST(applied.ok(), key.name << (applied.ok() ? "" : applied.error().text));
        }
        const auto same_name =
            std::count_if(boot::keys().begin(), boot::keys().end(),
                          [&](const boot::Key& other) { return other.name == key.name; });
        BOOST_TEST(same_name == 1, key.name);
    }
}

BOOST_AUTO_TEST_CASE(nobody_asked_for_a_root) {
    const Machine machine;
    machine.config("[host]\nauth = off\n");
    for (const char* cmdline :
         {"", "ro root=UUID=1 ip=dhcp bond=nonsense", "netroot=iscsi:x", "rd.nvmf.discover=fc,auto",
          "rd.nvmf.connect=rdma,192.0.2.1,nqn.2024-08.com.example:disk", "rd.nvmf.nonbft",
          "BOOTIF= ip=nonsense netmask=255.0.0.0 rd.nvmf.hostnqn=me"}) {
        const boot::LoadedPlan loaded = machine.load(cmdline);
        BOOST_TEST(loaded.warnings.empty(), cmdline << joined(loaded.warnings));
        BOOST_TEST(loaded.asked == boot::Asked::kNo, cmdline);
        BOOST_TEST(loaded.errors.empty(), cmdline << joined(loaded.errors));
        BOOST_TEST(loaded.failure().code == boot::ExitCode::kNotAsked, cmdline);
    }
}

BOOST_AUTO_TEST_CASE(discovery_over_other_transports_with_a_uri_is_a_warning) {
    const auto loaded = Machine().load(std::string(kUri) + "rd.nvmf.discover=fc,auto");
    BOOST_TEST(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(joined(loaded.warnings) ==
               "command line: rd.nvmf.discover: transport \"fc\" is not supported, continuing "
               "without it\n");
}

BOOST_AUTO_TEST_CASE(an_unsupported_transport_is_reported_if_it_is_the_only_one) {
    BOOST_TEST(Machine().load("rd.nvmf.discover=fc,auto").asked_why ==
               "neither the command line nor nvmeroot.conf names a target; command line: "
               "rd.nvmf.discover: transport \"fc\" is not supported");
}

BOOST_AUTO_TEST_CASE(unread_files_of_nvme_cli_are_reported_if_they_are_missed) {
    const Machine machine;
    machine.dir.file("etc/nvme/discovery.conf", "-t tcp -a 192.0.2.1\n");
    BOOST_TEST(machine.load("").asked_why.find(
                   "etc/nvme/discovery.conf belongs to nvme-cli and is not read by nvmeroot: put "
                   "targets and secrets into ") != std::string::npos);
    machine.dir.link("etc/nvme/config.json", "/none/x");
    BOOST_TEST(machine.load("").asked_why.find("config.json belong to nvme-cli and are not read") !=
               std::string::npos);
    const auto open = machine.load(kUri);
    BOOST_TEST(joined(open.warnings).find("belong to nvme-cli") != std::string::npos);
    BOOST_TEST(machine.load(std::string(kUri) + "nvmeroot.auth=off").warnings.empty());
    machine.host_secret();
    BOOST_TEST(machine.load(kUri).warnings.empty());
}

BOOST_AUTO_TEST_CASE(a_wrong_setting_is_reported_even_if_no_target_is_named) {
    const Machine machine;
    machine.config("[root]\nurl = nvme+tcp://192.0.2.1/nqn.2024-08.com.example:disk/1\n");
    BOOST_TEST(machine.load("").asked == boot::Asked::kYes);
    BOOST_TEST(Machine().load("nvmeroot.uir=x").asked == boot::Asked::kYes);
}

BOOST_AUTO_TEST_CASE(an_odd_word_of_others_is_a_warning_and_stops_nothing) {
    struct Case {
        const char* words;
        const char* part;  // of the one warning; null: none
    };
    const Case cases[] = {
        {"BOOTIF=", "command line: BOOTIF=: empty, continuing without it"},
        {"BOOTIF", "BOOTIF=: empty"},
        {"BOOTIF=20-00-11-22-33-44-55", "the hardware type \"20\" is not that of Ethernet"},
        {"BOOTIF=01-${net0/mac:hexhyp}", "not an Ethernet address"},
        {"rd.bootif=0 BOOTIF=nonsense", nullptr},
        {"BOOTIF=nonsense rd.bootif=0", nullptr},
        {"rd.bootif=0", nullptr},
        {"rd.bootif=maybe", "rd.bootif"},
        {"rd.neednet", nullptr},
        {"rd.neednet=", "rd.neednet=: empty"},
        {"rd.peerdns=maybe", "rd.peerdns"},
        {"ip=", "ip=: empty"},
        {"ip", "ip=: empty"},
        {"nfsaddrs=", "nfsaddrs=: empty"},
        {"nameserver=", "nameserver=: empty"},
        {"nameserver=dns.example", "nameserver=\"dns.example\": not an IP address"},
        {"rd.route=10.0.0.0/8", "not DESTINATION:GATEWAY"},
        {"bootdev=", "bootdev=: empty"},
        {"bootdev=eth0/1", "not an interface name"},
        {"vlan=", "vlan=: empty"},
        {"bond=", "bond=: empty"},
        {"bond=bond9:eth7:mode=x", "mode"},
        {"bridge=", "bridge=: empty"},
        {"vlan=vlan:eth7", "must end with the VLAN's number"},
        {"team=team0:eth1,eth2", "use bond= instead"},
        {"ifname=boot0", "not NAME:MAC"},
        {"ifname=:52:54:00:12:34:56", "ifname"},
        {"team", "use bond= instead"},
        {"bond=:eth1:mode=x", "mode"},
        {"ip=eth0:bootp", "command line: ip: ip=\"eth0:bootp\": \"bootp\" is not supported"},
        {"ip=192.0.2.5::192.0.2.1:24:pc_7!:eth0:none", "not a host name"},
        {"ip=192.0.2.5::192.0.2.1:24::eth0:none:1:52:54:00:12:34:56", "MTU: not an MTU"},
        {"ip=192.0.2.5::192.0.2.1:24::eth0:none:dns.example", "first DNS server"},
        {"nvmeroot.ip=192.0.2.5::192.0.2.1:24:a+b:eth0:none", "not a host name"},
        {"ip=fw", nullptr},
        {"ip=eth0:ibft:1500", nullptr},
        {"ip=192.0.2.5::192.0.2.1:24:fw:eth0:ibft:1500:52:54:00:12:34:56", nullptr},
        {"rd.net.dns=192.0.2.1", "rd.net.dns=\"192.0.2.1\": unknown word"},
        {"rd.net.dns-resolve-mode=exclusive", "unknown word"},
        {"rd.net.dhcp.vendor-class=pxe", "sends no vendor class"},
        {"rd.net.dhcp.retry=often", "rd.net.dhcp.retry"},
        {"rd.net.timeout.soon=1", "unknown word"},
        {"rd.net.timeout.dhcp=0", "must be longer than zero"},
        {"rd.net.timeout.dhcp=", "empty"},
        {"rd.net.timeout.carrier=soon", "rd.net.timeout.carrier"},
        {"rd.nvmf.hostnqn=", "rd.nvmf.hostnqn=: empty"},
        {"rd.nvmf.hostid=", "rd.nvmf.hostid=: empty"},
        {"rd.nvmf.hostid=me", "rd.nvmf.hostid: "},
        {"rd.nvmf.discover=", "rd.nvmf.discover=: empty"},
        {"rd.nvmf.discover=tcp", "is not tcp,TRADDR"},
        {"rd.nvmf.discover=tcp,192.0.2.1,eth0", "not an address of a host"},
        {"rd.nvmf.connect=x", "is not tcp,TRADDR,SUBNQN"},
        {"rd.nvmf.connect=rdma,192.0.2.1,nqn.2024-08.com.example:disk",
         "transport \"rdma\" is not supported"},
        {"netmask=255.255.255.0", "write ip=ADDRESS::GATEWAY:NETMASK::INTERFACE:none"},
        {"gateway=192.0.2.1", "command line: gateway=: has no effect"},
        {"dns=192.0.2.1", "write nameserver=ADDRESS"},
        {"ksdevice=eth0", "write ip=INTERFACE:dhcp"},
        {"mtu=9000", "write nvmeroot.mtu=BYTES"},
        {"IP=dhcp", "write ip="},
        {"bootif=01-52-54-00-12-34-56", "write BOOTIF="},
        {"rd.ip=dhcp", "write ip="},
        {"neednet=1", "write rd.neednet="},
        {"root=", nullptr},
        {"netroot=", nullptr},
        {"netroot=iscsi:192.0.2.1::::iqn.2024-08.com.example", nullptr},
        {"dhcp quiet net.ifnames=0 hostname=pc7 rd.nvmf.nostatic", nullptr},
    };
    const Machine machine;
    for (const Case& c : cases) {
        const boot::LoadedPlan loaded = machine.load(std::string(kUri) + c.words);
        BOOST_TEST_CONTEXT(c.words << " -> " << joined(loaded.errors) << joined(loaded.warnings)) {
            BOOST_TEST(loaded.errors.empty());
            BOOST_REQUIRE(loaded.warnings.size() == (c.part == nullptr ? 0U : 1U));
            BOOST_TEST((c.part == nullptr || loaded.warnings[0].find(c.part) != std::string::npos));
        }
    }
}

BOOST_AUTO_TEST_CASE(our_own_words_are_stronger_than_those_that_others_read_too) {
    const Machine machine;
    for (const std::string& words : {std::string("nvmeroot.ip=eth0:dhcp ip=eth1:dhcp"),
                                     std::string("ip=nonsense nvmeroot.ip=eth0:dhcp")}) {
        const auto loaded = machine.load(kUri + words);
        BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
        BOOST_REQUIRE(loaded.plan.network.interfaces.size() == 1U);
        BOOST_TEST(loaded.plan.network.interfaces[0].name == "eth0");
    }
    const auto times =
        machine.load(std::string(kUri) + "nvmeroot.dhcp_timeout=9 rd.net.timeout.dhcp=7");
    BOOST_TEST(times.plan.network.dhcp_timeout == base::seconds(9));
}

BOOST_AUTO_TEST_CASE(a_device_without_an_address_of_its_own_may_carry_others) {
    const auto loaded =
        Machine().load(std::string(kUri) + "ip=eth0:none vlan=eth0.5:eth0 ip=eth0.5:dhcp");
    BOOST_TEST(loaded.errors.empty(), joined(loaded.errors));
}

BOOST_AUTO_TEST_CASE(rd_nonvmf_turns_all_off_even_what_is_wrong) {
    const Machine machine;
    for (const char* word : {"rd.nonvmf", "rd.nonvmf=1", "rd.nonvmf=yes"}) {
        const auto loaded = machine.load(std::string(kUri) + "nvmeroot.typo=1 " + word);
        BOOST_TEST(loaded.asked == boot::Asked::kNo, word);
        BOOST_TEST(loaded.failure().code == boot::ExitCode::kNotAsked, word);
    }
    BOOST_TEST(machine.load(std::string(kUri) + "rd.nonvmf=0").asked == boot::Asked::kYes);
}

BOOST_AUTO_TEST_CASE(the_command_line_beats_the_file_and_the_file_the_default) {
    const Machine machine;
    machine.config(
        "[root]\nuri = nvme+tcp://192.0.2.1/nqn.2024-08.com.example:file/1\ntimeout = 60s\n"
        "queue_size = 64\n[path.b]\nuri = nvme+tcp://192.0.2.2/nqn.2024-08.com.example:file/1\n");
    const auto file_only = machine.load("nvmeroot.timeout=5m nvmeroot.timeout=90");
    BOOST_REQUIRE_MESSAGE(file_only.errors.empty(), joined(file_only.errors));
    BOOST_TEST(file_only.plan.target.portals.size() == 2U);
    BOOST_TEST(file_only.plan.timeouts.total.count() == 90'000);
    BOOST_TEST(file_only.plan.connect.queue_size == 64U);
    BOOST_TEST(value_of(file_only, "timeout").origin == "command line: nvmeroot.timeout");
    BOOST_TEST(value_of(file_only, "queue_size").origin ==
               machine.dir.at("etc/nvmeroot/nvmeroot.conf") + ":4: [root] queue_size");
    const auto both = machine.load(kUri);
    BOOST_REQUIRE(both.errors.empty());
    BOOST_TEST(both.plan.target.subsysnqn == "nqn.2024-08.com.example:disk");
    BOOST_TEST(both.plan.target.portals.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_on_the_command_line_is_named) {
    const Machine machine;
    const std::string uri = kUri;
    struct Case {
        std::string cmdline;
        const char* part;
    };
    const Case cases[] = {
        {"nvmeroot.atuh=host", "nvmeroot.atuh: no such key; did you mean \"auth\"?"},
        {uri + "nvmeroot.timeout", "nvmeroot.timeout: needs a value: TIME"},
        {uri + "nvmeroot.timeout=", "nvmeroot.timeout: needs a value: TIME"},
        {"nvmeroot=", "nvmeroot: needs a value"},
        {"nvmeroot", "nvmeroot: needs a value"},
        {uri + "nvmeroot.timeout=0", "must be longer than zero"},
        {uri + "nvmeroot.reconnect_delay=1500ms", "whole number of seconds"},
        {uri + "nvmeroot.reconnect_delay=0", "at least 1"},
        {uri + "nvmeroot.auth=maybe", "\"maybe\" is not one of off, host, mutual"},
        {uri + "nvmeroot.queue_size=8", "below 16"},
        {uri + "nvmeroot.queue_size=2000", "above 1024"},
        {uri + "nvmeroot.nsid=0", "below 1"},
        {uri + "nvmeroot.dhchap_hash=md5", "\"md5\" is not a hash"},
        {uri + "nvmeroot.dhchap_hash=sha256,sha256", "given twice"},
        {uri + "nvmeroot.dhchap_dhgroup=", "needs a value"},
        {uri + "nvmeroot.pi=type4", "\"type4\" is not one of any, none, type1, type2, type3"},
        {uri + "nvmeroot.pi=none,guard=16", "none excludes it"},
        {uri + "nvmeroot.pi=type1,ms=8", "neither guard= nor lbs="},
        {uri + "nvmeroot.integrity=wire nvmeroot.data_digest=no", "require data_digest=yes"},
        {uri + "nvmeroot.integrity=end-to-end nvmeroot.data_digest=no", "require data_digest=yes"},
        {uri + "nvmeroot.integrity=at-rest nvmeroot.verify=none", "verify=none contradicts"},
        {uri + "nvmeroot.verify=some", "is not one of none, sb, first, sample, full"},
        {uri + "nvmeroot.verify=first", "needs a number of blocks"},
        {uri + "nvmeroot.audit_nqn=" + std::string(224, 'x'), "audit_nqn"},
        {uri + "nvmeroot.ctrl_loss_tmo=10 nvmeroot.fast_io_fail_tmo=20", "longer than"},
        {uri + "nvmeroot.dhchap_secret_file=key", "not an absolute path"},
        {"nvmeroot=nvme+tcp://192.0.2.1/nqn.2024-08.com.example:a,b/1", "contains a comma"},
        {uri + "nvmeroot.hostnqn=nqn.2024-08.com.example:a,b", "contains a comma"},
        {uri + "nvmeroot.nsid=2", "two different values are given for the NSID"},
        {uri + "nvmeroot=nvme+tcp://192.0.2.11/nqn.2024-08.com.example:other/1",
         "another subsystem"},
        {"rd.nvmf.discover=tcp", "is not tcp,TRADDR"},
        {"rd.nvmf.discover=tcp,192.0.2.1,eth0", "not an address of a host"},
        {uri + "nvmeroot.subsysnqn=disk", "is not disk, which subsysnqn names"},
        {uri + "nvmeroot.tos=256", "above 255"},
        {uri + "nvmeroot.iopolicy=any", "is not one of numa, round-robin, queue-depth"},
        {uri + "nvmeroot.interface=@", "not a driver's name"},
        {"nvmeroot=http://192.0.2.1/x", "does not begin with nvme+tcp://"},
        {"root=nvme+tcp://192.0.2.1/nqn.2024-08.com.example:disk/1", "put a URI into nvmeroot="},
        {"rd.nvmf.connect=tcp,192.0.2.1", "is not tcp,TRADDR,SUBNQN"},
        {"rd.nvmf.connect=tcp,192.0.2.1,nqn.2024-08.com.example:disk,4420,0.0.0.0",
         "not an address of a host"},
        {uri + "ip=nonsense", "ip"},
        {uri + "ip=eth0:none", "no interface gets an address; write ip=ADDRESS::"},
        {uri + "ip=eth0:off ip=:::::eth1:none", "no interface gets an address"},
        {uri + "ip=eth0:static ip=eth1:dhcp", "a static address is missing"},
        {uri + "ip=bond0:dhcp bond=bond0:eth0:mode=x", "mode: \"x\" is not one of"},
        {uri + "ip=team0:dhcp team=team0:eth0", "use bond= instead"},
        {uri + "ip=boot0:dhcp ifname=boot0:52:54", "not an Ethernet address"},
        {"nvmeroot=nvme+tcp://2001:db8::10:4420/nqn.2024-08.com.example:disk",
         "or with a port [2001:db8::10]:4420"},
    };
    for (const Case& c : cases) {
        check_error(machine, c.cmdline, c.part);
    }
}

BOOST_AUTO_TEST_CASE(what_is_wrong_in_the_file_is_named_with_its_line) {
    struct Case {
        const char* config;
        const char* part;
    };
    const Case cases[] = {
        {"[root]\nurl = x\n", "nvmeroot.conf:2: [root] url: no such key; did you mean \"uri\"?"},
        {"[rooot]\nuri = x\n", "[rooot]: no such section; did you mean \"root\"?"},
        {"[root]\nauth = off\n", "[root] auth: this key belongs to [host]"},
        {"[path.a]\nnsid = 1\n", "a [path.NAME] section has uri, source and interface"},
        {"[root]\nnsid =\n", "[root] nsid: needs a value: NUMBER"},
        {"nonsense\n", "neither [section] nor key = value"},
    };
    for (const Case& c : cases) {
        const Machine machine;
        machine.config(c.config);
        check_error(machine, kUri, c.part);
    }
    boot::PlanInput input;
    input.config = "/nonexistent.conf";
    const auto loaded = boot::load_plan(input, Machine().sys);
    BOOST_TEST(joined(loaded.errors) == "open /nonexistent.conf: No such file or directory\n");
}

BOOST_AUTO_TEST_CASE(all_errors_are_reported_at_once) {
    const Machine machine;
    machine.config("[root]\nbogus = 1\nnsid = x\n");
    const auto loaded = machine.load(std::string(kUri) + "nvmeroot.mtu=9 nvmeroot.auth=host");
    BOOST_TEST(loaded.errors.size() == 4U, joined(loaded.errors));
}

BOOST_AUTO_TEST_CASE(dracuts_waits_are_the_keys) {
    const auto loaded = Machine().load(std::string(kUri) +
                                       "rd.net.timeout.dhcp=7 rd.net.timeout.carrier=9 "
                                       "nvmeroot.interface=@virtio_net nvmeroot.iopolicy=numa");
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.plan.network.dhcp_timeout == base::seconds(7));
    BOOST_TEST(loaded.plan.network.carrier_timeout == base::seconds(9));
    BOOST_TEST(loaded.plan.network.interface == "@virtio_net");
    BOOST_TEST(loaded.plan.io_policy == "numa");
    BOOST_TEST(boot::plan_text(loaded).find("(command line: rd.net.timeout.dhcp)") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_network_is_taken_from_both_sources) {
    const Machine machine;
    machine.config("[network]\nip = eth0:dhcp eth1:dhcp\ninterface = eth0\nmtu = 9000\n");
    const auto file = machine.load(kUri);
    BOOST_REQUIRE_MESSAGE(file.errors.empty(), joined(file.errors));
    BOOST_TEST(file.plan.network.interfaces.size() == 2U);
    BOOST_TEST(file.plan.network.mtu == 9000U);
    BOOST_TEST(file.plan.network.interface == "eth0");
    const auto loaded = machine.load(std::string(kUri) +
                                     "ip=192.0.2.5::192.0.2.1:255.255.255.0::eth2:none "
                                     "nameserver=192.0.2.53 rd.route=198.51.100.0/24:192.0.2.1");
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    const boot::NetworkPlan& network = loaded.plan.network;
    BOOST_REQUIRE(network.interfaces.size() == 1U);
    BOOST_TEST(network.interfaces[0].name == "eth2");
    BOOST_TEST(network.dns.size() == 1U);
    BOOST_TEST(network.routes.size() == 1U);
    BOOST_TEST(value_of(loaded, "rd.route").origin == "command line: rd.route");
}

BOOST_AUTO_TEST_CASE(formats_are_parsed_exactly) {
    const Machine machine;
    const auto type1 = machine.load(std::string(kUri) + "nvmeroot.pi=type1,guard=64,lbs=4096");
    BOOST_REQUIRE(type1.errors.empty());
    BOOST_TEST(type1.plan.format.pi_type == 1);
    BOOST_TEST(type1.plan.format.guard_bits == 64);
    BOOST_TEST(type1.plan.format.block_size == 4096U);
    const auto none = machine.load(std::string(kUri) + "nvmeroot.pi=none");
    BOOST_TEST(none.plan.format.pi_type == 0);
}

BOOST_AUTO_TEST_CASE(on_another_machine_a_missing_identity_is_a_warning) {
    const Machine machine;
    base::SysPaths sys = machine.sys;
    sys.sys = machine.dir.at("none");
    boot::PlanInput input;
    input.cmdline = kUri;
    BOOST_TEST(boot::load_plan(input, sys).errors.size() == 1U);
    input.dry_run = true;
    const auto loaded = boot::load_plan(input, sys);
    BOOST_TEST(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.warnings.size() == 1U);
}

BOOST_AUTO_TEST_CASE(files_of_an_unpacked_image_are_found_below_its_root) {
    const Machine machine;
    machine.config("[host]\ndhchap_secret_file = /etc/keys/host\n");
    machine.dir.file("etc/keys/host", kHostSecret, 0600);
    boot::PlanInput input;
    input.cmdline = kUri;
    input.root = machine.dir.path();
    const auto loaded = boot::load_plan(input, machine.sys);
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.plan.auth.mode == boot::Auth::kHost);
}

BOOST_AUTO_TEST_CASE(the_report_tells_values_origins_target_and_troubles) {
    const Machine machine;
    const auto good = machine.load(std::string(kUri) + "nvmeroot.timeout=60s");
    const std::string text = boot::plan_text(good);
    BOOST_TEST(text.find("60s   (command line: nvmeroot.timeout)") != std::string::npos, text);
    BOOST_TEST(text.find("192.0.2.10:4420") != std::string::npos, text);
    BOOST_TEST(boot::plan_exit_code(good) == boot::ExitCode::kDone);
    const auto bad = machine.load(std::string(kUri) + "nvmeroot.mtu=9");
    BOOST_TEST(
        boot::plan_text(bad).ends_with("error: command line: nvmeroot.mtu: \"9\" is below 68\n"));
    BOOST_TEST(boot::plan_exit_code(bad) == boot::ExitCode::kConfig);
    BOOST_TEST(boot::plan_exit_code(machine.load("")) == boot::ExitCode::kNotAsked);
    const std::string json = boot::plan_json(bad);
    BOOST_TEST(json.find(R"("asked":true)") != std::string::npos, json);
    BOOST_TEST(
        json.find(R"({"section":"root","key":"timeout","value":"180s","origin":"default"})") !=
            std::string::npos,
        json);
    BOOST_TEST(json.find(R"("portals":[{"address":"192.0.2.10","port":4420,)") != std::string::npos,
               json);
    BOOST_TEST(json.find(R"("errors":["command line: nvmeroot.mtu)") != std::string::npos, json);
}

BOOST_AUTO_TEST_SUITE_END()
