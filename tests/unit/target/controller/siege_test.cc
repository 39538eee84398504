// SPDX-License-Identifier: GPL-2.0-or-later
//
// Strangers without any key against a service over loopback, from one address and from many: the
// right host gets in and is served, and what the strangers hold is bounded.
#include <deque>
#include <optional>

#include "nvme/fabrics.h"
#include "support/running_service.h"

using support::RunningService;
using support::ServiceLine;

namespace {

constexpr const char* kOwnAddress = "127.0.0.77";
constexpr size_t kConnections = 16;

std::string config(const std::string& more = "") {
    return "max_connections=" + std::to_string(kConnections) + "\n" + more +
           "[host.h]\nnqn=" + std::string(support::kServiceHost) +
           "\ndhchap_secret_file=h1.key\n"
           "[subsystem.s]\nnqn=" +
           std::string(support::kServiceDisk) +
           "\nhosts=h\n[namespace.n]\nsubsystem=s\nimage=disk.img\n";
}

/// A connection that does as it likes; nothing is required of it.
class Stranger {
  public:
    explicit Stranger(const RunningService& running, const std::string& source = "")
        : peer_(running.address, source), host_(peer_, {}) {
        peer_.wait_while([this] {
            return host_.queue().state() == host::Queue::State::kHandshake ||
                   host_.queue().outstanding() > 0;
        });
    }
    bool visits(uint32_t kato_ms) {
        host::ConnectOptions options;
        options.hostnqn = "nqn.2024-08.com.example:nobody";
        options.subsysnqn = nvme::kDiscoveryNqn;
        options.kato_ms = kato_ms;
        const auto answer = host_.handshake() ? host_.connect(options) : std::nullopt;
        return answer && answer->status.ok() && host_.enable();
    }
    /// Asks for a key and goes.
    void begins_to_prove() {
        host::ConnectOptions options;
        options.hostnqn = support::kServiceHost;
        options.subsysnqn = support::kServiceDisk;
        const auto answer = host_.handshake() ? host_.connect(options) : std::nullopt;
        if (answer && answer->status.ok()) {
            nvme::AuthNegotiate negotiate;
            negotiate.hashes = {static_cast<uint8_t>(nvme::HashId::kSha256)};
            negotiate.groups = {static_cast<uint8_t>(nvme::DhGroup::kFfdhe4096)};
            peer_.wait_while([] { return false; });
            (void)host_.run(host::auth_send(negotiate.serialize()));
        }
    }
    bool run(host::Command command) {
        const auto answer = host_.run(std::move(command));
        return answer && answer->status.ok();
    }

  private:
    support::TcpPeer peer_;
    support::ScriptedHost host_;
};

bool is_served(RunningService& running, const std::string& source) {
    ServiceLine admin(running, source);
    const auto cntlid = admin.connect(support::kServiceHost);
    if (!cntlid || !admin.prove(running.key("h1.key"), "") || !admin.host.enable()) {
        return false;
    }
    ServiceLine io(running, source);
    return io.connect(support::kServiceHost, 1, *cntlid) && io.prove(running.key("h1.key"), "") &&
           io.run(host::read(1, {0, 8}));
}

uint64_t number(const std::string& json, const std::string& key) {
    const size_t at = json.find("\"" + key + "\":");
    BOOST_REQUIRE(at != std::string::npos);
    return std::strtoull(json.c_str() + at + key.size() + 3, nullptr, 10);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(siege)

BOOST_AUTO_TEST_CASE(visitors_without_number_leave_room_for_the_right_host) {
    RunningService running(config());
    for (const bool same_address : {false, true}) {
        std::deque<Stranger> visitors;
        size_t taken = 0;
        for (size_t i = 0; i < 3 * kConnections; ++i) {
            taken += visitors.emplace_back(running).visits(UINT32_MAX) ? 1 : 0;
        }
        BOOST_TEST(taken >= kConnections - kConnections / 4);
        const std::string json = running.ask("status --json");
        BOOST_TEST(number(json, "guests") <= kConnections - kConnections / 4);
        BOOST_TEST(number(json, "connections") <= kConnections);
        BOOST_TEST(is_served(running, same_address ? "" : kOwnAddress));
    }
}

BOOST_AUTO_TEST_CASE(silent_connections_leave_room_for_the_right_host) {
    RunningService running(config("max_strangers=8\n"));
    std::deque<base::UniqueFd> silent;
    for (size_t i = 0; i < 300; ++i) {
        silent.push_back(support::connect_to(
            running.address, "127.0.1." + std::to_string(i % 3 == 0 ? i % 200 + 1 : 1)));
    }
    BOOST_TEST(is_served(running, kOwnAddress));
    const std::string json = running.ask("status --json");
    BOOST_TEST(number(json, "strangers") <= 8U);
    BOOST_TEST(number(json, "connections") <= kConnections);
}

BOOST_AUTO_TEST_CASE(exchanges_that_are_left_are_dropped_and_the_right_host_is_next) {
    RunningService running(config());
    for (size_t i = 0; i < 300; ++i) {
        Stranger(running, "127.0.2." + std::to_string(i % 200 + 1)).begins_to_prove();
    }
    BOOST_TEST(is_served(running, kOwnAddress));
}

BOOST_AUTO_TEST_CASE(visitors_that_ask_all_the_time_are_served_in_turn) {
    RunningService running(config());
    std::deque<Stranger> visitors;
    for (int i = 0; i < 6; ++i) {
        BOOST_TEST(visitors.emplace_back(running).visits(0));
    }
    for (int round = 0; round < 100; ++round) {
        for (Stranger& visitor : visitors) {
            BOOST_TEST(visitor.run(host::get_log_page(nvme::LogPage::kDiscovery, 4096, 0)));
        }
    }
    BOOST_TEST(is_served(running, kOwnAddress));
}

BOOST_AUTO_TEST_SUITE_END()
