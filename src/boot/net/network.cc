// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/net/network.h"

#include <linux/rtnetlink.h>
#include <poll.h>

#include <algorithm>
#include <list>

#include "base/join.h"
#include "boot/net/address_settings.h"
#include "boot/net/device_setup.h"
#include "boot/net/early_end.h"
#include "boot/net/interface_setup.h"
#include "boot/net/link.h"
#include "boot/net/rtnetlink.h"

namespace boot {

namespace {

// Routes of the first interface get this metric, those of the next one more: bootdev= and the order
// of ip= are the order of preference, and equal destinations do not collide.
constexpr uint32_t kFirstMetric = 1024;

void add_missing(std::vector<IpAddress>& list, const std::vector<IpAddress>& more) {
    for (const IpAddress& address : more) {
        if (std::ranges::find(list, address) == list.end()) {
            list.push_back(address);
        }
    }
}

/// One entry of the plan, and every interface that is being tried for it.
class Wish {
  public:
    Wish(InterfacePlan plan, const InterfaceSetup::Limits& limits, uint32_t metric,
         base::TimePoint now)
        : plan_(std::move(plan)), limits_(limits), metric_(metric), until_(now + limits.carrier) {}

    /// Begins what has appeared and moves all on.
    void step(Rtnetlink& kernel, const NetworkState& network, base::TimePoint now) {
        begin_new(kernel, network, now);
        for (auto setup = tried_.begin(); setup != tried_.end();) {
            const auto status = setup->step(kernel, network, now);
            if (!status) {
                add_failure(setup->name() + ": " + status.error().text);
                setup = tried_.erase(setup);
            } else if (setup->is_chosen()) {
                choose(kernel, setup);
                return;
            } else {
                ++setup;
            }
        }
        if (now >= until_ && seen_.empty()) {
            add_failure(describe_missing(network.links, plan_));
        }
        const bool more_may_come =
            now < until_ && (seen_.empty() || (plan_.name.empty() && !plan_.match_mac));
        over_ = tried_.empty() && !more_may_come;
    }

    /// The time is up, whatever is still under way.
    void end(const NetworkState& network) {
        for (const InterfaceSetup& setup : tried_) {
            if (!setup.is_ready()) {
                add_failure(setup.name() + ": " + setup.complaint());
            }
        }
        if (seen_.empty()) {
            add_failure(describe_missing(network.links, plan_));
        }
        over_ = true;
    }

    /// Whether both mean the same interface.
    [[nodiscard]] bool is_sister_of(const Wish& other) const {
        return plan_.name == other.plan_.name && plan_.match_mac == other.plan_.match_mac &&
               plan_.match_driver == other.plan_.match_driver;
    }
    [[nodiscard]] AddressMethod method() const { return plan_.method; }

    [[nodiscard]] bool is_over() const { return over_ || ready() != nullptr; }
    /// The interface that serves this wish; null where there is none (yet).
    [[nodiscard]] const InterfaceSetup* ready() const {
        const auto setup = std::ranges::find_if(tried_, &InterfaceSetup::is_ready);
        return setup == tried_.end() ? nullptr : &*setup;
    }
    [[nodiscard]] const std::vector<std::string>& failures() const { return failures_; }

    [[nodiscard]] base::TimePoint wake() const {
        base::TimePoint wake = tried_.empty() ? until_ : base::TimePoint::max();
        for (const InterfaceSetup& setup : tried_) {
            wake = std::min(wake, setup.wake());
        }
        return wake;
    }
    void collect_fds(std::vector<pollfd>& fds) const {
        for (const InterfaceSetup& setup : tried_) {
            setup.collect_fds(fds);
        }
    }

