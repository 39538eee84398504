// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/reach/resolver.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <thread>

#include "base/fd.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

/// A name server on 127.0.0.1 that knows one name, disk.example, by an IPv4 address. The first
/// `silent` questions it does not hear.
class Server {
  public:
    explicit Server(int silent = 0)
        : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)), silent_(silent) {
        sockaddr_in me{};
        me.sin_family = AF_INET;
        me.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        BOOST_REQUIRE(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&me), sizeof(me)) == 0);
        socklen_t size = sizeof(me);
        ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&me), &size);
        port_ = ntohs(me.sin_port);
        thread_ = std::thread([this] { run(); });
    }
    ~Server() {
        stop_ = true;
        thread_.join();
    }

    [[nodiscard]] uint16_t port() const { return port_; }
    [[nodiscard]] int questions() const { return questions_; }

  private:
    void run() {
        while (!stop_) {
            pollfd wait{fd_.get(), POLLIN, 0};
            if (::poll(&wait, 1, 20) > 0) {
                answer();
            }
        }
    }

    void answer() {
        std::array<uint8_t, 512> message{};
        sockaddr_in from{};
        socklen_t from_size = sizeof(from);
        const ssize_t size = ::recvfrom(fd_.get(), message.data(), 256, 0,
                                        reinterpret_cast<sockaddr*>(&from), &from_size);
        if (size < 18 || ++questions_ <= silent_) {
            return;
        }
        const auto end = static_cast<size_t>(size);
        const std::string text(message.begin(), message.end());
        const bool known = text.find("\4disk\7example") != std::string::npos;
        const bool v4 = message[end - 3] == 1;
        message[2] = 0x81;
        message[3] = known ? 0x80 : 0x83;
        size_t length = end;
        if (known && v4) {
            message[7] = 1;
            const std::array<uint8_t, 16> record = {0xc0, 12, 0, 1, 0,   1, 0, 0,
                                                    0,    60, 0, 4, 192, 0, 2, 10};
            std::copy(record.begin(), record.end(), message.begin() + end);
            length += record.size();
        }
        (void)::sendto(fd_.get(), message.data(), length, 0, reinterpret_cast<sockaddr*>(&from),
                       from_size);
    }

    base::UniqueFd fd_;
    int silent_;
    uint16_t port_ = 0;
    std::atomic<bool> stop_ = false;
    std::atomic<int> questions_ = 0;
    std::thread thread_;
};

boot::NameServers servers_of(const Server& server) {
    boot::NameServers servers;
    servers.servers = {boot::IpAddress::parse("127.0.0.1").value()};
    servers.port = server.port();
    return servers;
}

struct Patience {
    base::SystemClock clock;
    base::Deadline deadline{clock, base::seconds(30)};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(resolver)

BOOST_AUTO_TEST_CASE(a_name_is_resolved_and_asked_again_when_nobody_answers) {
    const Server server(1);
    const Patience patience;
    const auto found = boot::resolve("disk.example", servers_of(server), patience.deadline);
    BOOST_REQUIRE_MESSAGE(found.ok(), (found ? "" : found.error().text));
    BOOST_REQUIRE(found->size() == 1U);
    BOOST_TEST(found->at(0).text() == "192.0.2.10");
    BOOST_TEST(server.questions() >= 3);
}

BOOST_AUTO_TEST_CASE(a_short_name_gets_the_networks_domain) {
    const Server server;
    const Patience patience;
    boot::NameServers servers = servers_of(server);
    servers.domains = {"example"};
    BOOST_TEST(boot::resolve("disk", servers, patience.deadline).ok());
}

BOOST_AUTO_TEST_CASE(errors_say_what_is_missing) {
    const Server server;
    const Patience patience;
    const auto text = [&](const char* name, const boot::NameServers& servers) {
        const auto found = boot::resolve(name, servers, patience.deadline);
        return found ? std::string() : found.error().text;
    };
    BOOST_TEST(text("disc.example", servers_of(server)) == "\"disc.example\": no such name");
    boot::NameServers only_v6 = servers_of(server);
    only_v6.v4 = false;
    BOOST_TEST(text("disk.example", only_v6) ==
               "\"disk.example\": it has no address of a family that this network uses");
    BOOST_TEST(text("disk.example", {}).find("no name server is known") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(portals_keep_their_order_and_none_comes_twice) {
    const Server server;
    const Patience patience;
    const std::vector<boot::Portal> portals = {
        {"192.0.2.9", 4420, "a", false},
        {"disk.example", 4420, "b", true},
        {"192.0.2.10", 4420, "c", false},
        {"disc.example", 4420, "d", true},
    };
    std::vector<std::string> warnings;
    const auto resolved =
        boot::resolve_portals(portals, servers_of(server), patience.deadline,
                              [&](const std::string& text) { warnings.push_back(text); });
    BOOST_REQUIRE(resolved.ok());
    BOOST_REQUIRE(resolved->size() == 2U);
    BOOST_TEST(resolved->at(0).address == "192.0.2.9");
    BOOST_TEST(resolved->at(1).address == "192.0.2.10");
    BOOST_TEST(!resolved->at(1).is_name);
    BOOST_TEST(warnings.size() == 1U);
}

BOOST_AUTO_TEST_CASE(servers_are_those_of_the_network_else_of_resolv_conf) {
    const support::TempDir dir;
    base::SysPaths sys;
    sys.etc = dir.path();
    BOOST_REQUIRE(base::write_text_atomically(sys.etc + "/resolv.conf",
                                              "# x\nnameserver 192.0.2.53\nnameserver y\n", 0644)
                      .ok());
    boot::Network network;
    boot::Interface interface;
    interface.addresses = {boot::Subnet::parse("192.0.2.5/24").value(),
                           boot::Subnet::parse("fe80::5/64").value()};
    interface.lease = boot::Lease();
    interface.lease->domain = "example";
    network.interfaces = {interface};
    auto servers = boot::name_servers(network, sys);
    BOOST_REQUIRE(servers.servers.size() == 1U);
    BOOST_TEST(servers.servers[0].text() == "192.0.2.53");
    BOOST_TEST(servers.v4);
    BOOST_TEST(!servers.v6);
    BOOST_TEST(servers.domains.at(0) == "example");
    network.interfaces[0].dns = {boot::IpAddress::parse("2001:db8::53").value()};
    servers = boot::name_servers(network, sys);
    BOOST_REQUIRE(servers.servers.size() == 1U);
    BOOST_TEST(servers.servers[0].text() == "2001:db8::53");
}

BOOST_AUTO_TEST_SUITE_END()
