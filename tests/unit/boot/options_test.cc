// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/options.h"

#include "support/temp_dir.h"
#include "support/test.h"

namespace {

boot::Options parse(boot::OptionTable table, const std::vector<std::string_view>& words) {
    boot::Options options;
    BOOST_REQUIRE(base::parse_options(table, words, options).ok());
    return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(plan_takes_its_options_in_either_form) {
    const auto options =
        parse(boot::plan_option_table(),
              {"--cmdline", "a b", "--config=/c", "--cmdline=d", "--root", "/r", "--json"});
    BOOST_TEST(boot::plan_input(options, {})->cmdline == "a b\nd\n");
    BOOST_TEST(options.config == "/c");
    BOOST_TEST(options.root == "/r");
    BOOST_TEST(options.json);
}

BOOST_AUTO_TEST_CASE(each_command_has_its_own_options) {
    const auto needs = parse(boot::needs_option_table(), {"--sealed", "--root", "/r"});
    BOOST_TEST(needs.root == "/r");
    BOOST_TEST(needs.sealed);
    BOOST_TEST(parse(boot::boot_option_table(), {"--advice=so"}).advice == "so");
    BOOST_TEST(parse(boot::check_option_table(), {"--verify", "first:8"}).verify.count == 8U);
    boot::Options options;
    const std::vector<std::string_view> words = {"--json"};
    BOOST_TEST(base::parse_options(boot::boot_option_table(), words, options).error().text ==
               "unknown option \"--json\"");
    const std::vector<std::string_view> extent = {"--verify=first"};
    BOOST_TEST(base::parse_options(boot::check_option_table(), extent, options).error().text ==
               "--verify: \"first\" needs a number of blocks, as in first:64");
}

BOOST_AUTO_TEST_CASE(the_kernels_command_line_is_read_unless_one_is_given) {
    const support::TempDir dir;
    base::SysPaths sys;
    sys.proc = dir.folder("proc");
    boot::Options options;
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
