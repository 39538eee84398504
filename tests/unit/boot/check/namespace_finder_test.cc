// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/check/namespace_finder.h"

#include <cerrno>

#include "support/fake_clock.h"
#include "support/fake_controller.h"
#include "support/test.h"

namespace {

constexpr const char* kUuid1 = "11111111-2222-3333-4444-555555555555";
constexpr const char* kUuid2 = "11111111-2222-3333-4444-666666666666";

nvme::Uuid uuid(const char* text) {
    return nvme::parse_uuid(text).value();
}

support::FakeController two_namespaces() {
    support::FakeController controller;
    controller.add(1, uuid(kUuid1));
    controller.add(7, uuid(kUuid2));
    return controller;
}

boot::NamespaceChoice by_uuid(const char* text) {
    boot::NamespaceChoice choice;
    choice.uuid = uuid(text);
    return choice;
}

boot::NamespaceChoice by_nsid(uint32_t nsid) {
    boot::NamespaceChoice choice;
    choice.nsid = nsid;
    return choice;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(namespace_finder)

BOOST_AUTO_TEST_CASE(a_uuid_finds_its_nsid) {
    auto controller = two_namespaces();
    const auto found = boot::choose_namespace(controller, by_uuid(kUuid2));
    BOOST_REQUIRE(found.ok());
    BOOST_TEST(found->nsid == 7U);
}

BOOST_AUTO_TEST_CASE(an_nsid_is_taken_when_it_is_active) {
    auto controller = two_namespaces();
    BOOST_TEST(boot::choose_namespace(controller, by_nsid(1))->nsid == 1U);
    for (const uint32_t absent : {2U, 8U}) {
        const auto found = boot::choose_namespace(controller, by_nsid(absent));
        BOOST_REQUIRE(!found.ok());
        BOOST_TEST(found.error().code == boot::ExitCode::kNamespace);
        BOOST_TEST(found.error().retry);
    }
}

BOOST_AUTO_TEST_CASE(nsid_and_uuid_must_agree) {
    auto controller = two_namespaces();
    auto choice = by_uuid(kUuid2);
    choice.nsid = 1;
    const auto found = boot::choose_namespace(controller, choice);
    BOOST_REQUIRE(!found.ok());
    BOOST_TEST(!found.error().retry);
    BOOST_TEST(found.error().error.text.find(kUuid1) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_missing_identifier_is_not_a_verdict) {
    auto controller = two_namespaces();
    controller.namespaces[1].ids = {};  // the list of them was refused
    auto choice = by_uuid(kUuid1);
    choice.nsid = 1;
    const auto found = boot::choose_namespace(controller, choice);
    BOOST_REQUIRE(!found.ok());
    BOOST_TEST(found.error().retry);
}

BOOST_AUTO_TEST_CASE(a_status_of_the_path_is_not_an_answer_of_the_controller) {
    // The kernel's own status of each command while it reconnects.
    for (const nvme::Status status : {nvme::status::kHostPathError, nvme::status::kAbortedByHost,
                                      nvme::status::kInternalPathError.dnr()}) {
        BOOST_TEST(boot::error_of(status, "Identify").code == EAGAIN);
    }
    for (const nvme::Status status :
         {nvme::status::kInvalidField, nvme::status::kAuthRequired.dnr()}) {
        BOOST_TEST(boot::error_of(status, "Identify").code == 0);
    }
}

BOOST_AUTO_TEST_CASE(two_matches_are_refused) {
    auto controller = two_namespaces();
    controller.add(9, uuid(kUuid2));
    for (const auto& choice : {by_uuid(kUuid2), boot::NamespaceChoice{}}) {
        const auto found = boot::choose_namespace(controller, choice);
        BOOST_REQUIRE(!found.ok());
        BOOST_TEST(!found.error().retry);
        BOOST_TEST(found.error().error.text.find("both") != std::string::npos);
    }
}

/// Takes a second for each answer.
class SlowController final : public boot::AdminDevice {
  public:
    SlowController(support::FakeController& real, support::FakeClock& clock)
        : real_(real), clock_(clock) {}
    base::Result<base::Bytes> identify(nvme::Cns cns, uint32_t nsid, uint8_t csi) override {
        clock_.sleep(base::seconds(1));
        return real_.identify(cns, nsid, csi);
    }

  private:
    support::FakeController& real_;
    support::FakeClock& clock_;
};

BOOST_AUTO_TEST_CASE(those_behind_the_first_list_are_looked_at_too) {
    support::FakeController controller;
    for (uint32_t nsid = 1; nsid <= 1500; ++nsid) {
        controller.add(nsid, nvme::Uuid{});
    }
    controller.add(1300, uuid(kUuid2));
    const auto found = boot::choose_namespace(controller, by_uuid(kUuid2));
    BOOST_REQUIRE(found.ok());
    BOOST_TEST(found->nsid == 1300U);
    controller.add(1400, uuid(kUuid2));
    BOOST_TEST(!boot::choose_namespace(controller, by_uuid(kUuid2)).ok());
    // It ends when its time does.
    support::FakeClock clock;
    SlowController slow(controller, clock);
    const base::Deadline deadline(clock, base::seconds(10));
    const auto late = boot::await_namespace(slow, by_uuid(kUuid1), clock, deadline);
    BOOST_REQUIRE(!late.ok());
    BOOST_TEST(late.error().error.text.find("did not end in time") != std::string::npos);
    BOOST_TEST((clock.now() - deadline.end() < base::seconds(5)));
}

BOOST_AUTO_TEST_CASE(the_only_namespace_needs_no_name) {
    support::FakeController controller;
    controller.add(3, uuid(kUuid1));
    BOOST_TEST(boot::choose_namespace(controller, {})->nsid == 3U);
}

BOOST_AUTO_TEST_CASE(a_namespace_that_comes_late_is_awaited) {
    support::FakeController controller;
    controller.appear_after = 3;
    controller.add(1, uuid(kUuid1));
    support::FakeClock clock;
    const auto found = boot::await_namespace(controller, by_nsid(1), clock,
                                             base::Deadline(clock, base::seconds(5)));
    BOOST_TEST(found.ok());
}

BOOST_AUTO_TEST_CASE(a_namespace_that_never_comes_is_a_final_answer) {
    support::FakeController controller;
    controller.add(1, uuid(kUuid1));
    support::FakeClock clock;
    const auto found = boot::await_namespace(controller, by_nsid(7), clock,
                                             base::Deadline(clock, base::seconds(5)));
    BOOST_REQUIRE(!found.ok());
    BOOST_TEST(found.error().code == boot::ExitCode::kNamespace);
    BOOST_TEST(!found.error().retry);
}

BOOST_AUTO_TEST_CASE(a_controller_that_does_not_answer_yet_is_asked_again) {
    class Busy final : public boot::AdminDevice {
      public:
        explicit Busy(int failures, int code) : failures_(failures), code_(code) {
            controller_.add(1, uuid(kUuid1));
        }
        base::Result<base::Bytes> identify(nvme::Cns cns, uint32_t nsid, uint8_t csi) override {
            if (failures_-- > 0) {
                return base::Error{code_, "Identify failed"};
            }
            return controller_.identify(cns, nsid, csi);
        }

      private:
        int failures_;
        int code_;
        support::FakeController controller_;
    };
    struct Row {
        int failures;
        int code;  ///< 0: the controller refused
        bool found;
        boot::ExitCode exit;
        bool retry;
    };
    using boot::ExitCode;
    for (const Row& row : {Row{5, EAGAIN, true, {}, {}}, Row{5, 0, true, {}, {}},
                           Row{1000, EINTR, false, ExitCode::kConnect, true},
                           Row{1000, 0, false, ExitCode::kNamespace, false}}) {
        Busy controller(row.failures, row.code);
        support::FakeClock clock;
        const auto found = boot::await_namespace(controller, by_nsid(1), clock,
                                                 base::Deadline(clock, base::seconds(5)));
        BOOST_TEST(found.ok() == row.found);
        if (!found) {
            BOOST_TEST(found.error().code == row.exit);
            BOOST_TEST(found.error().retry == row.retry);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
