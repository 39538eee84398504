// SPDX-License-Identifier: GPL-2.0-or-later
// A machine that plans its boot: a DMI UUID, and whatever files a test adds.
#pragma once

#include <string>
#include <vector>

#include "boot/sources/load_plan.h"
#include "support/temp_dir.h"

struct PlanMachine {
    support::TempDir dir;
    base::SysPaths sys;
    std::string credentials;  ///< $CREDENTIALS_DIRECTORY

    explicit PlanMachine(const std::string& dmi_uuid = "11111111-2222-3333-4444-555555555555") {
        sys.sys = dir.folder("sys");
        sys.etc = dir.folder("etc");
        sys.run = dir.folder("run");
        sys.usr_lib = dir.folder("usr/lib");
        dir.file("sys/class/dmi/id/product_uuid", dmi_uuid + "\n");
    }
    void config(const std::string& text, unsigned mode = 0644) const {
        dir.file("etc/nvmeroot/nvmeroot.conf", text, mode);
    }
    [[nodiscard]] boot::LoadedPlan load(const std::string& cmdline = "") const {
        boot::PlanInput input;
        input.cmdline = cmdline;
        input.credentials = credentials;
        return boot::load_plan(input, sys);
    }
};

/// One text a line, for messages.
inline std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) {
        all += text + "\n";
    }
    return all;
}
