// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/uri.h"

#include "nvme/fabrics.h"
#include "support/test.h"

namespace {

const std::string kNqn = "nqn.2024-08.com.example:my-disk";
const std::string kUuid = "0a1b2c3d-0000-4000-8000-0000000000ff";
const std::string kNguid = "0123456789abcdef0123456789abcdef";

nvme::Uri parse(const std::string& text) {
    auto uri = nvme::Uri::parse(text);
    BOOST_REQUIRE_MESSAGE(uri.ok(), text << ": " << (uri ? "" : uri.error().text));
    return *uri;
}

std::string namespace_of(const std::string& text) {
    const auto id = nvme::parse_namespace_id(text);
    return id ? nvme::to_text(*id) : "refused";
}

struct Refusal {
    std::string uri;
    std::string part;  ///< of the message
};

}  // namespace

BOOST_AUTO_TEST_SUITE(uri)

BOOST_AUTO_TEST_CASE(reads_the_form_of_the_boot_specification) {
    const auto uri = parse("nvme+tcp://192.0.2.10:4421/" + kNqn + "/1");
    BOOST_TEST(uri.host == "192.0.2.10");
    BOOST_TEST(uri.zone.empty());
    BOOST_TEST(uri.port == 4421);
    BOOST_TEST(uri.subsysnqn == kNqn);
    BOOST_TEST(std::get<uint32_t>(uri.nid) == 1U);
    BOOST_TEST(!uri.is_discovery());
    BOOST_TEST(uri.portal() == "192.0.2.10:4421");
    BOOST_TEST(uri.text() == "nvme+tcp://192.0.2.10:4421/" + kNqn + "/1");
}

BOOST_AUTO_TEST_CASE(the_scheme_is_taken_in_either_case) {
    BOOST_TEST(parse("NVME+TCP://192.0.2.10/" + kNqn).host == "192.0.2.10");
    BOOST_TEST(parse("Nvme+Tcp://192.0.2.10/" + kNqn).host == "192.0.2.10");
}

BOOST_AUTO_TEST_CASE(ipv6_is_in_brackets_with_an_optional_zone) {
    for (const std::string zone : {"%25eth0", "%eth0"}) {
        const auto uri = parse("nvme+tcp://[fe80::10" + zone + "]:4420/" + kNqn + "/2");
        BOOST_TEST(uri.host == "fe80::10");
        BOOST_TEST(uri.zone == "eth0");
        BOOST_TEST(uri.portal() == "[fe80::10%eth0]:4420");
        BOOST_TEST(uri.text() == "nvme+tcp://[fe80::10%25eth0]:4420/" + kNqn + "/2");
    }
    BOOST_TEST(parse("nvme+tcp://[2001:db8::1]/" + kNqn).portal() == "[2001:db8::1]:4420");
}

BOOST_AUTO_TEST_CASE(an_omitted_port_depends_on_what_is_asked_for) {
    BOOST_TEST(parse("nvme+tcp://host.example/" + kNqn).port == nvme::kPortSubsystem);
    BOOST_TEST(parse("nvme+tcp://host.example/" + std::string(nvme::kDiscoveryNqn)).port ==
               nvme::kPortDiscovery);
}

BOOST_AUTO_TEST_CASE(no_path_means_the_discovery_subsystem) {
    for (const std::string text : {"nvme+tcp://h", "nvme+tcp://h/", "nvme+tcp://h//",
                                   "NVME+TCP://h/NQN.2014-08.ORG.NVMEXPRESS.DISCOVERY/"}) {
        const auto uri = parse(text);
        BOOST_TEST(uri.is_discovery());
        BOOST_TEST(uri.port == nvme::kPortDiscovery);
    }
}

BOOST_AUTO_TEST_CASE(percent_encoding_is_undone_and_redone) {
    const auto uri = parse("nvme+tcp://h%6Fst/nqn.2024-08.com.example%3aa%2Fb/%31");
    BOOST_TEST(uri.host == "host");
    BOOST_TEST(uri.subsysnqn == "nqn.2024-08.com.example:a/b");
    BOOST_TEST(std::get<uint32_t>(uri.nid) == 1U);
    BOOST_TEST(uri.text() == "nvme+tcp://host:4420/nqn.2024-08.com.example:a%2Fb/1");
    BOOST_TEST(parse(uri.text()) == uri);
}

