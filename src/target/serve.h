// SPDX-License-Identifier: GPL-2.0-or-later
//
// A configuration becomes a running server:
//
//   ExportConfig ─► hosts ─► Target ─► subsystems, images ─► Server ─► listening
#pragma once

#include <memory>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "export/export_config.h"
#include "target/access.h"
#include "target/event_log.h"
#include "target/reactor.h"
#include "target/server.h"
#include "target/target.h"

namespace target {

/// What may stand between the parts of a service; this one puts nothing there. The misbehaving
/// target of the tests is made of one.
class Interposer {
  public:
    virtual ~Interposer() = default;
    /// @return `inner` or something that uses it; it lives as long as the interposer.
    virtual const AccessPolicy& access(const AccessPolicy& inner) { return inner; }
    virtual SessionFactory& sessions(SessionFactory& inner) { return inner; }
};

/// Everything that serves one configuration on one reactor. Says one line for each image and each
/// address, `listening on 192.0.2.1:4420`, and then `ready`.
class Service {
  public:
    /// @param reactor, log, between  outlive the service
    /// Errors: an image, an address.
    static base::Result<std::unique_ptr<Service>> open(exports::ExportConfig config,
                                                       Reactor& reactor, const base::Log& log,
                                                       Interposer& between);
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    /// Where it listens, in the order of the configuration, with the ports that it got.
    [[nodiscard]] const std::vector<SocketAddress>& listening() const { return listening_; }

    /// Closes everything, commands in flight first answered, and stops the reactor.
    void stop(base::milliseconds patience);

  private:
    Service(exports::ExportConfig& config, Reactor& reactor, const base::Log& log,
            Interposer& between);

    base::Status add_subsystem(const exports::Subsystem& config);
    base::Status add_namespace(const exports::Namespace& config, Subsystem& subsystem);
    void set_paths(const exports::ExportConfig& config);
    base::Status keep_reservations(Namespace& ns);
    base::Status listen_on(const std::vector<exports::Address>& addresses, bool discovery);

    Reactor& reactor_;
    const base::Log& log_;
    EventLog events_;
    HostTable access_;
    Target target_;
    Server server_;
    std::vector<SocketAddress> listening_;
    std::string state_dir_;
};

/// Serves until SIGTERM or SIGINT. Errors: those of Service::open, a signal descriptor, the engine.
base::Status serve(exports::ExportConfig config, Reactor::Engine engine, const base::Log& log,
                   Interposer& between);

}  // namespace target
