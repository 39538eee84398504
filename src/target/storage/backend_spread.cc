// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/storage/backend_spread.h"

namespace target {

void SpreadBackend::refresh() {
    for (const auto& part : parts_) {
        part->refresh();
    }
}

RemoteBackend::Errand& RemoteBackend::new_errand(Io& io) {
    if (free_.empty()) {
        errands_.emplace_back().owner = this;
        free_.push_back(&errands_.back());
    }
    Errand& errand = *free_.back();
    free_.pop_back();
    errand.io = &io;
    errand.order(io);
    errand.failed_block.reset();
    return errand;
}

void RemoteBackend::submit(Io& io) {
    Errand& errand = new_errand(io);
    there_.post([&errand] { errand.owner->store_.submit(errand); });
}

void RemoteBackend::Errand::done(IoError result) {
    error = result;
    owner->here_.post([this] { owner->came_back(*this); });
}

void RemoteBackend::came_back(Errand& errand) {
    Io& io = *errand.io;
    if (errand.failed_block) {
        io.failed_block = errand.failed_block;
    }
    free_.push_back(&errand);
    io.done(errand.error);
}

}  // namespace target
