// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/connect/auth_proof.h"

#include <cerrno>
#include <utility>
#include <vector>

#include "support/fake_clock.h"
#include "support/fake_kmsg.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

using Lines = std::vector<std::string_view>;

constexpr std::string_view kAccepted =
    "qid 0: authenticated with hash hmac(sha256) dhgroup ffdhe2048";
constexpr std::string_view kProven = "qid 0: controller authenticated";
constexpr std::string_view kNamed = "nvme_queue_auth_work: qid 1 send negotiate";

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
    BOOST_TEST(judged.error().code == boot::ExitCode::kAuthentication);
    BOOST_TEST(!judged.error().retry);
    return judged.error().error.text;
}

/// A controller with one I/O queue.
boot::Reauthentication kernel_that(decltype(boot::Reauthentication::write) write) {
    return {[]() -> base::Status { return base::done(); }, std::move(write), [] { return true; },
            []() -> boot::Outcome<uint32_t> { return 1U; }};
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
    BOOST_TEST(judged.error().code == boot::ExitCode::kConnect);
    BOOST_TEST(judged.error().retry);
    const Lines silent = {"qid 0: authentication failed, error 881", kAccepted, kProven};
    const auto aborted = boot::judge(boot::read_evidence(silent), plan_of(boot::Auth::kMutual));
    BOOST_REQUIRE(!aborted.ok());
    BOOST_TEST(aborted.error().code == boot::ExitCode::kConnect);
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
    BOOST_TEST(judged.error().code == boot::ExitCode::kConnect);
    BOOST_TEST(judged.error().retry);
    BOOST_TEST(has(judged.error().error.text, "does not match its digests"));
    BOOST_TEST(has(refusal({wrong}, boot::Auth::kHost), "without asking"));
    BOOST_TEST(refusal({kAccepted, kProven, wrong}, boot::Auth::kMutual) == "");
}

BOOST_AUTO_TEST_CASE(the_hosts_proof_is_enough_one_way) {
    BOOST_TEST(refusal({kAccepted}, boot::Auth::kHost) == "");
}

BOOST_AUTO_TEST_CASE(silence_is_not_authentication) {
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
         {"qid 2: authentication failed", "qid 2: controller did not authenticate",
          "qid 1: error -126 setting up authentication", "qid 3 auth_send failed with status 16385",
          "qid 1 failed to receive challenge, nvme status 5"}) {
        BOOST_TEST(has(refusal({kAccepted, kProven, line}, boot::Auth::kMutual),
                       "authentication failed on a queue"),
                   line);
    }
}

BOOST_AUTO_TEST_CASE(a_target_that_breaks_the_protocol_is_not_told_of_secrets) {
    for (const std::string_view line :
         {"qid 1: invalid HASH ID 9", "qid 1 invalid transaction ID 3",
          "qid 1: invalid hash length 7", "qid 2: invalid DH value for NULL DH",
          "qid 2: empty DH value", "qid 1 invalid message 00/f0"}) {
        const std::string text = refusal({kAccepted, kProven, line, "qid 1: authentication failed"},
                                         boot::Auth::kMutual);
        BOOST_TEST(has(text, "violated the authentication protocol"), line);
        BOOST_TEST(!has(text, "must know"), line);
    }
}

BOOST_AUTO_TEST_CASE(a_removed_controller_is_not_a_refusal) {
    const auto plan = plan_of(boot::Auth::kMutual);
    for (const int code : {ENOENT, ENODEV, EAGAIN, EINVAL}) {
        support::FakeClock clock;
        support::FakeKmsg fake;
        boot::KernelLog log(fake.take_reader());
        const auto proof = boot::prove_authentication(
            plan, {"nvme0", {}, 1},
            kernel_that([&](std::string_view, const base::Deadline&) -> boot::Outcome<int> {
                return code;
            }),
            clock, log);
        BOOST_REQUIRE(!proof.ok());
        BOOST_TEST(proof.error().retry == (code != EINVAL));
    }
}

