// SPDX-License-Identifier: GPL-2.0-or-later
// A boot's state with a clock that a test moves, and directories of its own.
#pragma once

#include <string>

#include "base/log.h"
#include "boot/handover/state.h"
#include "support/fake_clock.h"
#include "support/temp_dir.h"

struct StateFixture {
    support::TempDir dir;
    base::SysPaths sys;
    support::FakeClock clock;
    base::Log log{"nvmeroot", base::Level::kNotice};
    boot::BootState state{clock, log};

    StateFixture() {
        sys.run = dir.at("run");
        sys.sys = dir.at("sys");
        log.silence_stderr();
    }
};

inline bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}
