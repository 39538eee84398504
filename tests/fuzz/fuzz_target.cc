// SPDX-License-Identifier: GPL-2.0-or-later
// A target with two hosts over time: their commands, what they do not read and do not send, stores
// that answer late and in another order, reloads between any two steps, lost connections. Each byte
// of the input chooses a step. The target answers each command once, shows no host what is another
// one's, asks no store for what lies behind its end, and keeps little for a host that does not
// read.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>

#include "support/event_request.h"
#include "support/io_fixture.h"
#include "support/lanes.h"
#include "support/slow_line.h"
#include "target/queue/queue_session.h"

namespace {

using support::require;
using support::SlowLine;

constexpr size_t kMostUnread = size_t{6} << 20U;
constexpr size_t kMostSteps = 400;
constexpr uint32_t kBlock = 512;

/// The choices, byte by byte; 0 when there are no more.
class Choices {
  public:
    explicit Choices(base::ByteView bytes) : bytes_(bytes) {}
    [[nodiscard]] bool any() const { return !bytes_.empty(); }
    uint8_t next() {
        if (bytes_.empty()) {
            return 0;
        }
        const auto value = std::to_integer<uint8_t>(bytes_.front());
        bytes_ = bytes_.subspan(1);
        return value;
    }

  private:
    base::ByteView bytes_;
};

/// `text` over and over.
base::Bytes filled(size_t bytes, std::string_view text) {
    base::Bytes out(bytes);
    const size_t first = std::min(bytes, text.size());
    std::memcpy(out.data(), text.data(), first);
    for (size_t done = first; done < bytes; done += std::min(done, bytes - done)) {
        std::memcpy(out.data() + done, out.data(), std::min(done, bytes - done));
    }
    return out;
}

/// A store that may hold its operations, and completes them on request.
class Store final : public target::Backend {
  public:
    Store(size_t bytes, std::string_view text) : content(filled(bytes, text)), size_(bytes) {}

    [[nodiscard]] uint64_t size_bytes() const override { return size_; }
    void refresh() override { size_ = next_size == 0 ? size_ : next_size; }
    void submit(target::Io& io) override {
        require(io.offset + io.length <= content.size());
        held_.push_back(&io);
        if (!hold) {
            settle();
        }
    }
    void end_one(size_t which, target::IoError error) {
        if (held_.empty()) {
            return;
        }
        const auto place = held_.begin() + static_cast<std::ptrdiff_t>(which % held_.size());
        target::Io& io = **place;
        held_.erase(place);
        const auto range = std::span(content).subspan(io.offset, io.length);
        if (io.kind == target::Io::Kind::kRead) {
            std::ranges::copy(range, io.data.begin());
        } else if (io.kind == target::Io::Kind::kWrite) {
            std::ranges::copy(io.data, range.begin());
        }
        io.done(error);
    }
    /// @return whether anything was held
    bool settle() {
        const bool any = !held_.empty();
        while (!held_.empty()) {
            end_one(0, target::IoError::kNone);
        }
        return any;
    }

    base::Bytes content;
    bool hold = false;
    uint64_t next_size = 0;  ///< for refresh(); at most content.size()

  private:
    uint64_t size_;
    std::deque<target::Io*> held_;
};

enum Host : size_t { kA, kB };
const std::array kNqns = {support::kHostNqn, support::kStrangerNqn};
constexpr std::array<std::string_view, 2> kStoreOf = {"STORE-A ", "STORE-B "};
constexpr std::array<std::string_view, 2> kFrom = {"FROM-A  ", "FROM-B  "};
constexpr size_t kStoreBytes = size_t{512} << 10U;

target::SubsystemConfig subsystem_config() {
    target::SubsystemConfig config;
    config.nqn = support::kSubsysNqn;
    config.serial = "SERIAL1";
    config.hosts = {kNqns[kA], kNqns[kB]};
    return config;
}

/// NSID 1 is shared, 2 is A's, 3 is B's, and 4 is now of the one and now of the other.
struct World {
    World() : target(limits(), hosts, events) {
        support::spread(target);
        hosts.add(kNqns[kA], nullptr);
        hosts.add(kNqns[kB], nullptr);
        (void)target.add_subsystem(subsystem_config());
        add(1, "SHARED  ", {});
        add(2, kStoreOf[kA], {kNqns[kA]});
        add(3, kStoreOf[kB], {kNqns[kB]});
        for (size_t place = 0; place < lines.size(); ++place) {
            open(place);
        }
    }
    ~World() {
        let_stores_go();
        lines = {};
    }
    static target::Limits limits() {
        target::Limits limits;
        limits.queue_entries = 16;
        limits.io_queues = 2;
        limits.max_h2c_bytes = 65536;
        return limits;
    }

