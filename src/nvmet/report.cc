// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvmet/report.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/json.h"
#include "base/text.h"

namespace nvmet {
namespace {

constexpr std::array<std::string_view, 5> kVerbs = {"mkdir", "rmdir", "write", "link", "unlink"};

std::string_view verb(const Step& step) {
    return kVerbs[static_cast<size_t>(step.op)];
}

std::string shown(const Step& step) {
    if (step.op != Step::Op::kWrite) {
        return "";
    }
    if (step.row->secret()) {
        return step.before.empty() ? " (a key)" : " (another key)";
    }
    return " " + step.value + (step.before.empty() ? "" : " (was " + step.before + ")");
}

}  // namespace

std::string plan_text(const Steps& steps) {
    if (steps.empty()) {
        return "nothing to do: the target matches the file\n";
    }
    std::string text;
    size_t noticed = 0;
    for (const Step& step : steps) {
        text += base::format("%-7s", std::string(verb(step)).c_str()) + step.path + shown(step) +
                (step.effect.empty() ? "" : "   # " + step.effect) + "\n";
        noticed += step.effect.empty() ? 0 : 1;
    }
    return text + base::format("%zu steps, %zu of them affect hosts\n", steps.size(), noticed);
}

std::string plan_json(const Steps& steps) {
    base::JsonWriter json;
    json.begin_object().key("steps").begin_array();
    for (const Step& step : steps) {
        json.begin_object().key("op").string(verb(step)).key("path").string(step.path);
        if (step.op == Step::Op::kWrite && step.row->secret()) {
            json.key("secret").boolean(true);
        } else if (step.op == Step::Op::kWrite) {
            json.key("value").string(step.value);
            if (!step.fresh) {
                json.key("before").string(step.before);
            }
        }
        if (!step.effect.empty()) {
            json.key("effect").string(step.effect);
        }
        json.end_object();
    }
    json.end_array().end_object();
    return json.text() + "\n";
}

std::string explained(const base::Error& error) {
    const bool denied = error.code == EACCES || error.code == EPERM;
    return error.text + (denied && geteuid() != 0 ? " (this requires root privileges)" : "");
}

}  // namespace nvmet
