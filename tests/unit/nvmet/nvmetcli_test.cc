// SPDX-License-Identifier: GPL-2.0-or-later
// nvmetcli's saved files, and states that go out and come back in both formats.
#include "nvmet/nvmetcli.h"

#include "base/fd.h"
#include "base/json_value.h"
#include "nvmet/apply.h"
#include "nvmet/dump.h"
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
    const auto ini = nvmet::to_ini(saved, {});
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
        const auto ini = nvmet::to_ini(imported(text), {});
        BOOST_REQUIRE_MESSAGE(ini.ok(), name << ": " << (ini.ok() ? "" : ini.error().text));
        const Object reached_state = reached(wanted(*ini));
        BOOST_TEST(nvmet::make_plan(reached_state, wanted(*ini)).empty(), name);
        const Leaves back = leaves_of(nvmet::to_nvmetcli(reached_state, {}).text);
        for (const auto& [path, value] : leaves_of(text)) {
            // What the kernel shows where nothing is set, or where it is too old to have it.
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
    const auto ini = nvmet::to_ini(state, *keys);
    BOOST_REQUIRE_MESSAGE(ini.ok(), (ini.ok() ? "" : ini.error().text));
    BOOST_TEST(ini->find("DHHC") == std::string::npos);
    BOOST_TEST(nvmet::make_plan(state, wanted(*ini)).empty());
    BOOST_TEST(*nvmet::to_ini(reached(wanted(*ini)), *keys) == *ini);

    const nvmet::SavedJson saved = nvmet::to_nvmetcli(state, *keys);
    BOOST_TEST(saved.text.find("DHHC") == std::string::npos);
    BOOST_TEST(nvmet::make_plan(state, imported(saved.text)).empty());
    BOOST_TEST(saved.left_out.size() == 3U);  // discovery_nqn, buffered_io, p2pmem
    for (const std::string& line : saved.left_out) {
        BOOST_TEST(line.find("nvmetcli's format has no place for it") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(an_image_that_is_nowhere_is_named) {
    const auto ini = nvmet::to_ini(
        imported(sample::with(saved_file("linux-6.1"), "/dev/vg0/web1", "web1.img")), {});
    BOOST_REQUIRE(!ini.ok());
    BOOST_TEST(ini.error().text ==
               "subsystem nqn.2024-08.com.example:disks namespace 1: the image \"web1.img\" is "
               "relative to a folder that nobody knows any more; set it again");
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

BOOST_AUTO_TEST_CASE(what_is_no_such_file_is_told) {
    refused("", "not JSON");
    refused("[1]", "not an object");
    refused("{\"ports\":{}}", "ports: not a list");
    refused("{\"ports\":[{}]}", "no portid");
    refused("{\"ports\":[{\"portid\":65536}]}", "65536");
    refused("{\"ports\":[{\"portid\":1},{\"portid\":1}]}", "twice");
    refused("{\"ports\":[{\"portid\":1,\"addr\":{\"trtype\":\"tpc\"}}]}", "none of tcp|rdma");
    refused("{\"ports\":[{\"portid\":1,\"addr\":{\"colour\":\"red\"}}]}", "no such attribute");
    refused("{\"ports\":[{\"portid\":1,\"colour\":1}]}", "no such member: \"colour\"");
    refused("{\"hosts\":[{\"nqn\":\"../x\"}]}", "cannot name a folder");
    refused("{\"hosts\":[{\"nqn\":\"x\"}]}x", "not JSON");
}

BOOST_AUTO_TEST_SUITE_END()
