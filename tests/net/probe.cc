// SPDX-License-Identifier: GPL-2.0-or-later
//
// net-probe KEY=VALUE…   gives the words of a kernel command line to bring_up() and prints what
// came of it, one fact a line, for tests/net/run. Further keys: carrier_timeout, dhcp_timeout,
// timeout, need_lease; reach=PORTAL, the target that may be reached before all is ready; run=DIR,
// where one run notes for the next how the network came.
#include <cstdio>
#include <string>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "boot/net/network.h"
#include "boot/net/network_memory.h"
#include "boot/net/network_options.h"
#include "boot/reach/reach.h"

namespace {

/// The request of the words.
struct Wanted {
    boot::NetworkPlan plan;
    base::milliseconds timeout = base::seconds(60);
    std::vector<boot::Portal> portals;
    base::SysPaths sys;
    bool remembers = false;
};

base::Status take_word(Wanted& wanted, std::string_view word) {
    boot::NetworkPlan& plan = wanted.plan;
    const size_t equals = word.find('=');
    const std::string_view key = word.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "" : word.substr(equals + 1);
    if (boot::is_network_option(key)) {
        return boot::apply_network_option(plan, key, value);
    }
    if (key == "reach") {
        const size_t colon = value.rfind(':');
        TRY(const uint64_t port, base::parse_u64(value.substr(colon + 1), UINT16_MAX));
        wanted.portals.push_back(
            {std::string(value.substr(0, colon)), static_cast<uint16_t>(port), "reach"});
        return base::done();
    }
    if (key == "run") {
        wanted.sys.run = value;
        wanted.remembers = true;
        return base::done();
    }
    if (key == "need_lease") {
        plan.need_lease = true;
        return base::done();
    }
    TRY(const base::milliseconds span, base::parse_duration(value));
    if (key == "carrier_timeout") {
        plan.carrier_timeout = span;
    } else if (key == "dhcp_timeout") {
        plan.dhcp_timeout = span;
    } else if (key == "timeout") {
        wanted.timeout = span;
    } else {
        return base::error("unknown word " + base::quoted(word));
    }
    return base::done();
}

void print(const boot::Interface& interface) {
    const char* name = interface.name.c_str();
    std::printf("%s mac %s\n", name, interface.mac.text().c_str());
    std::printf("%s mtu %u\n", name, interface.mtu);
    for (const auto& address : interface.addresses) {
        std::printf("%s address %s\n", name, address.text().c_str());
    }
    for (const auto& route : interface.routes) {
        std::printf("%s route %s via %s\n", name, route.destination.text().c_str(),
                    route.gateway ? route.gateway->text().c_str() : "link");
    }
    for (const auto& server : interface.dns) {
        std::printf("%s dns %s\n", name, server.text().c_str());
    }
    if (interface.router_given || interface.dhcp_pending) {
        std::printf("%s continues%s%s\n", name, interface.dhcp_pending ? " DHCPv4" : "",
                    interface.router_given ? " IPv6" : "");
    }
    if (interface.dhcp6) {
        std::printf("%s boot-file %s\n", name,
                    base::quoted(interface.dhcp6->boot_file_url).c_str());
    }
    if (interface.lease) {
        const boot::Lease& lease = *interface.lease;
        std::printf("%s lease %lld t1 %lld t2 %lld server %s\n", name,
                    static_cast<long long>(lease.duration.count()),
                    static_cast<long long>(lease.t1.count()),
                    static_cast<long long>(lease.t2.count()), lease.server.text().c_str());
        std::printf("%s root-path %s\n", name, base::quoted(lease.root_path).c_str());
        std::printf("%s hostname %s domain %s\n", name, lease.hostname.c_str(),
                    lease.domain.c_str());
    }
}

/// Resident memory at its highest. Not by getrusage(2), which counts what ran before execve(2).
void print_peak() {
    const auto status = base::read_text("/proc/self/status");
    if (!status) {
        return;
    }
    for (const auto line : base::split(*status, '\n')) {
        if (line.starts_with("VmHWM:")) {
            std::printf("peak %.*s\n", static_cast<int>(line.size()), line.data());
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    Wanted wanted;
    for (int i = 1; i < argc; ++i) {
        if (const auto status = take_word(wanted, argv[i]); !status) {
            std::printf("usage: %s\n", status.error().text.c_str());
            return 2;
        }
    }
    base::SystemClock clock;
    boot::IsEnough is_enough;
    if (!wanted.portals.empty()) {
        is_enough = [&](const boot::Network& so_far) {
            return boot::reach(wanted.portals, so_far, wanted.sys, clock);
        };
    }
    wanted.plan.ended_leases = wanted.remembers ? boot::ended_leases(wanted.sys, clock.now())
                                                : std::vector<boot::Subnet>();
    auto network =
        boot::bring_up(wanted.plan, clock, base::Deadline(clock, wanted.timeout), is_enough);
    if (!network) {
        std::printf("error: %s\n", network.error().text.c_str());
        return 1;
    }
    if (wanted.remembers) {
        boot::recall(*network, wanted.sys);
        if (const auto noted = boot::remember(*network, wanted.sys); !noted) {
            std::printf("error: %s\n", noted.error().text.c_str());
            return 1;
        }
    }
    for (const auto& interface : network->interfaces) {
        print(interface);
    }
    for (const auto& warning : network->warnings) {
        std::printf("warning: %s\n", warning.c_str());
    }
    print_peak();
    return 0;
}
