// SPDX-License-Identifier: GPL-2.0-or-later
//
// The notifications of a controller to its host by Asynchronous Events. Each kind points to a log
// page and is sent once; it is sent again after the host has read that page:
//
//     raise ─► pending ── a request is there ─► sent ── log page read ─► quiet
//
// A change while a kind is pending or sent needs no second event: the page will show it.
//
// Base Specification 2.0: 5.2 "Asynchronous Event Request command".
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "nvme/types.h"

namespace target {

class AsyncEvents {
  public:
    enum class Kind : uint8_t {
        kTransientError,    ///< an internal error, not of the host's making
        kNamespaceChanged,  ///< the Changed Namespace List says which
        kAnaChanged,
        kDiscoveryChanged,
        kReservation,
    };
    static constexpr size_t kKinds = 5;

    /// @param enabled  the value of the Asynchronous Event Configuration feature
    /// @return whether there is something new to tell
    bool raise(Kind kind, uint32_t enabled);
    /// The next event to tell, which counts as told from now on.
    std::optional<nvme::AsyncEvent> take();
    /// Nothing of this kind waits for the host to hear or to look.
    [[nodiscard]] bool is_quiet(Kind kind) const {
        return states_[static_cast<size_t>(kind)] == State::kQuiet;
    }
    /// The host has read `page` and did not ask to keep its event.
    void clear(nvme::LogPage page);

  private:
    enum class State : uint8_t { kQuiet, kPending, kTold };
    std::array<State, kKinds> states_{};
};

}  // namespace target
