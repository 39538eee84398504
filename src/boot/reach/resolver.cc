// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/reach/resolver.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/fd.h"
#include "base/text.h"
#include "boot/reach/dns_message.h"

namespace boot {
namespace {

constexpr base::milliseconds kFirstPatience{1000};
constexpr unsigned kRounds = 3;  // through all servers, each twice as patient as the one before
constexpr size_t kLargestAnswer = 4096;

base::Result<base::UniqueFd> open_socket(const IpAddress& server, uint16_t port) {
    sockaddr_storage storage{};
    socklen_t size = 0;
    if (server.v6) {
        auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        std::ranges::copy(server.octets, v6->sin6_addr.s6_addr);
        size = sizeof(*v6);
    } else {
        auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        v4->sin_addr.s_addr = htonl(server.v4());
        size = sizeof(*v4);
    }
    base::UniqueFd fd(::socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.valid() || ::connect(fd.get(), reinterpret_cast<sockaddr*>(&storage), size) != 0) {
        return base::errno_error(errno, "name server " + server.text());
    }
    return fd;
}

/// With a number and, by the kernel, a port that others do not know.
DnsQuestion question_of(const std::string& name, DnsType type) {
    DnsQuestion question{0, name, type};
    (void)::getrandom(&question.id, sizeof(question.id), GRND_NONBLOCK);
    return question;
}

/// One question to one server. @return nothing when it keeps silent
base::Result<std::optional<DnsAnswer>> ask(const DnsQuestion& question, const IpAddress& server,
                                           uint16_t port, const base::Deadline& deadline) {
    TRY(const base::Bytes query, build_dns_query(question));
    TRY(const base::UniqueFd fd, open_socket(server, port));
    if (::send(fd.get(), query.data(), query.size(), 0) < 0) {
        return base::errno_error(errno, "name server " + server.text());
    }
    std::array<std::byte, kLargestAnswer> buffer;
    while (!deadline.passed()) {
        pollfd wait{fd.get(), POLLIN, 0};
        if (::poll(&wait, 1, static_cast<int>(deadline.left().count()) + 1) <= 0) {
            continue;
        }
        const ssize_t size = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
        if (size < 0 && errno != EINTR && errno != EAGAIN) {
            return base::errno_error(errno, "name server " + server.text());
        }
        if (size <= 0) {
            continue;
        }
        auto answer =
            parse_dns_answer(base::ByteView(buffer).first(static_cast<size_t>(size)), question);
        if (answer) {
            return std::optional(std::move(*answer));
        }
    }
    return std::optional<DnsAnswer>();
}

/// One kind of address from whichever server answers first.
base::Result<DnsAnswer> ask_all(const std::string& name, DnsType type, const NameServers& servers,
                                const base::Deadline& deadline) {
    std::string trouble = "no name server answers";
    for (unsigned round = 0; round < kRounds && !deadline.passed(); ++round) {
        for (const IpAddress& server : servers.servers) {
            auto answer = ask(question_of(name, type), server, servers.port,
                              deadline.within(kFirstPatience * (1U << round)));
            if (!answer) {
                trouble = answer.error().text;
            } else if (*answer && !(*answer)->ask_another) {
                return std::move(**answer);
            } else if (*answer) {
                trouble = server.text() + ": " + (*answer)->problem;
            }
        }
    }
    return base::error(trouble);
}

base::Result<std::vector<IpAddress>> resolve_exactly(const std::string& name,
                                                     const NameServers& servers,
                                                     const base::Deadline& deadline) {
    std::vector<IpAddress> addresses;
    std::string problem = "it has no address of a family that this network uses";
    for (const DnsType type : {DnsType::kA, DnsType::kAaaa}) {
        if (!(type == DnsType::kA ? servers.v4 : servers.v6)) {
            continue;
        }
        auto answer = ask_all(name, type, servers, deadline);
        if (!answer) {
            problem = answer.error().text;
            continue;
        }
        problem = answer->problem.empty() ? problem : answer->problem;
        addresses.insert(addresses.end(), answer->addresses.begin(), answer->addresses.end());
    }
    if (addresses.empty()) {
        return base::error(base::quoted(name) + ": " + problem);
    }
    return addresses;
}

void add_once(std::vector<IpAddress>& list, const IpAddress& address) {
    if (std::ranges::find(list, address) == list.end()) {
        list.push_back(address);
    }
}

std::vector<IpAddress> servers_of_file(const base::SysPaths& sys) {
    std::vector<IpAddress> servers;
    const auto text = base::read_text(sys.etc + "/resolv.conf");
    for (const std::string_view line : base::split(text ? *text : std::string_view(), '\n')) {
        const auto words = base::split_words(line);
        if (words.size() >= 2 && words[0] == "nameserver") {
            if (const auto address = IpAddress::parse(words[1])) {
                add_once(servers, *address);
            }
        }
    }
    return servers;
}

}  // namespace

NameServers name_servers(const Network& network, const base::SysPaths& sys) {
    NameServers found;
    found.v4 = found.v6 = false;
    for (const Interface& interface : network.interfaces) {
        for (const IpAddress& server : interface.dns) {
            add_once(found.servers, server);
        }
        for (const std::string& domain :
             {interface.lease ? interface.lease->domain : std::string(),
              interface.dhcp6 ? interface.dhcp6->domain : std::string()}) {
            if (!domain.empty()) {
                found.domains.push_back(domain);
            }
        }
        for (const Subnet& subnet : interface.addresses) {
            found.v4 = found.v4 || !subnet.address.v6;
            found.v6 = found.v6 || (subnet.address.v6 && !subnet.address.is_link_local());
        }
    }
    if (found.servers.empty()) {
        found.servers = servers_of_file(sys);
    }
    return found;
}

base::Result<std::vector<IpAddress>> resolve(const std::string& name, const NameServers& servers,
                                             const base::Deadline& deadline) {
    if (servers.servers.empty()) {
        return base::error(
            base::quoted(name) +
            ": no name server is known; set nameserver=, or use the target's address");
    }
    if (name.find('.') == std::string::npos) {
        for (const std::string& domain : servers.domains) {
            if (auto found = resolve_exactly(name + "." + domain, servers, deadline)) {
                return found;
            }
        }
    }
    return resolve_exactly(name, servers, deadline);
}

base::Result<std::vector<Portal>> resolve_portals(
    const std::vector<Portal>& portals, const NameServers& servers, const base::Deadline& deadline,
    const std::function<void(const std::string&)>& warn) {
    std::vector<Portal> resolved;
    const auto add = [&](Portal portal) {
        const bool known = std::ranges::any_of(
            resolved, [&](const Portal& each) { return each.same_path(portal); });
        if (!known) {
            resolved.push_back(std::move(portal));
        }
    };
    std::vector<base::Error> failures;
    for (const Portal& portal : portals) {
        if (!portal.is_name) {
            add(portal);
            continue;
        }
        const auto addresses = resolve(portal.address, servers, deadline);
        if (!addresses) {
            failures.push_back(addresses.error());
            continue;
        }
        for (const IpAddress& address : *addresses) {
            Portal found = portal;
            found.address = address.text();
            found.is_name = false;
            add(std::move(found));
        }
    }
    if (resolved.empty() && !failures.empty()) {
        return failures.back();
    }
    for (const base::Error& failure : failures) {
        warn(failure.text + ", continuing with another portal");
    }
    return resolved;
}

}  // namespace boot
