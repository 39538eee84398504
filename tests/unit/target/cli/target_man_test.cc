// SPDX-License-Identifier: GPL-2.0-or-later
// The target's man pages and its example against the program.

#include "base/fd.h"
#include "export/export_config.h"
#include "support/man_page.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "target/cli/control_client.h"
#include "target/cli/genkey.h"
#include "target/cli/image_command.h"
#include "target/cli/serve_options.h"
#include "target/cli/ticket.h"

namespace {

using support::part_of;
using support::plain_page;
using support::replace_all;

template <class T>
void check_options(const std::string& section, std::span<const base::Option<T>> table) {
    for (const base::Option<T>& option : table) {
        const std::string title = "\n.B " + std::string(option.name) +
                                  (option.form.empty() ? "" : " ") + std::string(option.form) +
                                  "\n";
        BOOST_TEST(section.find(title) != std::string::npos, title);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(target_man)

BOOST_AUTO_TEST_CASE(each_key_is_in_its_section_with_its_form_and_default) {
    const std::string text = plain_page("src/man/nvmeroot-target.conf.5");
    size_t titles = 0;
    for (size_t at = 0; (at = text.find(" = ", at)) != std::string::npos; ++at) {
        titles += text.compare(text.rfind('\n', at) + 1, 3, ".B ") == 0 ? 1 : 0;
    }
    BOOST_TEST(titles == exports::key_help().size());
    for (const exports::KeyHelp& key : exports::key_help()) {
        const std::string section =
            part_of(text, ".SH [" + std::string(key.section) + "]\n", "\n.SH ");
        const std::string title =
            "\n.B " + std::string(key.name) + " = " + std::string(key.form) + "\n";
        const std::string paragraph = part_of(section, title, "\n.TP");
        BOOST_TEST(!paragraph.empty(), title);
        if (!key.fallback.empty()) {
            BOOST_TEST(paragraph.find("Default: " + std::string(key.fallback)) != std::string::npos,
                       title);
        }
    }
}

BOOST_AUTO_TEST_CASE(each_option_is_there_with_its_form) {
    const std::string text = plain_page("src/man/nvmeroot-target.8");
    const auto options = [&text](const std::string& command) {
        return part_of(text, ".SS " + command + "\n", "\n.S");
    };
    check_options(options("serve"), target::serve_option_table());
    check_options(options("genkey"), target::genkey_option_table());
    check_options(options("plan, reload, status, drain"), target::status_option_table());
    check_options(options("plan, reload, status, drain"), target::drain_option_table());
    check_options(options("ticket"), target::ticket_option_table());
    check_options(options("image"), target::image_option_table());
}

BOOST_AUTO_TEST_CASE(the_example_works_and_is_the_one_of_the_page) {
    const support::TempDir dir;
    std::string config = plain_page("packaging/nvmeroot-target.conf");
    const std::string example =
        part_of(plain_page("src/man/nvmeroot-target.conf.5"), ".EX\n", ".EE").substr(4);
    BOOST_TEST(!example.empty());
    BOOST_TEST(config.find(example) != std::string::npos);
    for (const char* image : {"web1.img", "room.img"}) {
        dir.file(image, std::string(4096, '\0'));
    }
    for (const char* name : {"web1.key", "target.key", "kiosk.key"}) {
        BOOST_REQUIRE(target::write_key(*target::generate_key({}), dir.at(name)).ok());
    }
    replace_all(config, "/etc/nvmeroot/", dir.path() + "/");
    replace_all(config, "/srv/nvmeroot/", dir.path() + "/");
    const auto parsed = exports::parse_config(config, "example");
    BOOST_REQUIRE_MESSAGE(parsed.ok(), (parsed.ok() ? "" : parsed.error()[0]));
    BOOST_TEST(parsed->warnings.empty());
    BOOST_TEST(parsed->subsystems.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
