// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/after/status_command.h"

#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "base/sysfs.h"
#include "base/text.h"
#include "boot/connect/connect.h"

namespace boot {
namespace {

using base::JsonValue;

std::string line(const char* name, const std::string& value) {
    return base::format("%-15s ", name) + value + "\n";
}

std::string root_lines(const JsonValue& root, const base::SysPaths& sys) {
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
        text += line("path", name + ", " + attribute(folder + "/address").value_or("going") +
                                 ", now " + attribute(folder + "/state").value_or("gone"));
    }
    return text;
}

std::string stage_lines(const JsonValue& state) {
    std::string text;
    const char* name = "stages";
    for (const JsonValue& stage : state["stages"].items) {
        text += line(name, stage["began"].text + " to " + stage["ended"].text + " s  " +
                               stage["stage"].text);
        name = "";
    }
    return text;
}

}  // namespace

std::string status_text(const JsonValue& state, const base::SysPaths& sys) {
    std::string out = line("outcome", state["outcome"].text + " (exit " + state["exit_code"].text +
                                          "), attempt " + state["attempts"].text);
    if (state["error"].type == JsonValue::Type::kString) {
        out += line("error", state["error"].text);
    }
    if (state["root"].type == JsonValue::Type::kObject) {
        out += root_lines(state["root"], sys);
    }
    out += stage_lines(state);
    for (const JsonValue& warning : state["warnings"].items) {
        out += line("warning", warning.text);
    }
    for (const JsonValue& said : state["kernel"].items) {
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
            "nvmeroot: nvmeroot did not boot this machine: there is no " + path + "\n");
        return ExitCode::kNotAsked;
    }
    const base::Result<JsonValue> document = state ? JsonValue::parse(*state, path) : state.error();
    if (!document) {
        (void)base::write_all(STDERR_FILENO, "nvmeroot: " + document.error().text + "\n");
        return ExitCode::kInternal;
    }
    (void)base::write_all(STDOUT_FILENO, json ? *state : status_text(*document, sys));
    const auto code = base::parse_u64((*document)["exit_code"].text, 255);
    return code ? static_cast<ExitCode>(*code) : ExitCode::kInternal;
}

}  // namespace boot
