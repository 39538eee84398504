// SPDX-License-Identifier: GPL-2.0-or-later
//
// The reservation commands of two hosts: the whole matrix of types and commands, what is malformed,
// what others learn by log and event, and commands that were in progress.
#include <deque>
#include <memory>

#include "support/event_request.h"
#include "support/io_fixture.h"
#include "support/test.h"
#include "target/controller/reservations.h"

using support::IoFixture;
using support::pattern;
using target::ReservationType;
namespace status = nvme::status;

namespace {

constexpr uint32_t kBlock = IoFixture::kBlock;

nvme::HostId host_id(unsigned number) {
    nvme::HostId id;
    id.bytes[15] = static_cast<std::byte>(number);
    return id;
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
    /// @param number  of the other host's Host Identifier
    explicit TwoHosts(const nvme::HostId& number = host_id(2)) {
        auto config = subsystem->config();
        config.hosts.insert(support::kStrangerNqn);
        subsystem->change(config);
        auto options = connect_options();
        options.hostnqn = support::kStrangerNqn;
        options.hostid = number;
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

BOOST_AUTO_TEST_SUITE(reservation_cmd)

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
    BOOST_REQUIRE(queue.submit(support::async_event_request()).has_value());
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
    BOOST_TEST(log() == base::Bytes(64));
    // Masked, it is not told at all.
    host::Command mask = host::set_features(nvme::Feature::kReservationMask, 0xE);
    mask.sqe.nsid = 1U;
    BOOST_TEST(f.other_admin->host.run(mask)->status.ok());
    BOOST_REQUIRE(f.run_other(enroll(0x20)) == 0);
    BOOST_REQUIRE(f.run(release(0x10, ReservationType::kNone, 1)) == 0);
    BOOST_TEST(log() == base::Bytes(64));
}

BOOST_AUTO_TEST_CASE(features_of_reservations_name_a_namespace_or_all) {
    IoFixture f;
    using nvme::Feature;
    const auto answer = [&](host::Command command, uint32_t nsid) {
        command.sqe.nsid = nsid;
        const auto completion = f.admin->host.run(std::move(command));
        BOOST_REQUIRE(completion.has_value());
        return *completion;
    };
    const auto stranger = status::kInvalidNamespace.dnr().number();
    for (const Feature feature : {Feature::kReservationMask, Feature::kReservationPersistence}) {
        for (const uint32_t nsid : {0U, 5U, 0xFFFFFFFEU}) {
            BOOST_TEST(answer(host::set_features(feature, 0), nsid).status.number() == stranger);
            BOOST_TEST(answer(host::get_features(feature), nsid).status.number() == stranger);
        }
        BOOST_TEST(answer(host::set_features(feature, 0), nvme::kNsidAll).status.ok());
        BOOST_TEST(answer(host::get_features(feature), nvme::kNsidAll).status.number() ==
                   status::kInvalidField.dnr().number());
    }
    const auto mask = host::set_features(Feature::kReservationMask, 0xA);
    BOOST_TEST(answer(mask, nvme::kNsidAll).status.ok());
    BOOST_TEST(answer(host::get_features(Feature::kReservationMask), 1).dw0 == 0xAU);
    BOOST_TEST(answer(host::set_features(Feature::kErrorRecovery, 7), 5).status.number() ==
               stranger);
    BOOST_TEST(answer(host::set_features(Feature::kErrorRecovery, 7), nvme::kNsidAll).status.ok());
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
    BOOST_TEST(support::words(end).front() == "900: Abort Requested (007h)");
    BOOST_TEST(f.backend->content == before);
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

BOOST_AUTO_TEST_CASE(write_protection_is_for_hosts_that_may_write) {
    for (const ReservationType type : kTypes) {
        TwoHosts f;
        const auto set = [](support::Line& admin, nvme::Feature feature, uint32_t value) {
            auto command = host::set_features(feature, value);
            command.sqe.nsid = 1U;
            return admin.host.run(command)->status.number();
        };
        const uint16_t conflict = status::kReservationConflict.dnr().number();
        BOOST_REQUIRE(f.run(enroll(0x10)) == 0);
        BOOST_REQUIRE(f.run(acquire(0x10, type)) == 0);
        for (const uint32_t state : {1U, 2U, 0U}) {
            BOOST_TEST(set(*f.other_admin, nvme::Feature::kWriteProtect, state) == conflict);
        }
        BOOST_TEST(set(*f.other_admin, nvme::Feature::kReservationPersistence, 0) == conflict);
        BOOST_TEST(set(*f.admin, nvme::Feature::kWriteProtect, 1) == 0);
        BOOST_TEST(set(*f.other_admin, nvme::Feature::kWriteProtect, 0) == conflict);
        BOOST_TEST(set(*f.admin, nvme::Feature::kWriteProtect, 0) == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_reservation_that_comes_while_a_host_protects_ends_that) {
    TwoHosts f;
    f.backend->hold = true;
    auto command = host::set_features(nvme::Feature::kWriteProtect, 2);
    command.sqe.nsid = 1U;
    BOOST_TEST(!f.other_admin->host.run(command));
    BOOST_REQUIRE(f.run(enroll(0x10)) == 0);
    BOOST_REQUIRE(f.run(acquire(0x10, ReservationType::kWriteExclusive)) == 0);
    f.backend->settle();
    f.other_admin->host.pump();
    BOOST_TEST(f.other_admin->host.queue().take_completion()->status.number() ==
               status::kReservationConflict.dnr().number());
    BOOST_TEST(!f.subsystem->find_namespace(1)->read_only());
}

BOOST_AUTO_TEST_CASE(nobody_reserves_by_another_hosts_identifier) {
    TwoHosts f(TwoHosts().connect_options().hostid);  // the same, under another NQN
    const uint16_t conflict = status::kReservationConflict.dnr().number();
    const auto kType = ReservationType::kExclusiveAccess;
    BOOST_REQUIRE(f.run(enroll(0x10)) == 0);
    BOOST_REQUIRE(f.run(acquire(0x10, kType)) == 0);
    BOOST_TEST(f.run_other(host::read(1, {0, 1, kBlock})) == conflict);
    BOOST_TEST(f.run_other(host::write(1, {0, 1, kBlock}, pattern(kBlock))) == conflict);
    BOOST_TEST(f.run_other(release(0x10, kType)) == conflict);
    BOOST_TEST(f.run_other(release(0x10, kType, 1)) == conflict);
    BOOST_TEST(f.run_other(acquire(0x10, kType, 1, 0x10)) == conflict);
    constexpr uint32_t kUnregisterWhateverKey = 1U | 1U << 3U;
    BOOST_TEST(f.run_other(enroll(0, kUnregisterWhateverKey)) == conflict);
    BOOST_TEST(f.run(host::write(1, {0, 1, kBlock}, pattern(kBlock))) == 0);
    BOOST_REQUIRE(f.run_other(enroll(0x20)) == 0);  // a registrant of its own
    BOOST_TEST(f.subsystem->find_namespace(1)->reservations().state().registrants.size() == 2U);
    BOOST_TEST(f.run_other(host::read(1, {0, 1, kBlock})) == conflict);
}

BOOST_AUTO_TEST_CASE(a_host_without_an_identifier_reserves_nothing) {
    TwoHosts f{nvme::HostId{}};
    const uint16_t unknown = status::kHostIdNotInitialized.dnr().number();
    const auto kType = ReservationType::kWriteExclusive;
    BOOST_TEST(unknown == (0x4000 | 0x27));
    BOOST_TEST(f.run_other(enroll(0x20)) == unknown);
    BOOST_TEST(f.run_other(acquire(0x20, kType)) == unknown);
    BOOST_TEST(f.run_other(release(0x20, kType)) == unknown);
    BOOST_TEST(f.run_other(report(4096)) == unknown);
    BOOST_TEST(f.run_other(host::write(1, {0, 1, kBlock}, pattern(kBlock))) == 0);
    BOOST_REQUIRE(f.run(enroll(0x10)) == 0);
    BOOST_REQUIRE(f.run(acquire(0x10, kType)) == 0);
    BOOST_TEST(f.run_other(host::write(1, {0, 1, kBlock}, pattern(kBlock))) ==
               status::kReservationConflict.dnr().number());
}

/// A disk that takes its time.
struct SlowDisk {
    explicit SlowDisk(IoFixture& f) {
        f.subsystem->namespaces().at(1)->reservations().restore(
            {}, [this](const target::ReservationState& state,
                       const target::Reservations::Saved& saved) {
                states.push_back(state);
                under_way.push_back(saved);
            });
    }
    void end(bool kept = true) {
        const auto saved = std::move(under_way.front());
        under_way.pop_front();
        saved(kept);
    }
    std::deque<target::ReservationState> states;
    std::deque<target::Reservations::Saved> under_way;
};

constexpr uint32_t kPersist = 3U << 30U;

BOOST_AUTO_TEST_CASE(a_change_that_persists_is_answered_when_it_is_saved) {
    TwoHosts f;
    SlowDisk disk(f);
    const auto& state = f.subsystem->namespaces().at(1)->reservations().state();
    BOOST_TEST(f.run(enroll(1, kPersist)) == 0xFFFFU);
    BOOST_TEST(f.run_other(enroll(2)) == 0xFFFFU);  // waits for the change before
    BOOST_TEST(f.run(acquire(1, ReservationType::kWriteExclusive)) == 0xFFFFU);
    BOOST_TEST(disk.under_way.size() == 1U);
    BOOST_TEST(state.registrants.size() == 0U);
    const host::BlockRange range{0, 1, kBlock};
    BOOST_TEST(f.run_other(host::write(1, range, base::Bytes(kBlock))) == 0U);  // it continues

    disk.end();
    f.io->host.pump();
    BOOST_TEST(f.io->host.queue().take_completion()->status.ok());
    BOOST_TEST(state.registrants.size() == 1U);
    BOOST_TEST(disk.states.back().registrants.size() == 2U);
    disk.end();
    disk.end();
    BOOST_TEST(disk.under_way.empty());
    f.io->host.pump();
    f.other->host.pump();
    BOOST_TEST(f.io->host.queue().take_completion()->status.ok());
    BOOST_TEST(f.other->host.queue().take_completion()->status.ok());
    BOOST_TEST((state == disk.states.back()));
    BOOST_TEST((state.type == ReservationType::kWriteExclusive));
}

BOOST_AUTO_TEST_CASE(a_change_that_is_not_saved_fails_alone) {
    TwoHosts f;
    SlowDisk disk(f);
    BOOST_TEST(f.run(enroll(1, kPersist)) == 0xFFFFU);
    BOOST_TEST(f.run_other(enroll(2, kPersist)) == 0xFFFFU);
    disk.end(false);
    f.io->host.pump();
    BOOST_TEST(f.io->host.queue().take_completion()->status.number() ==
               status::kInternalError.number());
    disk.end();
    f.other->host.pump();
    BOOST_TEST(f.other->host.queue().take_completion()->status.ok());
    const auto& state = f.subsystem->namespaces().at(1)->reservations().state();
    BOOST_TEST(state.registrants.size() == 1U);
    BOOST_TEST(state.registrants.front().key == 2U);
}

BOOST_AUTO_TEST_CASE(hosts_and_namespaces_may_go_while_a_change_is_saved) {
    auto f = std::make_unique<TwoHosts>();
    SlowDisk disk(*f);
    const auto ns = f->subsystem->namespaces().at(1);  // as the one that saves does
    BOOST_TEST(f->run(enroll(1, kPersist)) == 0xFFFFU);
    BOOST_TEST(f->run(enroll(1, kPersist)) == 0xFFFFU);
    BOOST_TEST(f->run_other(enroll(2, kPersist)) == 0xFFFFU);
    f->io.reset();
    f->subsystem->remove_namespace(1);
    disk.end();
    f->other->host.pump();
    BOOST_TEST(f->other->host.queue().take_completion()->status.number() ==
               status::kInvalidNamespace.dnr().number());
    BOOST_TEST(ns->reservations().state().registrants.size() == 1U);
}

BOOST_AUTO_TEST_CASE(persistence_of_all_namespaces_is_set_one_after_the_other) {
    TwoHosts f;
    SlowDisk disk(f);
    host::Command command = host::keep_alive();
    command.sqe.opcode = static_cast<uint8_t>(nvme::AdminOpcode::kSetFeatures);
    command.sqe.nsid = nvme::kNsidAll;
    command.sqe.cdw10 = 0x83;
    command.sqe.cdw11 = 1;
    BOOST_TEST(f.run(enroll(1, kPersist)) == 0xFFFFU);
    BOOST_TEST(!f.admin->host.run(command));
    BOOST_TEST(disk.under_way.size() == 1U);
    disk.end();
    BOOST_TEST(disk.under_way.size() == 1U);
    disk.end();
    f.admin->host.pump();
    BOOST_TEST(f.admin->host.queue().take_completion()->status.ok());
}

BOOST_AUTO_TEST_SUITE_END()
