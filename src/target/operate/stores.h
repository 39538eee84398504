// SPDX-License-Identifier: GPL-2.0-or-later
//
// Opens the stores of namespaces: an image, with protection or without, for one lane or for all of
// them, and the reservations that an earlier run saved.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "export/export_config.h"
#include "target/controller/namespace.h"
#include "target/controller/reservations.h"
#include "target/operate/event_log.h"
#include "target/protection/protected_file.h"
#include "target/reactor/labor.h"
#include "target/reactor/reactor.h"
#include "target/storage/backend_file.h"
#include "target/wire/crew.h"

namespace target {

class Stores {
  public:
    /// Opened for a namespace, with the reservations of an earlier run.
    struct Store {
        std::shared_ptr<Backend> backend;
        ReservationState reservations;
    };

    /// @param crew  null: there is one reactor. All outlive this object
    Stores(Reactor& reactor, Crew* crew, const base::Log& log, const base::Clock& clock)
        : reactor_(reactor), crew_(crew), log_(log), clock_(clock) {}
    Stores(const Stores&) = delete;
    Stores& operator=(const Stores&) = delete;

    /// The directory of saved reservations; empty: none. To be called before a store is
    /// opened. Errors: no thread to save them
    base::Status keep_state_in(std::string directory);

    /// @param nqn  of the subsystem, for the log. Errors: the image, the saved reservations; they
    ///             name the section
    base::Result<Store> open(const exports::Namespace& config, const std::string& nqn);
    /// For a view of another namespace. @param backend  of that one
    base::Result<Store> open_view(const exports::Namespace& config,
                                  base::Result<std::shared_ptr<Backend>> backend);
    /// Restores the reservations of an earlier run. A change is answered when it is on the disk,
    /// which may be slow: another thread waits for it.
    void keep_reservations(const exports::Namespace& config, ReservationState state,
                           const std::shared_ptr<Namespace>& ns);
    /// Closes protected stores that nobody else has.
    void drop_unused();

  private:
    [[nodiscard]] base::Result<Store> with_reservations(
        const exports::Namespace& config, base::Result<std::shared_ptr<Backend>> backend) const;
    [[nodiscard]] std::string reservation_path(const exports::Namespace& config) const;
    void tell_trouble(base::Level level, const std::string& text);
    base::Result<std::shared_ptr<Backend>> open_image(const exports::Namespace& config,
                                                      const std::string& nqn);
    base::Result<std::shared_ptr<Backend>> spread(std::unique_ptr<FileBackend> file);
    std::shared_ptr<Backend> spread(std::unique_ptr<ProtectedFile> file, unsigned lane);

    Reactor& reactor_;
    Crew* const crew_;
    const base::Log& log_;
    const base::Clock& clock_;
    std::string state_dir_;
    FailedSyncs failed_syncs_;
    unsigned next_lane_ = 0;    ///< for a store that belongs to one
    std::mutex trouble_mutex_;  ///< guards what follows
    LineBound trouble_;         ///< of images
    /// Kept until drop_unused() finds that nobody else has them: one must not go in the middle of
    /// its own work, with the last command that used it.
    std::vector<std::shared_ptr<Backend>> protected_;
    std::unique_ptr<Labor> writer_;  ///< of reservations
};

}  // namespace target
