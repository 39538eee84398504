// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/after/downgrade.h"

#include "support/test.h"

namespace {

boot::AuthPlan policy(boot::Auth mode) {
    boot::AuthPlan plan;
    plan.mode = mode;
    plan.hashes = {nvme::HashId::kSha256};
    plan.groups = {nvme::DhGroup::kFfdhe2048};
    return plan;
}

constexpr const char* kLost = "nvme nvme0: starting error recovery";
constexpr const char* kTrying = "nvme nvme0: Reconnecting in 2 seconds...";
constexpr const char* kProof =
    "nvme nvme0: qid 0: authenticated with hash hmac(sha256) dhgroup ffdhe2048";
constexpr const char* kController = "nvme nvme0: qid 0: controller authenticated";
constexpr const char* kBack = "nvme nvme0: Successfully reconnected (attempt 1/-1)";

/// The complaint about the last line.
std::string complaint(boot::Auth mode, std::initializer_list<const char*> lines) {
    boot::DowngradeJudge judge(policy(mode));
    std::string text;
    for (const char* line : lines) {
        const auto downgrade = judge.take(line);
        text = downgrade ? downgrade->controller + ": " + downgrade->text : "";
    }
    return text;
}

using enum boot::Auth;

}  // namespace

BOOST_AUTO_TEST_SUITE(downgrade)

BOOST_AUTO_TEST_CASE(a_reconnect_with_all_proofs_is_silent) {
    BOOST_TEST(complaint(kMutual, {kLost, kTrying, kProof, kController, kBack}).empty());
    BOOST_TEST(complaint(kHost, {kLost, kTrying, kProof, kBack}).empty());
    BOOST_TEST(complaint(kOff, {kLost, kTrying, kBack}).empty());
}

BOOST_AUTO_TEST_CASE(a_queue_that_the_kernel_does_not_name_is_doubted) {
    constexpr const char* kTwo = "nvme nvme0: creating 2 I/O queues.";
    constexpr const char* kFirst = "nvme nvme0: nvme_queue_auth_work: qid 1 send negotiate";
    constexpr const char* kSecond = "nvme nvme0: nvme_queue_auth_work: qid 2 send negotiate";
    BOOST_TEST(complaint(kHost, {kLost, kProof, kTwo, kFirst, kSecond, kBack}).empty());
    BOOST_TEST(complaint(kOff, {kLost, kTwo, kBack}).empty());
    boot::DowngradeJudge judge(policy(kHost));
    std::optional<boot::DowngradeJudge::Downgrade> doubt;
    for (const char* line : {kFirst, kLost, kProof, kTwo, kSecond, kBack}) {
        doubt = judge.take(line);
    }
    BOOST_REQUIRE(doubt.has_value());
    BOOST_TEST(doubt->text.ends_with("of queue 1"));
    BOOST_TEST(!doubt->certain);
}

