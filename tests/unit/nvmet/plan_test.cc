// SPDX-License-Identifier: GPL-2.0-or-later
// Plans done on a tree that has the kernel's rules: what is equal stays, what fails is taken back.
#include "nvmet/plan.h"

#include "nvmet/apply.h"
#include "nvmet/presence.h"
#include "sample.h"
#include "support/fake_configfs.h"

namespace {

using nvmet::Object;
using sample::kFull;
using sample::with;
using sample::without;

struct Fixture : sample::Files {
    /// Brings the tree to a state; @return what was done.
    std::vector<std::string> reach(const std::string& text) {
        const Object want = wanted(text);
        const Object have = state();
        kernel.changes.clear();
        kernel.disconnects.clear();
        const auto status = nvmet::apply(kernel, nvmet::make_plan(have, want));
        BOOST_REQUIRE_MESSAGE(status.ok(), (status.ok() ? "" : status.error().text));
        return kernel.changes;
    }
    Object state() {
        auto read = nvmet::read_tree(kernel);
        BOOST_REQUIRE(read.ok());
        return std::move(*read);
    }
    /// Lets each change of the way from the tree's state to `want` fail in turn.
    void fail_everywhere(const Object& want) {
        const auto before = kernel.snapshot();
        const auto steps = nvmet::make_plan(state(), want);
        BOOST_REQUIRE(!steps.empty());
        for (size_t n = 1; n <= steps.size(); ++n) {
            kernel.fail_at(static_cast<int>(n));
            const auto status = nvmet::apply(kernel, steps);
            BOOST_REQUIRE_MESSAGE(!status.ok(), steps[n - 1].path);
            BOOST_TEST(status.error().text.find("not reverted") == std::string::npos,
                       status.error().text);
            for (const char* key : {sample::kHostKey, sample::kCtrlKey}) {
                BOOST_TEST(status.error().text.find(key) == std::string::npos);
            }
            const auto after = kernel.snapshot();
            BOOST_REQUIRE_MESSAGE(after == before, difference(before, after, steps[n - 1].path));
        }
        kernel.fail_at(0);
    }
    static std::string difference(const std::map<std::string, std::string>& before,
                                  const std::map<std::string, std::string>& after,
                                  const std::string& step) {
        std::string text = "failed at " + step + ":";
        for (const auto& [path, value] : before) {
            const auto now = after.find(path);
            if (now == after.end() || now->second != value) {
                text += " " + path + " was " + value + " is " +
                        (now == after.end() ? "gone" : now->second);
            }
        }
        for (const auto& [path, value] : after) {
            text += before.contains(path) ? "" : " " + path + " is left";
        }
        return text;
    }
    support::FakeConfigfs kernel;
};

using Lines = std::vector<std::string>;
const std::string kDisks = "subsystems/nqn.2024-08.com.example:disks";
const std::string kOpen = "subsystems/nqn.2024-08.com.example:open";
const std::string kEmpty = "[target]\nlisten = 192.0.2.1\n[port.none]\nportid = 9\n";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(plan, Fixture)

BOOST_AUTO_TEST_CASE(an_empty_tree_becomes_what_the_file_says) {
    reach(kFull);
    const Object now = state();
    const Object want = wanted(kFull);
    BOOST_TEST(nvmet::make_plan(now, want).empty());
    for (const auto& [file, value] :
         want.find(nvmet::Kind::kHost, "nqn.2024-08.com.example:web1")->attributes) {
        BOOST_TEST(now.find(nvmet::Kind::kHost, "nqn.2024-08.com.example:web1")->get(file) ==
                   value);
    }
    const auto tree = kernel.snapshot();
    BOOST_TEST(tree.at("discovery_nqn") == "nqn.2024-08.com.example.discovery:one");
    BOOST_TEST(tree.at(kDisks + "/attr_cntlid_min") == "100");
    BOOST_TEST(tree.at(kDisks + "/namespaces/1/device_path") == dir.at("one.img"));
    BOOST_TEST(tree.at(kDisks + "/namespaces/1/enable") == "1");
    BOOST_TEST(tree.at(kDisks + "/namespaces/2/enable") == "0");
    BOOST_TEST(tree.at("subsystems/nqn.2024-08.com.example:whole/passthru/enable") == "1");
    BOOST_TEST(tree.at("ports/1/addr_tsas") == "tls1.3");
    BOOST_TEST(tree.at("ports/1/addr_treq") == "not required");
    BOOST_TEST(tree.at("ports/1/ana_groups/2/ana_state") == "non-optimized");
    BOOST_TEST(tree.at("ports/1/referrals/Other/enable") == "1");
    BOOST_TEST(tree.contains("ports/2/subsystems/nqn.2024-08.com.example:disks"));
    BOOST_TEST(!tree.contains("ports/2/subsystems/nqn.2024-08.com.example:open"));
}

BOOST_AUTO_TEST_CASE(applied_again_nothing_is_written) {
    reach(kFull);
    BOOST_TEST(reach(kFull).empty());
    BOOST_TEST(kernel.disconnects.empty());
}

BOOST_AUTO_TEST_CASE(a_key_is_complete_before_the_host_is_admitted) {
    const Lines done = reach(kFull);
    const auto place = [&](const std::string& line) {
        return std::ranges::find(done, line) - done.begin();
    };
    const std::string host = "nqn.2024-08.com.example:web1";
    BOOST_TEST(place("write hosts/" + host + "/dhchap_key") <
               place("link " + kDisks + "/allowed_hosts/" + host));
    BOOST_TEST(place("link " + kDisks + "/allowed_hosts/" + host) <
               place("link ports/1/" + kDisks));
    BOOST_TEST(place("link ports/1/" + kDisks) < static_cast<long>(done.size()));
    BOOST_TEST(kernel.closed.contains("hosts/" + host + "/dhchap_key"));
}

BOOST_AUTO_TEST_CASE(a_new_key_is_one_write) {
    reach(kFull);
    const Lines done =
        reach(with(kFull, "dhchap_secret_file = ctrl.key", "dhchap_secret_file = host.key"));
    BOOST_TEST(done == Lines{"write hosts/nqn.2024-08.com.example:web2/dhchap_key"},
               boost::test_tools::per_element());
    BOOST_TEST(kernel.disconnects.empty());
}

BOOST_AUTO_TEST_CASE(a_changed_port_is_made_again_and_no_other_is_touched) {
    reach(kFull);
    for (const std::string& line : reach(with(kFull, "traddr = fd00::1", "traddr = fd00::2"))) {
        BOOST_TEST(line.find(" ports/2") != std::string::npos, line);
    }
    BOOST_TEST(kernel.disconnects == Lines{"nqn.2024-08.com.example:disks"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_can_change_in_use_is_one_write) {
    const struct {
        const char* from;
        const char* to;
        const char* file;
    } cases[] = {
        {"ana_group = 2", "ana_group = 1", "/namespaces/1/ana_grpid"},
        {"enable = no", "enable = yes", "/namespaces/2/enable"},
        {"pi_enable = yes", "pi_enable = no", "/attr_pi_enable"},
        {"vendor_id = 0x1af4", "vendor_id = 0x1af6", "/attr_vendor_id"},
        {"qid_max = 8", "qid_max = 9", "/attr_qid_max"},
    };
    reach(kFull);
    for (const auto& each : cases) {
        BOOST_TEST(reach(with(kFull, each.from, each.to)) == Lines{"write " + kDisks + each.file},
                   boost::test_tools::per_element());
        reach(kFull);
    }
    BOOST_TEST(reach(with(kFull, "state = non-optimized", "state = inaccessible")) ==
                   Lines{"write ports/1/ana_groups/2/ana_state"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_frozen_name_makes_the_subsystem_again) {
    reach(kFull);
    kernel.discover("nqn.2024-08.com.example:disks");
    for (const auto& [from, to] : {std::pair{"serial = S1", "serial = S9"},
                                   {"model = disk of x", "model = y"},
                                   {"version = 2.0", "version = 1.4"},
                                   {"firmware = 1.0", "firmware = 1.1"},
                                   {"ieee_oui = 0x00abcd", "ieee_oui = 0x1"}}) {
        const Lines done = reach(with(kFull, from, to));
        BOOST_TEST(std::ranges::count(done, "rmdir " + kDisks) == 1, from);
        BOOST_TEST(nvmet::make_plan(state(), wanted(with(kFull, from, to))).empty());
        BOOST_TEST(std::ranges::count(kernel.disconnects, "nqn.2024-08.com.example:open") == 0);
        kernel.discover("nqn.2024-08.com.example:disks");
    }
}

BOOST_AUTO_TEST_CASE(controller_ids_move_past_each_other_either_way) {
    reach(kFull);
    const std::string up = with(with(kFull, "cntlid_min = 100", "cntlid_min = 300"),
                                "cntlid_max = 199", "cntlid_max = 400");
    BOOST_TEST(reach(up).size() == 2U);
    BOOST_TEST(reach(kFull).size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_host_that_is_not_admitted_any_more_loses_the_link_alone) {
    reach(kFull);
    const Lines done = reach(with(kFull, "hosts = web1, web2", "hosts = web1"));
    BOOST_TEST(done == Lines{"unlink " + kDisks + "/allowed_hosts/nqn.2024-08.com.example:web2"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_open_subsystem_is_closed_before_its_hosts_are_listed) {
    reach(kFull);
    const std::string closed = with(kFull, "allow_any_host = yes", "hosts = web1");
    const Lines done = reach(closed);
    BOOST_TEST(done == (Lines{"write " + kOpen + "/attr_allow_any_host",
                              "link " + kOpen + "/allowed_hosts/nqn.2024-08.com.example:web1"}),
               boost::test_tools::per_element());
    BOOST_TEST(reach(kFull).size() == 2U);
}

BOOST_AUTO_TEST_CASE(everything_goes_and_nothing_is_left) {
    const auto before = kernel.snapshot();
    reach(kFull);
    Object nothing;
    nothing.attributes["discovery_nqn"] = nvme::kDiscoveryNqn;
    BOOST_REQUIRE(nvmet::apply(kernel, nvmet::make_plan(state(), nothing)).ok());
    BOOST_TEST(kernel.snapshot() == before);
}

/// With it, the tests below let the write of each attribute fail.
BOOST_AUTO_TEST_CASE(the_full_configuration_writes_every_attribute) {
    const auto steps = nvmet::make_plan(state(), wanted(kFull));
    for (const nvmet::Attribute& row : nvmet::attributes()) {
        const bool written =
            std::ranges::any_of(steps, [&](const nvmet::Step& step) { return step.row == &row; });
        BOOST_TEST((written || row.change == nvmet::Change::kTrigger), row.file);
    }
}

BOOST_AUTO_TEST_CASE(each_step_may_fail_from_nothing_to_all) {
    fail_everywhere(wanted(kFull));
}

BOOST_AUTO_TEST_CASE(each_step_may_fail_from_all_to_nothing) {
    reach(kFull);
    fail_everywhere({});
}

BOOST_AUTO_TEST_CASE(each_step_may_fail_while_everything_changes) {
    reach(kFull);
    kernel.discover("nqn.2024-08.com.example:disks");
    std::string other = kFull;
    for (const auto& [from, to] : {std::pair{"discovery:one", "discovery:two"},
                                   {"dhchap_hash = sha512", "dhchap_hash = sha384"},
                                   {"ffdhe4096", "ffdhe2048"},
                                   {"dhchap_ctrl_secret_file = ctrl.key\n", ""},
                                   {"serial = S1", "serial = S4"},
                                   {"cntlid_min = 100", "cntlid_min = 300"},
                                   {"cntlid_max = 199", "cntlid_max = 400"},
                                   {"allow_any_host = yes", "hosts = web1"},
                                   {"passthru = /dev/nvme7", "passthru = /dev/nvme8"},
                                   {"tsas = tls1.3\n", ""},
                                   {"treq = not required\n", ""},
                                   {"mdts = 5\n", ""},
                                   {"traddr = fd00::1", "traddr = fd00::2"},
                                   {"state = inaccessible", "state = optimized"},
                                   {"portid = 9", "portid = 10"}}) {
        other = with(other, from, to);
    }
    fail_everywhere(wanted(without(without(other, "namespace.two"), "port.fc")));
}

BOOST_AUTO_TEST_CASE(each_step_may_fail_where_a_port_begins_to_serve) {
    reach(with(kFull, "portid = 7\nsubsystems = open\n", "portid = 7\nsubsystems = whole\n"));
    const Object idle = [&] {
        Object want = wanted(kFull);
        want.find(nvmet::Kind::kPort, "7")->links.clear();
        return want;
    }();
    BOOST_REQUIRE(nvmet::apply(kernel, nvmet::make_plan(state(), idle)).ok());
    fail_everywhere(wanted(kFull));
}

BOOST_AUTO_TEST_CASE(a_port_that_cannot_be_opened_leaves_nothing) {
    reach(kFull);
    const auto before = kernel.snapshot();
    const Object want = wanted(with(kFull, "[port.fc]",
                                    "[port.same]\nportid = 8\ntrtype = loop\nadrfam = loop\n"
                                    "traddr = 192.0.2.1\ntrsvcid = 4420\n[port.fc]"));
    const auto status = nvmet::apply(kernel, nvmet::make_plan(state(), want));
    BOOST_REQUIRE(!status.ok());
    BOOST_TEST(status.error().text.find("the kernel could not open the port") != std::string::npos);
    BOOST_TEST(status.error().text.find("all changes were reverted") != std::string::npos);
    BOOST_TEST(kernel.snapshot() == before);
}

BOOST_AUTO_TEST_CASE(a_size_is_looked_at_again_when_asked) {
    reach(kFull);
    const auto steps = nvmet::make_plan(state(), wanted(kFull), {.resize = true});
    BOOST_REQUIRE(steps.size() == 2U);
    BOOST_TEST(steps[0].path == kDisks + "/namespaces/1/revalidate_size");
    BOOST_TEST(nvmet::apply(kernel, steps).ok());
}

BOOST_AUTO_TEST_SUITE_END()
