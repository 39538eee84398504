// SPDX-License-Identifier: GPL-2.0-or-later
//
// The process of `nvmeroot-target serve`: signals, limits, the reactor, and the service on it.
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "export/export_config.h"
#include "target/operate/operation.h"
#include "target/operate/service.h"
#include "target/reactor/reactor.h"

namespace target {

/// Serves until SIGTERM or SIGINT; SIGHUP reloads. Errors: those of Service::open, a signal
/// descriptor, the engine, the control socket.
base::Status serve(exports::ExportConfig config, const ConfigSource& source, Reactor::Engine engine,
                   const base::Log& log, Interposer& between);

}  // namespace target
