// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/cli/serve_options.h"

#include <stdlib.h>

#include <algorithm>
#include <memory>

#include "base/join.h"
#include "base/text.h"
#include "export/name_uuid.h"
#include "nvme/nqn.h"

namespace target {
namespace {

using base::done;
using base::Status;

constexpr std::string_view kSubsystem = "subsystem.served";

void set(ServeOptions& into, std::string_view section, std::string_view key, std::string_view value,
         std::string_view option) {
    into.settings.push_back({std::string(section), std::string(key), std::string(value),
                             "command line:", std::string(option)});
}

/// A list key may be given by several options: they make one value.
void append(ServeOptions& into, std::string_view key, std::string_view value,
            std::string_view option) {
    for (exports::Setting& setting : into.settings) {
        if (setting.key == key) {
            setting.value += "," + std::string(value);
            return;
        }
    }
    set(into, "target", key, value, option);
}

Status add_image(std::string_view path, ServeOptions& into) {
    into.images.emplace_back(path);
    const std::string section = "namespace." + std::to_string(into.images.size());
    set(into, section, "subsystem", "served", "--image");
    set(into, section, "image", path, "--image");
    return done();
}

Status add_host(std::string_view nqn, ServeOptions& into) {
    into.hosts.push_back(std::to_string(into.hosts.size() + 1));
    set(into, "host." + into.hosts.back(), "nqn", nqn, "--host");
    return done();
}

/// A key of the --image that stands before it.
Status of_image(ServeOptions& into, std::string_view key, std::string_view value,
                std::string_view option) {
    if (into.images.empty()) {
        return base::error("must follow the --image that it belongs to");
    }
    set(into, "namespace." + std::to_string(into.images.size()), key, value, option);
    return done();
}

/// A key of the --host that stands before it.
Status of_host(ServeOptions& into, std::string_view key, std::string_view value,
               std::string_view option) {
    if (into.hosts.empty()) {
        return base::error("must follow the --host that it belongs to");
    }
    set(into, "host." + into.hosts.back(), key, value, option);
    return done();
}

Status set_engine(std::string_view name, ServeOptions& into) {
    if (name != "auto" && name != "io_uring" && name != "epoll") {
        return base::error(base::quoted(name) + " is not one of auto, io_uring, epoll");
    }
    into.engine = name == "auto"    ? Reactor::Engine::kAny
                  : name == "epoll" ? Reactor::Engine::kEpoll
                                    : Reactor::Engine::kIoUring;
    return done();
}

// clang-format off
constexpr base::Option<ServeOptions> kOptions[] = {
    {"--config", "FILE", "configuration file, see nvmeroot-target.conf(5); excludes the options that describe a subsystem",
     [](std::string_view v, ServeOptions& o) { o.config = v; return Status(done()); }},
    {"--image", "FILE", "raw image or block device; may be repeated",
     [](std::string_view v, ServeOptions& o) { return add_image(v, o); }},
    {"--nsid", "NUMBER", "namespace identifier of the image (default: 1, 2, … in order)",
     [](std::string_view v, ServeOptions& o) { return of_image(o, "nsid", v, "--nsid"); }},
    {"--uuid", "UUID", "UUID of the image (default: derived from the NQN and the namespace identifier)",
     [](std::string_view v, ServeOptions& o) { return of_image(o, "uuid", v, "--uuid"); }},
    {"--block-size", "512|4096", "size of a logical block in bytes",
     [](std::string_view v, ServeOptions& o) { return of_image(o, "block_size", v, "--block-size"); }},
    {"--read-only", "", "refuse writes to the image",
     [](std::string_view, ServeOptions& o) { return of_image(o, "read_only", "yes", "--read-only"); }},
    {"--protection", "at-rest|exposed", "maintain and check the checksums of the image; `image protect` creates them",
     [](std::string_view v, ServeOptions& o) { return of_image(o, "protection", v, "--protection"); }},
    {"--pi", "type1|type2|type3", "report a format with protection information, for tests",
     [](std::string_view v, ServeOptions& o) { return of_image(o, "pi", v, "--pi"); }},
    {"--subsysnqn", "NQN", "NQN of the subsystem (default: derived from this machine and the first image)",
     [](std::string_view v, ServeOptions& o) { o.nqn_given = true; set(o, kSubsystem, "nqn", v, "--subsysnqn"); return Status(done()); }},
    {"--host", "NQN", "NQN of a host that may connect; may be repeated",
     [](std::string_view v, ServeOptions& o) { return add_host(v, o); }},
    {"--key", "FILE", "DHHC-1 secret of the host; mode 0600",
     [](std::string_view v, ServeOptions& o) { return of_host(o, "dhchap_secret_file", v, "--key"); }},
    {"--ctrl-key", "FILE", "DHHC-1 secret by which the target authenticates to the host",
     [](std::string_view v, ServeOptions& o) { return of_host(o, "dhchap_ctrl_secret_file", v, "--ctrl-key"); }},
    {"--hash", "sha256,…", "hashes that the host may use",
     [](std::string_view v, ServeOptions& o) { return of_host(o, "dhchap_hash", v, "--hash"); }},
    {"--dhgroup", "ffdhe2048,…", "Diffie-Hellman groups that the host may use",
     [](std::string_view v, ServeOptions& o) { return of_host(o, "dhchap_dhgroup", v, "--dhgroup"); }},
    {"--allow-any-host", "", "admit every host; hosts with a --key must still authenticate",
     [](std::string_view, ServeOptions& o) { set(o, kSubsystem, "allow_any_host", "yes", "--allow-any-host"); return Status(done()); }},
    {"--listen", "ADDRESS[:PORT]", "address that hosts connect to (default: 0.0.0.0:4420); may be repeated",
     [](std::string_view v, ServeOptions& o) { append(o, "listen", v, "--listen"); return Status(done()); }},
    {"--discovery", "ADDRESS[:PORT]", "additional address of the discovery service (default port: 8009)",
     [](std::string_view v, ServeOptions& o) { append(o, "discovery", v, "--discovery"); return Status(done()); }},
    {"--io-queues", "NUMBER", "maximum number of I/O queues of one host",
     [](std::string_view v, ServeOptions& o) { set(o, "target", "io_queues", v, "--io-queues"); return Status(done()); }},
    {"--engine", "auto|io_uring|epoll", "I/O engine: io_uring, epoll, or auto",
     [](std::string_view v, ServeOptions& o) { return set_engine(v, o); }},
    {"--verbose", "", "log each queue in addition to each host",
     [](std::string_view, ServeOptions& o) { o.verbose = true; return Status(done()); }},
};
// clang-format on

bool has(const ServeOptions& options, std::string_view section, std::string_view key) {
    return std::any_of(options.settings.begin(), options.settings.end(),
                       [&](const exports::Setting& setting) {
                           return setting.section == section && setting.key == key;
                       });
}

std::string absolute(const std::string& path) {
    const std::unique_ptr<char, decltype(&free)> resolved(realpath(path.c_str(), nullptr), free);
    return resolved ? resolved.get() : path;
}

/// Fills in the keys that the command line, unlike a file, may omit.
void complete(ServeOptions& options, std::string_view machine) {
    if (!options.nqn_given) {
        const std::string name =
            "nvmeroot:" + std::string(machine) + ":" + absolute(options.images[0]);
        set(options, kSubsystem, "nqn", nvme::uuid_nqn(exports::url_uuid(name)), "--subsysnqn");
    }
    for (size_t i = 1; i <= options.images.size(); ++i) {
        const std::string section = "namespace." + std::to_string(i);
        if (!has(options, section, "nsid")) {
            set(options, section, "nsid", std::to_string(i), "--nsid");
        }
    }
    if (!options.hosts.empty()) {
        set(options, kSubsystem, "hosts", base::join(options.hosts, ","), "--host");
    }
}

}  // namespace

std::span<const base::Option<ServeOptions>> serve_option_table() {
    return kOptions;
}

Status complete_serve_options(ServeOptions& options, std::string_view machine) {
    if (!options.config.empty()) {
        return options.settings.empty() ? Status(done())
                                        : base::error("--config and " + options.settings[0].shown +
                                                      " cannot be used together");
    }
    if (options.images.empty()) {
        return base::error("give --config FILE, or --image FILE and --host NQN");
    }
    if (options.hosts.empty() && !has(options, kSubsystem, "allow_any_host")) {
        return base::error("give --host NQN for each host that may connect");
    }
    complete(options, machine);
    return done();
}

}  // namespace target
