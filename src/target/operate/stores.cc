// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/operate/stores.h"

#include <utility>

#include "target/operate/reservation_file.h"
#include "target/storage/backend_spread.h"

namespace target {

base::Result<Stores::Store> Stores::open(const exports::Namespace& config, const std::string& nqn) {
    return with_reservations(config, open_image(config, nqn));
}

base::Result<Stores::Store> Stores::open_view(const exports::Namespace& config,
                                              base::Result<std::shared_ptr<Backend>> backend) {
    return with_reservations(config, std::move(backend));
}

base::Result<Stores::Store> Stores::with_reservations(
    const exports::Namespace& config, base::Result<std::shared_ptr<Backend>> backend) const {
    const std::string place = "[namespace." + config.name + "]";
    if (!backend) {
        return std::move(backend).error().in(place);
    }
    Store store{std::move(backend).value(), {}};
    if (!state_dir_.empty()) {
        auto state = load_reservations(reservation_path(config));
        if (!state) {
            return std::move(state).error().in(place);
        }
        store.reservations = std::move(state).value();
    }
    return store;
}

base::Status Stores::keep_state_in(std::string directory) {
    state_dir_ = std::move(directory);
    TRY(writer_, LaborBeside::open(reactor_));
    return base::done();
}

void Stores::drop_unused() {
    std::erase_if(protected_, [](const auto& store) { return store.use_count() == 1; });
}

std::string Stores::reservation_path(const exports::Namespace& config) const {
    return state_dir_ + "/reservations-" + nvme::to_text(config.ids.uuid) + "-" +
           std::to_string(config.nsid);
}

void Stores::keep_reservations(const exports::Namespace& config, ReservationState state,
                               const std::shared_ptr<Namespace>& ns) {
    if (state_dir_.empty()) {
        return;
    }
    const auto save = [this, path = reservation_path(config), of = std::weak_ptr(ns)](
                          const ReservationState& next, const Reservations::Saved& saved) {
        const auto result = std::make_shared<base::Status>(base::done());
        (void)writer_->start(
            {path}, [=] { *result = save_reservations(path, next); },
            [this, result, saved, lives = of.lock()] {
                if (!*result) {
                    tell_trouble(base::Level::kError,
                                 "reservations not saved: " + result->error().text);
                }
                saved(result->ok());
            });
    };
    ns->reservations().restore(std::move(state), save);
}

base::Result<std::shared_ptr<Backend>> Stores::open_image(const exports::Namespace& config,
                                                          const std::string& nqn) {
    const auto tell = [this](const std::string& text) { log_.error(text); };
    if (config.protection == exports::Protection::kNone) {
        TRY(auto backend,
            FileBackend::open(reactor_, {config.image, config.read_only, config.block_bytes, tell,
                                         config.shared, &failed_syncs_}));
        return spread(std::move(backend));
    }
    const unsigned lane =
        crew_ == nullptr ? 0 : next_lane_++ % static_cast<unsigned>(crew_->size()) + 1;
    const std::string who = nqn + " namespace " + std::to_string(config.nsid) + ", " + config.image;
    TRY(auto file,
        ProtectedFile::open(lane == 0 ? reactor_ : crew_->reactor(lane),
                            {.image = config.image,
                             .sidecar = config.sidecar,
                             .read_only = config.read_only,
                             .block_bytes = config.block_bytes,
                             .host_tags = config.protection == exports::Protection::kExposed,
                             .fault_file = config.fault_file,
                             .on_trouble = tell,
                             .failed_syncs = &failed_syncs_,
                             .on_fault = [this, who](const IntegrityFault& fault) {
                                 tell_trouble(fault.layer == IntegrityFault::Layer::kReread
                                                  ? base::Level::kWarning
                                                  : base::Level::kError,
                                              who + ": " + describe(fault));
                             }}));
    if (!config.fault_file.empty()) {
        log_.warning(who + ": damaged on purpose, as specified in " + config.fault_file + " says");
    }
    for (const std::string& finding : file->findings()) {
        log_.warning(who + ": " + finding);
    }
    return protected_.emplace_back(spread(std::move(file), lane));
}

/// A host that reads a bad block again and again must not fill the log. For any thread.
void Stores::tell_trouble(base::Level level, const std::string& text) {
    const std::lock_guard lock(trouble_mutex_);
    const auto left_out = trouble_.pass(clock_.now(), LineBound::Rule{});
    if (left_out) {
        const std::string line =
            text +
            (*left_out == 0 ? "" : "; omitted lines before this: " + std::to_string(*left_out));
        level == base::Level::kError ? log_.error(line) : log_.warning(line);
    }
}

/// A backend that all lanes can use.
base::Result<std::shared_ptr<Backend>> Stores::spread(std::unique_ptr<FileBackend> file) {
    if (crew_ == nullptr) {
        return std::shared_ptr<Backend>(std::move(file));
    }
    SpreadBackend::Parts parts;
    for (unsigned number = 1; number <= crew_->size(); ++number) {
        TRY(auto twin, file->twin(crew_->reactor(number)));
        parts.push_back(std::move(twin));
    }
    parts.insert(parts.begin(), std::move(file));
    return std::shared_ptr<Backend>(std::make_shared<SpreadBackend>(std::move(parts)));
}

/// @param lane  that it belongs to
std::shared_ptr<Backend> Stores::spread(std::unique_ptr<ProtectedFile> file, unsigned lane) {
    if (crew_ == nullptr) {
        return file;
    }
    SpreadBackend::Parts parts(crew_->size() + 1);
    for (unsigned other = 0; other < parts.size(); ++other) {
        Lane& here = other == 0 ? crew_->control() : crew_->lane(other);
        parts[other] = std::make_unique<RemoteBackend>(*file, here, crew_->lane(lane));
    }
    parts[lane] = std::move(file);
    return std::make_shared<SpreadBackend>(std::move(parts), lane);
}

}  // namespace target
