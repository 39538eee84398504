// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/after/path_history.h"

#include <filesystem>

#include "boot/connect/proof_record.h"
#include "support/fake_kmsg.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

using boot::Standing;

boot::AuthPlan policy(boot::Auth mode = boot::Auth::kHost) {
    boot::AuthPlan plan;
    plan.mode = mode;
    plan.hashes = {nvme::HashId::kSha256};
    plan.groups = {nvme::DhGroup::kFfdhe2048};
    return plan;
}

constexpr const char* kLost = "nvme nvme0: starting error recovery";
constexpr const char* kProof =
    "nvme nvme0: qid 0: authenticated with hash hmac(sha256) dhgroup ffdhe2048";
constexpr const char* kQueues = "nvme nvme0: creating 1 I/O queues.";
constexpr const char* kMapped = "nvme nvme0: mapped 1/0/0 default/read/poll queues.";
constexpr const char* kQueue = "nvme nvme0: nvme_queue_auth_work: qid 1 send negotiate";
constexpr const char* kBack = "nvme nvme0: Successfully reconnected (attempt 1/-1)";

/// @param lines  sequences 101 and on; the proof was at 100
Standing since(std::initializer_list<const char*> lines) {
    std::vector<boot::KernelLine> all;
    for (const char* line : lines) {
        all.push_back({101 + all.size(), 0, line});
    }
    return boot::standing_since(100, "nvme0", all, policy());
}

