// SPDX-License-Identifier: GPL-2.0-or-later
//
// A machine whose plan is loaded, and what its tests look at.
#pragma once

#include <algorithm>
#include <string>

#include "boot/sources/load_plan.h"
#include "support/test.h"
#include "unit/boot/sources/plan_machine.h"
#include "unit/boot/sources/sample_secrets.h"

namespace plan_fixture {

inline constexpr const char* kUri =
    "nvmeroot=nvme+tcp://192.0.2.10/nqn.2024-08.com.example:disk/1 ";
inline constexpr const char* kDmi = "11111111-2222-3333-4444-555555555555";

/// A machine with a DMI UUID and whatever files a test adds under etc/.
struct Machine : PlanMachine {
    Machine() : PlanMachine(kDmi) {}
    void host_secret() const { dir.file("etc/nvmeroot/dhchap_secret", kHostSecret, 0600); }
    void ctrl_secret() const { dir.file("etc/nvmeroot/dhchap_ctrl_secret", kCtrlSecret, 0600); }
};

inline const boot::PlanValue& value_of(const boot::LoadedPlan& loaded, const std::string& key) {
    const auto value = std::find_if(loaded.values.begin(), loaded.values.end(),
                                    [&](const boot::PlanValue& each) { return each.key == key; });
    BOOST_REQUIRE_MESSAGE(value != loaded.values.end(), key);
    return *value;
}

/// Loads, and requires exactly one error, which holds `part`.
inline void check_error(const Machine& machine, const std::string& cmdline,
                        const std::string& part) {
    const boot::LoadedPlan loaded = machine.load(cmdline);
    BOOST_TEST_CONTEXT(cmdline << " -> " << joined(loaded.errors)) {
        BOOST_REQUIRE(loaded.errors.size() == 1U);
        BOOST_TEST(loaded.errors[0].find(part) != std::string::npos, part);
        BOOST_TEST(loaded.failure().code == boot::ExitCode::kConfig);
        BOOST_TEST(!loaded.failure().retry);
    }
}

}  // namespace plan_fixture
