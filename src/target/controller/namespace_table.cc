// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/controller/namespace_table.h"

#include <algorithm>
#include <utility>

namespace target {
namespace {

/// Holds a namespace for one lane, whose count of users shares no cache line with another.
struct Share {
    static constexpr size_t kCacheLine = 64;
    alignas(kCacheLine) std::shared_ptr<Namespace> ns;
    void operator()(Namespace*) { ns.reset(); }
};

uint32_t nsid_of(const std::shared_ptr<Namespace>& ns) {
    return ns->nsid();
}

}  // namespace

/// When the last of them is released by any lane, control ends the namespace, and with it perhaps
/// the store.
NamespaceTable::Shares NamespaceTable::make(NamespaceConfig config,
                                            std::shared_ptr<Backend> backend) const {
    Lane& control = environment_.control();
    const std::shared_ptr<Namespace> ns(
        new Namespace(std::move(config), std::move(backend)),
        [&control](Namespace* last) { control.run([last] { delete last; }); });
    ns->writes().spread(lanes() - 1, [&control, weak = std::weak_ptr<Namespace>(ns)] {
        std::function<void()> pass_on = [ns = weak.lock()] {
            if (ns != nullptr) {
                ns->writes().pass_on();
            }
        };
        control.here() ? control.defer(std::move(pass_on)) : control.post(std::move(pass_on));
    });
    Shares shares{ns};
    while (shares.size() < lanes()) {
        shares.emplace_back(ns.get(), Share{ns});
    }
    return shares;
}

bool NamespaceTable::add(NamespaceConfig config, std::shared_ptr<Backend> backend) {
    const uint32_t nsid = config.nsid;
    if (namespaces_.contains(nsid)) {
        return false;
    }
    const auto place = shares_.emplace(nsid, make(std::move(config), std::move(backend))).first;
    namespaces_.emplace(nsid, place->second.front());
    return true;
}

bool NamespaceTable::remove(uint32_t nsid) {
    shares_.erase(nsid);
    return namespaces_.erase(nsid) != 0;
}

Namespace* NamespaceTable::find(uint32_t nsid) const {
    const auto found = namespaces_.find(nsid);
    return found == namespaces_.end() ? nullptr : found->second.get();
}

NamespaceView::NamespaceView(const NamespaceTable& table, std::string hostnqn)
    : table_(table), hostnqn_(std::move(hostnqn)), namespaces_(table.lanes()) {
    for (const auto& [nsid, ns] : table.all()) {
        look_at(nsid);
    }
}

const std::shared_ptr<Namespace>& NamespaceView::share(uint32_t nsid, unsigned lane) const {
    static const std::shared_ptr<Namespace> none;
    const auto& all = namespaces_[lane];
    const auto found = std::ranges::lower_bound(all, nsid, {}, nsid_of);
    return found == all.end() || (*found)->nsid() != nsid ? none : *found;
}

bool NamespaceView::update(uint32_t nsid) {
    const bool seen_before = share(nsid, 0) != nullptr;
    look_at(nsid);
    const bool concerns = seen_before || share(nsid, 0) != nullptr;
    if (concerns) {
        changed_.insert(nsid);
    }
    return concerns;
}

/// The others stay as they are: a subsystem may have a thousand, and as many controllers.
void NamespaceView::look_at(uint32_t nsid) {
    const Namespace* ns = table_.find(nsid);
    const bool visible = ns != nullptr && ns->visible_to(hostnqn_);
    for (unsigned lane = 0; lane < namespaces_.size(); ++lane) {
        auto& all = namespaces_[lane];
        const auto place = std::ranges::lower_bound(all, nsid, {}, nsid_of);
        const bool known = place != all.end() && (*place)->nsid() == nsid;
        if (known && visible) {
            *place = table_.share(nsid, lane);
        } else if (known) {
            all.erase(place);
        } else if (visible) {
            all.insert(place, table_.share(nsid, lane));
        }
    }
}

}  // namespace target
