// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/serve.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "target/backend_file.h"
#include "target/reservation_file.h"

namespace target {
namespace {

/// How long a stopping server lets commands in flight be answered; below the 90 s after which
/// systemd kills.
constexpr base::seconds kStopPatience{10};

/// SIGTERM and SIGINT as a descriptor; the helper threads of the reactor inherit the mask. A log
/// whose reader went away must not end the server: SIGPIPE is ignored.
base::Result<base::UniqueFd> take_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    base::UniqueFd fd(signalfd(-1, &set, SFD_CLOEXEC));
    if (!fd.valid() || sigprocmask(SIG_BLOCK, &set, nullptr) != 0 ||
        signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
        return base::errno_error(errno, "take signals");
    }
    return fd;
}

/// Each connection is a descriptor: as many as the system lets us have.
void raise_file_limit(const exports::ExportConfig& config, const base::Log& log) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);  // what then is too little is told below
    constexpr rlim_t kOthers = 64;
    if (limit.rlim_cur < config.limits.max_connections + kOthers) {
        log.warning("max_connections is " + std::to_string(config.limits.max_connections) +
                    ", but this process may open only " + std::to_string(limit.rlim_cur) +
                    " files (LimitNOFILE, ulimit -n), continuing with fewer connections");
    }
}

Limits limits_of(const exports::Limits& limits) {
    Limits result;
    result.io_queues = limits.io_queues;
    result.queue_entries = limits.queue_entries;
    result.max_transfer_bytes = limits.max_transfer_bytes;
    result.max_h2c_bytes = limits.max_h2c_bytes;
    result.io_capsule_bytes = limits.io_capsule_bytes;
    return result;
}

/// @return null: the host need not authenticate
std::shared_ptr<const HostKeys> keys_of(exports::HostAuth& auth) {
    if (!auth.secret) {
        return nullptr;
    }
    return std::make_shared<const HostKeys>(HostKeys{
        std::move(*auth.secret), std::move(auth.ctrl_secret), std::move(auth.hashes),
        std::move(auth.groups), std::move(auth.next_secret), std::move(auth.next_ctrl_secret)});
}

HostTable hosts_of(exports::ExportConfig& config) {
    HostTable table;
    table.require_proof_for_discovery(config.discovery_auth);
    for (exports::Host& host : config.hosts) {
        table.add(host.nqn, keys_of(host));
    }
    for (exports::Subsystem& subsystem : config.subsystems) {
        for (exports::Access& access : subsystem.access) {
            table.add(access.hostnqn, subsystem.nqn, keys_of(access));
        }
    }
    return table;
}

}  // namespace

Service::Service(exports::ExportConfig& config, Reactor& reactor, const base::Log& log,
                 Interposer& between)
    : reactor_(reactor),
      log_(log),
      events_(log),
      access_(hosts_of(config)),
      target_(limits_of(config.limits), between.access(access_), events_),
      server_(
          reactor, between.sessions(target_),
          {config.limits.max_connections, [&log](const std::string& text) { log.warning(text); }}) {
}

base::Result<std::unique_ptr<Service>> Service::open(exports::ExportConfig config, Reactor& reactor,
                                                     const base::Log& log, Interposer& between) {
    std::unique_ptr<Service> service(new Service(config, reactor, log, between));
    service->state_dir_ = config.state_dir;
    for (const exports::Subsystem& subsystem : config.subsystems) {
        TRY_VOID(service->add_subsystem(subsystem));
    }
    TRY_VOID(service->listen_on(config.listen, false));
    TRY_VOID(service->listen_on(config.discovery, true));
    service->set_paths(config);
    log.notice("ready, using " + std::string(reactor.engine()));
    return service;
}

base::Status Service::add_subsystem(const exports::Subsystem& config) {
    SubsystemConfig core;
    core.nqn = config.nqn;
    core.serial = config.serial;
    core.model = config.model;
    core.allow_any_host = config.allow_any_host;
    core.hosts = config.hosts;
    core.require_keys = config.require_auth;
    core.cntlid_min = config.cntlid_min;
    core.cntlid_max = config.cntlid_max;
    Subsystem& subsystem = target_.add_subsystem(std::move(core));
    for (const exports::Namespace& ns : config.namespaces) {
        if (auto added = add_namespace(ns, subsystem); !added) {
            return std::move(added).error().in("[namespace." + ns.name + "]");
        }
    }
    return base::done();
}

