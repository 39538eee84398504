// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/after/path_guard.h"

#include <fcntl.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "base/fd.h"
#include "boot/connect/proof_record.h"
#include "support/fake_clock.h"
#include "support/fake_kmsg.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

constexpr const char* kNqn = "nqn.2024-08.com.example:disk";
constexpr const char* kLost = "nvme nvme0: starting error recovery";
constexpr const char* kProof =
    "nvme nvme0: qid 0: authenticated with hash hmac(sha256) dhgroup ffdhe2048";
constexpr const char* kBack = "nvme nvme0: Successfully reconnected (attempt 1/-1)";

boot::BootPlan plan() {
    boot::BootPlan plan;
    plan.target.subsysnqn = kNqn;
    plan.auth.mode = boot::Auth::kHost;
    plan.auth.hashes = {nvme::HashId::kSha256};
    plan.auth.groups = {nvme::DhGroup::kFfdhe2048};
    plan.on_downgrade = boot::OnDowngrade::kCut;
    return plan;
}

/// The root's controllers have no secret in the kernel: each proof that is asked for fails, and is
/// seen by that. The boot has proven nvme0 when it read the record 100 of the log.
struct Fixture {
    Fixture() {
        sys.sys = dir.at("sys");
        sys.run = dir.at("run");
        sys.dev = dir.at("dev");
        sys.proc = dir.at("proc");
        dir.file("dev/kmsg", "");
        const std::string said = dir.file("said", "");
        log.silence_stderr();
        log.also_to_kmsg(base::open_file(said, O_WRONLY | O_APPEND).value());
        controller("nvme0", kNqn);
        prove("nvme0", 100);
        kmsg.lose(1);  // the next one is 101
        guard.emplace(plan(), sys, clock, log);
    }
    void controller(const std::string& name, const std::string& nqn) const {
        const std::string folder = "sys/class/nvme/" + name + "/";
        dir.file(folder + "state", "live\n");
        dir.file(folder + "subsysnqn", nqn + "\n");
        dir.file(folder + "dhchap_secret", "none\n");
        dir.file(folder + "delete_controller", "");
        dir.file("run/nvme/registry/" + name + "/owner", "nvmeroot\n");
    }
    void prove(const std::string& name, uint64_t sequence) const {
        const boot::KernelLog read_so_far(base::UniqueFd(), sequence);
        BOOST_REQUIRE(boot::note_proof(name, read_so_far, sys).ok());
    }
    /// @return what was said meanwhile
    std::string begin(std::optional<uint64_t> behind = 100) {
        history.emplace(kmsg.take_reader(), behind);
        guard->begin(*history);
        return settle();
    }
    std::string go_on() {
        BOOST_REQUIRE(history->drain().ok());
        if (history->take_lost()) {
            guard->doubt_all();
        }
        guard->take(history->take_lines());
        return settle();
    }
    std::string settle() {
        (void)guard->settle_doubts();
        const std::string all = dir.read("said");
        return all.substr(std::exchange(heard, all.size()));
    }
    void reconnect(bool authenticated) {
        kmsg.kernel(kLost);
        if (authenticated) {
            kmsg.kernel(kProof);
        }
        kmsg.kernel(kBack);
    }

    support::TempDir dir;
    base::SysPaths sys;
    support::FakeClock clock;
    base::Log log{"nvmeroot", base::Level::kError};
    support::FakeKmsg kmsg;
    std::optional<boot::KernelLog> history;
    std::optional<boot::PathGuard> guard;
    size_t heard = 0;
};

bool asked(const std::string& said) {
    return said.find("asked to authenticate again") != std::string::npos;
}

