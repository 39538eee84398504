// SPDX-License-Identifier: GPL-2.0-or-later
//
// The options of nvmeroot-load. `run` measures every combination of what its lists name.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cli/options.h"
#include "load/report.h"

namespace load {

/// Which target, and as whom; shared by all commands.
struct Settings {
    target::SocketAddress address{"127.0.0.1", 4420};
    std::string subsysnqn;
    std::string hostnqn = "nqn.2014-08.org.nvmexpress:uuid:6e766d65-726f-6f74-8000-6c6f61640001";
    std::string key_file;
    std::string ctrl_key_file;
    std::vector<nvme::HashId> hashes{nvme::kHashes.begin(), nvme::kHashes.end()};
    std::vector<nvme::DhGroup> groups{nvme::DhGroup::kFfdhe2048};
    uint32_t nsid = 1;
    std::optional<pid_t> target;
    target::Reactor::Engine engine = target::Reactor::Engine::kAny;

    std::vector<Access> accesses{Access::kRandomRead};
    std::vector<uint32_t> sizes{4096};
    std::vector<uint16_t> depths{32};
    std::vector<uint16_t> connections{1};
    std::vector<std::string> digests{"-"};
    base::milliseconds time{1000};
    uint32_t rounds = 1;
    bool verify = false;
    uint64_t region = 0;
    std::optional<target::SocketAddress> floor;
    std::optional<pid_t> floor_server;
    std::string svg_file;

    std::vector<size_t> hosts{64};
    uint64_t read_bytes = uint64_t{100} << 20U;

    bool json = false;
};

std::span<const base::Option<Settings>> run_option_table();
std::span<const base::Option<Settings>> storm_option_table();
std::span<const base::Option<Settings>> floor_option_table();

/// Errors: a file that is missing, not private, or holds no secret.
base::Result<std::optional<HostSecrets>> read_secrets(const Settings& settings);

}  // namespace load
