// SPDX-License-Identifier: GPL-2.0-or-later
// nvmetcli's saved files, and states that go out and come back in both formats.
#include "nvmet/nvmetcli.h"

#include "base/fd.h"
#include "nvmet/apply.h"
#include "nvmet/dump.h"
#include "sample.h"
#include "support/fake_configfs.h"

namespace {

using nvmet::Kind;
using nvmet::Object;

/// As nvmetcli 0.8 saves a target of Linux 6.1 with two ports.
const std::string kSaved = R"json({
  "hosts": [
    {
      "nqn": "nqn.2024-08.com.example:web1"
    }
  ],
  "ports": [
    {
      "addr": {
        "adrfam": "ipv4",
        "traddr": "192.0.2.1",
        "treq": "not specified",
        "trsvcid": "4420",
        "trtype": "tcp"
      },
      "ana_groups": [
        {
          "ana": {
            "state": "optimized"
          },
          "grpid": 1
        },
        {
          "ana": {
            "state": "inaccessible"
          },
          "grpid": 2
        }
      ],
      "param": {
        "inline_data_size": "16384",
        "pi_enable": "0"
      },
      "portid": 1,
      "referrals": [
        {
          "addr": {
            "adrfam": "ipv4",
            "portid": "7",
            "traddr": "192.0.2.2",
            "treq": "not specified",
            "trsvcid": "8009",
            "trtype": "tcp"
          },
          "enable": 1,
          "name": "Other"
        }
      ],
      "subsystems": [
        "nqn.2024-08.com.example:disks"
      ]
    },
    {
      "addr": {
        "adrfam": "",
        "traddr": "",
        "treq": "not specified",
        "trsvcid": "",
        "trtype": ""
      },
      "ana_groups": [
        {
          "ana": {
            "state": "optimized"
          },
          "grpid": 1
        }
      ],
      "param": {
        "inline_data_size": "-1",
        "pi_enable": "0"
      },
      "portid": 2,
      "referrals": [],
      "subsystems": []
    }
  ],
  "subsystems": [
    {
      "allowed_hosts": [
        "nqn.2024-08.com.example:web1"
      ],
      "attr": {
        "allow_any_host": "0",
        "cntlid_max": "65519",
        "cntlid_min": "1",
        "model": "Linux",
        "pi_enable": "0",
        "qid_max": "128",
        "serial": "5e1a10000000beef",
        "version": "1.3"
      },
      "namespaces": [
        {
          "ana": {
            "grpid": "2"
          },
          "ana_grpid": 2,
          "device": {
            "nguid": "00000000-0000-0000-0000-000000000000",
            "path": "/dev/vg0/web1",
            "uuid": "11111111-2222-3333-4444-555555555555"
          },
          "enable": 1,
          "nsid": 1
        },
        {
          "ana": {
            "grpid": "1"
          },
          "ana_grpid": 1,
          "device": {
            "nguid": "00000000-0000-0000-0000-000000000000",
            "path": "(null)",
            "uuid": "11111111-2222-3333-4444-666666666666"
          },
          "enable": 0,
          "nsid": 10
        }
      ],
      "nqn": "nqn.2024-08.com.example:disks"
    },
    {
      "allowed_hosts": [],
      "attr": {
        "allow_any_host": "1",
        "serial": "5e1a10000000cafe"
      },
      "namespaces": [],
      "nqn": "nqn.2024-08.com.example:whole",
      "passthru": [
        {
          "admin_timeout": 0,
          "clear_ids": 1,
          "device": {
            "path": "/dev/nvme0"
          },
          "enable": 0,
          "io_timeout": 0
        }
      ]
    }
  ]
}
)json";

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
    const Object saved = imported(kSaved);
    const auto ini = nvmet::to_ini(saved, {});
    BOOST_REQUIRE_MESSAGE(ini.ok(), (ini.ok() ? "" : ini.error().text));
    const Object again = wanted(*ini);
    BOOST_TEST(nvmet::make_plan(saved, again).empty());
    BOOST_TEST(nvmet::make_plan(reached(saved), again).empty());
    BOOST_TEST(ini->find("[host.web1]\nnqn = nqn.2024-08.com.example:web1\n") != std::string::npos);
    BOOST_TEST(ini->find("name = Other\n") != std::string::npos);
    BOOST_TEST(ini->find("nguid = none\n") != std::string::npos);
    BOOST_TEST(ini->find("serial = 5e1a10000000beef\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_written_is_what_nvmetcli_writes) {
    // Only members that the state does not have are missing: the second port's empty address.
    const Object state = imported(kSaved);
    const std::string text = nvmet::to_nvmetcli(state, {}).text;
    const auto begin = [](const std::string& all) {
        return all.substr(0, all.find("\"portid\": 1"));
    };
    BOOST_TEST(begin(text) == begin(kSaved));
    const auto subsystems = [](const std::string& all) {
        return all.substr(all.find("\n  \"subsystems\": ["),
                          all.find(":whole") - all.find("\n  \"subsystems\": ["));
    };
    BOOST_TEST(subsystems(text) == subsystems(kSaved));
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