BOOST_AUTO_TEST_CASE(what_this_hosts_kernel_could_not_do_blames_nobody) {
    const Lines busy = {kAccepted, kProven, "qid 1 auth_send failed with error -11",
                        "qid 1 failed to receive challenge, error -11",
                        "qid 1: authentication failed"};
    const auto judged = boot::judge(boot::read_evidence(busy), plan_of(boot::Auth::kMutual));
    BOOST_REQUIRE(!judged.ok());
    BOOST_TEST(judged.error().code == boot::ExitCode::kConnect);
    BOOST_TEST(judged.error().retry);
    BOOST_TEST(has(judged.error().error.text, "not the cause"));
    BOOST_TEST(!has(judged.error().error.text, "secret"));
    for (const std::string_view line :
         {"qid 2: authentication failed", "qid 1: invalid HASH ID 9",
          "qid 3 auth_send failed with status 2", "qid 1 invalid transaction ID 3"}) {
        Lines both = busy;
        both.push_back(line);
        BOOST_TEST(has(refusal(both, boot::Auth::kMutual), "on a queue"), line);
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
    support::FakeClock clock;
    support::FakeKmsg fake;
    boot::KernelLog log(fake.take_reader());
    BOOST_TEST(boot::judge_connect(plan_of(boot::Auth::kOff), {"nvme0", {}, 1}, log).ok());
    const auto proof =
        boot::prove_authentication(plan_of(boot::Auth::kOff), {"nvme0", {}, 1}, {}, clock, log);
    BOOST_TEST(proof.ok());
}

BOOST_AUTO_TEST_CASE(a_connect_without_proof_is_refused_before_anything_is_asked) {
    support::FakeKmsg fake;
    boot::KernelLog log(fake.take_reader());
    const auto plan = plan_of(boot::Auth::kMutual);
    BOOST_TEST(!boot::judge_connect(plan, {"nvme0", {}, 1}, log).ok());
    fake.kernel("nvme nvme0: " + std::string(kAccepted));
    fake.kernel("nvme nvme0: " + std::string(kProven));
    BOOST_REQUIRE(log.drain().ok());
    BOOST_TEST(boot::judge_connect(plan, {"nvme0", {}, 1}, log).ok());
    BOOST_TEST(!boot::judge_connect(plan, {"nvme1", {}, 1}, log).ok());
}

BOOST_AUTO_TEST_CASE(lost_lines_are_not_blamed_on_the_target) {
    support::FakeKmsg fake;
    boot::KernelLog log(fake.take_reader());
    fake.kernel("nvme nvme0: new ctrl");
    fake.lose(3);
    fake.kernel("nvme nvme0: creating 1 I/O queues.");
    BOOST_REQUIRE(log.drain().ok());
    const auto judged = boot::judge_connect(plan_of(boot::Auth::kMutual), {"nvme0", {}, 1}, log);
    BOOST_REQUIRE(!judged.ok());
    BOOST_TEST(judged.error().doubtful);
    BOOST_TEST(has(judged.error().error.text, "were lost"));
}

/// A kernel that answers each write of the secret with the next round of lines, and refuses
/// nonsense.
struct Kernel {
    explicit Kernel(std::vector<Lines> answers) : rounds(std::move(answers)) {
        say({kAccepted, kProven});
    }

    void say(const Lines& lines) {
        for (const std::string_view line : lines) {
            fake.kernel("nvme nvme0: " + std::string(line));
        }
    }
    boot::Outcome<int> write(std::string_view text) {
        if (text == "DHHC-1:?") {
            say(std::exchange(at_the_end, {}));
            return EINVAL;
        }
        BOOST_TEST(text == "DHHC-1:00:ctrl:");
        say(rounds[std::min(written, rounds.size() - 1)]);
        ++written;
        return 0;
    }
    boot::Outcome<boot::AuthEvidence> prove() {
        return boot::prove_authentication(
            plan_of(boot::Auth::kMutual), {"nvme0", {}, 1},
            kernel_that([&](std::string_view text, const base::Deadline&) { return write(text); }),
            clock, log);
    }

    support::FakeClock clock;
    support::FakeKmsg fake;
    boot::KernelLog log{fake.take_reader()};
    std::vector<Lines> rounds;
    Lines at_the_end;  ///< of the first round
    size_t written = 0;
};

const Lines kGood = {kAccepted, kProven, kNamed};
const Lines kBusy = {kAccepted,
                     kProven,
                     kNamed,
                     "qid 1 auth_send failed with error -11",
                     "qid 1 failed to receive challenge, error -11",
                     "qid 1: authentication failed"};

BOOST_AUTO_TEST_CASE(a_proof_that_the_kernel_was_too_busy_for_is_made_again) {
    Kernel kernel(
        {kBusy,
         {"qid 0 auth_send failed with error -12", "qid 0: authentication failed"},
         {kAccepted, kProven, kNamed, "qid 1: error -110 initializing DH group ffdhe4096"},
         {kAccepted, kProven, kNamed, "qid 1: failed to allocate hash hmac(sha256), error -12"},
         kGood});
    const auto proof = kernel.prove();
    BOOST_REQUIRE(proof.ok());
    BOOST_TEST(kernel.written == 5U);
    BOOST_TEST(boot::describe(*proof) == "both ways with sha256 and ffdhe2048");
}

BOOST_AUTO_TEST_CASE(a_line_that_comes_with_the_end_of_the_work_belongs_to_it) {
    Kernel kernel({{"qid 0 auth_send failed with error -12"}, kGood});
    kernel.at_the_end = {"qid 0: authentication failed"};
    const auto proof = kernel.prove();
    BOOST_REQUIRE(proof.ok());
    BOOST_TEST(kernel.written == 2U);
}

BOOST_AUTO_TEST_CASE(a_controller_that_is_lost_without_a_word_is_not_waited_for) {
    support::FakeClock clock;
    support::FakeKmsg fake;
    boot::KernelLog log(fake.take_reader());
    int looks = 0;
    bool tells = false;
    auto kernel = kernel_that(
        [](std::string_view, const base::Deadline&) -> boot::Outcome<int> { return 0; });
    kernel.is_live = [&] {
        if (tells) {
            fake.kernel("nvme nvme0: qid 0: authentication failed");
        }
        return ++looks < 2;
    };
    const auto prove = [&] {
        looks = 0;
        return boot::prove_authentication(plan_of(boot::Auth::kMutual), {"nvme0", {}, 1}, kernel,
                                          clock, log);
    };
    const auto lost = prove();
    BOOST_REQUIRE(!lost.ok());
    BOOST_TEST(lost.error().code == boot::ExitCode::kConnect);
    BOOST_TEST((lost.error().retry && !lost.error().doubtful));
    BOOST_TEST(has(lost.error().error.text, "was lost in the middle"));
    BOOST_TEST(looks == 2);
    tells = true;
    BOOST_TEST(prove().error().code == boot::ExitCode::kAuthentication);
}

BOOST_AUTO_TEST_CASE(a_kernel_that_stays_busy_blames_nobody_and_is_never_believed) {
    Kernel kernel({kBusy});
    const auto proof = kernel.prove();
    BOOST_REQUIRE(!proof.ok());
    BOOST_TEST(proof.error().code == boot::ExitCode::kConnect);
    BOOST_TEST(proof.error().retry);
    BOOST_TEST(kernel.written > 10U);
}

BOOST_AUTO_TEST_CASE(a_refusal_after_a_busy_round_is_a_refusal) {
    Kernel kernel({kBusy, {kAccepted, kProven, kNamed, "qid 1: authentication failed"}});
    const auto proof = kernel.prove();
    BOOST_REQUIRE(!proof.ok());
    BOOST_TEST(proof.error().code == boot::ExitCode::kAuthentication);
    BOOST_TEST(!proof.error().retry);
    Kernel silent({kBusy, {kAccepted, "qid 0: authenticated"}, kGood});
    const auto half = silent.prove();
    BOOST_TEST(!half.ok());
}

BOOST_AUTO_TEST_CASE(a_queue_that_the_kernel_omits_is_reported) {
    constexpr std::string_view kAdmin = "nvme_queue_auth_work: qid 0 send negotiate";
    for (const std::string_view odd :
         {kAdmin, std::string_view("nvme_queue_auth_work: qid 2 send negotiate"),
          std::string_view("nvme_queue_auth_work: qid x"),
          std::string_view("qid 1 send negotiate")}) {
        Kernel kernel({{kAccepted, kProven, kAdmin, odd}});
        kernel.say({kNamed});  // at the Connect: the proof asks again
        const auto proof = kernel.prove();
        BOOST_REQUIRE(proof.ok());
        const std::string told = boot::what_is_unproven(*proof);
        BOOST_TEST(has(told, "only on its admin queue"), odd);
        BOOST_TEST(has(told, "queue 1"), odd);
    }
}

BOOST_AUTO_TEST_CASE(a_kernel_that_names_no_queue_is_reported_and_the_target_is_not_blamed) {
    Kernel kernel({{kAccepted, kProven}});
    const auto proof = kernel.prove();
    BOOST_REQUIRE(proof.ok());
    const std::string told = boot::what_is_unproven(*proof);
    BOOST_TEST(has(told, "CONFIG_DYNAMIC_DEBUG"));
    BOOST_TEST(!has(told, "target"));
    Kernel good({kGood});
    BOOST_TEST(boot::what_is_unproven(good.prove().value()) == "");
}

BOOST_AUTO_TEST_CASE(the_kernel_is_asked_to_name_its_queues) {
    const support::TempDir dir;
    base::SysPaths sys;
    sys.proc = dir.at("proc");
    sys.sys = dir.at("sys");
    const auto plan = plan_of(boot::Auth::kMutual);
    const boot::Controller controller{"nvme0", {}, 1};
    const auto blind = boot::reauthentication(plan, controller, sys);
    BOOST_TEST(!blind.name_queues().ok());
    BOOST_TEST(blind.io_queues().error().retry);  // the controller went away
    dir.file("proc/dynamic_debug/control", "");
    dir.file("sys/class/nvme/nvme0/queue_count", "5\n");
    BOOST_TEST(blind.name_queues().ok());
    // Other flags would put a prefix in front of the controller's name.
    BOOST_TEST(dir.read("proc/dynamic_debug/control").ends_with(" =p"));
    BOOST_TEST(blind.io_queues().value() == 4U);
}

BOOST_AUTO_TEST_CASE(the_secret_is_written_again_and_an_unclear_end_is_a_refusal) {
    const support::TempDir dir;
    base::SysPaths sys;
    sys.sys = dir.path();
    dir.file("class/nvme/nvme0/dhchap_ctrl_secret", "");
    base::SystemClock clock;
    support::FakeKmsg fake;
    boot::KernelLog log(fake.take_reader());
    const auto say = [&] {
        fake.kernel("nvme nvme0: " + std::string(kAccepted));
        fake.kernel("nvme nvme0: " + std::string(kProven));
    };
    say();
    const auto plan = plan_of(boot::Auth::kMutual);
    const boot::Controller controller{"nvme0", {}, 1};
    const auto write = boot::reauthentication(plan, controller, sys).write;
    const auto proof = boot::prove_authentication(
        plan, controller, kernel_that([&](std::string_view text, const base::Deadline& deadline) {
            say();
            return write(text, deadline);
        }),
        clock, log);
    // A plain file takes the nonsense that the kernel refuses.
    BOOST_REQUIRE(!proof.ok());
    BOOST_TEST(has(proof.error().error.text, "did not report the end"));
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
    Hasty clock;
    support::FakeKmsg fake;
    boot::KernelLog log(fake.take_reader());
    fake.kernel("nvme nvme0: " + std::string(kAccepted));
    fake.kernel("nvme nvme0: " + std::string(kProven));
    BOOST_REQUIRE(log.drain().ok());
    const auto plan = plan_of(boot::Auth::kMutual);
    const boot::Controller controller{"nvme0", {}, 1};
    const auto proof = boot::prove_authentication(
        plan, controller, kernel_that(boot::reauthentication(plan, controller, {}).write), clock,
        log);
    BOOST_REQUIRE(!proof.ok());
    BOOST_TEST(has(proof.error().error.text, "stopped answering"));
    BOOST_TEST(proof.error().doubtful);
}

BOOST_AUTO_TEST_SUITE_END()
