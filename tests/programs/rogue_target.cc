// SPDX-License-Identifier: GPL-2.0-or-later
//
// The target of the hostile tests: rogue-target --quirk NAME serve --config FILE
#include <cstdio>
#include <string>
#include <vector>

#include "support/rogue.h"
#include "target/operate/serve.h"

namespace {

int usage() {
    std::fputs("usage: rogue-target --quirk NAME serve --config FILE\nquirks:", stderr);
    for (const std::string_view name : support::quirk_names()) {
        std::fprintf(stderr, " %s", std::string(name).c_str());
    }
    std::fputs("\n", stderr);
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    const bool complete =
        words.size() == 5 && words[0] == "--quirk" && words[2] == "serve" && words[3] == "--config";
    const auto quirk = complete ? support::find_quirk(words[1]) : std::nullopt;
    if (!quirk) {
        return usage();
    }
    const base::Log log("rogue-target", base::Level::kInfo);
    auto config = exports::load_config(words[4]);
    if (!config) {
        for (const std::string& text : config.error()) {
            log.error(text);
        }
        return 1;
    }
    support::Rogue rogue(*quirk);
    const auto served = target::serve(
        std::move(*config), [&] { return exports::load_config(words[4]); },
        target::Reactor::Engine::kAny, log, rogue);
    if (!served) {
        log.error(served.error().text);
        return 1;
    }
    return 0;
}
