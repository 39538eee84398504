// SPDX-License-Identifier: GPL-2.0-or-later
//
// The reservations of one namespace: which hosts are registered with which keys, and what one of
// them has reserved. All controllers of a host are one registrant. The rules alone are here,
// without commands or files. Each change is saved before it counts, and takes its time: the next
// one waits until it is over.
//
//                     type 1, 2        type 3, 4             type 5, 6
//     holder          one host         one host              every registrant
//     others may      1, 3, 5: read    2, 4, 6: nothing      (3 to 6: registrants may do all)
//
// Base Specification 2.0: 8.19 "Reservations".
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nvme/nqn.h"
#include "nvme/types.h"
#include "target/storage/backend.h"

namespace target {

/// The access of a command to the blocks of a namespace, as reservations and write protection see
/// it.
enum class Access : uint8_t { kRead, kWrite };

enum class ReservationType : uint8_t {
    kNone = 0,
    kWriteExclusive = 1,
    kExclusiveAccess = 2,
    kWriteExclusiveRegistrants = 3,
    kExclusiveAccessRegistrants = 4,
    kWriteExclusiveAll = 5,
    kExclusiveAccessAll = 6,
};

/// The identity of a registrant. To the specification a host is its Host Identifier, but nothing
/// proves the identifier, and every registrant may read those of all others. The NQN is proved if
/// the host has keys: therefore the same host has both.
struct Reserver {
    nvme::HostId id;
    std::string nqn;  ///< empty: one that an older version saved, of whatever NQN

    /// Whether it is the same host. Nobody is the host whose identifier is 0.
    [[nodiscard]] bool is(const Reserver& other) const {
        return id == other.id && !id.is_zero() &&
               (nqn == other.nqn || nqn.empty() || other.nqn.empty());
    }
    bool operator==(const Reserver&) const = default;
};

struct ReservationState {
    struct Registrant {
        Reserver host;
        uint64_t key = 0;
        bool operator==(const Registrant&) const = default;
    };
    std::vector<Registrant> registrants;  ///< in the order in which they came
    ReservationType type = ReservationType::kNone;
    Reserver holder;  ///< of types 1 to 4
    uint32_t generation = 0;
    bool persists = false;  ///< PTPL: all of this survives a restart of the target
    bool operator==(const ReservationState&) const = default;
};

/// The notices of the Reservation Notification log, by their number there.
enum class ReservationNotice : uint8_t {
    kRegistrationPreempted = 1,
    kReservationReleased = 2,
    kReservationPreempted = 3,
};

/// The result of a reservation command.
struct ReservationOutcome {
    nvme::Status status;
    struct Notice {
        Reserver host;
        ReservationNotice what;
        bool operator==(const Notice&) const = default;
    };
    std::vector<Notice> notices;    ///< for hosts other than the one that did it
    std::vector<Reserver> removed;  ///< whose registrations were preempted
};

class Reservations {
  public:
    /// A host can make up Host Identifiers as it likes, but not fill our memory with them, nor the
    /// places of others.
    static constexpr size_t kMostRegistrants = 1024;
    static constexpr size_t kMostOfOneNqn = 64;

    /// Makes a state survive power loss, or forgets the one that would, and says whether it did,
    /// perhaps before it returns. REQUIRES: this object lives until then.
    using Saved = std::function<void(bool kept)>;
    using Save = std::function<void(const ReservationState& state, Saved saved)>;

    enum class RegisterAction : uint8_t { kRegister = 0, kUnregister = 1, kReplace = 2 };
    enum class AcquireAction : uint8_t { kAcquire = 0, kPreempt = 1, kPreemptAndAbort = 2 };
    enum class ReleaseAction : uint8_t { kRelease = 0, kClear = 1 };

    /// Restores what an earlier target saved, except for hosts with the identifier 0: those are
    /// other hosts after each reset.
    /// @param save  empty: nothing can persist
    void restore(ReservationState state, Save save);
    [[nodiscard]] bool can_persist() const { return save_ != nullptr; }

    // The functions below that change something REQUIRE !is_saving(). Their results hold if
    // that is so afterwards too; else outcome() has it when the change is saved.
    [[nodiscard]] bool is_saving() const { return is_saving_; }
    [[nodiscard]] const ReservationOutcome& outcome() const { return outcome_; }
    /// Calls `io.done()` when nothing is being saved, one after the other.
    /// @param own  its own change is being saved: it comes first
    void wait(Io& io, bool own);
    [[nodiscard]] const ReservationState& state() const { return state_; }

    [[nodiscard]] bool allows(const Reserver& host, Access access) const;
    [[nodiscard]] bool is_holder(const Reserver& host) const;

    struct Registration {
        RegisterAction action = RegisterAction::kRegister;
        bool ignore_existing = false;                ///< IEKEY
        std::optional<bool> persist = std::nullopt;  ///< CPTPL, where it changes anything
        uint64_t current_key = 0;
        uint64_t new_key = 0;
    };
    ReservationOutcome register_host(const Reserver& host, const Registration& wanted);

    struct Acquisition {
        AcquireAction action = AcquireAction::kAcquire;
        ReservationType type = ReservationType::kNone;
        uint64_t current_key = 0;
        uint64_t preempted_key = 0;
    };
    ReservationOutcome acquire(const Reserver& host, const Acquisition& wanted);

    /// PTPL, as the feature and CPTPL set it.
    nvme::Status persist(bool wanted);

    ReservationOutcome release(const Reserver& host, ReleaseAction action, ReservationType type,
                               uint64_t current_key);

  private:
    ReservationOutcome commit(ReservationState next, ReservationOutcome outcome);
    void saved(bool kept);

    ReservationState state_;
    Save save_;
    bool is_saving_ = false;
    ReservationState next_;       ///< is_saving_: what comes of it
    ReservationOutcome outcome_;  ///< of the last change that was saved, or is
    std::deque<Io*> waiting_;
    bool wakes_ = false;
};

}  // namespace target
