// SPDX-License-Identifier: GPL-2.0-or-later
//
// Which secrets a plan has, and how they decide the mode of authentication.
#include <filesystem>
#include <fstream>

#include "boot/sources/load_plan.h"
#include "boot/sources/plan_report.h"
#include "support/test.h"
#include "unit/boot/sources/plan_fixture.h"

using namespace plan_fixture;

BOOST_AUTO_TEST_SUITE(plan_secrets)

BOOST_AUTO_TEST_CASE(secrets_in_their_default_files_decide_the_mode) {
    const Machine machine;
    machine.host_secret();
    const auto host = machine.load(kUri);
    BOOST_REQUIRE_MESSAGE(host.errors.empty(), joined(host.errors));
    BOOST_TEST(host.plan.auth.mode == boot::Auth::kHost);
    BOOST_TEST(host.plan.auth.host_secret.reveal() == kHostSecret);
    machine.ctrl_secret();
    const auto mutual = machine.load(kUri);
    BOOST_REQUIRE_MESSAGE(mutual.errors.empty(), joined(mutual.errors));
    BOOST_TEST(mutual.plan.auth.mode == boot::Auth::kMutual);
    BOOST_TEST(mutual.plan.auth.ctrl_secret.reveal() == kCtrlSecret);
    BOOST_TEST(value_of(mutual, "auth").value == "mutual");
    BOOST_TEST(value_of(mutual, "auth").origin == "both secrets are set");
    BOOST_TEST(value_of(mutual, "dhchap_secret").value ==
               "set (file " + machine.dir.at("etc/nvmeroot/dhchap_secret") + ")");
    check_error(machine, std::string(kUri) + "nvmeroot.auth=off",
                "auth contradicts the configured controller secret");
    check_error(machine, std::string(kUri) + "nvmeroot.auth=host",
                "auth contradicts the configured controller secret");
    BOOST_TEST(machine.load(std::string(kUri) + "nvmeroot.auth=mutual").errors.empty());
}

BOOST_AUTO_TEST_CASE(a_secret_or_a_configuration_that_is_there_and_of_no_use_is_refused) {
    constexpr const char* kNames[] = {"dhchap_secret", "dhchap_ctrl_secret", "nvmeroot.conf"};
    struct Case {
        const char* part;
        void (*put)(const std::string& path);
    };
    const Case cases[] = {
        {"a dangling symbolic link",
         [](const std::string& path) { std::filesystem::create_symlink("/none/x", path); }},
        {"a dangling symbolic link",
         [](const std::string& path) { std::filesystem::create_symlink(path, path); }},
        {"not a regular file",
         [](const std::string& path) { std::filesystem::create_directory(path); }},
        {"not a regular file",
         [](const std::string& path) { std::filesystem::create_symlink("/dev/null", path); }},
        {"is empty", [](const std::string& path) { std::ofstream file(path); }},
    };
    for (const char* name : kNames) {
        for (const Case& c : cases) {
            const Machine machine;
            std::filesystem::create_directories(machine.dir.at("etc/nvmeroot"));
            c.put(machine.dir.at("etc/nvmeroot/" + std::string(name)));
            check_error(machine, kUri, c.part);
            BOOST_TEST((machine.load("").failure().code == boot::ExitCode::kNotAsked) ==
                       (std::string(name) != "nvmeroot.conf"));
        }
    }
    const Machine linked;
    std::filesystem::create_symlink("/none/x", linked.dir.at("etc/nvmeroot"));
    const auto hidden = linked.load(kUri);
    BOOST_TEST(joined(hidden.errors).find("etc/nvmeroot is a dangling symbolic link") !=
               std::string::npos);
    const Machine replaced;
    replaced.dir.file("etc/nvmeroot", "x");
    BOOST_TEST(joined(replaced.load(kUri).errors).find("etc/nvmeroot is not a directory") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_mode_without_its_secrets_is_refused) {
    const Machine machine;
    const std::string uri = kUri;
    check_error(machine, uri + "nvmeroot.auth=host", "requires the host's secret");
    check_error(machine, uri + "nvmeroot.auth=mutual", "requires the host's secret");
    machine.host_secret();
    check_error(machine, uri + "nvmeroot.auth=mutual", "requires the controller's secret too");
    const Machine other;
    other.ctrl_secret();
    check_error(other, uri, "dhchap_ctrl_secret requires dhchap_secret");
    check_error(other, uri + "nvmeroot.dhchap_secret_file=/nonexistent", "/nonexistent");
}

BOOST_AUTO_TEST_CASE(a_secret_on_the_command_line_works_with_a_warning) {
    const Machine machine;
    machine.host_secret();
    const std::string other(kCtrlSecret);
    const auto loaded = machine.load(std::string(kUri) + "nvmeroot.dhchap_secret=" + other);
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.plan.auth.host_secret.reveal() == other);
    BOOST_REQUIRE(loaded.warnings.size() == 1U);
    BOOST_TEST(loaded.warnings[0].find("/proc/cmdline") != std::string::npos);
    check_error(
        machine,
        std::string(kUri) + "nvmeroot.dhchap_secret=" + other + " nvmeroot.dhchap_secret_file=/x",
        "not both");
}

BOOST_AUTO_TEST_CASE(a_secret_in_the_file_requires_a_private_file) {
    const Machine machine;
    const std::string config = "[host]\ndhchap_secret = " + std::string(kHostSecret) + "\n";
    machine.config(config, 0600);
    const auto loaded = machine.load(kUri);
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.plan.auth.mode == boot::Auth::kHost);
    BOOST_TEST(loaded.warnings.empty());
    const Machine open;
    open.config(config, 0644);
    check_error(open, kUri, "the configuration contains a secret");
}

BOOST_AUTO_TEST_CASE(a_file_named_by_a_stronger_source_beats_a_secret) {
    const Machine machine;
    machine.config("[host]\ndhchap_secret = " + std::string(kHostSecret) + "\n", 0600);
    const std::string path = machine.dir.file("other", kCtrlSecret, 0600);
    const auto loaded = machine.load(std::string(kUri) + "nvmeroot.dhchap_secret_file=" + path);
    BOOST_REQUIRE_MESSAGE(loaded.errors.empty(), joined(loaded.errors));
    BOOST_TEST(loaded.plan.auth.host_secret.reveal() == kCtrlSecret);
}

BOOST_AUTO_TEST_CASE(no_secret_is_ever_printed) {
    const std::string secret(kHostSecret);
    const std::string broken = secret.substr(0, secret.size() - 2) + "X:";
    const Machine machine;
    machine.config("[host]\ndhchap_ctrl_secret = " + secret + "\n", 0600);
    for (const std::string& text : {secret, broken}) {
        const auto loaded = machine.load(std::string(kUri) + "nvmeroot.dhchap_secret=" + text +
                                         " nvmeroot.dhchap_secrt=" + text);
        const std::string all = boot::plan_text(loaded) + boot::plan_json(loaded);
        BOOST_TEST(all.find("JTA7RlFcZ3J9") == std::string::npos, all);
        BOOST_TEST(all.find("DHHC-1") == std::string::npos, all);
        BOOST_TEST(all.find("no such key; did you mean") != std::string::npos, all);
    }
}

BOOST_AUTO_TEST_SUITE_END()
