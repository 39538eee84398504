// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/sources/credentials.h"

#include <filesystem>

#include "base/text.h"
#include "support/test.h"
#include "unit/boot/sources/plan_machine.h"
#include "unit/boot/sources/sample_secrets.h"
#include "unit/boot/sources/smbios_table.h"

namespace {

constexpr const char* kUri = "nvme+tcp://192.0.2.10/nqn.2024-08.com.example:disk/1";

struct Machine : PlanMachine {
    Machine() { credentials = dir.at("unit"); }
    void fw_cfg(const std::string& name, std::string_view value) const {
        dir.file("sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials/" + name + "/raw",
                 value, 0400);
    }
    void system(const std::string& name, std::string_view value, unsigned mode = 0400) const {
        dir.file("run/credentials/@system/" + name, value, mode);
    }
    void smbios(const std::vector<std::string>& strings) const {
        dir.file("sys/firmware/dmi/tables/DMI", smbios_structure(11, 1, strings), 0400);
    }
};

std::string first_error(const boot::LoadedPlan& loaded) {
    return loaded.errors.empty() ? "" : loaded.errors.front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(credentials)

BOOST_AUTO_TEST_CASE(any_key_comes_from_any_place) {
    const Machine machine;
    machine.system("nvmeroot.uri", std::string(kUri) + "\n");
    machine.fw_cfg("nvmeroot.timeout", "7s");
    machine.smbios({"io.systemd.credential:nvmeroot.dhchap_secret=" + std::string(kHostSecret),
                    "io.systemd.credential.binary:nvmeroot.dhchap_ctrl_secret=" +
                        base::to_base64(base::bytes_of(std::string_view(kCtrlSecret))),
                    "io.systemd.credential:other=1", "something else"});
    machine.dir.file("unit/nvmeroot.nsid", "1", 0400);
    const auto loaded = machine.load();
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), first_error(loaded));
    BOOST_TEST(loaded.warnings.empty());
    BOOST_TEST(loaded.asked_why.starts_with("requested by credential \"nvmeroot.uri\" ("));
    BOOST_TEST(loaded.plan.timeouts.total.count() == 7000);
    BOOST_TEST(loaded.plan.auth.host_secret.reveal() == kHostSecret);
    BOOST_TEST(loaded.plan.auth.ctrl_secret.reveal() == kCtrlSecret);
    BOOST_TEST(loaded.plan.demanded.nsid == 1U);
}

BOOST_AUTO_TEST_CASE(the_first_place_wins_and_the_command_line_over_all) {
    const Machine machine;
    const std::string uri = "nvmeroot=" + std::string(kUri);
    machine.fw_cfg("nvmeroot.timeout", "4s");
    machine.smbios({"io.systemd.credential:nvmeroot.timeout=3s"});
    BOOST_TEST(machine.load(uri).plan.timeouts.total.count() == 3000);
    machine.system("nvmeroot.timeout", "2s");
    BOOST_TEST(machine.load(uri).plan.timeouts.total.count() == 2000);
    machine.dir.file("unit/nvmeroot.timeout", "1s", 0400);
    BOOST_TEST(machine.load(uri).plan.timeouts.total.count() == 1000);
    BOOST_TEST(machine.load(uri + " nvmeroot.timeout=9s").plan.timeouts.total.count() == 9000);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named_without_its_value) {
    const std::string uri = "nvmeroot=" + std::string(kUri);
    const Machine unknown;
    unknown.fw_cfg("nvmeroot.timeot", "1s");
    BOOST_TEST(first_error(unknown.load(uri)) ==
               "credential \"nvmeroot.timeot\" (fw_cfg): no such key; did you mean \"timeout\"?");
    const Machine no_base64;
    no_base64.smbios({"io.systemd.credential.binary:nvmeroot.dhchap_secret=#"});
    BOOST_TEST(first_error(no_base64.load(uri)) ==
               "credential \"nvmeroot.dhchap_secret\" (SMBIOS): it is not base64");
    const Machine open;
    open.system("nvmeroot.dhchap_secret", kHostSecret, 0644);
    BOOST_TEST(first_error(open.load(uri)).find("others could read") != std::string::npos);
    const Machine broken;
    const std::string bad = std::string(kHostSecret).substr(0, 30);
    broken.fw_cfg("nvmeroot.dhchap_secret", bad);
    BOOST_TEST(!first_error(broken.load(uri)).empty());
    BOOST_TEST(first_error(broken.load(uri)).find(bad.substr(10)) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_directory_of_credentials_that_cannot_be_looked_into_is_refused) {
    const std::string uri = "nvmeroot=" + std::string(kUri);
    const Machine dangling;
    std::filesystem::create_symlink("/none/x", dangling.dir.at("unit"));
    BOOST_TEST(first_error(dangling.load(uri)).find("a dangling symbolic link") !=
               std::string::npos);
    const Machine file;
    file.dir.file("run/credentials/@system", "x");
    BOOST_TEST(first_error(file.load(uri)).find("is not a directory") != std::string::npos);
    const Machine inside;
    (void)inside.dir.folder("unit");
    std::filesystem::create_symlink("/none/x", inside.dir.at("unit/nvmeroot.dhchap_secret"));
    BOOST_TEST(first_error(inside.load(uri)).starts_with("credential \"nvmeroot.dhchap_secret\""));
    const Machine empty;
    empty.system("nvmeroot.dhchap_secret", "");
    BOOST_TEST(!first_error(empty.load(uri)).empty());
}

BOOST_AUTO_TEST_SUITE_END()
