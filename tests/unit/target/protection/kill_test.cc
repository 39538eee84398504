// SPDX-License-Identifier: GPL-2.0-or-later
//
// A target that is killed in the middle of its work, over loopback: whatever it acknowledged is in
// the image when the next one serves it.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <random>
#include <thread>

#include "support/engines.h"
#include "support/lanes.h"
#include "support/running_service.h"
#include "support/target_fixture.h"
#include "support/tcp_peer.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "target/operate/service.h"
#include "target/protection/image_file.h"

namespace {

constexpr uint32_t kBlock = 512;
constexpr size_t kBlocks = 64;
constexpr int kRounds = 6;

/// A target in a process of its own.
class Victim {
  public:
    /// The one before may hold the image for a moment after it has gone: waited for.
    explicit Victim(const support::TempDir& dir) {
        address_.address = "127.0.0.1";
        BOOST_REQUIRE(start(dir));
    }
    Victim(const Victim&) = delete;
    Victim& operator=(const Victim&) = delete;
    ~Victim() {
        ::kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    [[nodiscard]] const target::SocketAddress& address() const { return address_; }
    void kill() const { ::kill(pid_, SIGKILL); }

  private:
    /// @return whether it came so far as to tell its port
    bool start(const support::TempDir& dir) {
        std::array<int, 2> ends{};
        BOOST_REQUIRE(pipe(ends.data()) == 0);
        const base::UniqueFd reading(ends[0]);
        base::UniqueFd writing(ends[1]);
        pid_ = fork();
        BOOST_REQUIRE(pid_ >= 0);
        if (pid_ == 0) {
            serve(dir.at("t.conf"), writing.get());
        }
        writing = base::UniqueFd();
        if (read(reading.get(), &address_.port, sizeof address_.port) == sizeof address_.port) {
            return true;
        }
        waitpid(pid_, nullptr, 0);
        return false;
    }
    [[noreturn]] static void serve(const std::string& path, int port_pipe) {
        const base::Log log("target", base::Level::kError);
        auto config = exports::load_config(path);
        auto reactor = target::Reactor::open();
        target::Interposer plain;
        if (!config || !reactor) {
            _exit(1);
        }
        const auto service =
            target::Service::open(std::move(config).value(), **reactor, log, plain);
        if (!service) {
            _exit(2);
        }
        const uint16_t port = (*service)->listening()[0].port;
        if (write(port_pipe, &port, sizeof port) != sizeof port) {
            _exit(3);
        }
        (*reactor)->run();
        _exit(4);
    }

    pid_t pid_ = -1;
    target::SocketAddress address_;
};

/// One queue of the host.
struct Line {
    Line(const Victim& victim, uint16_t qid, uint16_t controller)
        : peer(victim.address()), host(peer) {
        peer.wait_while([this] {
            return host.queue().state() == host::Queue::State::kHandshake ||
                   host.queue().outstanding() > wanted;
        });
        BOOST_REQUIRE(host.handshake());
        host::ConnectOptions options;
        options.hostnqn = support::kHostNqn;
        options.subsysnqn = support::kSubsysNqn;
        options.hostid.bytes.fill(std::byte{0x11});
        options.qid = qid;
        options.cntlid = controller;
        const auto connected = host.connect(options);
        BOOST_REQUIRE((connected && connected->status.ok()));
        cntlid = nvme::ConnectResult::from_dw0(connected->dw0).cntlid;
    }
    support::TcpPeer peer;
    support::ScriptedHost host;
    size_t wanted = 0;  ///< commands that may stay unanswered
    uint16_t cntlid = 0;
};

base::Bytes content(size_t block, uint64_t version) {
    return version == 0 ? base::Bytes(kBlock)
                        : support::pattern(kBlock, static_cast<unsigned>(version * 1000 + block));
}

void make_image(const support::TempDir& dir, const std::string& keys) {
    dir.file("disk.img", std::string(kBlocks * kBlock, '\0'));
    dir.file("t.conf", "[target]\nlisten=127.0.0.1:0\n" + support::reactors_line() +
                           "[host.h]\nnqn=" + support::kHostNqn +
                           "\n[subsystem.s]\nhosts=h\nnqn=" + support::kSubsysNqn +
                           "\n[namespace.n]\nsubsystem=s\nimage=disk.img\n" + keys);
}

/// A reservation command of the host: its data are two keys, or one to release.
host::Command reservation(nvme::IoOpcode opcode, uint32_t cdw10, uint64_t current, uint64_t next) {
    host::Command command = host::flush(1);
    command.sqe.opcode = static_cast<uint8_t>(opcode);
    command.sqe.cdw10 = cdw10;
    base::Writer writer(command.data_out);
    writer.put(nvme::le64(current));
    if (opcode != nvme::IoOpcode::kReservationRelease) {
        writer.put(nvme::le64(next));
    }
    return command;
}

/// The answer to Reservation Report: NVM Express Base Specification, figure "Reservation Status".
struct Reserved {
    unsigned type = 0;
    unsigned registrants = 0;
    bool persists = false;
    uint64_t key = 0;  ///< of the first registrant
};
Reserved report(Line& io) {
    constexpr uint32_t kBytes = 128;
    constexpr size_t kType = 4, kRegistrants = 5, kPersists = 9, kFirst = 64, kKey = 8;
    host::Command command = host::flush(1);
    command.sqe.opcode = static_cast<uint8_t>(nvme::IoOpcode::kReservationReport);
    command.sqe.cdw10 = kBytes / 4 - 1;
    command.sqe.cdw11 = 1U;  // Host Identifiers of 16 bytes
    command.data_in_len = kBytes;
    const auto answer = io.host.run(std::move(command));
    BOOST_REQUIRE((answer && answer->status.ok()));
    const auto at = [&](size_t place) { return std::to_integer<unsigned>(answer->data[place]); };
    Reserved found{at(kType), at(kRegistrants), at(kPersists) != 0, 0};
    for (size_t byte = 0; found.registrants != 0 && byte < sizeof found.key; ++byte) {
        found.key |= uint64_t{at(kFirst + kKey + byte)} << (8 * byte);
    }
    return found;
}

void kill_and_look(const support::TempDir& dir) {
    std::vector<uint64_t> submitted(kBlocks), acknowledged(kBlocks);
    std::minstd_rand random(3);
    for (int round = 0; round < kRounds; ++round) {
        const Victim victim(dir);
        Line admin(victim, 0, nvme::kCntlidDynamic);
        BOOST_REQUIRE(admin.host.enable());
        Line io(victim, 1, admin.cntlid);
        for (size_t block = 0; block < kBlocks; ++block) {
            const auto read = io.host.run(host::read(1, {block, 1, kBlock}));
            BOOST_REQUIRE((read && read->status.ok()));
            uint64_t version = submitted[block];
            while (version > acknowledged[block] && read->data != content(block, version)) {
                --version;
            }
            BOOST_TEST(read->data == content(block, version),
                       "block " << block << ", round " << round);
            submitted[block] = acknowledged[block] = version;
        }
        // Writes of different blocks, some not answered when the end comes.
        const size_t left = 1 + random() % 12;
        std::map<uint16_t, size_t> under_way;
        for (size_t i = 0; i < kBlocks; ++i) {
            const size_t block = (i * 7 + static_cast<size_t>(round)) % kBlocks;
            const uint32_t flags =
                random() % 4 == 0 ? nvme::IoFlags::kForceUnitAccess : uint32_t{0};
            io.wanted = i + left >= kBlocks ? kBlocks : left;
            const auto cid = io.host.queue().submit(
                host::write(1, {block, 1, kBlock}, content(block, ++submitted[block]), flags));
            BOOST_REQUIRE(cid.has_value());
            under_way[*cid] = block;
            io.host.pump();
            while (const auto completion = io.host.queue().take_completion()) {
                BOOST_TEST(completion->status.ok());
                const size_t done = under_way.extract(completion->cid).mapped();
                acknowledged[done] = submitted[done];
            }
        }
        victim.kill();
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(killed)

BOOST_AUTO_TEST_CASE(no_acknowledged_write_is_lost) {
    const support::TempDir dir;
    make_image(dir, "");
    kill_and_look(dir);
}

BOOST_AUTO_TEST_CASE(protected_images_neither_lose_a_write_nor_raise_a_false_alarm) {
    const support::TempDir dir;
    make_image(dir, "protection=at-rest\n");
    const auto nothing = [](uint64_t, uint64_t) {};
    const std::string image = dir.at("disk.img");
    BOOST_REQUIRE(
        target::protect_image({.image = image, .sidecar = "", .force = false}, nothing).ok());
    kill_and_look(dir);
    const auto report = target::verify_image({.image = image, .sidecar = ""}, nothing);
    BOOST_REQUIRE_MESSAGE(report.ok(), (report.ok() ? "" : report.error().text));
    BOOST_TEST(report->recovery.replayed);
    BOOST_TEST(report->recovery.unproven_count == 0U);
    BOOST_TEST(report->wrong == 0U);
}

BOOST_AUTO_TEST_CASE(no_acknowledged_reservation_is_lost) {
    constexpr uint32_t kPersist = 3U << 30U;  // CPTPL
    constexpr uint32_t kReplace = 2, kUnregister = 1, kWriteExclusive = 1U << 8U;
    using Opcode = nvme::IoOpcode;
    struct Row {
        host::Command change;
        Reserved expected;
    };
    const Row rows[] = {
        {reservation(Opcode::kReservationRegister, kPersist, 0, 7), {0, 1, true, 7}},
        {reservation(Opcode::kReservationAcquire, kWriteExclusive, 7, 0), {1, 1, true, 7}},
        {reservation(Opcode::kReservationRegister, kReplace, 7, 8), {1, 1, true, 8}},
        {reservation(Opcode::kReservationRelease, kWriteExclusive, 8, 0), {0, 1, true, 8}},
        {reservation(Opcode::kReservationRegister, kUnregister, 8, 0), {0, 0, true, 0}},
    };
    const support::TempDir dir;
    make_image(dir, "");
    std::string config = dir.read("t.conf");
    config.insert(config.find('\n') + 1, "state_dir=" + dir.folder("state") + "\n");
    dir.file("t.conf", config);
    for (const Row& row : rows) {
        {
            const Victim victim(dir);
            Line admin(victim, 0, nvme::kCntlidDynamic);
            BOOST_REQUIRE(admin.host.enable());
            Line io(victim, 1, admin.cntlid);
            const auto answer = io.host.run(host::Command(row.change));
            victim.kill();
            BOOST_REQUIRE((answer && answer->status.ok()));
        }
        const Victim next(dir);
        Line admin(next, 0, nvme::kCntlidDynamic);
        BOOST_REQUIRE(admin.host.enable());
        Line io(next, 1, admin.cntlid);
        const Reserved found = report(io);
        BOOST_TEST(found.type == row.expected.type);
        BOOST_TEST(found.registrants == row.expected.registrants);
        BOOST_TEST(found.persists == row.expected.persists);
        BOOST_TEST(found.key == row.expected.key);
    }
}

BOOST_AUTO_TEST_CASE(an_image_that_stays_locked_for_a_moment_is_waited_for) {
    std::thread last_write;
    const auto lock_image = [&](const support::TempDir& dir) {
        base::UniqueFd image(::open(dir.at("disk.img").c_str(), O_RDWR | O_CLOEXEC));
        struct flock whole {};
        whole.l_type = F_WRLCK;
        BOOST_REQUIRE(fcntl(image.get(), F_OFD_SETLK, &whole) == 0);
        last_write = std::thread(
            [held = std::move(image)] { std::this_thread::sleep_for(base::milliseconds(100)); });
    };
    const support::RunningService running(std::string("[subsystem.s]\nallow_any_host=yes\nnqn=") +
                                              support::kServiceDisk +
                                              "\n[namespace.n]\nsubsystem=s\nimage=disk.img\n",
                                          1, lock_image);
    last_write.join();
    BOOST_TEST(running.ask("status").starts_with("ok"));
}

BOOST_AUTO_TEST_SUITE_END()