bool downgraded(const std::string& said) {
    return said.find("after a reconnect the target came up without asking") != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(path_guard, Fixture)

BOOST_AUTO_TEST_CASE(nothing_is_asked_of_a_path_that_the_boot_has_proven) {
    kmsg.kernel("eth0: link is up");
    BOOST_TEST(begin() == "");
    kmsg.kernel("eth0: link is up");
    BOOST_TEST(go_on() == "");
}

BOOST_AUTO_TEST_CASE(a_path_without_a_proof_is_asked_for_one) {
    controller("nvme1", kNqn);
    const std::string said = begin();
    BOOST_TEST(asked(said));
    BOOST_TEST(said.find("nvme1: ") != std::string::npos);
    BOOST_TEST(said.find("nvme0: ") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(lost_lines_have_each_path_asked) {
    kmsg.lose(3);
    reconnect(false);
    const std::string said = begin();
    BOOST_TEST(asked(said));
    BOOST_TEST(!downgraded(said));
    kmsg.kernel("eth0: link is up");
    BOOST_TEST(go_on() == "");
    kmsg.lose(1);
    kmsg.kernel("eth0: link is up");
    BOOST_TEST(asked(go_on()));
}

BOOST_AUTO_TEST_CASE(a_log_that_is_not_read_from_the_proof_on_has_it_asked) {
    BOOST_TEST(asked(begin(std::nullopt)));
}

BOOST_AUTO_TEST_CASE(a_downgrade_before_the_beginning_is_acted_on_once) {
    reconnect(false);
    const std::string said = begin();
    BOOST_TEST(downgraded(said));
    BOOST_TEST(!asked(said));
    BOOST_TEST(dir.read("sys/class/nvme/nvme0/delete_controller") == "1");
    BOOST_TEST(go_on() == "");
}

BOOST_AUTO_TEST_CASE(a_reconnect_before_the_beginning_with_all_proofs_asks_for_nothing) {
    reconnect(true);
    BOOST_TEST(begin() == "");
}

BOOST_AUTO_TEST_CASE(a_path_that_is_lost_at_the_beginning_is_judged_at_its_return) {
    kmsg.kernel(kLost);
    BOOST_TEST(begin() == "");
    kmsg.kernel(kProof);
    kmsg.kernel(kBack);
    BOOST_TEST(go_on() == "");
    kmsg.kernel(kLost);
    kmsg.kernel(kBack);
    BOOST_TEST(downgraded(go_on()));
}

BOOST_AUTO_TEST_CASE(a_reset_has_it_asked) {
    BOOST_TEST(begin() == "");
    kmsg.kernel("nvme nvme0: creating 2 I/O queues.");
    BOOST_TEST(asked(go_on()));
}

BOOST_AUTO_TEST_CASE(the_lines_of_a_new_path_are_its_proof) {
    BOOST_TEST(begin() == "");
    kmsg.kernel("nvme nvme1: creating 2 I/O queues.");  // 101
    controller("nvme1", kNqn);
    prove("nvme1", 102);
    BOOST_TEST(go_on() == "");
}

BOOST_AUTO_TEST_CASE(another_subsystem_that_took_over_the_name_is_left_alone) {
    BOOST_TEST(begin() == "");
    BOOST_TEST(go_on() == "");
    controller("nvme0", "nqn.2024-08.com.example:other");
    reconnect(false);
    BOOST_TEST(go_on() == "");
    BOOST_TEST(guard->paths().empty());
}

BOOST_AUTO_TEST_CASE(a_path_that_the_kernel_gave_up_is_named_when_it_is_gone) {
    BOOST_TEST(begin() == "");
    std::filesystem::remove_all(dir.at("sys/class/nvme/nvme0"));
    kmsg.kernel(kLost);
    kmsg.kernel("nvme nvme0: qid 0: authentication failed");
    kmsg.kernel("nvme nvme0: Removing controller (-129)...");
    BOOST_TEST(go_on().find("gave this path to the root up for good") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(another_run_begins_where_this_one_ends) {
    BOOST_TEST(begin() == "");
    kmsg.kernel("eth0: link is up");  // 101
    reconnect(true);
    BOOST_TEST(go_on() == "");
    guard->note(*history);
    BOOST_TEST(boot::proven_at("nvme0", sys).value() == 104U);
    kmsg.kernel(kLost);
    BOOST_TEST(go_on() == "");
    guard->note(*history);
    BOOST_TEST(boot::proven_at("nvme0", sys).value() == 104U);
}

BOOST_AUTO_TEST_CASE(a_path_in_doubt_or_acted_on_is_not_noted_as_good) {
    kmsg.kernel(kBack);  // 101
    BOOST_TEST(asked(begin()));
    guard->note(*history);
    BOOST_TEST(boot::proven_at("nvme0", sys).value() == 100U);
    controller("nvme1", kNqn);
    guard->note(*history);
    BOOST_TEST(!boot::proven_at("nvme1", sys).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
