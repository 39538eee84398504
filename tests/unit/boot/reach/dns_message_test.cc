// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/reach/dns_message.h"

#include "base/text.h"
#include "support/test.h"

using boot::DnsQuestion;
using boot::DnsType;

namespace {

const DnsQuestion kQuestion{0x1234, "Disk.example", DnsType::kA};
// 4 "disk" 7 "example" 0, A, IN: 18 bytes behind the header of 12
const std::string kAsked =
    "046469736b076578616d706c6500"
    "0001"
    "0001";

std::string header(unsigned answers, const char* flags = "8180") {
    return "1234" + std::string(flags) + "0001" + base::format("%04x", answers) + "00000000";
}

std::optional<boot::DnsAnswer> parse(const std::string& hex) {
    return boot::parse_dns_answer(base::from_hex(hex).value(), kQuestion);
}

// The owner is a pointer to the question's name at 12.
const std::string kAddress =
    "c00c"
    "0001"
    "0001"
    "0000003c"
    "0004"
    "c000020a";

}  // namespace

BOOST_AUTO_TEST_SUITE(dns_message)

BOOST_AUTO_TEST_CASE(a_question_in_wire_form) {
    BOOST_TEST(
        base::to_hex(boot::build_dns_query({0x1234, "disk.example.", DnsType::kA}).value()) ==
        "123401000001000000000000" + kAsked);
    const std::string label(64, 'a');
    for (const std::string& bad : {std::string(), std::string("a..b"), label, "." + label,
                                   std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                                       std::string(63, 'c') + "." + std::string(63, 'd')}) {
        BOOST_TEST(!boot::build_dns_query({1, bad, DnsType::kA}).ok(), bad);
    }
}

BOOST_AUTO_TEST_CASE(addresses_are_read_whatever_the_case) {
    const auto answer = parse(header(1) + kAsked + kAddress);
    BOOST_REQUIRE(answer.has_value());
    BOOST_REQUIRE(answer->addresses.size() == 1U);
    BOOST_TEST(answer->addresses[0].text() == "192.0.2.10");
}

BOOST_AUTO_TEST_CASE(an_alias_is_followed_in_any_order_and_not_forever) {
    // disk.example is an alias of a.example (a pointer to "example" at 17), which has the address.
    const std::string alias =
        "c00c"
        "0005"
        "0001"
        "0000003c"
        "0004"
        "0161"
        "c011";
    const std::string target =
        "0161"
        "c011"
        "0001"
        "0001"
        "0000003c"
        "0004"
        "c000020a";
    BOOST_TEST(parse(header(2) + kAsked + alias + target)->addresses.size() == 1U);
    BOOST_TEST(parse(header(2) + kAsked + target + alias)->addresses.size() == 1U);
    const std::string loop =
        "c00c"
        "0005"
        "0001"
        "0000003c"
        "0002"
        "c00c";
    BOOST_TEST(parse(header(1) + kAsked + loop)->addresses.empty());
    BOOST_TEST(parse(header(1) + kAsked + target)->addresses.empty());  // of another name
}

BOOST_AUTO_TEST_CASE(what_the_server_says_instead_of_an_address) {
    BOOST_TEST(parse(header(0, "8183") + kAsked)->problem == "no such name");
    BOOST_TEST(!parse(header(0, "8183") + kAsked)->ask_another);
    BOOST_TEST(parse(header(0, "8182") + kAsked)->problem == "server failure");
    BOOST_TEST(parse(header(0, "8182") + kAsked)->ask_another);
    BOOST_TEST(parse(header(0, "8187") + kAsked)->problem == "error 7");
    BOOST_TEST(parse(header(0) + kAsked)->problem.empty());
}

BOOST_AUTO_TEST_CASE(a_cut_answer_has_what_is_whole) {
    const std::string whole = header(2) + kAsked + kAddress;
    BOOST_TEST(parse(whole + kAddress.substr(0, 20))->addresses.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_answers_another_question_is_dropped) {
    const std::string good = header(1) + kAsked + kAddress;
    for (const std::string& bad : {
             std::string(),
             "1235" + good.substr(4),                             // another number
             "12340180" + good.substr(8),                         // a question
             header(1) + "0464697363" + kAsked.substr(10),        // disc.example
             header(1) + "046469736b076578616d706c6500001c0001",  // AAAA
             header(1) + "c00c00010001",                          // a name that points to itself
             header(1) + "046469",                                // a name that is cut
         }) {
        BOOST_TEST(!parse(bad).has_value(), bad);
    }
}

BOOST_AUTO_TEST_SUITE_END()
