// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/options.h"

#include <stdlib.h>

#include "base/cli/values.h"
#include "base/fd.h"
#include "boot/sources/cmdline.h"
#include "boot/sources/keys.h"

namespace boot {
namespace {

using base::done;
using base::Status;
using Row = base::Option<Options>;
using View = std::string_view;

// clang-format off
constexpr Row kCmdline = {"--cmdline", "TEXT", "use TEXT instead of /proc/cmdline; may be repeated; @FILE reads it from a file",
    [](View value, Options& o) { o.cmdlines.emplace_back(value); return Status(done()); }};
constexpr Row kConfig = {"--config", "FILE", "use FILE instead of /etc/nvmeroot/nvmeroot.conf",
    [](View value, Options& o) { o.config = value; return Status(done()); }};
constexpr Row kRoot = {"--root", "DIR", "examine an unpacked image or another root instead of this machine",
    [](View value, Options& o) { o.root = value; return Status(done()); }};
constexpr Row kJson = {"--json", "", "print JSON",
    [](View /*value*/, Options& o) { o.json = true; return Status(done()); }};

constexpr Row kBootOptions[] = {
    kCmdline,
    kConfig,
    {"--debug", "", "log each step on stderr, as the key debug does",
     [](View /*value*/, Options& o) { o.debug = true; return Status(done()); }},
    {"--advice", "TEXT", "print TEXT after a failure, to explain how to retry",
     [](View value, Options& o) { o.advice = value; return Status(done()); }},
};
constexpr Row kPlanOptions[] = {kCmdline, kConfig, kRoot, kJson};
constexpr Row kNeedsOptions[] = {
    {"--sealed", "", "include the machine's sealed credentials, which systemd decrypts",
     [](View /*value*/, Options& o) { o.sealed = true; return Status(done()); }},
    {"--modules", "", "list the kernel modules of every image instead",
     [](View /*value*/, Options& o) { o.modules = true; return Status(done()); }},
    kRoot,
};
constexpr Row kCheckOptions[] = {
    {"--verify", "EXTENT", "verify the checksums of blocks: sb, first:N, sample:N or full",
     [](View value, Options& o) { return base::store(parse_extent(value), o.verify); }},
    kJson,
};
constexpr Row kStatusOptions[] = {kJson};
// clang-format on

}  // namespace

OptionTable boot_option_table() {
    return kBootOptions;
}
OptionTable plan_option_table() {
    return kPlanOptions;
}
OptionTable needs_option_table() {
    return kNeedsOptions;
}
OptionTable check_option_table() {
    return kCheckOptions;
}
OptionTable status_option_table() {
    return kStatusOptions;
}

OptionTable no_option_table() {
    return {};
}

base::SysPaths sys_paths(const Options& options) {
    base::SysPaths sys;
    for (std::string* path : {&sys.proc, &sys.sys, &sys.dev, &sys.run, &sys.etc, &sys.lib_modules,
                              &sys.usr_lib, &sys.configfs}) {
        path->insert(0, options.root);
    }
    return sys;
}

base::Result<PlanInput> plan_input(const Options& options, const base::SysPaths& sys) {
    PlanInput input;
    input.config = options.config;
    input.root = options.root;
    if (const char* folder = ::getenv("CREDENTIALS_DIRECTORY")) {
        input.credentials = folder;
    }
    if (options.cmdlines.empty() && options.root.empty()) {
        TRY(input.cmdline, base::read_text(sys.proc + "/cmdline", kMaxCmdline));
    }
    for (const std::string& text : options.cmdlines) {
        // From a file, a secret that the user put there does not show in the list of processes.
        if (text.starts_with('@')) {
            TRY(const std::string read, base::read_text(text.substr(1), kMaxCmdline));
            input.cmdline.append(read);
        } else {
            input.cmdline.append(text);
        }
        input.cmdline.append("\n");
    }
    return input;
}

}  // namespace boot