base::Status Service::add_namespace(const exports::Namespace& config, Subsystem& subsystem) {
    const auto tell = [this](const std::string& text) { log_.error(text); };
    TRY(auto backend, FileBackend::open(reactor_, {config.image, config.read_only,
                                                   config.block_bytes, tell, config.shared}));
    subsystem.add_namespace({.nsid = config.nsid,
                             .ids = config.ids,
                             .block_bytes = config.block_bytes,
                             .read_only = config.read_only,
                             .protection_type = config.pi_type,
                             .hosts = config.hosts,
                             .ana_group = config.ana_group},
                            std::move(backend));
    if (!state_dir_.empty()) {
        TRY_VOID(keep_reservations(*subsystem.namespaces().at(config.nsid)));
    }
    log_.notice("serving " + config.image + " as " + subsystem.config().nqn + " namespace " +
                std::to_string(config.nsid) + ", uuid " + nvme::to_text(config.ids.uuid) +
                (config.read_only ? ", read-only" : ""));
    return base::done();
}

/// Goes on with the reservations of an earlier run. A change blocks the reactor until it is on the
/// disk: reservations change seldom, and must not be promised before.
base::Status Service::keep_reservations(Namespace& ns) {
    const std::string path = state_dir_ + "/reservations-" + nvme::to_text(ns.ids().uuid) + "-" +
                             std::to_string(ns.nsid());
    TRY(ReservationState state, load_reservations(path));
    ns.reservations().restore(std::move(state), [this, path](const ReservationState& next) {
        const base::Status saved = save_reservations(path, next);
        if (!saved) {
            log_.error("reservations not saved: " + saved.error().text);
        }
        return saved.ok();
    });
    return base::done();
}

base::Status Service::listen_on(const std::vector<exports::Address>& addresses, bool discovery) {
    for (const exports::Address& address : addresses) {
        TRY(const SocketAddress bound, server_.listen({address.host, address.port}));
        const auto id = static_cast<uint16_t>(target_.portals().size() + 1);
        target_.add_portal({bound.address, bound.port, id, discovery});
        log_.notice((discovery ? "discovery on " : "listening on ") + to_text(bound));
        listening_.push_back(bound);
    }
    return base::done();
}

void Service::set_paths(const exports::ExportConfig& config) {
    for (const exports::AnaGroup& ana : config.ana) {
        if (ana.listen.empty()) {
            target_.set_ana_state(ana.group, AnaGroups::kEveryPortal, ana.state);
        }
        for (const exports::Address& address : ana.listen) {
            // Portals have the order of the configuration, and numbers from 1 on.
            const auto place = std::ranges::find(config.listen, address) - config.listen.begin();
            target_.set_ana_state(ana.group, static_cast<uint16_t>(place + 1), ana.state);
        }
    }
    std::vector<Referral> referrals;
    for (const exports::Address& address : config.referrals) {
        referrals.push_back({.address = address.host, .port = address.port, .id = 0});
    }
    target_.set_referrals(std::move(referrals));
}

void Service::stop(base::milliseconds patience) {
    log_.notice("stopping, connections: " + std::to_string(server_.connection_count()));
    server_.stop(patience, [this] { reactor_.stop(); });
}

base::Status serve(exports::ExportConfig config, Reactor::Engine engine, const base::Log& log,
                   Interposer& between) {
    TRY(const base::UniqueFd signals, take_signals());
    raise_file_limit(config, log);
    TRY(const auto reactor, Reactor::open(engine));
    TRY(const auto service, Service::open(std::move(config), *reactor, log, between));
    reactor->wait_readable(signals.get(), [&](int) { service->stop(kStopPatience); });
    reactor->run();
    log.notice("stopped");
    return base::done();
}

}  // namespace target
