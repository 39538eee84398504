// SPDX-License-Identifier: GPL-2.0-or-later
//
// The operations on a running service: reload, plan, drain and status over the control
// socket, and metrics. The words of the control socket are lines; an answer begins with `ok` or
// `error` on a line of its own.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "target/operate/notify.h"
#include "target/operate/service.h"
#include "target/wire/text_server.h"

namespace target {

/// The source of a configuration, called again for each reload.
using ConfigSource = std::function<base::Result<exports::ExportConfig, exports::Errors>()>;

/// The sockets of a service for its operator; empty: none.
struct OperationSockets {
    std::string control;
    std::string metrics;
};

/// The default of a client.
inline constexpr std::string_view kControlSocket = "/run/nvmeroot-target/control";

/// The control socket without being told: `control` in the directory that systemd made for the
/// service.
OperationSockets operation_sockets(const exports::ExportConfig& config);

class Operation {
  public:
    /// All of them outlive the object.
    Operation(Service& service, const ConfigSource& source, Reactor& reactor, const base::Log& log,
              const Notifier& notifier);

    base::Status open(const OperationSockets& sockets);
    /// Loads the configuration again, and tells the log and systemd.
    /// @param who  asked for it. @return the answer for the control socket
    std::string reload(const std::string& who);
    /// The service is about to end.
    void stop();

  private:
    /// A request and its answer.
    struct Question {
        std::string_view words;
        std::string (Operation::*answer)(const std::string& who);
    };
    static const Question kQuestions[];

    std::string answer(std::string_view question, const std::string& who);
    std::string status(const std::string& who);
    std::string status_json(const std::string& who);
    std::string metrics(const std::string& who);
    std::string plan(const std::string& who);
    std::string drain(const std::string& who);
    std::string end_drain(const std::string& who);

    Service& service_;
    const ConfigSource& source_;
    Reactor& reactor_;
    const base::Log& log_;
    const Notifier& notifier_;
    TextServer control_;
    TextServer metrics_;
};

}  // namespace target
