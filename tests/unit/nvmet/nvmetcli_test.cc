// SPDX-License-Identifier: GPL-2.0-or-later
// nvmetcli's saved files, and states that go out and come back in both formats.
#include "nvmet/nvmetcli.h"

#include "base/fd.h"
#include "base/json_value.h"
#include "nvmet/apply.h"
#include "nvmet/commands.h"
#include "nvmet/dump.h"
#include "nvmet/validate.h"
#include "sample.h"
#include "support/fake_configfs.h"

namespace {

using nvmet::Kind;
using nvmet::Object;

constexpr const char* kFolder = "tests/golden/nvmetcli/";

/// A file as nvmetcli 0.8 saves it on a kernel of this name.
std::string saved_file(const std::string& name) {
    const auto text = base::read_text(kFolder + name + ".json");
    BOOST_REQUIRE_MESSAGE(text.ok(), name);
    return *text;
}

using Leaves = std::map<std::string, std::string>;

/// Every value by its path, entries of lists by their names.
void collect(const base::JsonValue& value, const std::string& path, Leaves& leaves) {
    for (const base::JsonMember& member : value.members) {
        collect(member.value, path + "/" + member.name, leaves);
    }
    for (const base::JsonValue& item : value.items) {
        std::string name = item.text;
        for (const char* key : {"nqn", "nsid", "portid", "grpid", "name"}) {
            name = name.empty() ? item[key].text : name;
        }
        collect(item, path + "[" + name + "]", leaves);
    }
    if (value.members.empty() && value.items.empty()) {
        leaves[path] = value.text;
    }
}

Leaves leaves_of(const std::string& json) {
    const auto document = base::JsonValue::parse(json, "saved");
    BOOST_REQUIRE(document.ok());
    Leaves leaves;
    collect(*document, "", leaves);
    return leaves;
}

struct Fixture : sample::Files {
    Object imported(const std::string& text) {
        const auto read = nvmet::parse_nvmetcli(text, dir.at("config.json"));
        BOOST_REQUIRE_MESSAGE(read.ok(), (read.ok() ? "" : read.error()[0]));
        return read->state;
    }
    /// A kernel brought to a state, read back.
    Object reached(const Object& want) {
        support::FakeConfigfs kernel;
        const auto status = nvmet::apply(kernel, nvmet::make_plan(*nvmet::read_tree(kernel), want));
        BOOST_REQUIRE_MESSAGE(status.ok(), (status.ok() ? "" : status.error().text));
        return *nvmet::read_tree(kernel);
    }
    void refused(const std::string& text, const std::string& why) {
        const auto read = nvmet::parse_nvmetcli(text, dir.at("config.json"));
        BOOST_REQUIRE(!read.ok());
        std::string all;
        for (const std::string& error : read.error()) {
            all += error + "\n";
        }
        BOOST_TEST(all.find(why) != std::string::npos, all);
        BOOST_TEST(all.find("DHHC") == std::string::npos);
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(nvmetcli, Fixture)

BOOST_AUTO_TEST_CASE(a_saved_file_becomes_an_ini_file_that_says_the_same) {
    const std::string text = saved_file("linux-6.1");
    const Object saved = imported(text);
    const auto ini = nvmet::to_ini(saved, {}, "saved.json");
    BOOST_REQUIRE_MESSAGE(ini.ok(), (ini.ok() ? "" : ini.error().text));
    BOOST_TEST(nvmet::make_plan(saved, wanted(*ini)).empty());
    BOOST_TEST(ini->find("[host.web1]\nnqn = nqn.2024-08.com.example:web1\n") != std::string::npos);
    BOOST_TEST(ini->find("name = Other\n") != std::string::npos);
    BOOST_TEST(ini->find("nguid = none\n") != std::string::npos);
    BOOST_TEST(ini->find("serial = 5e1a10000000beef\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_value_of_a_saved_file_is_lost) {
    for (const char* name : {"empty", "linux-4.15", "linux-6.1", "linux-6.12", "linux-7.1"}) {
        const std::string text = saved_file(name);
        const auto ini = nvmet::to_ini(imported(text), {}, "saved.json");
        BOOST_REQUIRE_MESSAGE(ini.ok(), name << ": " << (ini.ok() ? "" : ini.error().text));
        const Object reached_state = reached(wanted(*ini));
        BOOST_TEST(nvmet::make_plan(reached_state, wanted(*ini)).empty(), name);
        const Leaves back = leaves_of(nvmet::to_nvmetcli(reached_state, {}).text);
        for (const auto& [path, value] : leaves_of(text)) {
            // The kernel's output if nothing is set, or if it is too old to have it.
            const bool unset = value.empty() || value == "-1" || value == "reserved" ||
                               (value == "0" && path.ends_with("/ana_grpid"));
            const auto now = back.find(path);
            BOOST_TEST((unset || now != back.end()), name << path << " is lost");
            BOOST_TEST((unset || now == back.end() || now->second == value),
                       name << path << " was " << value);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_written_is_what_nvmetcli_writes) {
    // The file of an older kernel's state, which lacks what the newest has; its members that are
    // set nowhere, those of the second port, are left out.
    const std::string text = saved_file("linux-6.1");
    const std::string written = nvmet::to_nvmetcli(imported(text), {}).text;
    const auto begin = [](const std::string& all) {
        return all.substr(0, all.find("\"portid\": 1"));
    };
    BOOST_TEST(begin(written) == begin(text));
    const auto whole = [](const std::string& all) { return all.substr(all.find(":whole\",\n")); };
    BOOST_TEST(whole(written) == whole(text));
}

BOOST_AUTO_TEST_CASE(a_full_target_comes_back_from_either_format) {
    const Object state = reached(wanted(sample::kFull));
    const auto keys = nvmet::save_keys(state, dir.at("keys"));
    BOOST_REQUIRE(keys.ok());
    BOOST_TEST(keys->size() == 3U);
    BOOST_TEST(dir.read("keys/web1.key") == std::string(sample::kHostKey) + "\n");
    const auto ini = nvmet::to_ini(state, *keys, "configfs");
    BOOST_REQUIRE_MESSAGE(ini.ok(), (ini.ok() ? "" : ini.error().text));
    BOOST_TEST(ini->find("DHHC") == std::string::npos);
    BOOST_TEST(nvmet::make_plan(state, wanted(*ini)).empty());
    BOOST_TEST(*nvmet::to_ini(reached(wanted(*ini)), *keys, "configfs") == *ini);

    const nvmet::SavedJson saved = nvmet::to_nvmetcli(state, *keys);
    BOOST_TEST(saved.text.find("DHHC") == std::string::npos);
    BOOST_TEST(nvmet::make_plan(state, imported(saved.text)).empty());
    BOOST_TEST(saved.left_out.size() == 3U);  // discovery_nqn, buffered_io, p2pmem
    for (const std::string& line : saved.left_out) {
        BOOST_TEST(line.find("the format of nvmetcli cannot express it") != std::string::npos);
    }
}

/// A target with names as nvmetcli's own examples have them.
Object named(const std::string& host, const std::string& subsystem) {
    Object root;
    root.children.push_back({Kind::kHost, host, {}, {}, {}});
    root.children.push_back({Kind::kSubsystem, subsystem, {}, {}, {}});
    root.children.back().links.emplace(host, host);
    nvmet::sort(root);
    return root;
}

BOOST_AUTO_TEST_CASE(names_that_are_not_nqns_are_accepted_with_a_warning) {
    for (const std::string& subsystem :
         {std::string("testnqn"), std::string("a b;c#d=e"), std::string(" blank in front"),
          std::string(223, 'x'), std::string("Test,NQN"), std::string("caf\xc3\xa9")}) {
        const Object state = named("hostnqn", subsystem);
        BOOST_TEST(nvmet::check_rules(state).empty(), subsystem);
        BOOST_TEST(nvmet::look_at_names(state).size() == 2U, subsystem);
        const auto ini = nvmet::to_ini(state, {}, "configfs");
        BOOST_REQUIRE_MESSAGE(ini.ok(), (ini.ok() ? "" : ini.error().text));
        const auto config = nvmet::parse_config(*ini, "t");
        BOOST_REQUIRE(config.ok());
        BOOST_TEST(config->state.find(Kind::kSubsystem, subsystem) != nullptr, subsystem);
        std::string warnings;
        for (const std::string& warning : config->warnings) {
            warnings += warning;
        }
        BOOST_TEST(warnings.find("\"hostnqn\" is not an NQN") != std::string::npos, warnings);
    }
    const std::string text = R"({"hosts": [{"nqn": "hostnqn"}], "subsystems": [{"nqn": "testnqn",
        "allowed_hosts": ["hostnqn"], "attr": {"allow_any_host": "0"}, "namespaces": []}]})";
    const auto read = nvmet::parse_nvmetcli(text, "saved.json");
    BOOST_REQUIRE(read.ok());
    BOOST_TEST(read->warnings.size() == 3U);  // and no key
    BOOST_TEST(nvmet::to_ini(read->state, {}, "saved.json").ok());
}

BOOST_AUTO_TEST_CASE(a_name_that_an_ini_file_cannot_contain_is_reported_with_the_source) {
    const auto ini = nvmet::to_ini(named("hostnqn", "a\nb"), {}, "/sys/kernel/config/nvmet");
    BOOST_REQUIRE(!ini.ok());
    BOOST_TEST(ini.error().text.starts_with(
        "/sys/kernel/config/nvmet: an ini file cannot express this: "));
    const auto quote = nvmet::to_ini(named("hostnqn", "a\"b;c"), {}, "saved.json");
    BOOST_REQUIRE(!quote.ok());
    BOOST_TEST(quote.error().text.starts_with("saved.json: an ini file cannot express this: "));
}

BOOST_AUTO_TEST_CASE(what_configfs_cannot_hold_is_refused) {
    for (const std::string name : {"a/b", ".hidden", "..", "a\tb", ""}) {
        BOOST_TEST(nvmet::check_rules(named("hostnqn", name)).size() == 1U, name);
    }
    BOOST_TEST(nvmet::check_rules(named("hostnqn", std::string(224, 'x'))).size() == 1U);
}

BOOST_AUTO_TEST_CASE(names_that_differ_in_case_alone_are_pointed_out) {
    Object state = named("nqn.2024-08.com.example:host", "nqn.2024-08.com.example:disk");
    state.children.push_back({Kind::kSubsystem, "nqn.2024-08.com.example:Disk", {}, {}, {}});
    state.children.back().links.emplace("nqn.2024-08.com.example:HOST", "");
    const auto warnings = nvmet::look_at_names(state);
    BOOST_REQUIRE(warnings.size() == 1U);
    BOOST_TEST(warnings[0].ends_with("differ only in the case of letters, and are two names"));
    const auto errors = nvmet::check_rules(state);
    BOOST_REQUIRE(errors.size() == 1U);
    BOOST_TEST(errors[0].ends_with(
        "no host \"nqn.2024-08.com.example:HOST\" (but \"nqn.2024-08.com.example:host\", which "
        "differs only in the case of letters)"));
}

BOOST_AUTO_TEST_CASE(an_image_that_is_nowhere_is_named) {
    const auto ini =
        nvmet::to_ini(imported(sample::with(saved_file("linux-6.1"), "/dev/vg0/web1", "web1.img")),
                      {}, "saved.json");
    BOOST_REQUIRE(!ini.ok());
    BOOST_TEST(ini.error().text ==
               "saved.json: subsystem nqn.2024-08.com.example:disks namespace 1: the image "
               "\"web1.img\" is relative to an unknown directory; set it again");
}

BOOST_AUTO_TEST_CASE(keys_go_to_files_or_nowhere) {
    const auto keys = nvmet::save_keys(wanted(sample::kFull), "");
    BOOST_REQUIRE(!keys.ok());
    BOOST_TEST(keys.error().text.find("--keys DIR") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_secret_in_the_file_needs_a_private_file) {
    const std::string text =
        std::string(R"({"hosts":[{"nqn":"nqn.2024-08.com.example:a","dhchap":{"key":")") +
        sample::kHostKey + "\"}}]}";
    dir.file("config.json", text, 0644);
    refused(text, "chmod 0600");
    dir.file("config.json", text, 0600);
    BOOST_TEST(imported(text).find(Kind::kHost, "nqn.2024-08.com.example:a")->get("dhchap_key") ==
               sample::kHostKey);
    refused(R"({"hosts":[{"nqn":"nqn.2024-08.com.example:a","dhchap":{"key":"DHHC-1:00:AAAA:"}}]})",
            "config.json host nqn.2024-08.com.example:a dhchap_key");
}

BOOST_AUTO_TEST_CASE(other_files_are_refused_with_the_reason) {
    refused("", "not JSON");
    refused("[1]", "not an object");
    refused("{\"ports\":{}}", "ports: not a list");
    refused("{\"ports\":[{}]}", "no portid");
    refused("{\"ports\":[{\"portid\":65536}]}", "65536");
    refused("{\"ports\":[{\"portid\":1},{\"portid\":1}]}", "twice");
    refused("{\"ports\":[{\"portid\":1,\"addr\":{\"trtype\":\"tpc\"}}]}", "not one of tcp|rdma");
    refused("{\"ports\":[{\"portid\":1,\"addr\":{\"colour\":\"red\"}}]}", "no such attribute");
    refused("{\"ports\":[{\"portid\":1,\"colour\":1}]}", "no such member: \"colour\"");
    refused("{\"hosts\":[{\"nqn\":\"../x\"}]}", "cannot name a directory");
    refused("{\"hosts\":[{\"nqn\":\"x\"}]}x", "not JSON");
}

BOOST_AUTO_TEST_CASE(a_wrong_file_of_either_form_is_an_error_with_its_place) {
    for (const char* text : {"[subsystem.x]\nfoo = 1\n", R"({"subsystems": [{"nqn": "../x"}]})"}) {
        dir.file("config", text);
        const auto loaded = nvmet::load(dir.at("config"));
        BOOST_REQUIRE(!loaded.ok());
        BOOST_REQUIRE(!loaded.error().empty());
        BOOST_TEST(loaded.error()[0].find(dir.at("config")) != std::string::npos);
    }
}

BOOST_AUTO_TEST_SUITE_END()
