// SPDX-License-Identifier: GPL-2.0-or-later
//
// The cost of a command while many others wait: processor time for each of 100, 1,000 and 10,000
// that wait at a time, of every kind that can wait. Each step ends some and sends as many, so that
// the number does not change. `make bench` prints the table: no column may be twice the first one.
//
// The first turnover is not counted: its memory is new, and it would measure the kernel's work on
// new pages. The last column has it.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <deque>
#include <functional>
#include <memory>

#include "support/admin_fixture.h"
#include "support/io_fixture.h"
#include "support/protected_fixture.h"
#include "support/test.h"
#include "target/reactor/labor.h"

namespace {

using support::in_capsule;

constexpr uint32_t kBlock = 512;
constexpr uint16_t kEntries = 1024;
constexpr uint32_t kMostWaiting = 10000;
constexpr target::Limits kLimits = {.queue_entries = kEntries, .controllers = kMostWaiting + 1};

double processor_us() {
    timespec now{};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

/// Many of one kind that wait.
class Crowd {
  public:
    virtual ~Crowd() = default;
    /// Some of them end, the oldest first, and as many come. @return how many
    virtual size_t step() = 0;
};

// --- commands that wait for one which a backend has ---------------------------------------------

base::Bytes capsule(nvme::Sqe sqe, uint16_t cid, const base::Bytes& data) {
    return nvme::whole_pdu(nvme::CapsuleCmd{{}, in_capsule(sqe, cid, data.size())}, {}, data);
}

nvme::Sqe fused(nvme::Sqe sqe, uint8_t half) {
    sqe.flags = half;
    return sqe;
}

base::Bytes pair(uint16_t cid) {
    const base::Bytes zeros(kBlock);
    base::Bytes out = capsule(fused(support::compare(1, {0, 1, kBlock}, {}).sqe, 1), cid, zeros);
    const base::Bytes more = capsule(fused(host::write(1, {0, 1, kBlock}, {}).sqe, 2),
                                     static_cast<uint16_t>(cid + 1), zeros);
    out.insert(out.end(), more.begin(), more.end());
    return out;
}

/// Sends all output, unread.
void take_output(target::Session& session) {
    std::array<base::ByteView, 64> parts;
    while (const size_t count = session.output(parts)) {
        size_t bytes = 0;
        for (const base::ByteView part : std::span(parts).first(count)) {
            bytes += part.size();
        }
        session.sent(bytes);
    }
}

using Build = base::Bytes (*)(uint16_t cid);

/// Groups of a fused pair and commands of the kind behind it, all of one block: each pair waits for
/// the group before, each command for its pair.
class BehindPairs final : public Crowd {
  public:
    /// @param build  null: nothing but pairs
    /// @param before  what is sent before there is one that waits
    BehindPairs(size_t count, Build build, const std::vector<base::Bytes>& before = {})
        : behind_(build == nullptr ? 0 : kBehind) {
        for (const base::Bytes& command : before) {
            (void)f_.io->peer.exchange(command);
        }
        f_.backend->hold = true;
        group_ = pair(0);
        for (size_t i = 0; i < behind_; ++i) {
            const base::Bytes more = build(0);
            group_.insert(group_.end(), more.begin(), more.end());
        }
        groups_ = (count + behind_) / (behind_ + 1);
        for (size_t i = 0; i < groups_; ++i) {
            if (i % groups_of_line() == 0) {
                lines_.push_back(f_.open_io(static_cast<uint16_t>(lines_.size() + 2)));
                BOOST_REQUIRE(lines_.back() != nullptr);
            }
            send(i);
        }
        const auto& writes = f_.subsystem->find_namespace(1)->writes();
        BOOST_REQUIRE_EQUAL(writes.waiting(), groups_ * (behind_ + 1) - 1);
    }

    size_t step() override {
        auto& held = f_.backend->held;
        do {
            f_.backend->settle_one();
        } while (held.front()->kind != target::Io::Kind::kRead);
        f_.backend->asked.clear();
        take_output(line(oldest_));
        send(oldest_);
        oldest_ = (oldest_ + 1) % groups_;
        return behind_ + 1;
    }

  private:
    static constexpr size_t kBehind = 20;

    [[nodiscard]] size_t groups_of_line() const { return kEntries / (behind_ + 2); }
    target::Session& line(size_t group) { return *lines_[group / groups_of_line()]->session; }
    /// From the same memory each time, as a connection receives.
    void send(size_t group) {
        auto cid = static_cast<uint16_t>(group % groups_of_line() * (behind_ + 2));
        for (base::MutableBytes rest = group_; !rest.empty();) {
            const auto plen = base::Reader(rest).take<nvme::PduHeader>()->plen;
            const nvme::le16 number = cid++;
            std::ranges::copy(base::bytes_of(number),
                              &rest[nvme::kCommonHeaderBytes + offsetof(nvme::Sqe, cid)]);
            rest = rest.subspan(plen);
        }
        line(group).receive(group_, f_.clock.now());
    }

    support::IoFixture f_{kLimits};
    size_t behind_;
    size_t groups_ = 0;
    size_t oldest_ = 0;
    base::Bytes group_;
    std::vector<std::unique_ptr<support::Line>> lines_;
};

base::Bytes ordered_write(uint16_t cid) {
    return capsule(host::write(1, {0, 1, kBlock}, {}).sqe, cid, base::Bytes(kBlock));
}

base::Bytes deallocation(uint16_t cid) {
    const auto command = support::deallocate(1, {{0, 8}});
    return capsule(command.sqe, cid, command.data_out);
}

base::Bytes reservation(nvme::IoOpcode opcode, uint32_t cdw10, uint16_t cid) {
    nvme::Sqe sqe = host::flush(1).sqe;
    sqe.opcode = static_cast<uint8_t>(opcode);
    sqe.cdw10 = cdw10;
    const bool registers = opcode == nvme::IoOpcode::kReservationRegister;
    base::Bytes keys(16);
    keys[registers ? 8 : 0] = std::byte{7};
    return capsule(sqe, cid, keys);
}

constexpr uint32_t kAllRegistrants = 6U << 8U;
constexpr uint32_t kPreempt = 2;

base::Bytes registration() {
    return reservation(nvme::IoOpcode::kReservationRegister, 1U << 3U, 0);
}

base::Bytes acquisition() {
    return reservation(nvme::IoOpcode::kReservationAcquire, kAllRegistrants, 1);
}

/// The holder of a reservation of all registrants preempts them, and waits for what they do.
base::Bytes preemption(uint16_t cid) {
    return reservation(nvme::IoOpcode::kReservationAcquire, kAllRegistrants | kPreempt, cid);
}

// --- writes to one block of a protected store ---------------------------------------------------

class ProtectedOverlaps final : public Crowd {
  public:
    explicit ProtectedOverlaps(size_t count) {
        nvme::PiFormat format;
        format.type = 1;
        auto header = target::new_header(format, support::ProtectedFixture::kBlocks, {1},
                                         target::kMinLogEntries);
        header.state = target::SidecarHeader::kInUse;
        auto data =
            std::make_unique<support::HeldBackend>(support::ProtectedFixture::kBlocks * kBlock);
        image_ = data.get();
        store_ = std::make_unique<target::ProtectedBackend>(
            std::move(data), std::make_unique<support::HeldBackend>(target::sidecar_bytes(header)),
            header, [](const target::IntegrityFault&) {},
            [this](std::function<void()> action) { deferred_.push_back(std::move(action)); });
        image_->hold = true;
        for (; count > 0; --count) {
            submit(writes_.emplace_back());
        }
    }

    size_t step() override {
        do {
            for (; !deferred_.empty(); deferred_.pop_front()) {
                deferred_.front()();
            }
        } while (image_->held.empty());
        image_->settle_one();
        image_->asked.clear();
        submit(writes_[oldest_]);
        oldest_ = (oldest_ + 1) % writes_.size();
        return 1;
    }

  private:
    struct Write final : target::Io {
        void done(target::IoError) override {}
        std::array<std::byte, kBlock> bytes{};
    };
    void submit(Write& write) {
        write.kind = target::Io::Kind::kWrite;
        write.length = kBlock;
        write.data = write.bytes;
        store_->submit(write);
    }

    support::HeldBackend* image_ = nullptr;
    std::unique_ptr<target::ProtectedBackend> store_;
    std::deque<std::function<void()>> deferred_;
    std::deque<Write> writes_;
    size_t oldest_ = 0;
};

// --- hosts on connections of their own ----------------------------------------------------------

std::string address(size_t host) {
    return "198.18." + std::to_string(host / 256) + "." + std::to_string(host % 256);
}

/// Each from an address of its own.
class Elsewhere final : public target::SessionFactory {
  public:
    explicit Elsewhere(target::SessionFactory& inner) : inner_(inner) {}
    std::unique_ptr<target::Session> make(target::SessionOwner& owner, target::Endpoints endpoints,
                                          base::TimePoint now) override {
        endpoints.peer_address = address(hosts_++);
        return inner_.make(owner, std::move(endpoints), now);
    }

  private:
    target::SessionFactory& inner_;
    size_t hosts_ = 0;
};

struct ManyHosts : Crowd {
    std::unique_ptr<support::Line> open() {
        auto line = std::make_unique<support::Line>(elsewhere, f.clock, host::QueueOptions());
        line->host.handshake();
        return line;
    }
    support::TargetFixture f{kLimits};
    Elsewhere elsewhere{f.sessions};
};

/// Hosts that authenticate, each again when it has done so. All of them have begun, and wait for
/// the turn of their computations, as with a DH group, but that nothing is computed here.
class Authentications final : public ManyHosts {
  public:
    explicit Authentications(size_t count) {
        f.hosts.add(support::kHostNqn,
                    std::make_shared<target::HostKeys>(target::HostKeys{
                        .host = secret_.copy(),
                        .controller = {},
                        .hashes = {nvme::kHashes.begin(), nvme::kHashes.end()},
                        .groups = {nvme::kDhGroups.begin(), nvme::kDhGroups.end()}}));
        for (; count > 0; --count) {
            Host& host = hosts_.emplace_back(open(), options());
            work_.add(hosts_.size() - 1, client(hosts_.size() - 1));
            BOOST_REQUIRE(host.line->host.connect(f.connect_options()).has_value());
            send(host, host.dhchap.negotiate());
        }
    }

    size_t step() override {
        Host& host = hosts_[oldest_];
        oldest_ = (oldest_ + 1) % hosts_.size();
        for (const int piece : {1, 2}) {  // a key, and what both keys make
            (void)piece;
            const target::Labor::Id next = work_.take();
            work_.add(next, client(next));
        }
        send(host, host.dhchap.answer(fetch(host)));
        (void)host.dhchap.answer(fetch(host));
        BOOST_REQUIRE((host.dhchap.state() == support::DhchapHost::State::kAuthenticated));
        host.dhchap = support::DhchapHost(options());
        send(host, host.dhchap.negotiate());
        return 1;
    }

  private:
    struct Host {
        Host(std::unique_ptr<support::Line> to, const support::DhchapHostOptions& options)
            : line(std::move(to)), dhchap(options) {}
        std::unique_ptr<support::Line> line;
        support::DhchapHost dhchap;
    };

    [[nodiscard]] support::DhchapHostOptions options() const {
        support::DhchapHostOptions options;
        options.hostnqn = support::kHostNqn;
        options.subsysnqn = support::kSubsysNqn;
        options.secret = secret_.text().reveal();
        options.groups = {nvme::DhGroup::kNull};
        return options;
    }
    static target::Labor::Client client(size_t number) {
        return {address(number), number % 2 == 0};
    }
    static void send(Host& host, const base::Bytes& message) {
        BOOST_REQUIRE(host.line->host.run(host::auth_send(message))->status.ok());
    }
    static base::Bytes fetch(Host& host) {
        return host.line->host.run(host::auth_receive(4096))->data;
    }

    nvme::DhchapSecret secret_ =
        nvme::DhchapSecret::from_key({}, base::Bytes(32, std::byte{0x11})).value();
    std::deque<Host> hosts_;
    target::LaborQueue work_;
    size_t oldest_ = 0;
};

/// Discovery pages that were asked for and wait for the host to read them.
class DiscoveryPages final : public ManyHosts {
  public:
    explicit DiscoveryPages(size_t count) {
        f.target.add_portal({.address = "192.0.2.1", .port = 4420, .id = 1});
        for (; count > 0; --count) {
            support::Line& line = *lines_.emplace_back(open());
            auto options = f.connect_options();
            options.subsysnqn = nvme::kDiscoveryNqn;
            BOOST_REQUIRE(line.host.connect(options)->status.ok());
            BOOST_REQUIRE(line.host.enable());
            line.session->receive(page_, f.clock.now());
        }
    }

    size_t step() override {
        target::Session& session = *lines_[oldest_]->session;
        oldest_ = (oldest_ + 1) % lines_.size();
        take_output(session);
        session.receive(page_, f.clock.now());
        return 1;
    }

  private:
    static constexpr uint32_t kBytes = 2048;  // the header and one record
    base::Bytes page_ = nvme::whole_pdu(
        nvme::CapsuleCmd{
            {},
            support::by_r2t(host::get_log_page(nvme::LogPage::kDiscovery, kBytes, 0).sqe, 9,
                            kBytes)},
        {});
    std::vector<std::unique_ptr<support::Line>> lines_;
    size_t oldest_ = 0;
};

// --- the table ----------------------------------------------------------------------------------

template <class Kind>
std::unique_ptr<Crowd> many(size_t count) {
    return std::make_unique<Kind>(count);
}
std::unique_ptr<Crowd> ordered_writes(size_t count) {
    return std::make_unique<BehindPairs>(count, ordered_write);
}
std::unique_ptr<Crowd> deallocations(size_t count) {
    return std::make_unique<BehindPairs>(count, deallocation);
}
std::unique_ptr<Crowd> reservations(size_t count) {
    return std::make_unique<BehindPairs>(count, preemption,
                                         std::vector{registration(), acquisition()});
}
std::unique_ptr<Crowd> fused_pairs(size_t count) {
    return std::make_unique<BehindPairs>(count, nullptr);
}

struct Row {
    const char* name;
    std::unique_ptr<Crowd> (*gather)(size_t count);
};

constexpr Row kRows[] = {
    {"ordered writes", ordered_writes},
    {"fused pairs", fused_pairs},
    {"deallocations", deallocations},
    {"protected overlaps", many<ProtectedOverlaps>},
    {"reservations", reservations},
    {"authentications", many<Authentications>},
    {"discovery pages", many<DiscoveryPages>},
};

/// Microseconds for each of `count` that end.
double turn_over(Crowd& crowd, size_t count) {
    const double before = processor_us();
    size_t ended = 0;
    while (ended < count) {
        ended += crowd.step();
    }
    return (processor_us() - before) / static_cast<double>(ended);
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_one_costs_while_many_wait) {
    constexpr size_t kRounds = 7;
    constexpr size_t kLeastOfRound = 2000;
    constexpr double kFlat = 2;
    std::printf("processor time of a command, us, while so many wait\n%-20s %8s %8s %8s %8s %14s\n",
                "", "100", "1000", "10000", "growth", "memory is new");
    for (const Row& row : kRows) {
        std::vector<double> medians;
        double first = 0;
        std::printf("%-20s", row.name);
        for (const size_t count : {100U, 1000U, kMostWaiting}) {
            const auto crowd = row.gather(count);
            first = turn_over(*crowd, count);
            std::vector<double> rounds;
            for (size_t i = 0; i < kRounds; ++i) {
                rounds.push_back(turn_over(*crowd, std::max(count, kLeastOfRound)));
            }
            std::ranges::nth_element(rounds, rounds.begin() + kRounds / 2);
            medians.push_back(rounds[kRounds / 2]);
            std::printf(" %8.2f", medians.back());
            (void)std::fflush(stdout);
        }
        const double growth = *std::ranges::max_element(medians) / medians.front();
        std::printf(" %8.2f %14.2f%s\n", growth, first, growth > kFlat ? "  NOT FLAT" : "");
    }
}