    target::Subsystem* subsystem() { return target.find_subsystem(support::kSubsysNqn); }
    void add(uint32_t nsid, std::string_view text, std::vector<std::string> of_hosts) {
        target::Subsystem* to = subsystem();
        if (to == nullptr || to->find_namespace(nsid) != nullptr) {
            return;
        }
        auto store = std::make_shared<Store>(kStoreBytes, text);
        store->hold = hold;
        stores.push_back(store);
        target::NamespaceConfig config;
        config.nsid = nsid;
        config.ids.nguid.bytes[0] = static_cast<std::byte>(stores.size());
        config.hosts = std::move(of_hosts);
        config.ana_group = nsid;
        to->add_namespace(std::move(config), std::move(store));
    }

    /// Even places are admin queues, of A, B; behind each is an I/O queue of its controller.
    static Host host_of(size_t place) { return place < 2 ? kA : kB; }
    void open(size_t place);
    void let_stores_go() {
        for (const auto& store : stores) {
            store->hold = false;
        }
        for (bool any = true; any;) {
            any = false;
            for (const auto& store : stores) {
                any = store->settle() || any;
            }
        }
    }

    support::FakeClock clock;
    support::EventLog events;
    target::HostTable hosts;
    target::Target target;
    target::QueueFactory sessions{target};
    std::vector<std::shared_ptr<Store>> stores;
    bool hold = false;
    std::array<std::unique_ptr<SlowLine>, 4> lines;
    std::array<uint16_t, 2> cntlids{};
};

void World::open(size_t place) {
    const Host host = host_of(place);
    const bool is_admin = place % 2 == 0;
    const Host other = host == kA ? kB : kA;
    lines[place].reset();
    lines[place] = std::make_unique<SlowLine>(
        sessions, clock,
        std::vector<std::string>{std::string(kStoreOf[other]), std::string(kFrom[other])});
    SlowLine& line = *lines[place];
    line.greet();
    host::ConnectOptions options{.hostnqn = kNqns[host],
                                 .subsysnqn = support::kSubsysNqn,
                                 .hostid = {},
                                 .qid = static_cast<uint16_t>(is_admin ? 0 : 1),
                                 .cntlid = is_admin ? nvme::kCntlidDynamic : cntlids[host],
                                 .queue_size = 16,
                                 .kato_ms = is_admin ? 5000U : 0U};
    options.hostid.bytes[0] = static_cast<std::byte>(host + 1);
    const auto connected = line.run(host::connect(options));
    if (connected && is_admin) {
        cntlids[host] = nvme::ConnectResult::from_dw0(*connected).cntlid;
        nvme::Configuration configuration;
        configuration.enable = true;
        configuration.submission_entry = 6;
        configuration.completion_entry = 4;
        (void)line.run(host::property_set(nvme::Property::kCc, configuration.wire()));
    }
}

constexpr std::array<uint32_t, 8> kNsids = {1, 2, 3, 4, 4, 1, nvme::kNsidAll, 9};

host::Command with_keys(nvme::IoOpcode opcode, uint32_t nsid, uint32_t cdw10, uint64_t key) {
    host::Command command = host::flush(nsid);
    command.sqe.opcode = static_cast<uint8_t>(opcode);
    command.sqe.cdw10 = cdw10;
    base::Writer writer(command.data_out);
    writer.put(nvme::le64(key)).put(nvme::le64(key));
    return command;
}

void io_command(World& world, Choices& choices, size_t place) {
    SlowLine& line = *world.lines[place];
    const Host host = World::host_of(place);
    const uint8_t kind = choices.next();
    const uint8_t where = choices.next();
    const uint32_t nsid = kNsids[where % kNsids.size()];
    const uint64_t start = (where >> 3U) * 8U;
    const uint8_t how = choices.next();
    const bool in_capsule = (how & 1U) != 0;
    static constexpr std::array<uint32_t, 4> kCounts = {1, 8, 16, 1024};
    const uint32_t count = in_capsule ? 8 : kCounts[how >> 1U & 3U];
    const uint32_t flags = (how & 0x10U) != 0 ? nvme::IoFlags::kForceUnitAccess : 0;
    const auto data = [&](uint32_t blocks) {
        return filled(size_t{blocks} * kBlock, nsid == 1 ? "SHARED  " : kFrom[host]);
    };
    const uint32_t action = how >> 5U;
    switch (kind % 14) {
        case 0:
        case 1:
            return line.submit(host::read(nsid, {start, count, kBlock}));
        case 2:
        case 3:
            return line.submit(host::write(nsid, {start, count, kBlock}, data(count), flags),
                               in_capsule);
        case 4:
            return line.submit(host::flush(nsid));
        case 5:
            return line.submit(support::compare(nsid, {start, 8, kBlock}, data(8)), in_capsule);
        case 6:
            return line.submit(host::write_zeroes(nsid, {start, count, kBlock}, flags));
        case 7:
            return line.submit(support::deallocate(nsid, {{start, 8}, {start + 64, 16}}),
                               in_capsule);
        case 8:
            return line.submit(support::verify(nsid, {start, count, kBlock}));
        case 9:
            return line.submit(support::copy(nsid, start, {{64, 8}, {128, 8}}), in_capsule);
        case 10:
            return line.submit(with_keys(nvme::IoOpcode::kReservationRegister, nsid,
                                         action % 3 | 1U << 3U, host + 1));
        case 11:
            return line.submit(with_keys(nvme::IoOpcode::kReservationAcquire, nsid,
                                         action % 3 | (how % 6 + 1U) << 8U, how % 2 + 1));
        case 12: {
            auto command = with_keys(nvme::IoOpcode::kReservationRelease, nsid,
                                     action % 2 | (how % 6 + 1U) << 8U, host + 1);
            command.data_out.resize(8);
            return line.submit(std::move(command), in_capsule);
        }
        default: {  // a pair, or half of one
            auto first = support::compare(nsid, {start, 8, kBlock}, data(8));
            auto second = host::write(nsid, {start, 8, kBlock}, data(8), flags);
            first.sqe.flags = nvme::Sqe::kFusedFirst;
            second.sqe.flags = nvme::Sqe::kFusedSecond;
            if (action != 1) {
                line.submit(std::move(first), in_capsule);
            }
            if (action != 2 && line.may_send()) {
                line.submit(std::move(second), in_capsule);
            }
            return;
        }
    }
}

void admin_command(World& world, Choices& choices, size_t place) {
    SlowLine& line = *world.lines[place];
    const uint8_t kind = choices.next();
    const uint8_t what = choices.next();
    const uint32_t nsid = kNsids[what % kNsids.size()];
    const auto of_namespace = [&](host::Command command) {
        command.sqe.nsid = nsid;
        return command;
    };
    static constexpr std::array kFeatures = {
        nvme::Feature::kErrorRecovery, nvme::Feature::kReservationMask,
        nvme::Feature::kReservationPersistence, nvme::Feature::kWriteProtect};
    const nvme::Feature feature = kFeatures[what >> 3U & 3U];
    switch (kind % 9) {
        case 0:
            return line.submit(host::identify(static_cast<nvme::Cns>(what >> 3U), nsid));
        case 1:
            return line.submit(host::identify(static_cast<nvme::Cns>(choices.next()), nsid));
        case 2:  // long, so that it fills the output
            return line.submit(
                host::get_log_page(static_cast<nvme::LogPage>(what & 0xFU), 1U << 20U));
        case 3:
            return line.submit(of_namespace(host::set_features(feature, choices.next() & 3U)));
        case 4:
            return line.submit(of_namespace(host::get_features(feature)));
        case 5:
            return line.submit(support::abort(1, what));
        case 6:
            return line.submit(support::async_event_request());
        case 7:
            return line.submit(host::property_set(nvme::Property::kCc, what % 4 == 0 ? 0x00460000
                                                                       : what % 4 == 1
                                                                           ? 0x00464001
                                                                           : 0x00460001));
        default:
            return line.submit(host::set_features(nvme::Feature::kAsyncEventConfig, 0x900));
    }
}

void reload(World& world, Choices& choices) {
    const uint8_t what = choices.next();
    target::Subsystem* subsystem = world.subsystem();
    const uint32_t nsid = what >> 4U & 3U ? what >> 4U & 3U : 4;
    const Host host = (what & 0x80U) != 0 ? kA : kB;
    if (subsystem == nullptr) {
        (void)world.target.add_subsystem(subsystem_config());
        return;
    }
    const target::Namespace* ns = subsystem->find_namespace(nsid);
    switch (what & 0xFU) {
        case 0:
        case 1:
            (void)subsystem->remove_namespace(nsid);
            return;
        case 2:
        case 3:
            return nsid == 1   ? world.add(1, "SHARED  ", {})
                   : nsid == 2 ? world.add(2, kStoreOf[kA], {kNqns[kA]})
                   : nsid == 3 ? world.add(3, kStoreOf[kB], {kNqns[kB]})
                               : world.add(4, kStoreOf[host], {kNqns[host]});
        case 4:  // the one takes the place of the other
            (void)subsystem->remove_namespace(4);
            return world.add(4, kStoreOf[host], {kNqns[host]});
        case 5:
            if (ns != nullptr) {
                auto config = ns->config();
                config.read_only = host == kA;
                (void)subsystem->change_namespace(std::move(config));
            }
            return;
        case 6:
            if (ns != nullptr) {
                auto& store = static_cast<Store&>(ns->backend());
                store.next_size = host == kA ? kStoreBytes / 2 : kStoreBytes;
                (void)subsystem->resize_namespace(nsid);
            }
            return;
        case 7:
            (void)subsystem->protect_namespace(nsid, host == kA
                                                         ? target::WriteProtection::kProtected
                                                         : target::WriteProtection::kNone);
            return;
        case 8:
            return world.target.set_ana_states(
                {{{nsid, target::AnaGroups::kEveryPortal},
                  host == kA ? nvme::AnaState::kInaccessible : nvme::AnaState::kOptimized}});
        case 9:
            (void)(host == kA ? world.target.drain() : world.target.end_drain());
            return;
        case 10: {
            auto config = subsystem_config();
            if (host == kA) {
                config.hosts = {kNqns[kA]};
            }
            subsystem->change(std::move(config));
            (void)subsystem->enforce_access();
            return;
        }
        case 11:
            world.target.remove_subsystem(support::kSubsysNqn);
            return;
        default:
            if (ns != nullptr && nsid == 1) {
                auto config = ns->config();
                config.hosts = host == kA ? std::vector{kNqns[kA]} : std::vector<std::string>();
                (void)subsystem->change_namespace(std::move(config));
            }
            return;
    }
}

void step(World& world, Choices& choices) {
    const uint8_t what = choices.next();
    const size_t place = what >> 6U;
    SlowLine& line = *world.lines[place];
    switch (what & 0x0FU) {
        case 0:
        case 1:
        case 2:
        case 3:
            if (line.may_send()) {
                place % 2 == 0 ? admin_command(world, choices, place)
                               : io_command(world, choices, place);
            }
            return;
        case 4:
        case 5: {
            const uint8_t much = choices.next();
            return line.read(much == 0 ? SIZE_MAX : much * 24U);
        }
        case 6:
        case 7: {
            const uint8_t which = choices.next();
            return line.send_data(which >> 1U, which % 2 == 0 ? UINT32_MAX : 4096);
        }
        case 8:
        case 9: {
            const uint8_t which = choices.next();
            static constexpr std::array kErrors = {target::IoError::kNone, target::IoError::kNone,
                                                   target::IoError::kMedium,
                                                   target::IoError::kNoSpace};
            return world.stores[which % world.stores.size()]->end_one(which >> 3U,
                                                                      kErrors[what >> 4U & 3U]);
        }
        case 10:
            world.hold = (what & 0x10U) != 0;
            for (const auto& store : world.stores) {
                store->hold = world.hold;
            }
            return;
        case 11:
        case 12:
            return reload(world, choices);
        case 13:
            world.clock.sleep(base::milliseconds(choices.next() * 100));
            for (const auto& each : world.lines) {
                each->on_timer();
            }
            return;
        default:
            return world.open(place);
    }
}

/// Nothing keeps anybody any more: whatever was asked is answered.
void settle(World& world) {
    if (world.subsystem() != nullptr && world.target.draining()) {
        (void)world.target.end_drain();
    }
    for (const size_t place : {1, 3}) {
        if (world.lines[place]->may_send()) {
            world.lines[place]->submit(host::flush(1));  // what half of a pair waits for
        }
    }
    for (bool moved = true; moved;) {
        moved = false;
        world.let_stores_go();
        for (const auto& line : world.lines) {
            const size_t before = line->unanswered();
            line->settle();
            moved = moved || line->unanswered() != before;
        }
    }
    for (const auto& line : world.lines) {
        require(line->over() || line->unanswered() == 0);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) {
        return 0;
    }
    setenv("NVMEROOT_TEST_REACTORS", data[0] % 2 == 0 ? "1" : "2", 1);
    Choices choices(std::as_bytes(std::span(data, size).subspan(1)));
    World world;
    for (size_t steps = 0; choices.any() && steps < kMostSteps; ++steps) {
        step(world, choices);
        for (const auto& line : world.lines) {
            require(line->unread() <= kMostUnread);
        }
    }
    settle(world);
    return 0;
}
