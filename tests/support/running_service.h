// SPDX-License-Identifier: GPL-2.0-or-later
//
// A service with its control socket on a thread of its own, as `serve` runs it, and hosts that call
// it over loopback.
#pragma once

#include <sys/eventfd.h>

#include <fstream>
#include <future>
#include <thread>

#include "support/lanes.h"
#include "support/scripted_host.h"
#include "support/tcp_peer.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "target/cli/control_client.h"
#include "target/cli/genkey.h"
#include "target/operate/operation.h"

namespace support {

inline constexpr const char* kServiceHost = "nqn.2024-08.com.example:host";
inline constexpr const char* kServiceDisk = "nqn.2024-08.com.example:disk";

/// The configuration is a file next to two images of 1 MiB and keys.
class RunningService {
  public:
    /// @param text  of the configuration, but for its first lines
    /// @param prepare  makes what else the configuration names
    /// @param between  outlives the service; null: nothing
    explicit RunningService(
        const std::string& text, unsigned wanted = reactors(),
        const std::function<void(const TempDir&)>& prepare = [](const TempDir&) {},
        target::Interposer* between = nullptr)
        : reactors_(wanted), between_(between) {
        dir.file("disk.img", std::string(1U << 20U, '\0'));
        dir.file("more.img", std::string(1U << 20U, 'm'));
        for (const char* name : {"h1.key", "h2.key", "c1.key", "c2.key"}) {
            BOOST_REQUIRE(target::write_key(*target::generate_key({}), dir.at(name)).ok());
        }
        prepare(dir);
        configure(text);
        std::promise<void> started;
        thread_ = std::thread([&] { serve(started); });
        started.get_future().wait();
    }
    ~RunningService() {
        eventfd_write(stop_.get(), 1);
        thread_.join();
    }

    void configure(const std::string& text) const {
        std::ofstream(dir.at("t.conf")) << "[target]\nlisten=127.0.0.1:0\n"
                                        << "reactors=" << reactors_ << "\n"
                                        << text;
    }
    /// @return the answer, `ok` or `error` and lines; the directory is left out
    std::string ask(std::string_view question) const {
        auto answer = target::ask(dir.at("control"), question);
        BOOST_REQUIRE_MESSAGE(answer.ok(), (answer.ok() ? "" : answer.error().text));
        for (size_t at = 0; (at = answer->find(dir.path() + "/")) != std::string::npos;) {
            answer->erase(at, dir.path().size() + 1);
        }
        return *answer;
    }
    std::string key(const char* name) const {
        std::string text;
        std::ifstream(dir.at(name)) >> text;
        return text;
    }

    TempDir dir;
    target::SocketAddress address;

  private:
    void serve(std::promise<void>& started) {
        const base::Log log("target", base::Level::kError);
        const target::ConfigSource source = [this] {
            return exports::load_config(dir.at("t.conf"));
        };
        auto config = source();
        BOOST_REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error()[0]));
        const auto reactor = target::Reactor::open().value();
        target::Interposer plain;
        const auto service = target::Service::open(std::move(config).value(), *reactor, log,
                                                   between_ == nullptr ? plain : *between_)
                                 .value();
        const target::Notifier notifier = target::Notifier::from_environment();
        target::Operation operation(*service, source, *reactor, log, notifier);
        BOOST_REQUIRE(operation.open({dir.at("control"), dir.at("metrics")}).ok());
        address = service->listening()[0];
        reactor->wait_readable(stop_.get(), [&](int) {
            operation.stop();
            service->stop(base::milliseconds(500));
        });
        started.set_value();
        reactor->run();
    }

    const unsigned reactors_;
    target::Interposer* const between_;
    base::UniqueFd stop_{eventfd(0, EFD_CLOEXEC)};
    std::thread thread_;
};

/// A queue of a host.
class ServiceLine {
  public:
    explicit ServiceLine(RunningService& running, const std::string& source = "")
        : peer(running.address, source), host(peer, {}) {
        peer.wait_while([this] {
            return host.queue().state() == host::Queue::State::kHandshake ||
                   host.queue().outstanding() > 0;
        });
        BOOST_REQUIRE(host.handshake());
    }
    /// @return nothing when the target refused
    std::optional<uint16_t> connect(const std::string& hostnqn, uint16_t qid = 0,
                                    uint16_t cntlid = nvme::kCntlidDynamic,
                                    const std::string& subsysnqn = kServiceDisk) {
        host::ConnectOptions options;
        options.hostnqn = hostnqn;
        options.subsysnqn = subsysnqn;
        options.hostid.bytes.fill(std::byte{0x11});
        options.qid = qid;
        options.cntlid = cntlid;
        const auto answer = host.connect(options);
        return answer && answer->status.ok() ? std::optional(static_cast<uint16_t>(answer->dw0))
                                             : std::nullopt;
    }
    bool prove(const std::string& secret, const std::string& controller) {
        DhchapHostOptions keys;
        keys.hostnqn = kServiceHost;
        keys.subsysnqn = kServiceDisk;
        keys.secret = secret;
        keys.controller_secret = controller;
        keys.groups = {nvme::DhGroup::kFfdhe2048};
        return prove(keys);
    }
    bool prove(const DhchapHostOptions& keys) {
        DhchapHost dhchap(keys);
        (void)host.authenticate(dhchap);
        return dhchap.state() == DhchapHost::State::kAuthenticated;
    }
    bool run(host::Command command) {
        const auto answer = host.run(std::move(command));
        return answer && answer->status.ok();
    }

    TcpPeer peer;
    ScriptedHost host;
};

}  // namespace support
