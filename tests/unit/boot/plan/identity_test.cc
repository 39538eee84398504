// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/plan/identity.h"

#include <filesystem>

#include "support/temp_dir.h"
#include "support/test.h"

namespace {

constexpr const char* kDmi = "11111111-2222-3333-4444-555555555555";
constexpr const char* kOther = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
constexpr const char* kFree = "nqn.2024-08.com.example:rack1.host7";

std::string uuid_form(const std::string& uuid) {
    return "nqn.2014-08.org.nvmexpress:uuid:" + uuid;
}

/// A machine with the given files; an empty text means that there is no such file.
struct Machine {
    support::TempDir dir;
    base::SysPaths sys;

    Machine(const std::string& dmi, const std::string& file_nqn, const std::string& file_id) {
        sys.sys = dir.folder("sys");
        sys.etc = dir.folder("etc");
        put("sys/class/dmi/id/product_uuid", dmi);
        put("etc/nvme/hostnqn", file_nqn);
        put("etc/nvme/hostid", file_id);
    }
    void put(const char* path, const std::string& text) const {
        if (!text.empty()) {
            dir.file(path, text + "\n");
        }
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(identity)

BOOST_AUTO_TEST_CASE(the_first_source_gives_both_halves) {
    struct Case {
        const char* name;
        std::string key_nqn, key_id, file_nqn, file_id, dmi;
        std::string nqn, id;
    };
    const std::string free = kFree;
    const Case cases[] = {
        {"keys", free, kOther, "", "", kDmi, free, kOther},
        {"key, UUID form", uuid_form(kOther), "", free, kDmi, kDmi, uuid_form(kOther), kOther},
        {"key, free form", free, "", "", kOther, kDmi, free, kDmi},
        {"key hostid alone", "", kOther, free, kDmi, kDmi, uuid_form(kOther), kOther},
        {"files", "", "", free, kOther, kDmi, free, kOther},
        {"files that disagree", "", "", uuid_form(kOther), kDmi, kDmi, uuid_form(kOther), kDmi},
        {"file NQN alone", "", "", uuid_form(kOther), "", kDmi, uuid_form(kOther), kOther},
        {"file hostid alone", "", "", "", kOther, kDmi, uuid_form(kOther), kOther},
        {"DMI", "", "", "", "", kDmi, uuid_form(kDmi), kDmi},
        {"DMI in upper case", "", "", "", "", "AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE",
         uuid_form(kOther), kOther},
    };
    for (const Case& c : cases) {
        const Machine machine(c.dmi, c.file_nqn, c.file_id);
        const auto found = boot::find_identity({c.key_nqn, "key"}, {c.key_id, "key"}, machine.sys);
        BOOST_REQUIRE_MESSAGE(found.ok(), c.name << (found.ok() ? "" : found.error().text));
        BOOST_TEST(found->host.nqn == c.nqn, c.name);
        BOOST_TEST(nvme::to_text(found->host.id) == c.id, c.name);
        BOOST_TEST(found->warnings.empty(), c.name);
    }
}

BOOST_AUTO_TEST_CASE(a_pair_that_disagrees_is_kept_with_a_warning) {
    const Machine machine(kDmi, "", "");
    const auto found = boot::find_identity({uuid_form(kOther), "a"}, {kDmi, "b"}, machine.sys);
    BOOST_REQUIRE(found.ok());
    BOOST_TEST(nvme::to_text(found->host.id) == kDmi);
    BOOST_REQUIRE(found->warnings.size() == 1U);
    BOOST_TEST(found->warnings[0] ==
               "hostid (b) is not the UUID in hostnqn (a), continuing with the pair as given");
}

BOOST_AUTO_TEST_CASE(a_name_that_is_not_an_nqn_is_accepted_as_it_is) {
    const Machine machine(kDmi, "", "");
    const std::string malformed = std::string(nvme::kUuidNqnPrefix) + "none";
    for (const std::string& name : {std::string("hostnqn"), malformed}) {
        const auto found = boot::find_identity({name, "key"}, {"", ""}, machine.sys);
        BOOST_REQUIRE_MESSAGE(found.ok(), (found.ok() ? "" : found.error().text));
        BOOST_TEST(found->host.nqn == name);
        BOOST_TEST(nvme::to_text(found->host.id) == kDmi);
    }
}

BOOST_AUTO_TEST_CASE(a_machine_nobody_can_tell_is_refused) {
    struct Case {
        std::string nqn, id, dmi;
        const char* message;
    };
    const Case cases[] = {
        {"", "", "", "no host identity"},
        {"", "", "00000000-0000-0000-0000-000000000000", "all zeros"},
        {"", "", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "placeholder"},
        {"", "", "03000200-0400-0500-0006-000700080009", "placeholder"},
        {"", "", "Not Settable", "is not a UUID"},
        {kFree, "", "", "set hostid too"},
        {"nqn\t2024", "", kDmi, "control characters"},
        {std::string(223, 'x'), "", kDmi, "Linux accepts at most 222 bytes"},
        {"a,b", "", kDmi, "contains a comma"},
        {kFree, "1234", kDmi, "is not a UUID"},
    };
    for (const Case& c : cases) {
        const Machine machine(c.dmi, "", "");
        const auto found = boot::find_identity({c.nqn, "key"}, {c.id, "key"}, machine.sys);
        BOOST_REQUIRE_MESSAGE(!found.ok(), c.message);
        BOOST_TEST(found.error().text.find(c.message) != std::string::npos, found.error().text);
    }
}

BOOST_AUTO_TEST_CASE(a_file_of_the_identity_that_leads_to_nothing_is_refused) {
    for (const char* name : {"etc/nvme/hostnqn", "etc/nvme/hostid"}) {
        const Machine machine(kDmi, "", "");
        (void)machine.dir.folder("etc/nvme");
        std::filesystem::create_symlink("/none/x", machine.dir.at(name));
        const auto found = boot::find_identity({"", ""}, {"", ""}, machine.sys);
        BOOST_REQUIRE(!found.ok());
        BOOST_TEST(found.error().text.find("a dangling symbolic link") != std::string::npos);
    }
}

BOOST_AUTO_TEST_SUITE_END()
