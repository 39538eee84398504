// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/after/fabrics_conf.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "support/temp_dir.h"
#include "support/test.h"

namespace {

struct RealRoot {
    support::TempDir dir;
    base::SysPaths sys;
    boot::BootPlan plan;

    RealRoot() {
        sys.etc = dir.folder("etc");
        sys.run = dir.folder("run");
        plan.target.subsysnqn = "nqn.2024-08.com.example:disk";
        plan.target.portals = {{"192.0.2.1", 4420, "x", false, "192.0.2.9", "eth1"},
                               {"2001:db8::1", 4421, "x"}};
        plan.host.nqn = "nqn.2024-08.com.example:host";
        plan.host.id = nvme::parse_uuid("11111111-2222-3333-4444-555555555555").value();
    }
    [[nodiscard]] std::string file() const {
        const auto text = base::read_text(sys.run + "/nvmeroot/nvme-fabrics.conf");
        return text ? *text : std::string();
    }
    [[nodiscard]] bool has_link() const {
        struct stat st {};
        return ::lstat((sys.etc + "/nvme/nvme-fabrics.conf.d/nvmeroot.conf").c_str(), &st) == 0;
    }
    void use_identity() const {
        dir.file("etc/nvme/hostnqn", plan.host.nqn + "\n");
        dir.file("etc/nvme/hostid", nvme::to_text(plan.host.id) + "\n");
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fabrics_conf, RealRoot)

BOOST_AUTO_TEST_CASE(the_paths_are_said_in_nvme_clis_words) {
    use_identity();
    BOOST_REQUIRE(boot::offer_to_nvme_cli(plan, sys).ok());
    BOOST_TEST(file() ==
               "# The root's paths, written by nvmeroot complete at each boot.\n"
               "[Subsystem]\nnqn = nqn.2024-08.com.example:disk\nctrl-loss-tmo = -1\n"
               "reconnect-delay = 2\nkeep-alive-tmo = 5\nqueue-size = 128\nhdr-digest = false\n"
               "data-digest = true\n"
               "controller = transport=tcp;traddr=192.0.2.1;trsvcid=4420;host-traddr=192.0.2.9;"
               "host-iface=eth1\n"
               "controller = transport=tcp;traddr=2001:db8::1;trsvcid=4421\n");
    BOOST_TEST(!has_link());
    (void)dir.folder("etc/nvme/nvme-fabrics.conf.d");
    BOOST_REQUIRE(boot::offer_to_nvme_cli(plan, sys).ok());
    BOOST_REQUIRE(boot::offer_to_nvme_cli(plan, sys).ok());
    BOOST_TEST(has_link());
}

BOOST_AUTO_TEST_CASE(another_identity_is_stated_and_half_of_one_is_not) {
    BOOST_REQUIRE(boot::offer_to_nvme_cli(plan, sys).ok());
    BOOST_TEST(file().find("[Host]\nhostnqn = nqn.2024-08.com.example:host\nhostid = "
                           "11111111-2222-3333-4444-555555555555\n[Subsystem]") !=
               std::string::npos);
    dir.file("etc/nvme/hostnqn", plan.host.nqn + "\n");
    BOOST_REQUIRE(boot::offer_to_nvme_cli(plan, sys).ok());
    BOOST_TEST(file().empty());
}

BOOST_AUTO_TEST_CASE(of_an_authenticated_root_nvme_cli_reads_nothing) {
    (void)dir.folder("etc/nvme/nvme-fabrics.conf.d");
    plan.auth.mode = boot::Auth::kHost;
    BOOST_REQUIRE(boot::offer_to_nvme_cli(plan, sys).ok());
    BOOST_TEST(has_link());
    const std::string text = file();
    for (const auto line : base::split(text, '\n')) {
        BOOST_TEST((line.empty() || line[0] == '#'), line);
    }
    BOOST_TEST(file().find("\n#[Subsystem]\n#nqn = nqn.2024-08.com.example:disk\n"
                           "#kxchap-secret = SECRET-OF-THE-HOST\n#ctrl-loss-tmo = -1\n") !=
               std::string::npos);
    plan.auth.mode = boot::Auth::kMutual;
    BOOST_REQUIRE(boot::offer_to_nvme_cli(plan, sys).ok());
    BOOST_TEST(file().find("\n#kxchap-ctrl-secret = SECRET-OF-THE-TARGET\n") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