  private:
    void begin_new(Rtnetlink& kernel, const NetworkState& network, base::TimePoint now) {
        const bool chosen = std::ranges::any_of(tried_, &InterfaceSetup::is_chosen);
        if (chosen || over_) {
            return;
        }
        for (const Link& link : matching_links(network.links, plan_)) {
            if (std::ranges::find(seen_, link.index) != seen_.end()) {
                continue;
            }
            seen_.push_back(link.index);
            InterfaceSetup setup(plan_, link, limits_, metric_);
            if (auto status = setup.begin(kernel, now); !status) {
                add_failure(link.name + ": " + status.error().text);
            } else {
                tried_.push_back(std::move(setup));
            }
        }
    }

    /// The others were brought up for nothing. (Those that merely failed stay up: the next attempt
    /// must not begin by negotiating a slow link again.)
    void choose(Rtnetlink& kernel, std::list<InterfaceSetup>::iterator chosen) {
        for (auto setup = tried_.begin(); setup != tried_.end();) {
            if (setup == chosen) {
                ++setup;
            } else {
                setup->give_up(kernel);
                setup = tried_.erase(setup);
            }
        }
    }

    void add_failure(std::string text) { failures_.push_back(std::move(text)); }

    InterfacePlan plan_;
    InterfaceSetup::Limits limits_;
    uint32_t metric_;
    base::TimePoint until_;  // for an interface to appear
    bool over_ = false;
    std::vector<int> seen_;
    std::list<InterfaceSetup> tried_;
    std::vector<std::string> failures_;
};

base::Status remove_ended_leases(const NetworkPlan& plan, Rtnetlink& kernel) {
    TRY(const std::vector<LinkAddress> addresses, kernel.addresses());
    for (const LinkAddress& address : addresses) {
        if (std::ranges::find(plan.ended_leases, address.subnet) != plan.ended_leases.end()) {
            TRY_VOID(kernel.remove_address(address.index, address.subnet));
        }
    }
    return base::done();
}

base::Status bring_up_loopback(Rtnetlink& kernel, const NetworkState& network) {
    const auto loopback = std::ranges::find_if(network.links, &Link::loopback);
    if (loopback == network.links.end() || loopback->up) {
        return base::done();
    }
    auto status = kernel.set_up(loopback->index, true);
    return status ? status : status.error().in(loopback->name);
}

/// Rounded up, so that poll(2) does not spin.
int milliseconds_until(base::TimePoint wake, base::TimePoint now) {
    return wake <= now
               ? 0
               : static_cast<int>(std::chrono::ceil<base::milliseconds>(wake - now).count());
}

/// The current addresses of an interface, from any source.
Interface describe(const Link& link, const NetworkState& network,
                   const std::vector<LinkRoute>& routes) {
    Interface interface;
    interface.name = link.name;
    interface.index = link.index;
    interface.mac = link.mac;
    interface.permanent_mac = link.permanent_mac;
    interface.made = link.kind == "vlan" || link.kind == "bond" || link.kind == "bridge";
    interface.mtu = link.mtu;
    for (const LinkAddress& address : network.addresses) {
        if (address.index == link.index && !address.tentative) {
            interface.addresses.push_back(address.subnet);
        }
    }
    for (const LinkRoute& route : routes) {
        if (route.index == link.index && !route.automatic) {
            interface.routes.push_back(route.route);
        }
    }
    return interface;
}

void apply_routes(const NetworkPlan& plan, Rtnetlink& kernel, const NetworkState& network,
                  std::vector<std::string>& warnings) {
    for (const RoutePlan& wanted : plan.routes) {
        const std::string name = "rd.route: route to " + wanted.destination.text();
        const int index = interface_of(wanted, network.links, network.addresses);
        if (index == 0) {
            warnings.push_back(name + ": no interface leads to its gateway, continuing without it");
            continue;
        }
        const Route route{wanted.destination, wanted.gateway};
        const bool onlink =
            !wanted.interface.empty() && wanted.gateway &&
            std::ranges::none_of(network.addresses, [&](const LinkAddress& address) {
                return address.index == index && !is_onlink(route, address.subnet);
            });
        const auto status = kernel.add_route({index, route, kFirstMetric, onlink, RTPROT_STATIC});
        if (!status) {
            warnings.push_back(name + ": " + status.error().text + ", continuing without it");
        }
    }
}

/// @param wanted  the interfaces to describe, by index, in order
base::Result<Network> finish(const NetworkPlan& plan, Rtnetlink& kernel,
                             const std::vector<int>& wanted) {
    Network result;
    TRY(const NetworkState network, read_network_state(kernel));
    apply_routes(plan, kernel, network, result.warnings);
    TRY(const auto routes, kernel.routes());
    for (const int index : wanted) {
        const Link* link = network.find(index);
        if (link != nullptr && std::ranges::find(result.interfaces, index, &Interface::index) ==
                                   result.interfaces.end()) {
            result.interfaces.push_back(describe(*link, network, routes));
            result.interfaces.back().dns = plan.dns;
        }
    }
    return result;
}

std::vector<int> configured_links(const NetworkState& network) {
    std::vector<int> configured;
    for (const Link& link : network.links) {
        if (!link.loopback && link.up &&
            (network.has_given_address(link.index, false) ||
             network.has_given_address(link.index, true))) {
            configured.push_back(link.index);
        }
    }
    return configured;
}

/// The findings of the setup of an interface.
void add_findings(const InterfaceSetup& setup, Interface& interface) {
    add_missing(interface.dns, setup.settings().dns);
    interface.mtu_given = interface.mtu_given || setup.settings().mtu.has_value();
    interface.router_given = interface.router_given || setup.is_router_given();
    if (setup.lease()) {
        interface.lease = setup.lease();
    }
    if (setup.dhcp6() != nullptr) {
        interface.dhcp6 = *setup.dhcp6();
    }
}

/// The sister that has what `wish` still waits for, by another method; null where there is none.
const Wish* served_sister(const Wish& wish, const std::vector<Wish>& wishes) {
    const auto sister = std::ranges::find_if(wishes, [&](const Wish& other) {
        return other.ready() != nullptr && other.is_sister_of(wish);
    });
    return sister == wishes.end() ? nullptr : &*sister;
}

/// Whether other methods of interfaces that are ready are all that is awaited.
bool only_sisters_wait(const std::vector<Wish>& wishes) {
    return std::ranges::all_of(wishes, [&](const Wish& wish) {
        return wish.is_over() || served_sister(wish, wishes) != nullptr;
    });
}

/// Everything that bring_up() works on.
struct Work {
    const NetworkPlan& plan;
    Rtnetlink& kernel;
    const base::Clock& clock;
    std::vector<Wish> wishes;
    DeviceSetup devices;
    EarlyEnd early;
};

/// Methods that were not awaited are left to the real root.
void note_pending(const Wish& wish, const std::vector<Wish>& wishes, Network& network) {
    const Wish* sister = wish.is_over() ? nullptr : served_sister(wish, wishes);
    if (sister == nullptr) {
        return;
    }
    const auto interface =
        std::ranges::find(network.interfaces, sister->ready()->index(), &Interface::index);
    if (interface == network.interfaces.end()) {
        return;
    }
    const bool v4 = wish.method() == AddressMethod::kDhcp;
    interface->dhcp_pending = interface->dhcp_pending || v4;
    interface->router_given =
        interface->router_given || (!v4 && wish.method() != AddressMethod::kStatic &&
                                    wish.method() != AddressMethod::kLinkLocal);
}

base::Result<Network> conclude(const Work& work) {
    std::vector<int> ready;
    std::vector<std::string> failures = work.devices.failures();
    for (const Wish& wish : work.wishes) {
        if (const InterfaceSetup* setup = wish.ready()) {
            ready.push_back(setup->index());
        } else {
            failures.insert(failures.end(), wish.failures().begin(), wish.failures().end());
        }
    }
    if (ready.empty()) {
        return base::error(base::join(failures, "; "));
    }
    TRY(Network result, finish(work.plan, work.kernel, ready));
    result.warnings.insert(result.warnings.begin(), failures.begin(), failures.end());
    for (const Wish& wish : work.wishes) {
        note_pending(wish, work.wishes, result);
        const InterfaceSetup* setup = wish.ready();
        if (setup == nullptr) {
            continue;
        }
        const auto interface =
            std::ranges::find(result.interfaces, setup->index(), &Interface::index);
        if (interface == result.interfaces.end()) {
            continue;  // gone at the last moment
        }
        add_findings(*setup, *interface);
        if (!setup->warning().empty()) {
            result.warnings.push_back(setup->warning());
        }
    }
    return result;
}

/// Whether the target is reached without what is still awaited.
base::Result<bool> is_enough(Work& work) {
    if (!only_sisters_wait(work.wishes)) {
        return false;
    }
    const auto is_ready = [](const Wish& wish) { return wish.ready() != nullptr; };
    const auto ready = static_cast<size_t>(std::ranges::count_if(work.wishes, is_ready));
    if (work.early.is_due(ready, work.clock.now())) {
        TRY(const Network so_far, conclude(work));
        work.early.ask(so_far, ready);
    }
    return work.early.is_enough(work.clock);
}

void wait(const Work& work, const base::UniqueFd& events, const base::Deadline& deadline) {
    std::vector<pollfd> fds = {{events.get(), POLLIN, 0}};
    base::TimePoint wake = deadline.end();
    for (const Wish& wish : work.wishes) {
        if (!wish.is_over()) {
            wake = std::min(wake, wish.wake());
            wish.collect_fds(fds);
        }
    }
    if (only_sisters_wait(work.wishes)) {
        wake = std::min(wake, work.early.wake());
    }
    work.early.collect_fds(fds);
    (void)::poll(fds.data(), fds.size(), milliseconds_until(wake, work.clock.now()));
}

base::Status run(Work& work, const base::UniqueFd& events, base::Deadline deadline) {
    while (true) {
        drain_network_events(events.get());
        TRY(const NetworkState network, read_network_state(work.kernel));
        if (work.devices.step(work.kernel, network) && !deadline.passed()) {
            continue;
        }
        const base::TimePoint now = work.clock.now();
        for (Wish& wish : work.wishes) {
            if (!wish.is_over()) {
                wish.step(work.kernel, network, now);
            }
            if (!wish.is_over() && deadline.passed()) {
                wish.end(network);
            }
        }
        if (std::ranges::all_of(work.wishes, &Wish::is_over)) {
            return base::done();
        }
        TRY(const bool enough, is_enough(work));
        if (enough) {
            return base::done();
        }
        wait(work, events, deadline);
    }
}

}  // namespace

base::Result<Network> bring_up(const NetworkPlan& plan, base::Clock& clock, base::Deadline deadline,
                               const IsEnough& is_enough) {
    TRY(Rtnetlink kernel, Rtnetlink::open());
    TRY(const base::UniqueFd events, open_network_events());
    TRY_VOID(remove_ended_leases(plan, kernel));
    TRY(const NetworkState found, read_network_state(kernel));
    TRY_VOID(bring_up_loopback(kernel, found));
    const std::vector<int> configured = configured_links(found);
    if (plan.off || (plan.interfaces.empty() && !plan.need_lease && !configured.empty())) {
        return finish(plan, kernel, configured);
    }
    const InterfaceSetup::Limits limits{plan.carrier_timeout, plan.dhcp_timeout, plan.need_lease,
                                        !plan.ignore_peer_dns};
    Work work{plan, kernel, clock, {}, DeviceSetup(plan), EarlyEnd(is_enough)};
    uint32_t metric = kFirstMetric;
    for (InterfacePlan& one : interface_plans(plan)) {
        work.wishes.emplace_back(std::move(one), limits, metric++, clock.now());
    }
    TRY_VOID(run(work, events, deadline));
    return conclude(work);
}

}  // namespace boot
