// SPDX-License-Identifier: GPL-2.0-or-later
//
// The rules of reservations: each action with each outcome, which hosts are notified, and what a
// restart finds.
#include <unistd.h>

#include "base/fd.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "target/controller/reservations.h"
#include "target/operate/reservation_file.h"

using target::Access;
using target::ReservationOutcome;
using target::Reservations;
using target::ReservationState;
using target::ReservationType;
using Notice = target::ReservationNotice;
namespace status = nvme::status;

namespace {

target::Reserver host_id(unsigned number, std::string nqn = {}) {
    target::Reserver host{{}, nqn.empty() ? "nqn.2024-08.com.example:host" : std::move(nqn)};
    host.id.bytes[15] = static_cast<std::byte>(number);
    return host;
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
    /// The registrants and the holder, as `1 2* 3`.
    std::string text() const {
        std::string out;
        for (const auto& registrant : reservations.state().registrants) {
            out += (out.empty() ? "" : " ") +
                   std::to_string(std::to_integer<int>(registrant.host.id.bytes[15])) +
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
               std::to_string(std::to_integer<int>(notice.host.id.bytes[15])) +
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
        BOOST_TEST(f.reservations.state().type == ReservationType::kNone);
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
        BOOST_TEST(f.acquire(9, type).status == status::kReservationConflict);
        BOOST_TEST(f.reservations.acquire(host_id(1), {.type = type, .current_key = 1}).status ==
                   status::kReservationConflict);
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
            BOOST_TEST(outcome.status == row.verdict);
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
        BOOST_TEST(r.release(host_id(1), Action::kRelease, type, 1).status ==
                   status::kReservationConflict);
        BOOST_TEST(r.release(host_id(9), Action::kRelease, type, 0x90).status ==
                   status::kReservationConflict);
        const auto outcome = r.release(host_id(1), Action::kRelease, type, 0x10);
        BOOST_TEST(outcome.status.ok());
        BOOST_TEST(told(outcome) == (shared ? "2 released, 3 released" : ""));
        BOOST_TEST(f.text() == "1 2 3");
        BOOST_TEST(r.release(host_id(2), Action::kRelease, type, 0x20).status.ok());

        BOOST_REQUIRE(f.acquire(1, type).status.ok());
        const auto cleared = r.release(host_id(2), Action::kClear, ReservationType::kNone, 0x20);
        BOOST_TEST(told(cleared) == "1 preempted, 3 preempted");
        BOOST_TEST(f.text() == "");
        BOOST_TEST(r.state().type == ReservationType::kNone);
    }
}

BOOST_AUTO_TEST_CASE(persists_when_asked_and_only_then) {
    support::TempDir dir;
    const std::string path = dir.at("ns");
    const auto attach = [&](Reservations& reservations) {
        auto state = target::load_reservations(path);
        BOOST_REQUIRE(state.ok());
        reservations.restore(*state,
                             [&](const ReservationState& next, const Reservations::Saved& saved) {
                                 saved(target::save_reservations(path, next).ok());
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
    BOOST_TEST(second.state() == first.state());
    BOOST_TEST(!second.allows(host_id(9), Access::kRead));
    BOOST_TEST(second.register_host(host_id(3), {.persist = false, .new_key = 3}).status.ok());
    Reservations third;
    attach(third);
    BOOST_TEST(third.state() == ReservationState{});
}

BOOST_AUTO_TEST_CASE(what_cannot_be_saved_does_not_happen) {
    Reservations reservations;
    reservations.restore(
        {}, [](const ReservationState&, const Reservations::Saved& saved) { saved(false); });
    const auto outcome = reservations.register_host(host_id(1), {.persist = true, .new_key = 1});
    BOOST_TEST(outcome.status == status::kInternalError);
    BOOST_TEST(reservations.state() == ReservationState{});
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

BOOST_AUTO_TEST_CASE(a_host_is_its_identifier_and_its_nqn) {
    const support::TempDir dir;
    const std::string path = dir.path() + "/reservations";
    const auto save = [&](const ReservationState& state, const Reservations::Saved& saved) {
        saved(target::save_reservations(path, state).ok());
    };
    const auto thief = host_id(1, "nqn.2024-08.com.example:thief");
    const auto blank = host_id(2, "nqn.2024-08.com.example:a b");
    Reservations first;
    first.restore({}, save);
    BOOST_TEST(first.register_host(host_id(1), {.persist = true, .new_key = 1}).status.ok());
    BOOST_TEST(first.register_host(blank, {.new_key = 2}).status.ok());
    const ReservationType type = ReservationType::kExclusiveAccess;
    BOOST_TEST(first.acquire(host_id(1), {.type = type, .current_key = 1}).status.ok());
    BOOST_TEST(!first.allows(thief, Access::kRead));
    Reservations second;
    second.restore(target::load_reservations(path).value(), save);
    BOOST_TEST(second.state() == first.state());
    BOOST_TEST(second.is_holder(host_id(1)));
    BOOST_TEST(!second.is_holder(thief));
    BOOST_TEST(second.release(blank, Reservations::ReleaseAction::kRelease, type, 2).status.ok());
}

BOOST_AUTO_TEST_CASE(takes_the_file_of_an_older_version) {
    const support::TempDir dir;
    const std::string path = dir.path() + "/reservations";
    const std::string zeros(32, '0');
    const std::string one = std::string(31, '0') + "1";
    BOOST_REQUIRE(base::write_text_atomically(path,
                                              "generation 7\ntype 1\nholder " + one +
                                                  "\nregistrant " + one + " 0x10\nregistrant " +
                                                  zeros + " 0x20\n",
                                              0600));
    Reservations reservations;
    reservations.restore(target::load_reservations(path).value(), {});
    BOOST_TEST(reservations.is_holder(host_id(1)));
    BOOST_TEST(reservations.state().registrants.size() == 1U);  // nobody is host 0
}

BOOST_AUTO_TEST_CASE(no_host_takes_all_places) {
    Reservations reservations;
    size_t count = 0;
    while (reservations.register_host(host_id(static_cast<unsigned>(count % 200 + 1)), {})
               .status.ok() &&
           count < 200) {
        ++count;
    }
    BOOST_TEST(count == Reservations::kMostOfOneNqn);
    BOOST_TEST(reservations.register_host(host_id(1, "nqn.2024-08.com.example:b"), {}).status.ok());
}

BOOST_AUTO_TEST_SUITE_END()
