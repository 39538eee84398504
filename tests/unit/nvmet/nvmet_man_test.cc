// SPDX-License-Identifier: GPL-2.0-or-later
// The man page, the example and the unit against the program.

#include "base/fd.h"
#include "nvmet/command_options.h"
#include "nvmet/config.h"
#include "nvmet/config_keys.h"
#include "nvmet/validate.h"
#include "sample.h"
#include "support/man_page.h"
#include "support/test.h"

namespace {

using support::part_of;
using support::plain_page;
using support::replace_all;

const std::string kPage = "src/man/nvmeroot-nvmet.8";

}  // namespace

BOOST_AUTO_TEST_SUITE(nvmet_man)

BOOST_AUTO_TEST_CASE(each_key_is_in_its_section_with_its_attribute) {
    const std::string text = plain_page(kPage);
    size_t titles = 0;
    for (size_t at = 0; (at = text.find(" = ", at)) != std::string::npos; ++at) {
        titles += text.compare(text.rfind('\n', at) + 1, 3, ".B ") == 0 ? 1 : 0;
    }
    BOOST_TEST(titles == nvmet::key_docs().size());
    for (const nvmet::KeyDoc& key : nvmet::key_docs()) {
        const std::string suffix = key.section == "target" ? "" : ".NAME";
        const std::string section =
            part_of(text, ".SH [" + std::string(key.section) + suffix + "]\n", "\n.SH ");
        const std::string title =
            "\n.B " + std::string(key.name) + " = " + std::string(key.form) + "\n";
        const std::string paragraph = part_of(section + "\n.TP", title, "\n.TP");
        BOOST_TEST(!paragraph.empty(), title);
        if (!key.fallback.empty()) {
            BOOST_TEST(paragraph.find("Default: " + key.fallback + ".") != std::string::npos,
                       title + key.fallback);
        }
    }
    for (const nvmet::Attribute& row : nvmet::attributes()) {
        BOOST_TEST(text.find(std::string(row.file)) != std::string::npos, row.file);
        BOOST_TEST(text.find("Linux " + std::string(row.since)) != std::string::npos, row.since);
    }
}

BOOST_AUTO_TEST_CASE(each_option_is_there) {
    const std::string options = part_of(plain_page(kPage), ".SH OPTIONS\n", "\n.SH ");
    for (const auto& option : nvmet::option_table()) {
        const std::string title = "\n.B " + std::string(option.name) +
                                  (option.form.empty() ? "" : " ") + std::string(option.form) +
                                  "\n";
        BOOST_TEST(options.find(title) != std::string::npos, title);
    }
}

BOOST_AUTO_TEST_CASE(the_example_works_and_is_the_one_of_the_page) {
    const support::TempDir dir;
    std::string config = plain_page("packaging/nvmeroot-nvmet.conf");
    const std::string example = part_of(plain_page(kPage), ".SH EXAMPLES\n", ".EE");
    const std::string body = part_of(example, ".EX\n", "\n.EE").substr(4);
    BOOST_TEST(!body.empty());
    BOOST_TEST(config.find(body) != std::string::npos);
    dir.file("web1.key", sample::kHostKey, 0600);
    dir.file("target.key", sample::kCtrlKey, 0600);
    replace_all(config, "/etc/nvmeroot/", dir.path() + "/");
    const auto parsed = nvmet::parse_config(config, "example");
    BOOST_REQUIRE_MESSAGE(parsed.ok(), (parsed.ok() ? "" : parsed.error()[0]));
    BOOST_TEST(parsed->warnings.empty());
    BOOST_TEST(nvmet::check_rules(parsed->state).empty());
}

BOOST_AUTO_TEST_SUITE_END()
