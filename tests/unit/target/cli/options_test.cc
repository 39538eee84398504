// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cli/options.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "base/secret_file.h"
#include "export/name_uuid.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "target/cli/genkey.h"
#include "target/cli/serve_options.h"
#include "target/operate/event_log.h"

namespace {

using Words = std::vector<std::string_view>;

/// The settings, one a line, or the error.
std::string settings(const Words& words) {
    target::ServeOptions options;
    const auto rest = base::parse_options(target::serve_option_table(), words, options);
    if (!rest) {
        return rest.error().text;
    }
    const auto completed = target::complete_serve_options(options, "machine");
    if (!completed) {
        return completed.error().text;
    }
    std::string text;
    for (const exports::Setting& setting : options.settings) {
        text += setting.section + " " + setting.key + "=" + setting.value + "\n";
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(one_image_and_one_host_make_a_whole_configuration) {
    BOOST_TEST(settings({"--image", "/a.img",     "--read-only", "--uuid=u", "--image",  "/b.img",
                         "--nsid",  "7",          "--subsysnqn", "n",        "--host=h", "--key",
                         "k",       "--ctrl-key", "c",           "--host",   "i",        "--listen",
                         "[::1]:0", "--listen",   "127.0.0.1"}) ==
               "namespace.1 subsystem=served\nnamespace.1 image=/a.img\nnamespace.1 read_only=yes\n"
               "namespace.1 uuid=u\nnamespace.2 subsystem=served\nnamespace.2 image=/b.img\n"
               "namespace.2 nsid=7\nsubsystem.served nqn=n\nhost.1 nqn=h\n"
               "host.1 dhchap_secret_file=k\nhost.1 dhchap_ctrl_secret_file=c\nhost.2 nqn=i\n"
               "target listen=[::1]:0,127.0.0.1\nnamespace.1 nsid=1\n"
               "subsystem.served hosts=1,2\n");
}

BOOST_AUTO_TEST_CASE(the_nqn_is_made_from_machine_and_image) {
    const std::string nqn = "subsystem.served nqn=nqn.2014-08.org.nvmexpress:uuid:" +
                            nvme::to_text(exports::url_uuid("nvmeroot:machine:/none.img")) + "\n";
    BOOST_TEST(settings({"--image", "/none.img", "--allow-any-host"}).find(nqn) !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(says_what_is_wrong_with_a_command_line) {
    struct Case {
        Words words;
        const char* error;
    };
    const Case cases[] = {
        {{}, "give --config FILE, or --image FILE and --host NQN"},
        {{"--image", "a"}, "give --host NQN for each host that may connect"},
        {{"--imge", "a"}, "unknown option \"--imge\"; did you mean \"--image\"?"},
        {{"--image"}, "--image needs a value: FILE"},
        {{"--verbose=yes"}, "--verbose takes no value"},
        {{"--uuid", "u"}, "--uuid: must follow the --image that it belongs to"},
        {{"--key", "k"}, "--key: must follow the --host that it belongs to"},
        {{"--engine", "x"}, "--engine: \"x\" is not one of auto, io_uring, epoll"},
        {{"--config", "f", "--host", "h"}, "--config and --host cannot be used together"},
    };
    for (const Case& c : cases) {
        BOOST_TEST(settings(c.words) == c.error);
    }
}

BOOST_AUTO_TEST_CASE(generated_keys_have_the_form_that_was_asked_for) {
    struct Case {
        Words words;
        std::string prefix;
        size_t bytes;
    };
    const Case cases[] = {
        {{}, "DHHC-1:00:", 32},
        {{"--length", "64"}, "DHHC-1:00:", 64},
        {{"--hash", "1"}, "DHHC-1:01:", 32},
        {{"--hash", "sha384", "--nqn", "nqn.2024-08.com.example:a"}, "DHHC-1:02:", 48},
        {{"--hash=3"}, "DHHC-1:03:", 64},
    };
    for (const Case& c : cases) {
        target::GenkeyOptions options;
        BOOST_REQUIRE(base::parse_options<target::GenkeyOptions>(target::genkey_option_table(),
                                                                 c.words, options)
                          .ok());
        const auto one = target::generate_key(options);
        const auto two = target::generate_key(options);
        BOOST_REQUIRE(one.ok() && two.ok());
        BOOST_TEST(one->reveal().starts_with(c.prefix));
        BOOST_TEST(nvme::DhchapSecret::parse(one->reveal())->key().size() == c.bytes);
        BOOST_TEST(one->reveal() != two->reveal());
    }
    target::GenkeyOptions refused;
    refused.nqn = "nqn.2024-08.com.example:a";
    BOOST_TEST(target::generate_key(refused).error().text == "--nqn requires --hash 1, 2 or 3");
    refused = {nvme::HashId::kSha256, 64, "", ""};
    BOOST_TEST(!target::generate_key(refused).ok());
}

BOOST_AUTO_TEST_CASE(a_key_file_is_private_and_never_overwritten) {
    const support::TempDir dir;
    std::string text = "secret";
    const base::Secret secret(text);
    BOOST_REQUIRE(target::write_key(secret, dir.at("key")).ok());
    BOOST_TEST(dir.read("key") == "secret\n");
    BOOST_TEST(base::check_private(dir.at("key")).ok());
    BOOST_TEST(target::write_key(secret, dir.at("key")).error().code == EEXIST);
}

BOOST_AUTO_TEST_CASE(a_key_that_cannot_be_written_leaves_no_file) {
    const support::TempDir dir;
    std::string text = "secret";
    const base::Secret secret(text);
    rlimit limit{};
    BOOST_REQUIRE(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    const rlimit none{0, limit.rlim_max};
    const auto before = signal(SIGXFSZ, SIG_IGN);
    BOOST_REQUIRE(setrlimit(RLIMIT_FSIZE, &none) == 0);
    const auto written = target::write_key(secret, dir.at("key"));
    BOOST_REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    signal(SIGXFSZ, before);
    BOOST_TEST(written.error().code == EFBIG);
    BOOST_TEST(access(dir.at("key").c_str(), F_OK) != 0);
}

BOOST_AUTO_TEST_CASE(events_name_host_and_address) {
    using Kind = target::Event::Kind;
    BOOST_TEST(target::describe({.kind = Kind::kAuthenticated,
                                 .peer = "192.0.2.1:5",
                                 .hostnqn = "nqn.2024-08.com.example:\n",
                                 .subnqn = "nqn.2024-08.com.example:s",
                                 .cntlid = 3,
                                 .qid = 2,
                                 .detail = "sha512, ffdhe2048"}) ==
               "host \"nqn.2024-08.com.example:\\x0a\" at 192.0.2.1:5 authenticated, subsystem "
               "\"nqn.2024-08.com.example:s\", controller 3, queue 2: sha512, ffdhe2048");
    BOOST_TEST(target::describe({.kind = Kind::kFailed,
                                 .peer = "[::1]:5",
                                 .hostnqn = "",
                                 .subnqn = "",
                                 .detail = "silent"}) == "[::1]:5 cut off: silent");
}

BOOST_AUTO_TEST_SUITE_END()