/// A machine whose controller nvme0 was proven when the record 100 of the log was read.
struct Fixture {
    Fixture() {
        sys.sys = dir.at("sys");
        sys.run = dir.at("run");
        dir.file("sys/class/nvme/nvme0/state", "live\n");
        boot::KernelLog boots(fake.take_reader());
        fake.kernel("nvme nvme0: qid 1: authenticated");
        BOOST_REQUIRE(boots.drain().ok());
        BOOST_REQUIRE(boot::note_proof("nvme0", boots, sys).ok());
    }
    /// By a log that is read from there.
    Standing standing(std::optional<uint64_t> behind, boot::Auth mode = boot::Auth::kHost) {
        boot::KernelLog log(later.take_reader(), behind);
        BOOST_REQUIRE(log.drain().ok());
        return boot::standing_of("nvme0", log, policy(mode), sys);
    }
    support::TempDir dir;
    base::SysPaths sys;
    support::FakeKmsg fake;
    support::FakeKmsg later;  // its first record is 100, too
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(path_history, Fixture)

BOOST_AUTO_TEST_CASE(a_path_without_a_line_since_its_proof_is_proven) {
    BOOST_TEST(since({}) == Standing::kProven);
    BOOST_TEST(since({"nvme nvme1: starting error recovery", "nvme nvme01: x", "nvme0n1: p1"}) ==
               Standing::kProven);
}

BOOST_AUTO_TEST_CASE(reconnects_are_held_against_the_policy) {
    BOOST_TEST(since({kLost, kProof, kQueues, kMapped, kQueue, kBack}) == Standing::kProven);
    BOOST_TEST(since({kLost, kProof, kQueues, kQueue, kBack, kLost, kProof, kQueues, kQueue,
                      kBack}) == Standing::kProven);
    BOOST_TEST(since({kLost, kQueues, kBack}) == Standing::kDoubtful);
    BOOST_TEST(since({kLost, kProof, kQueues, kBack}) == Standing::kDoubtful);  // queue 1
    BOOST_TEST(since({kProof, kQueues, kQueue, kBack}) == Standing::kDoubtful);
}

BOOST_AUTO_TEST_CASE(a_path_that_is_lost_now_is_distinguished_from_a_proven_one) {
    BOOST_TEST(since({kLost}) == Standing::kLost);
    BOOST_TEST(since({kLost, kProof, kQueues, kQueue, kBack, kLost, kProof}) == Standing::kLost);
}

BOOST_AUTO_TEST_CASE(any_other_line_of_the_controller_leaves_a_doubt) {
    for (const char* line :
         {"nvme nvme0: re-authenticating controller", "nvme nvme0: qid 1: authentication failed",
          "nvme nvme0: resetting controller", kQueues, "nvme nvme0: rescanning namespaces.",
          "nvme nvme0: identifiers changed for nsid 1", "nvme nvme0: Removing ctrl: NQN \"x\"",
          "nvme nvme0: new ctrl: NQN \"x\"", "nvme nvme0: words of a kernel to come"}) {
        BOOST_TEST(since({line}) == Standing::kDoubtful, line);
        BOOST_TEST(since({kLost, kProof, kQueues, kQueue, kBack, line}) == Standing::kDoubtful,
                   line);
    }
}

BOOST_AUTO_TEST_CASE(lines_before_the_proof_belong_to_it) {
    later.kernel(kQueues);  // 100
    BOOST_TEST(standing(99) == Standing::kProven);
}

BOOST_AUTO_TEST_CASE(the_log_is_read_from_the_proof_on) {
    later.kernel("nvme nvme0: creating 1 I/O queues.");  // 100, and skipped
    later.user("nvme nvme0: starting error recovery");
    BOOST_TEST(standing(100) == Standing::kProven);
}

BOOST_AUTO_TEST_CASE(a_line_behind_the_proof_counts) {
    later.kernel("nvme nvme1: x");
    later.kernel(kLost);
    later.kernel(kBack);
    BOOST_TEST(standing(100) == Standing::kDoubtful);
}

BOOST_AUTO_TEST_CASE(a_log_that_lost_lines_tells_nothing) {
    later.lose(2);  // 100 and 101
    later.kernel("eth0: link is up");
    BOOST_TEST(standing(100) == Standing::kDoubtful);
}

BOOST_AUTO_TEST_CASE(one_that_lost_only_what_was_before_the_proof_tells_all) {
    later.lose(1);
    later.kernel("eth0: link is up");
    BOOST_TEST(standing(100) == Standing::kProven);
}

BOOST_AUTO_TEST_CASE(one_that_begins_later_or_at_its_end_tells_nothing) {
    BOOST_TEST(standing(101) == Standing::kDoubtful);
    later = support::FakeKmsg();
    BOOST_TEST(standing(std::nullopt) == Standing::kDoubtful);
    later = support::FakeKmsg();
    BOOST_TEST(standing(std::nullopt, boot::Auth::kOff) == Standing::kProven);
}

BOOST_AUTO_TEST_CASE(a_controller_that_took_over_the_name_was_never_proven) {
    BOOST_TEST(boot::proven_at("nvme0", sys).value() == 100U);
    BOOST_TEST(!boot::proven_at("nvme1", sys).has_value());
    const std::string folder = dir.at("sys/class/nvme/");
    std::filesystem::rename(folder + "nvme0", folder + "nvme9");  // keeps its number
    BOOST_TEST(!boot::proven_at("nvme0", sys).has_value());
    dir.file("sys/class/nvme/nvme0/state", "live\n");
    BOOST_TEST(!boot::proven_at("nvme0", sys).has_value());
    BOOST_TEST(standing(100) == Standing::kDoubtful);
}

BOOST_AUTO_TEST_CASE(a_note_that_is_none_proves_nothing) {
    const std::string good = dir.read("run/nvmeroot/proofs/nvme0");
    for (const std::string& bad : {std::string(), std::string("100"), "x" + good, good + "1",
                                   "-" + good, "99999999999999999999999" + good}) {
        dir.file("run/nvmeroot/proofs/nvme0", bad);
        BOOST_TEST(!boot::proven_at("nvme0", sys).has_value(), bad);
    }
    dir.file("run/nvmeroot/proofs/nvme0", good);
    BOOST_TEST(boot::proven_at("nvme0", sys).has_value());
}

BOOST_AUTO_TEST_CASE(the_history_of_several_begins_with_the_oldest_proof) {
    sys.dev = dir.at("dev");
    dir.file("dev/kmsg", "");
    dir.file("sys/class/nvme/nvme1/state", "live\n");
    boot::KernelLog log(later.take_reader(), 250);
    BOOST_REQUIRE(boot::note_proof("nvme1", log, sys).ok());
    const auto history = boot::open_history({"nvme1", "nvme0", "nvme7"}, sys);
    BOOST_REQUIRE(history.ok());
    BOOST_TEST(history->tells_all_behind(100));
    BOOST_TEST(!history->tells_all_behind(99));
    BOOST_TEST(!boot::open_history({"nvme7"}, sys)->tells_all_behind(UINT64_MAX));
}

BOOST_AUTO_TEST_SUITE_END()
