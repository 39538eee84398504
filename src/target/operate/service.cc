// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/operate/service.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <functional>
#include <memory>
#include <utility>

#include "target/operate/core_config.h"
#include "target/operate/notify.h"
#include "target/storage/held.h"

namespace target {
namespace {

/// Connections that may wait for room: of the files that this process may open, a part that it
/// does not need.
size_t waiting_connections(const exports::ExportConfig& config) {
    constexpr rlim_t kMost = 1024, kFew = 64, kOthers = 256;
    rlimit limit{};
    (void)getrlimit(RLIMIT_NOFILE, &limit);  // it is there
    const rlim_t needed = config.limits.max_connections + kOthers;
    return limit.rlim_cur <= needed ? kFew : std::clamp(limit.rlim_cur - needed, kFew, kMost);
}

Admission::Bounds admission_bounds(const exports::ExportConfig& config) {
    const exports::Limits& limits = config.limits;
    return {.connections = limits.max_connections,
            .of_one_address = limits.max_connections_per_address == 0
                                  ? limits.max_connections
                                  : limits.max_connections_per_address,
            .strangers = limits.max_strangers,
            .kept = Service::kept_connections(config)};
}

/// @return null: there are no more reactors
base::Result<std::unique_ptr<Crew>> start_crew(const exports::Limits& limits, Reactor& reactor) {
    const size_t count = limits.reactors != 0
                             ? limits.reactors
                             : static_cast<size_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
    return count == 1 ? std::unique_ptr<Crew>() : Crew::start(reactor, count);
}

}  // namespace

size_t Service::kept_connections(const exports::ExportConfig& config) {
    constexpr size_t kPart = 4;
    const auto has_secret = [](const exports::HostAuth& auth) { return auth.secret.has_value(); };
    const bool any = std::ranges::any_of(config.hosts, has_secret) ||
                     std::ranges::any_of(config.subsystems, [&](const auto& subsystem) {
                         return std::ranges::any_of(subsystem.access, has_secret);
                     });
    return any ? (config.limits.max_connections + kPart - 1) / kPart : 0;
}

Service::Service(const exports::ExportConfig& config, Reactor& reactor, std::unique_ptr<Crew> crew,
                 const base::Log& log, Interposer& between)
    : crew_(std::move(crew)),
      only_lane_([&reactor](std::function<void()> action) { reactor.defer(std::move(action)); }),
      reactor_(reactor),
      log_(log),
      started_(std::time(nullptr)),
      events_(log, clock_),
      stores_(reactor, crew_.get(), log, clock_),
      late_timer_(reactor, [this] { look_for_late_images(); }),
      look_(between.ask(), PathLook::kPatience),
      access_(host_table(config)),
      target_(core_config(config.limits), between.access(access_), events_),
      server_(reactor, between.sessions(sessions_),
              {admission_bounds(config), [&log](const std::string& text) { log.warning(text); },
               crew_.get(), waiting_connections(config)}) {
    if (crew_ == nullptr) {
        target_.use_lanes({&only_lane_});
    } else {
        std::vector<Lane*> lanes{&crew_->control()};
        for (unsigned number = 1; number <= crew_->size(); ++number) {
            lanes.push_back(&crew_->lane(number));
        }
        target_.use_lanes(std::move(lanes));
    }
}

Service::~Service() {
    if (crew_ != nullptr) {
        crew_->halt();
    }
}

base::Result<std::unique_ptr<Service>> Service::open(exports::ExportConfig config, Reactor& reactor,
                                                     const base::Log& log, Interposer& between,
                                                     std::vector<base::UniqueFd> sockets) {
    TRY(auto crew, start_crew(config.limits, reactor));
    std::unique_ptr<Service> service(new Service(config, reactor, std::move(crew), log, between));
    TRY(service->labor_, LaborBeside::open(reactor));
    service->target_.use_labor(*service->labor_);
    TRY(auto audit, open_audit_log(config));
    service->events_.audit(std::move(audit));
    TRY_VOID(service->stores_.keep_state_in(config.state_dir));
    for (const exports::Subsystem& subsystem : config.subsystems) {
        TRY_VOID(service->add_subsystem(subsystem, config.strict));
    }
    const bool any = std::ranges::any_of(service->target_.subsystems(), [](const auto& subsystem) {
        return !subsystem->namespaces().empty();
    });
    if (!any && !service->late_.empty()) {
        return base::error("no image can be served: " + service->late_.begin()->second.why);
    }
    service->server_.inherit(std::move(sockets));
    TRY_VOID(service->listen_on(config.listen, false));
    TRY_VOID(service->listen_on(config.discovery, true));
    service->set_paths(config, config.listen);
    for (const std::string& name : service->server_.left_over()) {
        return base::error("socket activation gave " + name +
                           ", which is in neither listen nor discovery");
    }
    service->set_scrubs(config);
    service->running_ = std::move(config);
    return service;
}

void Service::tell_ready() const {
    const size_t reactors = crew_ == nullptr ? 1 : crew_->size();
    log_.notice("ready, using " + std::string(reactor_.engine()) +
                (reactors > 1 ? ", reactors: " + std::to_string(reactors) : ""));
}

base::Result<std::optional<AuditLog>> Service::open_audit_log(const exports::ExportConfig& config) {
    if (config.audit_log.empty()) {
        return std::optional<AuditLog>();
    }
    auto audit = AuditLog::open(config.audit_log);
    if (!audit) {
        return std::move(audit).error().in("[target] audit_log");
    }
    return std::optional(std::move(audit).value());
}

base::Result<Stores::Store> Service::open_store(const exports::Namespace& config,
                                                const std::string& nqn, const Fresh& fresh) {
    return config.view_of.empty() ? stores_.open(config, nqn)
                                  : stores_.open_view(config, store_of_view(config, fresh));
}

base::Status Service::add_subsystem(const exports::Subsystem& config, bool strict) {
    Subsystem& subsystem = target_.add_subsystem(core_config(config));
    for (const exports::Namespace& ns : config.namespaces) {
        auto store = ns.unserved.empty()
                         ? while_held(clock_, [&] { return open_store(ns, config.nqn, {}); })
                         : base::Result<Stores::Store>(base::error(ns.unserved));
        if (store) {
            add_namespace(ns, std::move(store).value(), subsystem);
        } else if (strict) {
            return std::move(store).error();
        } else {
            wait_for(ns, config.nqn, store.error().text);
        }
    }
    return base::done();
}

void Service::add_namespace(const exports::Namespace& config, Stores::Store store,
                            Subsystem& subsystem) {
    subsystem.add_namespace(core_config(config), std::move(store.backend));
    files_[{subsystem.config().nqn, config.nsid}] = file_of(config.image);
    stores_.keep_reservations(config, std::move(store.reservations),
                              subsystem.namespaces().at(config.nsid));
    log_.notice("serving " + config.image + " as " + subsystem.config().nqn + " namespace " +
                std::to_string(config.nsid) + ", uuid " + nvme::to_text(config.ids.uuid) +
                (config.read_only ? ", read-only" : ""));
}

Service::FileId Service::file_of(const PathLook::Found& found) {
    if (!found) {
        return std::nullopt;
    }
    return S_ISBLK(found->st_mode) ? std::pair(found->st_rdev, ino_t{0})
                                   : std::pair(found->st_dev, found->st_ino);
}

/// Audit views are added after the namespaces that they show.
base::Result<std::shared_ptr<Backend>> Service::store_of_view(const exports::Namespace& view,
                                                              const Fresh& fresh) const {
    if (const auto store = fresh.find({view.view_of, view.nsid}); store != fresh.end()) {
        return store->second.backend;
    }
    const Subsystem* subsystem = target_.find_subsystem(view.view_of);
    const Namespace* ns = subsystem == nullptr ? nullptr : subsystem->find_namespace(view.nsid);
    if (ns == nullptr) {
        return base::error("its image is not open");
    }
    return ns->share_backend();
}

void Service::set_scrubs(const exports::ExportConfig& config) {
    std::map<NamespaceKey, std::shared_ptr<Scrub>> scrubs;
    for (const exports::Subsystem& subsystem : config.subsystems) {
        for (const exports::Namespace& ns : subsystem.namespaces) {
            if (ns.scrub_rate == 0 || !is_served(subsystem.nqn, ns.nsid)) {
                continue;
            }
            const NamespaceKey key{subsystem.nqn, ns.nsid};
            const auto store =
                target_.find_subsystem(subsystem.nqn)->find_namespace(ns.nsid)->share_backend();
            const auto running = scrubs_.find(key);
            const bool same = running != scrubs_.end() && running->second->reads(store) &&
                              running->second->rate() == ns.scrub_rate;
            scrubs.emplace(key, same ? std::move(running->second)
                                     : Scrub::start(reactor_, store, ns.scrub_rate));
        }
    }
    for (const auto& [key, scrub] : scrubs_) {
        if (scrub != nullptr) {
            scrub->stop();
        }
    }
    scrubs_ = std::move(scrubs);
}

base::Status Service::listen_on(const std::vector<exports::Address>& addresses, bool discovery) {
    for (const exports::Address& address : addresses) {
        TRY(const SocketAddress bound, while_held(clock_, [&] {
                return server_.listen({address.host, address.port});
            }));
        const auto id = static_cast<uint16_t>(target_.discovery().portals().size() + 1);
        target_.add_portal({bound.address, bound.port, id, discovery});
        log_.notice((discovery ? "discovery on " : "listening on ") + to_text(bound));
        listening_.push_back(bound);
    }
    return base::done();
}

void Service::set_paths(const exports::ExportConfig& config,
                        const std::vector<exports::Address>& listen) {
    AnaGroups::States states;
    for (const exports::AnaGroup& ana : config.ana) {
        if (ana.listen.empty()) {
            states[{ana.group, AnaGroups::kEveryPortal}] = ana.state;
        }
        for (const exports::Address& address : ana.listen) {
            const auto place = std::ranges::find(listen, address);
            if (place != listen.end()) {  // else it waits for the next start, as the address does
                const auto portal = static_cast<uint16_t>(place - listen.begin() + 1);
                states[{ana.group, portal}] = ana.state;
            }
        }
    }
    target_.set_ana_states(std::move(states));
    std::vector<Referral> referrals;
    for (const exports::Address& address : config.referrals) {
        referrals.push_back({.address = address.host, .port = address.port, .id = 0});
    }
    target_.set_referrals(std::move(referrals));
}

void Service::stop(base::milliseconds patience) {
    for (const auto& [key, scrub] : scrubs_) {
        scrub->stop();
    }
    log_.notice("stopping, connections: " + std::to_string(server_.connection_count()));
    server_.stop(patience, [this] { reactor_.stop(); });
}

TargetStatus Service::status() const {
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    TargetStatus status =
        look_at(target_, reactor_.now(), std::chrono::duration_cast<base::milliseconds>(wall));
    status.started = started_;
    status.connections = server_.connection_count();
    const Admission& admission = server_.admission();
    status.max_connections = admission.bounds().connections;
    status.strangers = admission.strangers();
    status.guests = admission.guests();
    status.visitors = admission.visitors();
    status.kept = admission.bounds().kept;
    status.waiting = server_.waiting_count();
    status.reactors = server_.spread();
    status.reloads = reloads_;
    status.failed_reloads = failed_reloads_;
    status.events = events_.counts();
    note_images(status);
    return status;
}

}  // namespace target
