// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/options.h"

#include "boot/sources/keys.h"
#include "support/temp_dir.h"
#include "support/test.h"

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(plan_takes_its_options_in_either_form) {
    const char* const arguments[] = {"plan",        "--cmdline", "a b", "--config=/c",
                                     "--cmdline=d", "--root",    "/r",  "--json"};
    const auto options = boot::parse_options(arguments);
    BOOST_REQUIRE(options.ok());
    BOOST_TEST(options->command == boot::Command::kPlan);
    BOOST_TEST(boot::plan_input(*options, {})->cmdline == "a b\nd\n");
    BOOST_TEST(options->config == "/c");
    BOOST_TEST(options->root == "/r");
    BOOST_TEST(options->json);
}

BOOST_AUTO_TEST_CASE(needs_takes_a_directory_or_none) {
    const auto named = boot::parse_options(
        std::vector<const char*>{"needs", "--sealed", "--root", "/r", "/srv/alpha"});
    BOOST_REQUIRE(named.ok());
    BOOST_TEST(named->command == boot::Command::kNeeds);
    BOOST_TEST(named->operand == "/srv/alpha");
    BOOST_TEST(named->root == "/r");
    BOOST_TEST(named->sealed);
    BOOST_TEST(boot::parse_options(std::vector<const char*>{"needs"})->operand.empty());
    BOOST_TEST(boot::parse_options(std::vector<const char*>{"boot", "--advice=so"})->advice ==
               "so");
}

BOOST_AUTO_TEST_CASE(wrong_usage_is_named) {
    struct Case {
        std::vector<const char*> arguments;
        const char* message;
    };
    const Case cases[] = {
        {{}, "a command is missing; nvmeroot help lists them"},
        {{"bot"}, "no such command: \"bot\"; did you mean boot?"},
        {{"frobnicate"}, "no such command: \"frobnicate\""},
        {{"boot", "--cmdlin=x"}, "no such option: \"--cmdlin\"; did you mean --cmdline?"},
        {{"boot", "--json"}, "--json is not an option of this command"},
        {{"boot", "--config"}, "--config needs a value: FILE"},
        {{"plan", "--json=1"}, "--json takes no value"},
        {{"boot", "now"}, "unexpected argument \"now\""},
        {{"check"}, "check needs DEVICE"},
        {{"help", "me"}, "no help on \"me\"; try help keys"},
    };
    for (const Case& c : cases) {
        const auto options = boot::parse_options(c.arguments);
        BOOST_REQUIRE_MESSAGE(!options.ok(), c.message);
        BOOST_TEST(options.error().text == c.message);
    }
}

BOOST_AUTO_TEST_CASE(what_everybody_tries_first_works) {
    for (const char* word : {"help", "--help", "-h"}) {
        BOOST_TEST(boot::parse_options(std::vector{word})->command == boot::Command::kHelp);
    }
    for (const char* word : {"version", "--version", "-V"}) {
        BOOST_TEST(boot::parse_options(std::vector{word})->command == boot::Command::kVersion);
    }
}

BOOST_AUTO_TEST_CASE(help_names_each_key_and_each_exit_code) {
    const std::string keys = boot::help_text("keys");
    for (const boot::Key& key : boot::keys()) {
        BOOST_TEST(keys.find("  " + std::string(key.name) + " = ") != std::string::npos, key.name);
    }
    const std::string help = boot::help_text("");
    for (const boot::ExitCodeRow& row : boot::kExitCodes) {
        BOOST_TEST(help.find(row.meaning) != std::string::npos, row.meaning);
    }
}

BOOST_AUTO_TEST_CASE(the_kernels_command_line_is_read_unless_one_is_given) {
    const support::TempDir dir;
    base::SysPaths sys;
    sys.proc = dir.folder("proc");
    boot::Options options;
    options.command = boot::Command::kBoot;
    BOOST_TEST(!boot::plan_input(options, sys).ok());
    dir.file("proc/cmdline", "ro quiet\n");
    BOOST_TEST(boot::plan_input(options, sys)->cmdline == "ro quiet\n");
    BOOST_TEST(!boot::plan_input(options, sys)->dry_run);
    options.cmdlines = {"quiet", "@" + dir.file("text", "nvmeroot.dhchap_secret=x")};
    BOOST_TEST(boot::plan_input(options, sys)->cmdline == "quiet\nnvmeroot.dhchap_secret=x\n");
    options.cmdlines = {"@" + dir.at("absent")};
    BOOST_TEST(!boot::plan_input(options, sys).ok());
    options.root = "/image";
    BOOST_TEST(boot::sys_paths(options).etc == "/image/etc");
}

BOOST_AUTO_TEST_SUITE_END()
