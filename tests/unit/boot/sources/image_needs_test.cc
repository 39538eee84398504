// SPDX-License-Identifier: GPL-2.0-or-later
// Each file that an image must hold is named, and nothing that is there is left out in silence.
#include "boot/sources/image_needs.h"

#include <sys/stat.h>
#include <unistd.h>

#include "support/temp_dir.h"
#include "support/test.h"
#include "unit/boot/sources/sample_secrets.h"

namespace {

/// A machine that builds images for itself, from etc/nvmeroot, and for others, from alpha.
struct Builder {
    support::TempDir dir;
    boot::NeedsInput input;

    Builder() { input.root = dir.path(); }
    void secret(const std::string& path, unsigned mode = 0600) const {
        dir.file(path, std::string(kHostSecret) + "\n", mode);
    }
    [[nodiscard]] std::string text() const {
        const auto needs = boot::image_needs(input);
        BOOST_REQUIRE_MESSAGE(needs.ok(), (needs.ok() ? "" : needs.error().text));
        return *needs;
    }
    [[nodiscard]] std::string file(const std::string& mode, const std::string& source,
                                   const std::string& image) const {
        return "file\t" + mode + "\t" + dir.at(source) + "\t" + image + "\n";
    }
    void check_error(const std::string& part) const {
        const auto needs = boot::image_needs(input);
        BOOST_REQUIRE_MESSAGE(!needs.ok(), part);
        BOOST_TEST(needs.error().text.find(part) != std::string::npos,
                   needs.error().text << " has no " << part);
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(image_needs)

BOOST_AUTO_TEST_CASE(a_machine_without_a_configuration_needs_nothing) {
    Builder builder;
    BOOST_TEST(builder.text().empty());
    builder.input.sealed = true;
    BOOST_TEST(builder.text().empty());
}

BOOST_AUTO_TEST_CASE(a_directory_that_is_named_must_have_something) {
    Builder builder;
    builder.input.folder = builder.dir.at("alpha");
    builder.check_error(builder.dir.at("alpha") + " is not a readable directory");
    builder.dir.file("alpha/other.conf", "");
    builder.check_error(builder.dir.at("alpha") + " has neither nvmeroot.conf nor dhchap_secret");
}

BOOST_AUTO_TEST_CASE(the_ini_file_names_secrets_and_modules) {
    Builder builder;
    builder.input.folder = builder.dir.folder("alpha");
    builder.dir.file("alpha/nvmeroot.conf",
                     "[HOST]\nDHCHAP_Secret_File = /etc/nvmeroot/host key ; one of many\n"
                     "dhchap_ctrl_secret_file=\"/keys/ctrl\"\n"
                     "[modules]\nmodules = igb  e1000e\n");
    builder.secret("alpha/host key", 0400);
    builder.secret("keys/ctrl");
    builder.secret("alpha/dhchap_secret");
    BOOST_TEST(builder.text() ==
               builder.file("644", "alpha/nvmeroot.conf", "/etc/nvmeroot/nvmeroot.conf") +
                   builder.file("600", "alpha/host key", "/etc/nvmeroot/host key") +
                   builder.file("600", "keys/ctrl", "/keys/ctrl") +
                   "module\tigb\nmodule\te1000e\n" +
                   builder.file("600", "alpha/dhchap_secret", "/etc/nvmeroot/dhchap_secret"));
}

BOOST_AUTO_TEST_CASE(the_machines_own_directory_is_below_the_root) {
    const Builder builder;
    builder.secret("etc/nvmeroot/dhchap_ctrl_secret");
    builder.dir.file("etc/nvmeroot/nvmeroot.conf", "", 0600);
    BOOST_TEST(builder.text() ==
               builder.file("600", "etc/nvmeroot/nvmeroot.conf", "/etc/nvmeroot/nvmeroot.conf") +
                   builder.file("600", "etc/nvmeroot/dhchap_ctrl_secret",
                                "/etc/nvmeroot/dhchap_ctrl_secret"));
}

BOOST_AUTO_TEST_CASE(what_is_there_and_no_file_is_an_error) {
    for (const char* name : {"nvmeroot.conf", "dhchap_secret", "dhchap_ctrl_secret"}) {
        const std::string path = "etc/nvmeroot/" + std::string(name);
        const Builder linked;
        linked.dir.link(path, "nowhere");
        linked.check_error(linked.dir.at(path) + " is a dangling link");
        const Builder folder;
        (void)folder.dir.folder(path);
        folder.check_error(folder.dir.at(path) + " is not a regular file");
        const Builder pipe;
        (void)pipe.dir.folder("etc/nvmeroot");
        BOOST_REQUIRE(mkfifo(pipe.dir.at(path).c_str(), 0600) == 0);
        pipe.check_error(pipe.dir.at(path) + " is not a regular file");
    }
    const Builder file;
    file.dir.file("etc/nvmeroot", "");
    file.check_error(file.dir.at("etc/nvmeroot") + " is not a readable directory");
    const Builder link;
    (void)link.dir.folder("etc");
    link.dir.link("etc/nvmeroot", "nowhere");
    link.check_error(link.dir.at("etc/nvmeroot") + " is not a readable directory");
}

BOOST_AUTO_TEST_CASE(what_the_boot_would_refuse_is_refused) {
    const Builder builder;
    const std::string conf = "etc/nvmeroot/nvmeroot.conf";
    const std::string secret = "etc/nvmeroot/dhchap_secret";
    struct Case {
        std::string text;
        std::string part;
    };
    const Case cases[] = {
        {"[host]\nauht = mutual\n", "did you mean \"auth\"?"},
        {"[host]\nauth = both\n", "nvmeroot.conf:2: [host] auth: \"both\" is not one of"},
        {"[host]\ndhchap_secret_file = host.key\n", "\"host.key\" is not an absolute path"},
        {"[host]\ndhchap_secret_file = /keys/absent\n",
         builder.dir.at("keys/absent") + " is missing"},
        {"[host]\ndhchap_secret_file = /run/keys/a\n", "/run/keys/a cannot come from an image"},
        {"[host]\ndhchap_secret_file = //run/./keys/a\n", "//run/./keys/a cannot come from"},
        {"[host]\ndhchap_secret_file = /var/lock/a\n", "/var/lock/a cannot come from an image"},
        {"[host]\ndhchap_secret_file = /etc/../a\n", "/etc/../a cannot come from an image"},
        {"[host]\ndhchap_secret = " + std::string(kHostSecret) + "\n", "has mode 0644"},
        {"no ini file", "nvmeroot.conf:1"},
    };
    for (const Case& c : cases) {
        builder.dir.file(conf, c.text);
        builder.check_error(c.part);
    }
    builder.dir.file(conf, "");
    builder.secret(secret, 0640);
    builder.check_error(builder.dir.at(secret) + " can be read by users other than its owner");
    builder.dir.file(secret, "DHHC-1:00:short:", 0600);
    BOOST_REQUIRE(chmod(builder.dir.at(secret).c_str(), 0600) == 0);
    builder.check_error(builder.dir.at(secret) + ": ");
}

BOOST_AUTO_TEST_CASE(sealed_credentials_are_public_and_ours_alone) {
    Builder builder;
    const std::string store = "etc/credstore.encrypted/";
    builder.dir.file(store + "nvmeroot.dhchap_secret", "sealed", 0600);
    builder.dir.file(store + "other", "sealed", 0600);
    builder.input.sealed = true;
    BOOST_TEST(builder.text() == builder.file("644", store + "nvmeroot.dhchap_secret",
                                              "/" + store + "nvmeroot.dhchap_secret"));
    builder.dir.link(store + "nvmeroot.uri", "nowhere");
    builder.check_error(store + "nvmeroot.uri is a dangling link");
    BOOST_REQUIRE(unlink(builder.dir.at(store + "nvmeroot.uri").c_str()) == 0);
    builder.dir.file(store + "nvmeroot.secret", "sealed");
    builder.check_error(store + "nvmeroot.secret does not belong to any key");
}

BOOST_AUTO_TEST_CASE(an_image_that_cannot_open_the_machines_credentials_is_refused) {
    Builder builder;
    const std::string sealed = "etc/credstore.encrypted/nvmeroot.dhchap_secret";
    builder.dir.file("etc/credstore.encrypted/other", "sealed");
    BOOST_TEST(builder.text().empty());
    builder.dir.file(sealed, "sealed");
    builder.check_error(builder.dir.at(sealed) + " is sealed, and an image without systemd");
    builder.secret("etc/nvmeroot/dhchap_ctrl_secret");
    builder.input.folder = builder.input.root + "//etc/nvmeroot/";
    builder.check_error("is sealed");
    builder.secret("alpha/dhchap_secret");
    builder.input.folder = builder.dir.at("alpha");
    BOOST_TEST(builder.text() ==
               builder.file("600", "alpha/dhchap_secret", "/etc/nvmeroot/dhchap_secret"));
}

BOOST_AUTO_TEST_CASE(another_machines_links_lead_to_no_file_of_this_one) {
    const support::TempDir here;
    here.file("host.key", std::string(kHostSecret) + "\n", 0600);
    const Builder builder;
    const std::string secret = "etc/nvmeroot/dhchap_secret";
    (void)builder.dir.folder("etc/nvmeroot");
    builder.dir.link(secret, here.at("host.key"));
    builder.check_error(builder.dir.at(secret) + " is a link to a file of this machine");
    BOOST_REQUIRE(unlink(builder.dir.at(secret).c_str()) == 0);
    builder.secret("keys/host.key");
    builder.dir.link(secret, "../../keys/host.key");
    BOOST_TEST(builder.text() == builder.file("600", secret, "/etc/nvmeroot/dhchap_secret"));
}

BOOST_AUTO_TEST_SUITE_END()