BOOST_AUTO_TEST_CASE(less_than_the_policy_is_named) {
    BOOST_TEST(complaint(kMutual, {kLost, kTrying, kBack})
                   .starts_with("nvme0: after a reconnect the target came up without asking"));
    BOOST_TEST(complaint(kMutual, {kLost, kProof, kBack}).find("never proved") !=
               std::string::npos);
    const char* weak = "nvme nvme0: qid 0: authenticated with hash hmac(sha256) dhgroup null";
    BOOST_TEST(complaint(kHost, {kLost, weak, kBack}).find("group null") != std::string::npos);
    const char* hash = "nvme nvme0: qid 0: authenticated with hash hmac(sha512) dhgroup ffdhe2048";
    BOOST_TEST(complaint(kHost, {kLost, hash, kBack}).find("hash sha512") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_proof_of_an_attempt_that_failed_is_none) {
    BOOST_TEST(!complaint(kMutual, {kLost, kProof, kController, kTrying, kBack}).empty());
    BOOST_TEST(!complaint(kMutual, {kProof, kController, kLost, kBack}).empty());
}

BOOST_AUTO_TEST_CASE(a_target_that_the_kernel_gives_up_is_named) {
    const char* failed = "nvme nvme0: qid 0: authentication failed, error -129";
    const char* removed = "nvme nvme0: Removing controller (-129)...";
    BOOST_TEST(complaint(kMutual, {kLost, kTrying, kProof, failed, removed}) ==
               "nvme0: the kernel gave this path to the root up for good (kernel: qid 0: "
               "authentication failed, error -129)");
    BOOST_TEST(complaint(kMutual, {kLost, kTrying, removed}).empty());
}

BOOST_AUTO_TEST_CASE(lines_that_are_missing_prove_nothing_either_way) {
    const auto certain = [](std::initializer_list<const char*> lines, bool lose) {
        boot::DowngradeJudge judge(policy(kMutual));
        std::optional<boot::DowngradeJudge::Downgrade> last;
        for (const char* line : lines) {
            if (lose && std::string_view(line) == kBack) {
                judge.forget();
            }
            last = judge.take(line);
        }
        return last ? (last->certain ? "certain" : "doubted") : "good";
    };
    BOOST_TEST(certain({kLost, kBack}, false) == "certain");
    BOOST_TEST(certain({kLost, kProof, kController, kBack}, false) == "good");
    BOOST_TEST(certain({kLost, kProof, kController, kBack}, true) == "doubted");
    BOOST_TEST(certain({kBack}, false) == "doubted");
    BOOST_TEST(certain({kProof, kController, kBack}, false) == "doubted");
}

BOOST_AUTO_TEST_CASE(a_reset_proves_nothing_either_way) {
    constexpr const char* kReset = "nvme nvme0: resetting controller";
    constexpr const char* kQueues = "nvme nvme0: creating 2 I/O queues.";
    BOOST_TEST(complaint(kMutual, {kReset, kProof, kController, kQueues})
                   .starts_with("nvme0: it was reset"));
    BOOST_TEST(complaint(kHost, {kQueues}).starts_with("nvme0: it was reset"));
    BOOST_TEST(complaint(kOff, {kReset, kQueues}).empty());
    BOOST_TEST(complaint(kHost, {kLost, kProof, kQueues}).empty());
}

BOOST_AUTO_TEST_CASE(missing_support_in_the_kernel_is_not_a_downgrade) {
    const char* busy = "nvme nvme0: qid 1 auth_send failed with error -11";
    const char* summary = "nvme nvme0: qid 1: authentication failed, error -11";
    const char* removed = "nvme nvme0: Removing controller (-11)...";
    BOOST_TEST(complaint(kMutual, {kLost, kTrying, busy, summary, removed}).empty());
    BOOST_TEST(complaint(kMutual, {kLost, busy, kProof, kController, kBack}).empty());
}

BOOST_AUTO_TEST_CASE(controllers_are_distinguished) {
    BOOST_TEST(!complaint(kMutual, {kLost,
                                    "nvme nvme1: qid 0: authenticated with hash hmac(sha256) "
                                    "dhgroup ffdhe2048",
                                    "nvme nvme1: qid 0: controller authenticated", kBack})
                    .empty());
    BOOST_TEST(complaint(kMutual, {"nvme nvme1: starting error recovery",
                                   "nvme nvme1: Successfully reconnected (1 attempt)"})
                   .starts_with("nvme1: "));
}

BOOST_AUTO_TEST_CASE(another_namespace_is_named_whatever_the_mode) {
    BOOST_TEST(
        complaint(kOff, {"nvme nvme0: identifiers changed for nsid 1"}) ==
        "nvme0: the target shows another namespace (kernel: identifiers changed for nsid 1)");
    BOOST_TEST(complaint(kOff, {"nvme0n1: p1 p2"}).empty());
    BOOST_TEST(complaint(kOff, {"nvme"}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
