// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/auth_proof.h"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "support/fake_clock.h"
#include "support/fake_kmsg.h"
#include "support/temp_dir.h"

namespace {

using Lines = std::vector<std::string_view>;

constexpr std::string_view kAccepted =
    "qid 0: authenticated with hash hmac(sha256) dhgroup ffdhe2048";
constexpr std::string_view kProven = "qid 0: controller authenticated";

base::Secret secret(std::string text) {
    return base::Secret(text);
}

boot::AuthPlan plan_of(boot::Auth mode) {
    boot::AuthPlan plan;
    plan.mode = mode;
    plan.host_secret = secret("DHHC-1:00:host:");
    plan.ctrl_secret = secret("DHHC-1:00:ctrl:");
    plan.hashes = {nvme::HashId::kSha256};
    plan.groups = {nvme::DhGroup::kFfdhe2048};
    return plan;
}

std::string refusal(const Lines& lines, boot::Auth mode) {
    const auto judged = boot::judge(boot::read_evidence(lines), plan_of(mode));
    if (judged) {
        return "";
    }
    BOOST_TEST((judged.error().code == boot::ExitCode::kAuthentication));
    BOOST_TEST(!judged.error().retry);
    return judged.error().error.text;
}

bool has(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(auth_proof)

BOOST_AUTO_TEST_CASE(both_proofs_are_good_both_ways) {
    BOOST_TEST(refusal({kAccepted, kProven, "qid 0: authenticated", "creating 2 I/O queues."},
                       boot::Auth::kMutual) == "");
    const auto evidence = boot::read_evidence(Lines{kAccepted, kProven});
    BOOST_TEST(boot::describe(evidence) == "both ways with sha256 and ffdhe2048");
}

BOOST_AUTO_TEST_CASE(a_lost_connection_is_tried_again_and_never_believed) {
    const Lines lost = {"starting error recovery", "qid 0 auth_send failed with status 880",
                        "qid 0: authentication failed, error 880", kAccepted, kProven};
    const auto judged = boot::judge(boot::read_evidence(lost), plan_of(boot::Auth::kMutual));
    BOOST_REQUIRE(!judged.ok());
    BOOST_TEST((judged.error().code == boot::ExitCode::kConnect));
    BOOST_TEST(judged.error().retry);
    const Lines silent = {"qid 0: authentication failed, error 881", kAccepted, kProven};
    const auto aborted = boot::judge(boot::read_evidence(silent), plan_of(boot::Auth::kMutual));
    BOOST_REQUIRE(!aborted.ok());
    BOOST_TEST((aborted.error().code == boot::ExitCode::kConnect));
    const auto unclear = boot::judge(
        boot::read_evidence(Lines{lost[0], "qid 1: authentication failed", kAccepted, kProven}),
        plan_of(boot::Auth::kMutual));
    BOOST_REQUIRE(!unclear.ok());
    BOOST_TEST(has(unclear.error().error.text, "qid 1: authentication failed"));
    BOOST_TEST(unclear.error().doubtful);
}

BOOST_AUTO_TEST_CASE(wrong_digests_are_tried_again_and_never_believed) {
    const std::string_view wrong = "data digest error: recv 0x1 expected 0x2";
    const auto judged = boot::judge(
        boot::read_evidence(Lines{kAccepted, kProven, wrong, "qid 1: authentication failed"}),
        plan_of(boot::Auth::kMutual));
    BOOST_REQUIRE(!judged.ok());
    BOOST_TEST((judged.error().code == boot::ExitCode::kConnect));
    BOOST_TEST(judged.error().retry);
    BOOST_TEST(has(judged.error().error.text, "does not fit its digests"));
    BOOST_TEST(has(refusal({wrong}, boot::Auth::kHost), "without asking"));
    BOOST_TEST(refusal({kAccepted, kProven, wrong}, boot::Auth::kMutual) == "");
}

BOOST_AUTO_TEST_CASE(the_hosts_proof_is_enough_one_way) {
    BOOST_TEST(refusal({kAccepted}, boot::Auth::kHost) == "");
}

BOOST_AUTO_TEST_CASE(silence_is_no_authentication) {
    BOOST_TEST(has(refusal({}, boot::Auth::kHost), "without asking"));
    BOOST_TEST(has(refusal({"qid 0: authenticated", "creating 2 I/O queues."}, boot::Auth::kHost),
                   "without asking"));
    BOOST_TEST(has(refusal({kProven}, boot::Auth::kMutual), "without asking"));
}

BOOST_AUTO_TEST_CASE(a_target_that_proves_nothing_is_refused) {
    BOOST_TEST(
        has(refusal({kAccepted, "qid 0: authenticated"}, boot::Auth::kMutual), "never proved"));
}

BOOST_AUTO_TEST_CASE(a_failure_on_any_queue_is_a_refusal) {
    for (const std::string_view line :
         {"qid 2: authentication failed", "qid 1: error -126 setting up authentication",
          "qid 3 auth_send failed with status 16385", "qid 1 failed to receive challenge, error -5",
          "qid 1: invalid HASH ID 9"}) {
        BOOST_TEST(has(refusal({kAccepted, kProven, line}, boot::Auth::kMutual),
                       "authentication failed on a queue"),
                   line);
    }
}

BOOST_AUTO_TEST_CASE(hash_and_group_are_a_matter_of_policy) {
    BOOST_TEST(has(refusal({"qid 0: authenticated with hash hmac(sha512) dhgroup ffdhe2048"},
                           boot::Auth::kHost),
                   "hash sha512"));
    BOOST_TEST(has(
        refusal({"qid 0: authenticated with hash hmac(sha256) dhgroup null"}, boot::Auth::kHost),
        "group null"));
    BOOST_TEST(has(refusal({"qid 0: authenticated with hash hmac(sha256)"}, boot::Auth::kHost),
                   "without asking"));
}

BOOST_AUTO_TEST_CASE(nothing_is_demanded_when_authentication_is_off) {
    const support::FakeClock clock;
    support::FakeKmsg fake;
    boot::KernelLog log(fake.take_reader());
    const auto proof =
        boot::prove_authentication(plan_of(boot::Auth::kOff), {"nvme0", {}, 1}, {}, clock, log);
    BOOST_TEST(proof.ok());
}

BOOST_AUTO_TEST_CASE(the_secret_is_written_again_and_an_unclear_end_is_a_refusal) {
    const support::TempDir dir;
    base::SysPaths sys;
    sys.sys = dir.path();
    dir.file("class/nvme/nvme0/dhchap_ctrl_secret", "");
    const base::SystemClock clock;
    support::FakeKmsg fake;
    boot::KernelLog log(fake.take_reader());
    for (int i = 0; i < 2; ++i) {  // once for the connect, once for what the write starts
        fake.kernel("nvme nvme0: " + std::string(kAccepted));
        fake.kernel("nvme nvme0: " + std::string(kProven));
        if (i == 0) {
            BOOST_REQUIRE(log.drain().ok());
        }
    }
    const auto proof =
        boot::prove_authentication(plan_of(boot::Auth::kMutual), {"nvme0", {}, 1}, sys, clock, log);
    // A plain file takes the nonsense that the kernel refuses.
    BOOST_REQUIRE(!proof.ok());
    BOOST_TEST(has(proof.error().error.text, "did not tell the end"));
    BOOST_TEST(dir.read("class/nvme/nvme0/dhchap_ctrl_secret") == "DHHC-1:?0:ctrl:");
}

BOOST_AUTO_TEST_CASE(a_target_that_falls_silent_is_asked_again_once_and_never_believed) {
    class Hasty final : public base::Clock {
      public:
        [[nodiscard]] base::TimePoint now() const override { return now_ += base::seconds(15); }
        void sleep(base::milliseconds /*time*/) override {}

      private:
        mutable base::TimePoint now_{};
    };
    const Hasty clock;
    support::FakeKmsg fake;
    boot::KernelLog log(fake.take_reader());
    fake.kernel("nvme nvme0: " + std::string(kAccepted));
    fake.kernel("nvme nvme0: " + std::string(kProven));
    BOOST_REQUIRE(log.drain().ok());
    const auto proof =
        boot::prove_authentication(plan_of(boot::Auth::kMutual), {"nvme0", {}, 1}, {}, clock, log);
    BOOST_REQUIRE(!proof.ok());
    BOOST_TEST(has(proof.error().error.text, "fell silent"));
    BOOST_TEST(proof.error().doubtful);
}

BOOST_AUTO_TEST_SUITE_END()
