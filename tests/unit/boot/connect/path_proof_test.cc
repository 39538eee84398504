// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/connect/path_proof.h"

#include "support/fake_clock.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

struct Fixture {
    support::TempDir dir;
    base::SysPaths sys;
    support::FakeClock clock;

    Fixture() {
        sys.sys = dir.at("sys");
        sys.dev = dir.at("dev");
        dir.file("dev/kmsg", "");
    }
    boot::Outcome<base::Nothing> prove(boot::Auth mode) {
        boot::AuthPlan policy;
        policy.mode = mode;
        return boot::prove_path(policy, "nvme1", sys, clock);
    }
    void controller(const char* state, const char* secret) const {
        dir.file("sys/class/nvme/nvme1/state", state);
        dir.file("sys/class/nvme/nvme1/dhchap_secret", secret);
        dir.file("sys/class/nvme/nvme1/dhchap_ctrl_secret", "none\n");
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(path_proof, Fixture)

BOOST_AUTO_TEST_CASE(a_path_that_was_connected_without_a_secret_is_refused) {
    controller("live\n", "none\n");
    const auto proof = prove(boot::Auth::kHost);
    BOOST_REQUIRE(!proof.ok());
    BOOST_TEST(proof.error().code == boot::ExitCode::kAuthentication);
    BOOST_TEST(!proof.error().retry);
    BOOST_TEST(proof.error().error.text.find("without a secret") != std::string::npos);
    BOOST_TEST(prove(boot::Auth::kOff).ok());
}

BOOST_AUTO_TEST_CASE(a_path_without_the_secret_of_the_controller_is_not_mutual) {
    controller("live\n", "DHHC-1:00:host:\n");
    const auto proof = prove(boot::Auth::kMutual);
    BOOST_REQUIRE(!proof.ok());
    BOOST_TEST(proof.error().code == boot::ExitCode::kAuthentication);
    BOOST_TEST(!proof.error().retry);
}

BOOST_AUTO_TEST_CASE(a_path_that_is_being_removed_is_not_a_verdict) {
    const auto gone = prove(boot::Auth::kHost);
    BOOST_REQUIRE(!gone.ok());
    BOOST_TEST(gone.error().retry);
    controller("connecting\n", "");
    BOOST_TEST(prove(boot::Auth::kMutual).error().retry);
}

BOOST_AUTO_TEST_SUITE_END()