BOOST_AUTO_TEST_CASE(a_namespace_is_named_in_every_form) {
    BOOST_TEST(namespace_of("1") == "1");
    BOOST_TEST(namespace_of("0x10") == "16");
    BOOST_TEST(namespace_of("4294967294") == "4294967294");
    BOOST_TEST(namespace_of(kUuid) == "uuid:" + kUuid);
    BOOST_TEST(namespace_of("urn:uuid:" + kUuid) == "uuid:" + kUuid);
    BOOST_TEST(namespace_of("URN:UUID:" + kUuid) == "uuid:" + kUuid);
    BOOST_TEST(namespace_of("uuid:" + kUuid) == "uuid:" + kUuid);
    BOOST_TEST(namespace_of(kNguid) == "nguid:" + kNguid);
    BOOST_TEST(namespace_of("nguid:" + kNguid) == "nguid:" + kNguid);
    BOOST_TEST(namespace_of("nguid:" + kUuid) == "nguid:0a1b2c3d0000400080000000000000ff");
    BOOST_TEST(namespace_of("0011223344556677") == "eui64:0011223344556677");
    BOOST_TEST(namespace_of("eui64:00-11-22-33-44-55-66-77") == "eui64:0011223344556677");
    BOOST_TEST(nvme::to_text(nvme::NamespaceId{}).empty());
}

BOOST_AUTO_TEST_CASE(what_names_no_namespace_is_refused) {
    for (const std::string& text : std::vector<std::string>{
             "", "0", "4294967295", "-1", "1a", "uuid:1", "nguid:12", "eui64:", "0000000000000000",
             "00000000-0000-0000-0000-000000000000", "urn:uuid:" + kNguid}) {
        BOOST_TEST(namespace_of(text) == "refused", text);
    }
}

BOOST_AUTO_TEST_CASE(refusals_name_the_part) {
    const std::vector<Refusal> refusals = {
        {"", "does not begin with nvme+tcp://"},
        {"nvme+rdma://h/" + kNqn, "does not begin with nvme+tcp://"},
        {"nvme+tcp:/h/" + kNqn, "does not begin with nvme+tcp://"},
        {"nvme+tcp:///" + kNqn, "neither an address nor a host name"},
        {"nvme+tcp://user@h/" + kNqn, "a user has no meaning"},
        {"nvme+tcp://h/" + kNqn + "?a=b", "query or fragment"},
        {"nvme+tcp://h/" + kNqn + "#f", "query or fragment"},
        {"nvme+tcp://300.1.1.1/" + kNqn, "neither an address nor a host name"},
        {"nvme+tcp://1.2.3/" + kNqn, "neither an address nor a host name"},
        {"nvme+tcp://a,b/" + kNqn, "neither an address nor a host name"},
        {"nvme+tcp://a%20b/" + kNqn, "neither an address nor a host name"},
        {"nvme+tcp://-h/" + kNqn, "neither an address nor a host name"},
        {"nvme+tcp://" + std::string(254, 'h') + "/" + kNqn, "neither an address nor a host name"},
        {"nvme+tcp://fe80::1/" + kNqn,
         "lacks the square brackets of an IPv6 address; write [fe80::1]"},
        {"nvme+tcp://2001:db8::10:4420/" + kNqn,
         "write [2001:db8::10:4420], or with a port [2001:db8::10]:4420"},
        {"nvme+tcp://2001:db8:1:2:3:4:5:6:4420/" + kNqn, "write [2001:db8:1:2:3:4:5:6]:4420"},
        {"nvme+tcp://fe80::1%25eth0:4420/" + kNqn, "write [fe80::1%25eth0]:4420"},
        {"nvme+tcp://::1/" + kNqn, "write [::1]"},
        {"nvme+tcp://::ffff:192.0.2.1:4420/" + kNqn, "write [::ffff:192.0.2.1]:4420"},
        {"nvme+tcp://2001:db8:::1:4420/" + kNqn, "lacks the square brackets"},
        {"nvme+tcp://host:44:20/" + kNqn, "is not a port number"},
        {"nvme+tcp://[fe80::1/" + kNqn, "not an IPv6 address in brackets"},
        {"nvme+tcp://[fe80::1]x/" + kNqn, "not an IPv6 address in brackets"},
        {"nvme+tcp://[192.0.2.1]/" + kNqn, "is not an IPv6 address"},
        {"nvme+tcp://[fe80::1%25]/" + kNqn, "names no interface"},
        {"nvme+tcp://[fe80::1%25a%2Cb]/" + kNqn, "names no interface"},
        {"nvme+tcp://h:0/" + kNqn, "is not a port number"},
        {"nvme+tcp://h:65536/" + kNqn, "is not a port number"},
        {"nvme+tcp://h:x/" + kNqn, "is not a port number"},
        {"nvme+tcp://h/a%0Ab/1", "control characters"},
        {"nvme+tcp://h/" + std::string(224, 'x') + "/1", "a name of 224 bytes"},
        {"nvme+tcp://h/" + kNqn + "%/1", "%"},
        {"nvme+tcp://h/" + kNqn + "/0", "is not a namespace"},
        {"nvme+tcp://h/" + kNqn + "/1/2", "is not a namespace"},
    };
    for (const Refusal& refusal : refusals) {
        const auto uri = nvme::Uri::parse(refusal.uri);
        BOOST_TEST_CONTEXT(refusal.uri) {
            BOOST_REQUIRE(!uri.ok());
            BOOST_TEST(uri.error().text.find(refusal.part) != std::string::npos, uri.error().text);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
