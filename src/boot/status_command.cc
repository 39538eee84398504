// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/status_command.h"

#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "base/json_tree.h"
#include "base/text.h"
#include "boot/connect.h"
#include "boot/sysfs.h"

namespace boot {
namespace {

using base::JsonTree;

std::string line(const char* name, const std::string& value) {
    return base::format("%-15s ", name) + value + "\n";
}

std::string root_lines(const JsonTree& root, const base::SysPaths& sys) {
    const std::string& subsysnqn = root["subsysnqn"].text;
    const auto bytes = base::parse_u64(root["size_bytes"].text);
    constexpr uint64_t kMebi = 1U << 20U;
    std::string text = line("root", root["device"].text + ", " + root["wwid"].text + ", " +
                                        std::to_string(bytes ? *bytes / kMebi : 0) + " MiB");
    text += line("namespace", root["nsid"].text + " of " + subsysnqn);
    text += line("authentication",
                 root["authentication"].text.empty() ? "none" : root["authentication"].text);
    text += line("protection", root["protection"].text);
    for (const std::string& name : controllers_of(sys, subsysnqn)) {
        const std::string folder = sys.sys + "/class/nvme/" + name;
        text += line("path", name + ", " + attribute(folder + "/address") + ", now " +
                                 attribute(folder + "/state"));
    }
    return text;
}

std::string stage_lines(const JsonTree& state) {
    std::string text;
    const char* name = "stages";
    for (const JsonTree& stage : state["stages"].items) {
        text += line(name, stage["began"].text + " to " + stage["ended"].text + " s  " +
                               stage["stage"].text);
        name = "";
    }
    return text;
}

}  // namespace

base::Result<std::string> status_text(std::string_view text, const base::SysPaths& sys) {
    TRY(const JsonTree state, base::parse_json(text));
    std::string out = line("outcome", state["outcome"].text + " (exit " + state["exit_code"].text +
                                          "), attempt " + state["attempts"].text);
    if (state["error"].kind == JsonTree::Kind::kString) {
        out += line("error", state["error"].text);
    }
    if (state["root"].kind == JsonTree::Kind::kObject) {
        out += root_lines(state["root"], sys);
    }
    out += stage_lines(state);
    for (const JsonTree& warning : state["warnings"].items) {
        out += line("warning", warning.text);
    }
    for (const JsonTree& said : state["kernel"].items) {
        out += line("kernel", "[" + said["time"].text + "] " + said["text"].text);
    }
    return out;
}

ExitCode status_command(bool json, const base::SysPaths& sys) {
    const std::string path = sys.run + "/nvmeroot/state.json";
    const auto state = base::read_text(path);
    if (!state && state.error().code == ENOENT) {
        (void)base::write_all(
            STDERR_FILENO,
            "nvmeroot: this machine was not booted by nvmeroot: there is no " + path + "\n");
        return ExitCode::kNotAsked;
    }
    auto text = state ? status_text(*state, sys) : state;
    if (!text) {
        (void)base::write_all(STDERR_FILENO,
                              "nvmeroot: " + std::move(text).error().in(path).text + "\n");
        return ExitCode::kInternal;
    }
    (void)base::write_all(STDOUT_FILENO, json ? *state : *text);
    const auto code = base::parse_u64((*base::parse_json(*state))["exit_code"].text, 255);
    return code ? static_cast<ExitCode>(*code) : ExitCode::kInternal;
}

}  // namespace boot
