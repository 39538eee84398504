// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/connect/root_controllers.h"

#include "base/fd.h"
#include "boot/after/complete_command.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

/// A machine with one controller, nvme0, whose times the kernel shows.
struct Fixture {
    Fixture() {
        sys.sys = dir.path() + "/sys";
        sys.run = dir.path() + "/run";
        set("reconnect_delay", "2");
        set("ctrl_loss_tmo", "600");
        set("fast_io_fail_tmo", "off");
        set("address", "traddr=2001:db8::10,trsvcid=4420,src_addr=2001:db8::5");
        set("dhchap_secret", "DHHC-1:00:AAAA:\n");
        set("dhchap_ctrl_secret", "none\n");
    }
    void set(const std::string& name, const std::string& text) const {
        BOOST_REQUIRE(base::write_text_atomically(folder() + name, text, 0644).ok());
    }
    [[nodiscard]] std::string get(const std::string& name) const {
        return base::read_text(folder() + name).value();
    }
    [[nodiscard]] std::string folder() const { return sys.sys + "/class/nvme/nvme0/"; }

    support::TempDir dir;
    base::SysPaths sys;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(root_controllers, Fixture)

BOOST_AUTO_TEST_CASE(a_path_is_known_however_its_address_is_written) {
    const std::vector<std::string> names = {"nvme0"};
    BOOST_TEST(boot::is_connected({"2001:DB8:0::10", 4420, "", false}, names, sys));
    BOOST_TEST(!boot::is_connected({"2001:db8::10", 4421, "", false}, names, sys));
    BOOST_TEST(!boot::is_connected({"2001:db8::1", 4420, "", false}, names, sys));
    BOOST_TEST(!boot::is_connected({"2001:db8::10", 4420, "", false}, {}, sys));
    set("address", "traddr=fe80::1%eth0,trsvcid=4420");
    BOOST_TEST(boot::is_connected({"fe80::1%eth0", 4420, "", false}, names, sys));
    BOOST_TEST(!boot::is_connected({"fe80::1%eth1", 4420, "", false}, names, sys));
}

BOOST_AUTO_TEST_CASE(the_same_portal_by_another_way_is_another_path) {
    const std::vector<std::string> names = {"nvme0"};
    set("address", "traddr=192.0.2.1,trsvcid=4420,host_traddr=192.0.2.9,host_iface=eth1");
    BOOST_TEST(boot::is_connected({"192.0.2.1", 4420, "", false, "192.0.2.9", "eth1"}, names, sys));
    BOOST_TEST(
        !boot::is_connected({"192.0.2.1", 4420, "", false, "192.0.2.9", "eth2"}, names, sys));
    BOOST_TEST(!boot::is_connected({"192.0.2.1", 4420, "", false, "", "eth1"}, names, sys));
    BOOST_TEST(!boot::is_connected({"192.0.2.1", 4420, ""}, names, sys));
}

BOOST_AUTO_TEST_CASE(the_policy_is_that_of_the_roots_subsystem_alone) {
    const std::string root = "sys/class/nvme-subsystem/nvme-subsys1/";
    const std::string other = "sys/class/nvme-subsystem/nvme-subsys0/";
    dir.file(root + "subsysnqn", "nqn.2024-08.com.example:disk\n");
    dir.file(other + "subsysnqn", "nqn.2024-08.com.example:other\n");
    dir.file(root + "iopolicy", "numa\n");
    dir.file(other + "iopolicy", "numa\n");
    BOOST_REQUIRE(boot::set_io_policy("nqn.2024-08.com.example:disk", "", sys).ok());
    BOOST_TEST(dir.read(root + "iopolicy").starts_with("numa"));
    BOOST_REQUIRE(boot::set_io_policy("nqn.2024-08.com.example:disk", "round-robin", sys).ok());
    BOOST_TEST(dir.read(root + "iopolicy").starts_with("round-robin"));
    BOOST_TEST(dir.read(other + "iopolicy").starts_with("numa"));
}

BOOST_AUTO_TEST_CASE(times_are_set_and_a_controller_that_went_is_an_error) {
    boot::ConnectOptions options;
    options.reconnect_delay = base::seconds(7);
    BOOST_REQUIRE(boot::set_times("nvme0", options, sys).ok());
    BOOST_TEST(get("reconnect_delay").starts_with("7"));
    BOOST_TEST(get("ctrl_loss_tmo").starts_with("-1"));
    BOOST_TEST(!boot::set_times("nvme1", options, sys).ok());
}

BOOST_AUTO_TEST_CASE(secrets_are_the_kernels_and_one_that_is_missing_is_an_error) {
    boot::AuthPlan auth;
    auth.mode = boot::Auth::kHost;
    BOOST_REQUIRE(boot::take_secrets("nvme0", auth, sys).ok());
    BOOST_TEST(auth.host_secret.reveal() == "DHHC-1:00:AAAA:");
    auth.mode = boot::Auth::kMutual;
    BOOST_TEST(!boot::take_secrets("nvme0", auth, sys).ok());
    boot::AuthPlan open;
    BOOST_TEST(boot::take_secrets("nvme1", open, sys).ok());
}

BOOST_AUTO_TEST_CASE(the_secrets_of_any_path_will_do) {
    dir.file("sys/class/nvme/nvme1/dhchap_secret", "DHHC-1:00:BBBB:\n");
    dir.file("sys/class/nvme/nvme1/dhchap_ctrl_secret", "DHHC-1:00:CCCC:\n");
    boot::AuthPlan auth;
    auth.mode = boot::Auth::kMutual;  // nvme0 keeps none of the controller, nvme7 is going
    BOOST_REQUIRE(boot::take_any_secrets({"nvme7", "nvme0", "nvme1"}, auth, sys).ok());
    BOOST_TEST(auth.host_secret.reveal() == "DHHC-1:00:BBBB:");
    BOOST_TEST(auth.ctrl_secret.reveal() == "DHHC-1:00:CCCC:");
    BOOST_TEST(!boot::take_any_secrets({"nvme7", "nvme0"}, auth, sys).ok());
    BOOST_TEST(!boot::take_any_secrets({}, auth, sys).ok());
}

BOOST_AUTO_TEST_CASE(owned_is_what_is_registered_and_there) {
    BOOST_REQUIRE(boot::register_owner("nvme0", sys).ok());
    BOOST_REQUIRE(boot::register_owner("nvme9", sys).ok());  // gone meanwhile
    BOOST_TEST(boot::owned_controllers(sys) == std::vector<std::string>{"nvme0"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_real_root_with_another_identity_is_named) {
    sys.etc = dir.path() + "/etc";
    const boot::HostIdentity host = {
        "nqn.2026-01.org.example:host",
        nvme::parse_uuid("8f3d1c52-4c8e-4e57-9e6d-6b1f3a0c1d11").value()};
    BOOST_TEST(boot::identity_mismatches(host, sys).empty());
    dir.file("etc/nvme/hostnqn", "nqn.2026-01.org.example:host\n");
    dir.file("etc/nvme/hostid", "8F3D1C52-4C8E-4E57-9E6D-6B1F3A0C1D11\n");
    BOOST_TEST(boot::identity_mismatches(host, sys).empty());
    dir.file("etc/nvme/hostnqn", "nqn.2026-01.org.example:other\n");
    const auto texts = boot::identity_mismatches(host, sys);
    BOOST_REQUIRE(texts.size() == 1U);
    BOOST_TEST(texts[0].find("other\", the boot used nqn.2026-01.org.example:host") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_a_record_there_is_nothing_to_complete) {
    BOOST_TEST(boot::complete_command(sys) == boot::ExitCode::kNotAsked);
    BOOST_REQUIRE(base::write_text_atomically(sys.run + "/nvmeroot/paths.json", "{}", 0644).ok());
    BOOST_TEST(boot::complete_command(sys) == boot::ExitCode::kInternal);
}

BOOST_AUTO_TEST_SUITE_END()
