// SPDX-License-Identifier: GPL-2.0-or-later
//
// Images that cannot be served when the server starts, or when a reload brings them: a volume group
// that is not active yet, a file system that is mounted later, a file that is being made. All
// others are served. These are looked at every two seconds and taken up when they are there.
//
// A file that is still being written is left alone until two looks find it the same. An image that
// could not be opened is tried again when something has changed, and at long intervals besides: it
// may have been locked.
#include <algorithm>

#include "export/image_look.h"
#include "target/operate/service.h"

namespace target {
namespace {

constexpr base::seconds kLookInterval{2};
constexpr base::seconds kTryInterval{30};

}  // namespace

Service::ImageState Service::state_of(const PathLook::Found& found) {
    return found ? ImageState(std::tuple(found->st_rdev, found->st_ino, found->st_size,
                                         found->st_mtim.tv_sec, found->st_mtim.tv_nsec,
                                         found->st_ctim.tv_sec, found->st_ctim.tv_nsec))
                 : std::nullopt;
}

void Service::wait_for(const exports::Namespace& ns, const std::string& nqn, std::string why) {
    const auto [place, is_new] = late_.try_emplace({nqn, ns.nsid});
    Late& late = place->second;
    if (is_new || late.why != why) {
        log_.warning("not serving " + ns.image + " as " + nqn + " namespace " +
                     std::to_string(ns.nsid) + " yet: " + why);
    }
    const auto found = look_.look({ns.image}).found;
    late = {std::move(why), found.contains(ns.image) ? state_of(found.at(ns.image)) : std::nullopt,
            reactor_.now() + kTryInterval};
    late_timer_.set(reactor_.now() + kLookInterval);
}

bool Service::is_served(const std::string& nqn, uint32_t nsid) const {
    const Subsystem* subsystem = target_.find_subsystem(nqn);
    return subsystem != nullptr && subsystem->find_namespace(nsid) != nullptr;
}

/// Whether it is worth an attempt now. A file system that does not answer holds nobody up.
bool Service::may_have_come(const exports::Namespace& ns, Late& late, const Found& found) const {
    if (!ns.view_of.empty()) {
        return is_served(ns.view_of, ns.nsid);
    }
    const auto place = found.find(ns.image);
    if (place == found.end()) {
        return false;
    }
    const ImageState now = state_of(place->second);
    if (now != late.state) {
        late.state = now;
        late.try_at = reactor_.now();  // at the next look, if it is the same then
        return false;
    }
    return now.has_value() && late.try_at <= reactor_.now();
}

std::vector<std::string> Service::images_of(const exports::ExportConfig& config, bool late) const {
    std::vector<std::string> images;
    for (const exports::Subsystem& subsystem : config.subsystems) {
        for (const exports::Namespace& ns : subsystem.namespaces) {
            if (ns.view_of.empty() && late_.contains({subsystem.nqn, ns.nsid}) == late) {
                images.push_back(ns.image);
            }
        }
    }
    return images;
}

void Service::look_for_late_images() {
    bool any = false;
    const Found found = look_.look(images_of(running_, true)).found;
    for (exports::Subsystem& subsystem : running_.subsystems) {
        for (exports::Namespace& ns : subsystem.namespaces) {
            const auto late = late_.find({subsystem.nqn, ns.nsid});
            if (late != late_.end() && may_have_come(ns, late->second, found)) {
                any = take_up(ns, subsystem.nqn) || any;
            }
        }
    }
    if (any) {
        set_scrubs(running_);
    }
    if (!late_.empty()) {
        late_timer_.set(reactor_.now() + kLookInterval);
    }
}

bool Service::take_up(exports::Namespace& ns, const std::string& nqn) {
    const std::string warning = exports::look_at_image(ns);
    if (!warning.empty()) {
        log_.warning("image " + warning);
    }
    auto store = ns.unserved.empty() ? open_store(ns, nqn, {})
                                     : base::Result<Stores::Store>(base::error(ns.unserved));
    if (!store) {
        wait_for(ns, nqn, store.error().text);
        return false;
    }
    late_.erase({nqn, ns.nsid});
    add_namespace(ns, std::move(store).value(), *target_.find_subsystem(nqn));
    return true;
}

/// The problem of an image that is being served; empty: none.
std::string Service::note_of(const PathLook::Seen& seen, const std::string& image,
                             const FileId& open) {
    const auto place = seen.found.find(image);
    if (place == seen.found.end()) {
        return seen.silent.contains(image) ? "its file system does not answer" : "";
    }
    if (file_of(place->second) == open) {
        return "";
    }
    return place->second ? "another file has its name: the target serves that file after a restart"
                         : "its file was removed: the target serves the open file until a restart";
}

void Service::note_images(TargetStatus& status) const {
    const PathLook::Seen seen = look_.look(images_of(running_, false));
    for (const exports::Subsystem& subsystem : running_.subsystems) {
        for (const exports::Namespace& ns : subsystem.namespaces) {
            const NamespaceKey key{subsystem.nqn, ns.nsid};
            if (const auto late = late_.find(key); late != late_.end()) {
                status.images.push_back(
                    {subsystem.nqn, ns.nsid, ns.image, false, late->second.why});
                continue;
            }
            const auto open = files_.find(key);
            if (open == files_.end() || !ns.view_of.empty()) {
                continue;
            }
            const std::string note = note_of(seen, ns.image, open->second);
            if (!note.empty()) {
                status.images.push_back({subsystem.nqn, ns.nsid, ns.image, true, note});
            }
        }
    }
}

}  // namespace target
