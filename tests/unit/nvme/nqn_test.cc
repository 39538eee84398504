// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/nqn.h"

#include "support/test.h"

namespace {

const std::string kUuid = "11111111-2222-3333-4444-55555555abcd";

std::string refusal(const std::string& nqn) {
    const auto result = nvme::check_nqn(nqn);
    return result ? "accepted" : result.error().text;
}

bool refuses(const std::string& nqn, const std::string& because) {
    return refusal(nqn).find(because) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nqn)

BOOST_AUTO_TEST_CASE(accepts_both_forms) {
    const std::string prefix = "nqn.2024-08.com.example:";
    for (const std::string& name :
         {std::string(nvme::kDiscoveryNqn), prefix + "disk", prefix + "a b,c/d:e",
          prefix + "\u00fc", std::string("nqn.2024-12.io.a-b.c1"),
          std::string(nvme::kUuidNqnPrefix) + kUuid, prefix + std::string(223 - prefix.size(), 'x'),
          prefix + "\U0001F600", std::string("nqn.2023-10.io.systemd:storagetm.4711")}) {
        BOOST_TEST(refusal(name) == "accepted");
    }
}

BOOST_AUTO_TEST_CASE(refuses_everything_else_and_says_why) {
    const std::string prefix = "nqn.2024-08.com.example:";
    BOOST_TEST(refuses("", "does not begin with nqn.yyyy-mm."));
    BOOST_TEST(refuses("NQN.2024-08.com.example", "does not begin with nqn.yyyy-mm."));
    BOOST_TEST(refuses("iqn.2024-08.com.example", "does not begin with nqn.yyyy-mm."));
    BOOST_TEST(refuses("nqn.2024-13.com.example", "does not begin with nqn.yyyy-mm."));
    BOOST_TEST(refuses("nqn.2024-00.com.example", "does not begin with nqn.yyyy-mm."));
    BOOST_TEST(refuses("nqn.24-08.com.example", "does not begin with nqn.yyyy-mm."));
    BOOST_TEST(refuses("nqn.2024-08.", "no domain name"));
    BOOST_TEST(refuses("nqn.2024-08.:x", "no domain name"));
    BOOST_TEST(refuses("nqn.2024-08.com..example", "no domain name"));
    BOOST_TEST(refuses("nqn.2024-08.-com", "no domain name"));
    BOOST_TEST(refuses("nqn.2024-08.com example", "no domain name"));
    BOOST_TEST(refuses(prefix, "nothing follows its colon"));
    BOOST_TEST(refuses(prefix + std::string(224 - prefix.size(), 'x'), "224 bytes"));
    BOOST_TEST(refuses(prefix + "a\nb", "not printable UTF-8"));
    BOOST_TEST(refuses(prefix + std::string(1, '\0'), "not printable UTF-8"));
    BOOST_TEST(refuses(std::string(nvme::kUuidNqnPrefix) + "1234", "is not a UUID"));
    BOOST_TEST(refuses(std::string(nvme::kUuidNqnPrefix) + "00000000-0000-0000-0000-000000000000",
                       "all zeros"));
}

BOOST_AUTO_TEST_CASE(refuses_bytes_that_are_not_utf8) {
    for (const std::string bytes :
         {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82"}) {
        BOOST_TEST(refuses("nqn.2024-08.com.example:" + bytes, "not printable UTF-8"));
    }
}

BOOST_AUTO_TEST_CASE(what_others_call_things_is_a_name_all_the_same) {
    for (const std::string& name :
         {std::string("testnqn"), std::string("hostnqn"), std::string("1"), std::string("a b/c,d"),
          std::string(223, 'x'), std::string("nqn.2014-08.org.nvmexpress:uuid:none"),
          std::string("caf\xe9")}) {
        BOOST_TEST(nvme::check_name(name).ok(), name);
        BOOST_TEST(nvme::odd_name(name).ends_with("; continuing with this name as it is"), name);
    }
    BOOST_TEST(nvme::check_name("").error().text == "an empty name");
    BOOST_TEST(nvme::check_name(std::string(224, 'x')).error().text ==
               "a name of 224 bytes: at most 223 are allowed");
    for (const std::string name : {"a\nb", "a\tb", "\x7f", "\x1b[31m"}) {
        BOOST_TEST(nvme::check_name(name).error().text.ends_with(
            "is not a name: it contains control characters"));
    }
    BOOST_TEST(nvme::odd_name("nqn.2024-08.com.example:disk") == "");
    BOOST_TEST(nvme::odd_name("") == "");
}

BOOST_AUTO_TEST_CASE(identifiers_come_back_from_their_text) {
    BOOST_TEST(nvme::to_text(nvme::parse_uuid(kUuid).value()) == kUuid);
    BOOST_TEST(nvme::to_text(nvme::parse_uuid("11111111-2222-3333-4444-55555555ABCD").value()) ==
               kUuid);
    const std::string nguid = "0123456789abcdef0123456789abcdef";
    BOOST_TEST(nvme::to_text(nvme::parse_nguid(nguid).value()) == nguid);
    BOOST_TEST(nvme::to_text(nvme::parse_nguid(kUuid).value()) ==
               "1111111122223333444455555555abcd");
    for (const std::string eui64 :
         {"0011223344556677", "00-11-22-33-44-55-66-77", "00:11:22:33:44:55:66:77"}) {
        BOOST_TEST(nvme::to_text(nvme::parse_eui64(eui64).value()) == "0011223344556677");
    }
    BOOST_TEST(nvme::uuid_nqn(nvme::parse_uuid(kUuid).value()) ==
               std::string(nvme::kUuidNqnPrefix) + kUuid);
}

BOOST_AUTO_TEST_CASE(malformed_identifiers_are_refused) {
    for (const std::string text :
         {"", "11111111-2222-3333-4444-55555555abc", "11111111-2222-3333-4444-55555555abcg",
          "111111112222333344445555-5555abcd----", "00000000-0000-0000-0000-000000000000",
          "11111111222233334444555555555abcd"}) {
        BOOST_TEST(!nvme::parse_uuid(text).ok(), text);
    }
    BOOST_TEST(!nvme::parse_nguid("0123456789abcdef0123456789abcde").ok());
    BOOST_TEST(!nvme::parse_nguid(std::string(32, '0')).ok());
    for (const std::string text : {"001122334455667", "00-11:22-33-44-55-66-77",
                                   "0-011-22-33-44-55-66-77", "0000000000000000"}) {
        BOOST_TEST(!nvme::parse_eui64(text).ok(), text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
