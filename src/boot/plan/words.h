// SPDX-License-Identifier: GPL-2.0-or-later
//
// The words of the plan's enumerations that several units read or write.
#pragma once

#include <array>

#include "base/cli/values.h"
#include "boot/plan/plan.h"

namespace boot {

inline constexpr std::array kAuthModes = {
    base::Choice<Auth>{"off", Auth::kOff},
    base::Choice<Auth>{"host", Auth::kHost},
    base::Choice<Auth>{"mutual", Auth::kMutual},
};
inline constexpr std::array kOnDowngrade = {
    base::Choice<OnDowngrade>{"log", OnDowngrade::kLog},
    base::Choice<OnDowngrade>{"cut", OnDowngrade::kCut},
    base::Choice<OnDowngrade>{"panic", OnDowngrade::kPanic},
};

}  // namespace boot
