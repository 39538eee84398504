// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/after/shutdown_command.h"

#include <string>

#include "base/fd.h"
#include "boot/connect/root_controllers.h"
#include "boot/kernel/admin_timeout.h"
#include "support/fake_clock.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

/// A machine with two controllers.
struct Fixture {
    Fixture() {
        sys.sys = dir.path() + "/sys";
        sys.run = dir.path() + "/run";
        for (const std::string name : {"nvme0", "nvme1"}) {
            set(name, "reconnect_delay", "2");
            set(name, "ctrl_loss_tmo", "600");
            set(name, "fast_io_fail_tmo", "off");
            set(name, "delete_controller", "-");
            set(name, "state", "live");
        }
        dir.file("sys/module/nvme_core/parameters/admin_timeout", "60");
    }
    void set(const std::string& controller, const std::string& name,
             const std::string& text) const {
        dir.file("sys/class/nvme/" + controller + "/" + name, text);
    }
    [[nodiscard]] std::string get(const std::string& controller, const std::string& name) const {
        return base::read_text(sys.sys + "/class/nvme/" + controller + "/" + name).value();
    }
    [[nodiscard]] std::string admin_timeout() const {
        return base::read_text(sys.sys + "/module/nvme_core/parameters/admin_timeout").value();
    }
    boot::ExitCode end() {
        boot::StandIn none(sys, dir.path() + "/no-systemd");
        return boot::shutdown_command(sys, clock, none);
    }
    void own() const {
        BOOST_REQUIRE(boot::register_owner("nvme0", sys).ok());
        BOOST_REQUIRE(boot::register_owner("nvme1", sys).ok());
    }

    support::TempDir dir;
    base::SysPaths sys;
    support::FakeClock clock;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(shutdown_command, Fixture)

BOOST_AUTO_TEST_CASE(what_is_not_ours_is_left_alone) {
    BOOST_TEST(end() == boot::ExitCode::kNotAsked);
    BOOST_TEST(get("nvme0", "ctrl_loss_tmo") == "600");
    BOOST_TEST(admin_timeout() == "60");
    BOOST_TEST(!boot::StandIn(sys, "").is_announced());
}

BOOST_AUTO_TEST_CASE(a_live_target_gets_short_times_and_keeps_its_controller) {
    own();
    set("nvme1", "state", "connecting");
    BOOST_TEST(end() == boot::ExitCode::kDone);
    BOOST_TEST(get("nvme0", "ctrl_loss_tmo").starts_with("10"));
    BOOST_TEST(get("nvme0", "fast_io_fail_tmo").starts_with("5"));
    BOOST_TEST(admin_timeout().starts_with("5"));
    BOOST_TEST(get("nvme0", "delete_controller") == "-");
    BOOST_TEST(get("nvme1", "delete_controller") == "-");
    BOOST_TEST(boot::StandIn(sys, "").is_announced());
}

BOOST_AUTO_TEST_CASE(controllers_that_do_not_come_back_are_deleted) {
    own();
    set("nvme0", "state", "connecting");
    set("nvme1", "state", "resetting");
    const auto began = clock.now();
    BOOST_TEST(end() == boot::ExitCode::kDone);
    BOOST_TEST(clock.now() - began >= base::seconds(8));
    BOOST_TEST(get("nvme0", "delete_controller") == "1");
    BOOST_TEST(get("nvme1", "delete_controller") == "1");
}

BOOST_AUTO_TEST_CASE(the_admin_timeout_is_shortened_for_a_while_and_never_lengthened) {
    {
        const boot::ShortAdminTimeout shorter(sys, base::seconds(20));
        BOOST_TEST(admin_timeout() == "20");
        const boot::ShortAdminTimeout longer(sys, base::seconds(30));
        BOOST_TEST(admin_timeout() == "20");
    }
    BOOST_TEST(admin_timeout() == "60");
    sys.sys = dir.path() + "/nowhere";
    BOOST_TEST(!boot::shorten_admin_timeout(sys, base::seconds(20)));
}

BOOST_AUTO_TEST_SUITE_END()
