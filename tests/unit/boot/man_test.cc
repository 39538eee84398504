// SPDX-License-Identifier: GPL-2.0-or-later
// The man pages and README against the program: each key with its default, each exit code with its
// meaning, and each example that a `test:` comment marks.
#include <string>
#include <string_view>
#include <vector>

#include "base/cli/version.h"
#include "base/fd.h"
#include "boot/exit_code.h"
#include "boot/options.h"
#include "boot/sources/keys.h"
#include "boot/sources/load_plan.h"
#include "support/man_page.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "unit/boot/sources/sample_secrets.h"

namespace {

using support::part_of;
using support::plain_page;
using support::replace_all;

std::string page(const std::string& name) {
    return plain_page("src/man/" + name);
}

/// The texts between .EX and .EE behind each `test: KIND` comment.
std::vector<std::string> examples(const std::string& name, const std::string& kind) {
    std::vector<std::string> found;
    const std::string text = page(name);
    const std::string mark = ".\\\" test: " + kind + "\n.EX\n";
    for (size_t at = 0; (at = text.find(mark, at)) != std::string::npos;) {
        at += mark.size();
        found.push_back(text.substr(at, text.find(".EE", at) - at));
    }
    return found;
}

/// Requires that a machine with both secrets would boot so.
void check_example(const std::string& config, const std::string& cmdline) {
    const support::TempDir dir;
    base::SysPaths sys;
    sys.sys = dir.folder("sys");
    sys.etc = dir.folder("etc");
    dir.file("sys/class/dmi/id/product_uuid", "11111111-2222-3333-4444-555555555555\n");
    dir.file("etc/nvmeroot/dhchap_secret", kHostSecret, 0600);
    dir.file("etc/nvmeroot/dhchap_ctrl_secret", kCtrlSecret, 0600);
    if (!config.empty()) {
        dir.file("etc/nvmeroot/nvmeroot.conf", config);
    }
    boot::PlanInput input;
    input.cmdline = cmdline;
    const boot::LoadedPlan loaded = boot::load_plan(input, sys);
    BOOST_TEST_CONTEXT(config << cmdline) {
        BOOST_TEST(loaded.asked == boot::Asked::kYes);
        BOOST_TEST(loaded.warnings.empty());
        BOOST_TEST(loaded.errors.empty(), (loaded.errors.empty() ? "" : loaded.errors[0]));
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(man)

BOOST_AUTO_TEST_CASE(each_key_is_in_its_section_with_its_form_and_default) {
    const std::string text = page("nvmeroot.conf.5");
    for (const boot::Key& key : boot::keys()) {
        const std::string section =
            part_of(text, ".SH [" + std::string(key.section) + "]\n", "\n.SH ");
        const std::string title = "\n.B " + std::string(key.name) + " = ";
        const std::string paragraph = part_of(section, title, "\n.TP");
        BOOST_REQUIRE_MESSAGE(!paragraph.empty(), key.name);
        if (!key.fallback.empty()) {
            BOOST_TEST(paragraph.find("Default: " + std::string(key.fallback)) != std::string::npos,
                       key.name);
        }
        if (key.form.find('|') != std::string::npos && key.name != "uri") {
            BOOST_TEST(paragraph.find(key.form) != std::string::npos, key.name);
        }
    }
}

BOOST_AUTO_TEST_CASE(no_key_is_there_that_does_not_exist) {
    const std::string text = page("nvmeroot.conf.5");
    for (size_t at = 0; (at = text.find("\n.B ", at)) != std::string::npos;) {
        at += 4;
        const std::string line = text.substr(at, text.find('\n', at) - at);
        const size_t equals = line.find(" = ");
        if (equals != std::string::npos && text[text.rfind('\n', at - 5) + 1] == '.') {
            const bool of_path = line.starts_with("source = ") && at > text.find("\n.SH [path.");
            BOOST_TEST((of_path || boot::find_key(line.substr(0, equals)) != nullptr), line);
        }
    }
}

BOOST_AUTO_TEST_CASE(each_exit_code_is_there_with_its_meaning) {
    const std::string text = page("nvmeroot.8");
    for (const boot::ExitCodeRow& row : boot::kExitCodes) {
        const std::string entry = ".B " + std::to_string(static_cast<int>(row.code)) + "\n" +
                                  std::string(row.meaning) + (row.retried ? " (retried)\n" : "\n");
        BOOST_TEST(text.find(entry) != std::string::npos, entry);
    }
}

BOOST_AUTO_TEST_CASE(each_page_and_the_news_name_the_version) {
    const std::string version(base::kVersion);
    for (const char* name : {"nvmeroot.8", "nvmeroot.conf.5", "nvmeroot.cmdline.7",
                             "nvmeroot-target.8", "nvmeroot-target.conf.5", "nvmeroot-nvmet.8"}) {
        const std::string title = part_of(page(name), "\n.TH ", "\n.SH ");
        BOOST_TEST(title.find("\"nvmeroot " + version + "\"") != std::string::npos, title);
    }
    const auto news = base::read_text("NEWS.md");
    BOOST_REQUIRE(news.ok());
    BOOST_TEST(part_of(*news, "\n## ", "\n\n").starts_with("\n## " + version));
}

BOOST_AUTO_TEST_CASE(the_examples_work) {
    const auto configs = examples("nvmeroot.conf.5", "conf");
    BOOST_TEST(configs.size() == 2U);
    for (const std::string& config : configs) {
        check_example(config, "");
    }
    const auto cmdlines = examples("nvmeroot.cmdline.7", "cmdline");
    BOOST_TEST(cmdlines.size() == 8U);
    for (const std::string& cmdline : cmdlines) {
        check_example("", cmdline);
    }
}

BOOST_AUTO_TEST_CASE(the_tour_of_the_readme_works) {
    const auto readme = base::read_text("README.md");
    BOOST_REQUIRE(readme.ok());
    std::string config = part_of(*readme, "printf '", "' > /etc/nvmeroot/nvmeroot.conf").substr(8);
    replace_all(config, "\\n", "\n");
    const std::string cmdline = part_of(*readme, "\n    rw ip=dhcp nvmeroot=", "\n\n");
    BOOST_REQUIRE(!cmdline.empty());
    check_example(config, cmdline);
}

BOOST_AUTO_TEST_SUITE_END()
