// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/audit_view.h"

#include "support/temp_dir.h"
#include "support/test.h"

namespace {

struct Files {
    Files() {
        dir.file("one.img", std::string(1U << 20U, '\0'));
        dir.file("two.img", std::string(1U << 20U, '\0'));
    }
    auto config(const std::string& subsystem, const std::string& more) const {
        return exports::parse_config(
            "[subsystem.s]\nnqn=nqn.2024-08.com.example:s\n"
            "allow_any_host=yes\n" +
                subsystem + "[namespace.a]\nsubsystem=s\nimage=one.img\n" + more,
            dir.at("t.conf"));
    }
    std::string error(const std::string& subsystem, const std::string& more) const {
        const auto parsed = config(subsystem, more);
        return parsed ? "" : parsed.error()[0];
    }

    support::TempDir dir;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(audit_view)

BOOST_AUTO_TEST_CASE(protected_namespaces_are_shown_a_second_time) {
    const Files files;
    const auto config = files.config("model=m\n",
                                     "protection=at-rest\nsidecar=side.pi\nscrub=1M\n"
                                     "[namespace.b]\nsubsystem=s\nnsid=2\nimage=two.img\n");
    BOOST_REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error()[0]));
    BOOST_REQUIRE(config->subsystems.size() == 2U);
    const exports::Subsystem& plain = config->subsystems[0];
    const exports::Subsystem& view = config->subsystems[1];
    BOOST_TEST(view.nqn == "nqn.2024-08.com.example:s:audit");
    BOOST_TEST(view.view_of == plain.nqn);
    BOOST_TEST(view.model == "m");
    BOOST_TEST(view.allow_any_host);
    BOOST_REQUIRE(view.namespaces.size() == 1U);  // the other one is not protected
    const exports::Namespace& ns = view.namespaces[0];
    BOOST_TEST(ns.protection == exports::Protection::kExposed);
    BOOST_TEST(ns.read_only);
    BOOST_TEST(ns.nsid == 1U);
    BOOST_TEST(ns.sidecar == plain.namespaces[0].sidecar);
    BOOST_TEST(ns.scrub_rate == 0U);
    BOOST_TEST(ns.view_of == plain.nqn);
    BOOST_TEST(ns.ids.uuid != plain.namespaces[0].ids.uuid);
    BOOST_TEST(ns.ids.nguid.is_zero());
    BOOST_TEST(plain.namespaces[0].audit_nqn == view.nqn);
    BOOST_TEST(plain.namespaces[0].scrub_rate == uint64_t{1} << 20U);
    BOOST_TEST(plain.namespaces[1].audit_nqn.empty());
}

BOOST_AUTO_TEST_CASE(without_protection_or_when_it_is_not_wanted_there_is_no_view) {
    const Files files;
    BOOST_TEST(files.config("", "")->subsystems.size() == 1U);
    BOOST_TEST(files.config("audit=no\n", "protection=at-rest\n")->subsystems.size() == 1U);
    BOOST_TEST(files.config("", "protection=exposed\n")->subsystems.size() == 1U);
}

BOOST_AUTO_TEST_CASE(names_that_do_not_fit_and_keys_that_need_protection_are_errors) {
    const Files files;
    const std::string taken =
        "protection=at-rest\n[subsystem.t]\nnqn=nqn.2024-08.com.example:s:audit\n"
        "allow_any_host=yes\n[namespace.b]\nsubsystem=t\nimage=two.img\n";
    BOOST_TEST(files.error("", taken).find(":audit is already defined") != std::string::npos);
    BOOST_TEST(files.error("audit=no\n", taken) == "");
    BOOST_TEST(files.error("", "scrub=1M\n").find("require protection=") != std::string::npos);
    BOOST_TEST(files.error("", "sidecar=x\n").find("require protection=") != std::string::npos);
    BOOST_TEST(
        files.error("", "protection=at-rest\nshared=yes\n").find("cannot share the sidecar") !=
        std::string::npos);
    BOOST_TEST(files.error("", "protection=exposed\npi=type1\n")
                   .find("reports the format of the sidecar") != std::string::npos);
    BOOST_TEST(files.error("", "protection=some\n").find("is not one of none, at-rest, exposed") !=
               std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
