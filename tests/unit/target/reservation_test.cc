// SPDX-License-Identifier: GPL-2.0-or-later
//
// Reservations: the whole matrix of types, hosts and commands, each action with each outcome, what
// others are told, and what a restart finds.
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "support/io_fixture.h"
#include "support/temp_dir.h"
#include "target/reservation_file.h"
#include "target/reservations.h"

using support::IoFixture;
using support::pattern;
using target::Access;
using target::ReservationOutcome;
using target::Reservations;
using target::ReservationState;
using target::ReservationType;
using Notice = target::ReservationNotice;
namespace status = nvme::status;

namespace {

constexpr uint32_t kBlock = IoFixture::kBlock;

nvme::HostId host_id(unsigned number) {
    nvme::HostId id;
    id.bytes[15] = static_cast<std::byte>(number);
    return id;
}

/// Hosts 1, 2, 3 with keys 0x10, 0x20, 0x30; host 9 is a stranger.
struct Rules {
    explicit Rules(ReservationType type = ReservationType::kNone) {
        for (const unsigned host : {1U, 2U, 3U}) {
            BOOST_REQUIRE(enroll(host).status.ok());
        }
        if (type != ReservationType::kNone) {
            BOOST_REQUIRE(acquire(1, type).status.ok());
        }
    }
    ReservationOutcome enroll(unsigned host) {
        return reservations.register_host(host_id(host), {.new_key = host * 0x10U});
    }
    ReservationOutcome acquire(unsigned host, ReservationType type) {
        return reservations.acquire(host_id(host), {.type = type, .current_key = host * 0x10U});
    }
    ReservationOutcome preempt(unsigned host, ReservationType type, uint64_t key) {
        return reservations.acquire(host_id(host), {.action = Reservations::AcquireAction::kPreempt,
                                                    .type = type,
                                                    .current_key = host * 0x10U,
                                                    .preempted_key = key});
    }
    ReservationOutcome unregister(unsigned host, uint64_t key) {
        return reservations.register_host(
            host_id(host),
            {.action = Reservations::RegisterAction::kUnregister, .current_key = key});
    }
    /// Who is registered and who holds, as `1 2* 3`.
    std::string text() const {
        std::string out;
        for (const auto& registrant : reservations.state().registrants) {
            out += (out.empty() ? "" : " ") +
                   std::to_string(std::to_integer<int>(registrant.host.bytes[15])) +
                   (reservations.is_holder(registrant.host) ? "*" : "");
        }
        return out;
    }
    Reservations reservations;
};

/// As `2 released, 3 preempted`.
std::string told(const ReservationOutcome& outcome) {
    std::string out;
    for (const auto& notice : outcome.notices) {
        out += (out.empty() ? "" : ", ") +
               std::to_string(std::to_integer<int>(notice.host.bytes[15])) +
               (notice.what == Notice::kRegistrationPreempted ? " unregistered"
                : notice.what == Notice::kReservationReleased ? " released"
                                                              : " preempted");
    }
    return out;
}

constexpr std::array kTypes = {ReservationType::kWriteExclusive,
                               ReservationType::kExclusiveAccess,
                               ReservationType::kWriteExclusiveRegistrants,
                               ReservationType::kExclusiveAccessRegistrants,
                               ReservationType::kWriteExclusiveAll,
                               ReservationType::kExclusiveAccessAll};

host::Command with_keys(nvme::IoOpcode opcode, uint32_t cdw10, std::vector<uint64_t> keys) {
    host::Command command = host::flush(1);
    command.sqe.opcode = static_cast<uint8_t>(opcode);
    command.sqe.cdw10 = cdw10;
    base::Writer writer(command.data_out);
    for (const uint64_t key : keys) {
        writer.put(nvme::le64(key));
    }
    return command;
}
host::Command enroll(uint64_t key, uint32_t flags = 0) {
    return with_keys(nvme::IoOpcode::kReservationRegister, flags, {0, key});
}
host::Command acquire(uint64_t key, ReservationType type, uint32_t action = 0,
                      uint64_t preempted = 0) {
    return with_keys(nvme::IoOpcode::kReservationAcquire,
                     action | static_cast<uint32_t>(type) << 8U, {key, preempted});
}
host::Command release(uint64_t key, ReservationType type, uint32_t action = 0) {
    return with_keys(nvme::IoOpcode::kReservationRelease,
                     action | static_cast<uint32_t>(type) << 8U, {key});
}
host::Command report(uint32_t bytes, bool extended = true) {
    host::Command command = with_keys(nvme::IoOpcode::kReservationReport, bytes / 4 - 1, {});
    command.sqe.cdw11 = extended ? 1U : 0U;
    command.data_in_len = bytes;
    return command;
}

/// Two hosts, each with a controller and an I/O queue.
struct TwoHosts : IoFixture {
    TwoHosts() {
        auto options = connect_options();
        options.hostid = host_id(2);
        other_admin = open();
        const auto connected = other_admin->host.connect(options);
        BOOST_REQUIRE((connected && connected->status.ok() && other_admin->host.enable()));
        options.cntlid = nvme::ConnectResult::from_dw0(connected->dw0).cntlid;
        options.qid = 1;
        options.kato_ms = 0;
        other = open();
        BOOST_REQUIRE(other->host.connect(options)->status.ok());
    }
    uint16_t run_other(host::Command command) {
        const auto answer = other->host.run(std::move(command));
        return answer ? answer->status.number() : uint16_t{0xFFFF};
    }
    std::unique_ptr<support::Line> other_admin;
    std::unique_ptr<support::Line> other;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(reservation)

BOOST_AUTO_TEST_CASE(each_type_lets_in_whom_it_should) {
    struct Row {
        ReservationType type;
        // holder, registrant, stranger: r reads, w writes
        const char* holder;
        const char* registrant;
        const char* stranger;
    };
    const Row rows[] = {
        {ReservationType::kNone, "rw", "rw", "rw"},
        {ReservationType::kWriteExclusive, "rw", "r", "r"},
        {ReservationType::kExclusiveAccess, "rw", "", ""},
        {ReservationType::kWriteExclusiveRegistrants, "rw", "rw", "r"},
        {ReservationType::kExclusiveAccessRegistrants, "rw", "rw", ""},
        {ReservationType::kWriteExclusiveAll, "rw", "rw", "r"},
        {ReservationType::kExclusiveAccessAll, "rw", "rw", ""},
    };
    for (const Row& row : rows) {
        const Rules rules(row.type);
        const auto rights = [&](unsigned host) {
            return std::string(rules.reservations.allows(host_id(host), Access::kRead) ? "r" : "") +
                   (rules.reservations.allows(host_id(host), Access::kWrite) ? "w" : "");
        };
        BOOST_TEST_CONTEXT("type " << static_cast<int>(row.type)) {
            BOOST_TEST(rights(1) == row.holder);
            BOOST_TEST(rights(2) == row.registrant);
            BOOST_TEST(rights(9) == row.stranger);
        }
    }
}

BOOST_AUTO_TEST_CASE(each_command_conflicts_where_the_matrix_says) {
    struct Row {
        const char* name;
        host::Command command;
        bool writes;
    };
    const host::BlockRange range{0, 1, kBlock};
    const Row rows[] = {
        {"read", host::read(1, range), false},
        {"compare", support::compare(1, range, base::Bytes(kBlock)), false},
        {"verify", support::verify(1, range), false},
        {"write", host::write(1, range, base::Bytes(kBlock)), true},
        {"write zeroes", host::write_zeroes(1, range), true},
        {"deallocate", support::deallocate(1, {{0, 1}}), true},
        {"copy", support::copy(1, 8, {{0, 1}}), true},
        {"flush", host::flush(1), true},
    };
    const auto conflict = status::kReservationConflict.dnr().number();
    for (const ReservationType type : kTypes) {
        TwoHosts f;
        BOOST_REQUIRE(f.run(enroll(0x10)) == 0);
        BOOST_REQUIRE(f.run(acquire(0x10, type)) == 0);
        const bool exclusive = static_cast<int>(type) % 2 == 0;  // 2, 4, 6: no reading either
        const bool registrants = type >= ReservationType::kWriteExclusiveRegistrants;
        for (const bool registered : {false, true}) {
            if (registered) {
                BOOST_REQUIRE(f.run_other(enroll(0x20)) == 0);
            }
            for (const Row& row : rows) {
                BOOST_TEST_CONTEXT("type " << static_cast<int>(type) << ", " << row.name
                                           << (registered ? ", registered" : "")) {
                    const bool allowed = (registered && registrants) || (!row.writes && !exclusive);
                    BOOST_TEST(f.run(row.command) == 0);
                    BOOST_TEST(f.run_other(row.command) == (allowed ? 0 : conflict));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(registering_needs_the_right_key) {
    Rules f;
    auto& r = f.reservations;
    using Action = Reservations::RegisterAction;
    const auto generation = r.state().generation;
    BOOST_TEST(f.enroll(1).status.ok());  // again with its own key
    BOOST_TEST(r.state().generation == generation + 1);
    const auto conflicts = [&](unsigned host, const Reservations::Registration& wanted) {
        return r.register_host(host_id(host), wanted).status == status::kReservationConflict;
    };
    BOOST_TEST(conflicts(1, {.new_key = 0x99}));
    BOOST_TEST(conflicts(1, {.action = Action::kReplace, .current_key = 1, .new_key = 0x99}));
    BOOST_TEST(conflicts(9, {.action = Action::kReplace, .ignore_existing = true, .new_key = 1}));
    BOOST_TEST(conflicts(1, {.action = Action::kUnregister, .current_key = 1}));
    BOOST_TEST(conflicts(9, {.action = Action::kUnregister, .ignore_existing = true}));
    BOOST_TEST(r.state().generation == generation + 1);
    BOOST_TEST(!conflicts(1, {.action = Action::kReplace, .current_key = 0x10, .new_key = 0x99}));
    BOOST_TEST(
        !conflicts(1, {.action = Action::kReplace, .ignore_existing = true, .new_key = 0x98}));
    BOOST_TEST(r.state().registrants[0].key == 0x98U);
    BOOST_TEST(!conflicts(1, {.action = Action::kUnregister, .ignore_existing = true}));
    BOOST_TEST(f.text() == "2 3");
}

BOOST_AUTO_TEST_CASE(unregistering_ends_the_reservation_of_the_holder) {
    struct Row {
        ReservationType type;
        const char* after;
        const char* told;
    };
    const Row rows[] = {
        {ReservationType::kWriteExclusive, "2 3", ""},
        {ReservationType::kExclusiveAccess, "2 3", ""},
        {ReservationType::kWriteExclusiveRegistrants, "2 3", "2 released, 3 released"},
        {ReservationType::kExclusiveAccessRegistrants, "2 3", "2 released, 3 released"},
        {ReservationType::kWriteExclusiveAll, "2* 3*", ""},
        {ReservationType::kExclusiveAccessAll, "2* 3*", ""},
    };
    for (const Row& row : rows) {
        Rules f(row.type);
        BOOST_TEST(told(f.unregister(1, 0x10)) == row.told);
        BOOST_TEST(f.text() == row.after);
        (void)f.unregister(2, 0x20);
        (void)f.unregister(3, 0x30);
        BOOST_TEST((f.reservations.state().type == ReservationType::kNone));
    }
}

BOOST_AUTO_TEST_CASE(one_reservation_at_a_time) {
    for (const ReservationType type : kTypes) {
        Rules f(type);
        const bool shared = type >= ReservationType::kWriteExclusiveAll;
        BOOST_TEST(f.acquire(1, type).status.ok());
        BOOST_TEST(f.acquire(2, type).status.ok() == shared);
        for (const ReservationType other : kTypes) {
            BOOST_TEST(f.acquire(1, other).status.ok() == (other == type));
        }
        BOOST_TEST((f.acquire(9, type).status == status::kReservationConflict));
        BOOST_TEST((f.reservations.acquire(host_id(1), {.type = type, .current_key = 1}).status ==
                    status::kReservationConflict));
    }
}

BOOST_AUTO_TEST_CASE(preempting_takes_what_the_key_names) {
    const auto kRegistrants = ReservationType::kExclusiveAccessRegistrants;
    const auto kAll = ReservationType::kWriteExclusiveAll;
    const auto kWrite = ReservationType::kWriteExclusive;
    struct Row {
        const char* name;
        ReservationType held;  // by host 1
        unsigned by;
        ReservationType wanted;
        uint64_t key;
        nvme::Status verdict;
        const char* after;
        const char* told;
    };
    const Row rows[] = {
        {"the holder", kWrite, 2, kWrite, 0x10, status::kSuccess, "2* 3", "1 preempted"},
        {"the holder, another type", kWrite, 2, kAll, 0x10, status::kSuccess, "2* 3*",
         "1 preempted"},
        {"the holder of registrants, another type", kRegistrants, 2, kWrite, 0x10, status::kSuccess,
         "2* 3", "1 preempted, 3 released"},
        {"itself, another type", kWrite, 1, kRegistrants, 0x10, status::kSuccess, "1* 2 3", ""},
        {"a registrant", kWrite, 2, kWrite, 0x30, status::kSuccess, "1* 2", "3 unregistered"},
        {"nobody", kWrite, 2, kWrite, 0x77, status::kReservationConflict, "1* 2 3", ""},
        {"key zero", kWrite, 2, kWrite, 0, status::kInvalidField, "1* 2 3", ""},
        {"all of all", kAll, 2, kWrite, 0, status::kSuccess, "2*", "1 preempted, 3 preempted"},
        {"one of all", kAll, 2, kWrite, 0x30, status::kSuccess, "1* 2*", "3 unregistered"},
        {"no reservation", ReservationType::kNone, 2, kWrite, 0x10, status::kSuccess, "2 3",
         "1 unregistered"},
        {"a stranger preempts", kWrite, 9, kWrite, 0x10, status::kReservationConflict, "1* 2 3",
         ""},
    };
    for (const Row& row : rows) {
        BOOST_TEST_CONTEXT(row.name) {
            Rules f(row.held);
            const auto generation = f.reservations.state().generation;
            const ReservationOutcome outcome = f.preempt(row.by, row.wanted, row.key);
            BOOST_TEST((outcome.status == row.verdict));
            BOOST_TEST(f.text() == row.after);
            BOOST_TEST(told(outcome) == row.told);
            BOOST_TEST(f.reservations.state().generation ==
                       generation + (row.verdict.ok() ? 1U : 0U));
        }
    }
}

BOOST_AUTO_TEST_CASE(releasing_and_clearing) {
    using Action = Reservations::ReleaseAction;
    for (const ReservationType type : kTypes) {
        Rules f(type);
        auto& r = f.reservations;
        const bool shared = type >= ReservationType::kWriteExclusiveRegistrants;
        const auto wrong = type == kTypes[0] ? kTypes[1] : kTypes[0];
        BOOST_TEST(
            (r.release(host_id(1), Action::kRelease, wrong, 0x10).status == status::kInvalidField));
        BOOST_TEST((r.release(host_id(1), Action::kRelease, type, 1).status ==
                    status::kReservationConflict));
        BOOST_TEST((r.release(host_id(9), Action::kRelease, type, 0x90).status ==
                    status::kReservationConflict));
        const auto outcome = r.release(host_id(1), Action::kRelease, type, 0x10);
        BOOST_TEST(outcome.status.ok());
        BOOST_TEST(told(outcome) == (shared ? "2 released, 3 released" : ""));
        BOOST_TEST(f.text() == "1 2 3");
        BOOST_TEST(r.release(host_id(2), Action::kRelease, type, 0x20).status.ok());

        BOOST_REQUIRE(f.acquire(1, type).status.ok());
        const auto cleared = r.release(host_id(2), Action::kClear, ReservationType::kNone, 0x20);
        BOOST_TEST(told(cleared) == "1 preempted, 3 preempted");
        BOOST_TEST(f.text() == "");
        BOOST_TEST((r.state().type == ReservationType::kNone));
    }
}

BOOST_AUTO_TEST_CASE(refuses_malformed_commands) {
    IoFixture f;
    const auto invalid = status::kInvalidField.dnr().number();
    const auto kWrite = ReservationType::kWriteExclusive;
    BOOST_TEST(f.run(enroll(1, 3)) == invalid);
    BOOST_TEST(f.run(enroll(1, 1U << 30U)) == invalid);
    BOOST_TEST(f.run(enroll(1, 3U << 30U)) == invalid);  // nothing to persist in
    BOOST_TEST(f.run(acquire(1, kWrite, 3)) == invalid);
    BOOST_TEST(f.run(acquire(1, kWrite, 8)) == invalid);  // IEKEY
    BOOST_TEST(f.run(acquire(1, ReservationType::kNone)) == invalid);
    BOOST_TEST(f.run(acquire(1, ReservationType{7})) == invalid);
    BOOST_TEST(f.run(release(1, kWrite, 2)) == invalid);
    BOOST_TEST(f.run(release(1, kWrite, 8)) == invalid);
    BOOST_TEST(f.run(report(4096, false)) == status::kHostIdInconsistent.dnr().number());
    host::Command stranger = enroll(1);
    stranger.sqe.nsid = 5U;
    BOOST_TEST(f.run(stranger) == status::kInvalidNamespace.dnr().number());
    host::Command cut = enroll(1);
    cut.data_out.resize(8);
    BOOST_TEST(f.run(cut) == status::kDataSglLengthInvalid.dnr().number());
}

BOOST_AUTO_TEST_CASE(reports_every_registrant) {
    TwoHosts f;
    BOOST_REQUIRE(f.run(enroll(0x1122334455667788)) == 0);
    BOOST_REQUIRE(f.run_other(enroll(0x20)) == 0);
    BOOST_REQUIRE(f.run(acquire(0x1122334455667788, ReservationType::kExclusiveAccess)) == 0);
    const base::Bytes page = f.other->host.run(report(256))->data;
    const base::Bytes head = {std::byte{2}, {}, {}, {}, std::byte{2}, std::byte{2}};
    BOOST_TEST(std::ranges::equal(std::span(page).first(6), head));
    BOOST_TEST(std::to_integer<int>(page[64]) == f.cntlid);
    BOOST_TEST(std::to_integer<int>(page[66]) == 1);  // holds it
    BOOST_TEST(std::to_integer<int>(page[72]) == 0x88);
    BOOST_TEST(std::to_integer<int>(page[80]) == 0x11);  // of the fixture's Host Identifier
    BOOST_TEST(std::to_integer<int>(page[128 + 2]) == 0);
    BOOST_TEST(std::to_integer<int>(page[128 + 31]) == 2);
    f.other.reset();
    f.other_admin.reset();
    const base::Bytes alone = f.io->host.run(report(256))->data;
    BOOST_TEST(std::to_integer<int>(alone[5]) == 2);
    BOOST_TEST(std::to_integer<int>(alone[128]) == 0xFF);  // no controller any more
    BOOST_TEST(f.io->host.run(report(8))->data.size() == 8U);
}

BOOST_AUTO_TEST_CASE(tells_the_others_by_log_and_event) {
    TwoHosts f;
    const auto kWrite = ReservationType::kWriteExclusive;
    auto& queue = f.other_admin->host.queue();
    BOOST_REQUIRE(queue.submit(host::async_event_request()).has_value());
    f.other_admin->host.pump();
    BOOST_REQUIRE(f.run(enroll(0x10)) == 0);
    BOOST_REQUIRE(f.run_other(enroll(0x20)) == 0);
    BOOST_REQUIRE(f.run_other(acquire(0x20, kWrite)) == 0);
    BOOST_REQUIRE(f.run(acquire(0x10, kWrite, 1, 0x20)) == 0);
    f.other_admin->host.pump();
    const auto event = queue.take_completion();
    BOOST_REQUIRE(event.has_value());
    BOOST_TEST(event->dw0 == 0x800006U);
    const auto log = [&] {
        return f.other_admin->host.run(host::get_log_page(nvme::LogPage::kReservation, 64))->data;
    };
    const base::Bytes page = log();
    BOOST_TEST(std::to_integer<int>(page[0]) == 1);
    BOOST_TEST(std::to_integer<int>(page[8]) == 3);  // reservation preempted
    BOOST_TEST(std::to_integer<int>(page[9]) == 0);
    BOOST_TEST(std::to_integer<int>(page[12]) == 1);
    BOOST_TEST((log() == base::Bytes(64)));
    // Masked, it is not told at all.
    host::Command mask = host::set_features(nvme::Feature::kReservationMask, 0xE);
    mask.sqe.nsid = 1U;
    BOOST_TEST(f.other_admin->host.run(mask)->status.ok());
    BOOST_REQUIRE(f.run_other(enroll(0x20)) == 0);
    BOOST_REQUIRE(f.run(release(0x10, ReservationType::kNone, 1)) == 0);
    BOOST_TEST((log() == base::Bytes(64)));
}

BOOST_AUTO_TEST_CASE(preempt_and_abort_leaves_no_write_of_the_other_host) {
    TwoHosts f;
    const auto kWrite = ReservationType::kWriteExclusive;
    BOOST_REQUIRE(f.run(enroll(0x10)) == 0);
    BOOST_REQUIRE(f.run_other(enroll(0x20)) == 0);
    BOOST_REQUIRE(f.run_other(acquire(0x20, kWrite)) == 0);
    f.backend->hold = true;
    // One write of the other host is in the backend, one is being sent.
    BOOST_TEST(f.run_other(host::write(1, {0, 1, kBlock}, pattern(kBlock, 1))) == 0xFFFF);
    const auto late = support::by_r2t(host::write(1, {8, 1, kBlock}, {}).sqe, 900, kBlock);
    const auto asked = f.other->peer.exchange(nvme::whole_pdu(nvme::CapsuleCmd{{}, late}, {}));
    const auto r2t = base::Reader(asked).take<nvme::R2t>();
    BOOST_REQUIRE(r2t.has_value());
    BOOST_TEST(f.run(acquire(0x10, kWrite, 2, 0x20)) == 0xFFFF);
    f.backend->settle();
    f.io->host.pump();
    const auto answer = f.io->host.queue().take_completion();
    BOOST_REQUIRE(answer.has_value());
    BOOST_TEST(answer->status.ok());
    const base::Bytes before = f.backend->content;
    nvme::H2cData pdu;
    pdu.header.flags = nvme::PduHeader::kLastPdu;
    pdu.cccid = uint16_t{900};
    pdu.ttag = uint16_t{r2t->ttag};
    pdu.datal = kBlock;
    const auto end = f.other->peer.exchange(nvme::whole_pdu(pdu, {}, pattern(kBlock, 2)));
    BOOST_TEST(support::words(end).back() == "900: Abort Requested (007h)");
    BOOST_TEST((f.backend->content == before));
    f.backend->hold = false;
    BOOST_TEST(f.run(host::write(1, {0, 1, kBlock}, pattern(kBlock, 3))) == 0);
}

BOOST_AUTO_TEST_CASE(a_write_whose_data_was_on_its_way_is_judged_again) {
    TwoHosts f;
    const auto late = support::by_r2t(host::write(1, {8, 1, kBlock}, {}).sqe, 900, kBlock);
    const auto asked = f.other->peer.exchange(nvme::whole_pdu(nvme::CapsuleCmd{{}, late}, {}));
    const auto r2t = base::Reader(asked).take<nvme::R2t>();
    BOOST_REQUIRE(r2t.has_value());
    BOOST_REQUIRE(f.run(enroll(0x10)) == 0);
    BOOST_REQUIRE(f.run(acquire(0x10, ReservationType::kWriteExclusive)) == 0);
    nvme::H2cData pdu;
    pdu.header.flags = nvme::PduHeader::kLastPdu;
    pdu.cccid = uint16_t{900};
    pdu.ttag = uint16_t{r2t->ttag};
    pdu.datal = kBlock;
    const auto end = f.other->peer.exchange(nvme::whole_pdu(pdu, {}, pattern(kBlock, 2)));
    BOOST_TEST(support::words(end).back() == "900: Reservation Conflict (083h, do not retry)");
}

BOOST_AUTO_TEST_CASE(persists_when_asked_and_only_then) {
    support::TempDir dir;
    const std::string path = dir.at("ns");
    const auto attach = [&](Reservations& reservations) {
        auto state = target::load_reservations(path);
        BOOST_REQUIRE(state.ok());
        reservations.restore(*state, [&](const ReservationState& next) {
            return target::save_reservations(path, next).ok();
        });
    };
    Reservations first;
    attach(first);
    BOOST_TEST(first.register_host(host_id(1), {.new_key = 0xFEDCBA9876543210}).status.ok());
    BOOST_TEST(access(path.c_str(), F_OK) != 0);
    BOOST_TEST(first.register_host(host_id(2), {.persist = true, .new_key = 0}).status.ok());
    BOOST_TEST(first
                   .acquire(host_id(2), {.type = ReservationType::kExclusiveAccessRegistrants,
                                         .current_key = 0})
                   .status.ok());
    Reservations second;
    attach(second);
    BOOST_TEST((second.state() == first.state()));
    BOOST_TEST(!second.allows(host_id(9), Access::kRead));
    BOOST_TEST(second.register_host(host_id(3), {.persist = false, .new_key = 3}).status.ok());
    Reservations third;
    attach(third);
    BOOST_TEST((third.state() == ReservationState{}));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_saved_does_not_happen) {
    Reservations reservations;
    reservations.restore({}, [](const ReservationState&) { return false; });
    const auto outcome = reservations.register_host(host_id(1), {.persist = true, .new_key = 1});
    BOOST_TEST((outcome.status == status::kInternalError));
    BOOST_TEST((reservations.state() == ReservationState{}));
}

BOOST_AUTO_TEST_CASE(refuses_a_state_file_it_does_not_understand) {
    support::TempDir dir;
    for (const char* text : {"type 7\n", "registrant 11 0x1\n", "holder\n", "generation x\n",
                             "hello\n", "registrant 11111111111111111111111111111111\n"}) {
        const auto path = dir.file("ns", text);
        const auto state = target::load_reservations(path);
        BOOST_REQUIRE(!state.ok());
        BOOST_TEST(state.error().text.starts_with(path + ": "));
    }
}

BOOST_AUTO_TEST_SUITE_END()
