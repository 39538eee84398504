// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/async_events.h"

#include "nvme/identify.h"

namespace target {
namespace {

using nvme::AsyncEvent;
using nvme::IdentifyController;
using nvme::LogPage;

struct KindRow {
    AsyncEvent event;
    uint32_t enable;  ///< the bit of the feature that turns it on; 0: always on
};

/// By AsyncEvents::Kind.
constexpr std::array<KindRow, AsyncEvents::kKinds> kRows = {{
    {{AsyncEvent::Type::kError, AsyncEvent::kTransientError, LogPage::kErrors}, 0},
    {{AsyncEvent::Type::kNotice, AsyncEvent::kNamespaceChanged, LogPage::kChangedNamespaces},
     IdentifyController::kOaesNamespaceChange},
    {{AsyncEvent::Type::kNotice, AsyncEvent::kAnaChanged, LogPage::kAna},
     IdentifyController::kOaesAnaChange},
    {{AsyncEvent::Type::kNotice, AsyncEvent::kDiscoveryChanged, LogPage::kDiscovery},
     IdentifyController::kOaesDiscoveryChange},
    {{AsyncEvent::Type::kCommandSet, AsyncEvent::kReservationLog, LogPage::kReservation}, 0},
}};

}  // namespace

bool AsyncEvents::raise(Kind kind, uint32_t enabled) {
    const auto index = static_cast<size_t>(kind);
    const uint32_t needed = kRows[index].enable;
    if (states_[index] != State::kQuiet || (enabled & needed) != needed) {
        return false;
    }
    states_[index] = State::kPending;
    return true;
}

std::optional<AsyncEvent> AsyncEvents::take() {
    for (size_t i = 0; i < kKinds; ++i) {
        if (states_[i] == State::kPending) {
            states_[i] = State::kTold;
            return kRows[i].event;
        }
    }
    return std::nullopt;
}

void AsyncEvents::clear(LogPage page) {
    for (size_t i = 0; i < kKinds; ++i) {
        if (kRows[i].event.page == page) {
            states_[i] = State::kQuiet;
        }
    }
}

}  // namespace target
