// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/nbft.h"

#include <functional>

#include "support/nbft_table.h"
#include "support/test.h"

namespace {

using nvme::Nbft;

base::Result<Nbft> changed(const std::function<void(base::Bytes&)>& change) {
    base::Bytes table = support::build_nbft(support::sample_nbft());
    change(table);
    if (table.size() > 9) {
        support::fix_check_sum(table);
    }
    return nvme::parse_nbft(table);
}

/// The error for the sample after a change of its bytes, the checksum mended.
std::string refusal(const std::function<void(base::Bytes&)>& change) {
    const auto nbft = changed(change);
    return nbft ? "" : nbft.error().text;
}

/// The entry of the sample that is omitted after such a change.
std::string left_out(const std::function<void(base::Bytes&)>& change) {
    const auto nbft = changed(change);
    BOOST_REQUIRE_MESSAGE(nbft.ok(), (nbft.ok() ? "" : nbft.error().text));
    BOOST_REQUIRE(nbft->left_out.size() <= 1U);
    return nbft->left_out.empty() ? "" : nbft->left_out[0];
}

std::function<void(base::Bytes&)> byte_at(size_t at, uint8_t value) {
    return [=](base::Bytes& table) { table.at(at) = std::byte{value}; };
}

// Offsets in the sample: its lists begin at 160, an HFI has 32 bytes.
constexpr size_t kHfi = 160;
constexpr size_t kSsns = 192;

}  // namespace

BOOST_AUTO_TEST_SUITE(nbft)

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
    Nbft nbft = support::sample_nbft();
    nbft.interfaces[0].vlan = 7;
    nbft.interfaces[0].host_name = "host7";
    nbft.interfaces[0].origin = Nbft::Origin::kRouter;
    nbft.interfaces[0].is_default_route = true;
    nbft.interfaces[0].metric = 500;
    nbft.host.selection = 2;
    nbft.interfaces[0].dns = {nbft.interfaces[0].gateway};
    nbft.subsystems[0].security = 3;
    nbft.subsystems[0].data_digest = true;
    nbft.subsystems[0].interfaces = {1, 2};
    nbft.subsystems.push_back(nbft.subsystems[0]);
    nbft.subsystems[1].nid = nvme::parse_nguid("00112233445566778899aabbccddeeff").value();
    nbft.subsystems[1].bootable = false;
    nbft.security.push_back({3, true, false, std::vector{nvme::HashId::kSha512},
                             std::vector{nvme::DhGroup::kNull, nvme::DhGroup::kFfdhe2048}});
    nbft.discovery.push_back({1, "nvme+tcp://192.0.2.1:8009/"});
    const auto read = nvme::parse_nbft(support::build_nbft(nbft));
    BOOST_REQUIRE_MESSAGE(read.ok(), (read.ok() ? "" : read.error().text));
    BOOST_TEST(read->host.nqn == nbft.host.nqn);
    BOOST_TEST(read->host.id == nbft.host.id);
    BOOST_TEST(read->host.selection == 2U);
    BOOST_REQUIRE(read->interfaces.size() == 1U);
    const Nbft::Interface& interface = read->interfaces[0];
    BOOST_TEST(interface.mac == nbft.interfaces[0].mac);
    BOOST_TEST(interface.vlan == 7);
    BOOST_TEST(interface.origin == Nbft::Origin::kRouter);
    BOOST_TEST(interface.is_default_route);
    BOOST_TEST(interface.metric == 500);
    BOOST_TEST(interface.address == nbft.interfaces[0].address);
    BOOST_TEST(interface.prefix_length == 24);
    BOOST_TEST(interface.dns == nbft.interfaces[0].dns);
    BOOST_TEST(interface.host_name == "host7");
    BOOST_REQUIRE(read->subsystems.size() == 2U);
    BOOST_TEST(read->subsystems[0].nid == nvme::NamespaceId(1U));
    BOOST_TEST(read->subsystems[1].nid == nbft.subsystems[1].nid);
    BOOST_TEST(!read->subsystems[1].bootable);
    BOOST_TEST(read->subsystems[0].security == 3U);
    BOOST_TEST(read->subsystems[0].data_digest);
    BOOST_TEST(!read->subsystems[0].header_digest);
    BOOST_TEST((read->subsystems[0].interfaces == std::vector<unsigned>{1, 2}));
    BOOST_REQUIRE(read->security.size() == 1U);
    BOOST_TEST(read->security[0].dhchap_excluded);
    BOOST_TEST(read->security[0].hashes == nbft.security[0].hashes);
    BOOST_TEST(read->security[0].groups == nbft.security[0].groups);
    BOOST_TEST(read->discovery[0].uri == "nvme+tcp://192.0.2.1:8009/");
}

BOOST_AUTO_TEST_CASE(zeros_mean_none) {
    Nbft nbft = support::sample_nbft();
    nbft.host = {};
    nbft.interfaces[0].address.clear();
    nbft.interfaces[0].gateway.clear();
    nbft.subsystems[0].nid = {};
    const auto read = nvme::parse_nbft(support::build_nbft(nbft));
    BOOST_REQUIRE(read.ok());
    BOOST_TEST(!read->host.id.has_value());
    BOOST_TEST(read->interfaces[0].address.empty());
    BOOST_TEST(read->subsystems[0].nid == nvme::NamespaceId());
}

BOOST_AUTO_TEST_CASE(a_table_that_is_malformed_is_refused) {
    BOOST_TEST(refusal(byte_at(0, 'X')) == "no table with the signature NBFT");
    BOOST_TEST(refusal([](base::Bytes& table) { table.resize(40); }) ==
               "no table with the signature NBFT");
    BOOST_TEST(
        refusal([](base::Bytes& table) { table.resize(200); }).starts_with("it says that it has "));
    BOOST_TEST(refusal(byte_at(8, 2)) == "revision 2: 1 is known");
    BOOST_TEST(refusal(byte_at(39, 1)) == "its heap lies outside");
    BOOST_TEST(refusal(byte_at(64, 9)) == "control structure 9 of revision 1: 1 and 1 are known");
    base::Bytes table = support::build_nbft(support::sample_nbft());
    table.back() ^= std::byte{1};
    BOOST_TEST(nvme::parse_nbft(table).error().text == "its checksum is wrong");
}

BOOST_AUTO_TEST_CASE(an_odd_element_is_left_out_and_named) {
    BOOST_TEST(left_out([](base::Bytes&) {}) == "");
    BOOST_TEST(left_out(byte_at(75, 1)) == "the host descriptor lies outside");
    BOOST_TEST(left_out(byte_at(128, 9)) == "the host descriptor is another structure");
    BOOST_TEST(left_out(byte_at(149, 1)) == "the host NQN lies outside the heap");
    BOOST_TEST(left_out(byte_at(84, 31)) == "HFI descriptor 1 and those after it are too short");
    BOOST_TEST(left_out(byte_at(kHfi, 4)) == "HFI descriptor 1 is structure 4, not 3");
    BOOST_TEST(left_out(byte_at(kHfi + 3, 1)) == "HFI 1 is of transport 1, not TCP");
    BOOST_TEST(left_out(byte_at(kHfi + 20, 100)) ==
               "HFI 1: its transport information is none of TCP");
    BOOST_TEST(left_out(byte_at(kSsns + 5, 1)) == "SSNS 1 is of transport 1, not TCP");
    BOOST_TEST(left_out(byte_at(kSsns + 14, 15)) == "SSNS 1 has no address");
    BOOST_TEST(left_out(byte_at(kSsns + 28, 4)) == "");  // a type without an identifier
    BOOST_TEST(left_out([](base::Bytes& table) {
                   table.at(kSsns + 28) = std::byte{4};
                   table.at(kSsns + 29) = std::byte{1};
               }) == "SSNS 1: namespace identifier of type 4");
    // A list that says to have more than there is room for ends where the table does.
    const auto longer = changed(byte_at(95, 200));
    BOOST_REQUIRE(longer.ok());
    BOOST_TEST(longer->subsystems.size() == 1U);
    BOOST_TEST(longer->left_out.back().ends_with(" lies outside"));
    // The rest of the table is as it was.
    const auto nbft = changed(byte_at(kSsns + 14, 15));
    BOOST_TEST(nbft->subsystems.empty());
    BOOST_TEST(nbft->interfaces.size() == 1U);
    BOOST_TEST(!nbft->host.nqn.empty());
}

BOOST_AUTO_TEST_CASE(entries_that_are_not_valid_are_not_there) {
    const auto nbft = changed(byte_at(kHfi + 2, 0));
    BOOST_REQUIRE(nbft.ok());
    BOOST_TEST(nbft->interfaces.empty());
    BOOST_TEST(nbft->left_out.empty());
}

BOOST_AUTO_TEST_CASE(an_identifier_of_zeros_leaves_the_number) {
    const auto nbft = changed([](base::Bytes& table) {
        table.at(kSsns + 28) = std::byte{1};
        table.at(kSsns + 44) = std::byte{9};  // behind the EUI-64
    });
    BOOST_REQUIRE(nbft.ok());
    BOOST_TEST(nbft->subsystems.at(0).nid == nvme::NamespaceId(1U));
}

BOOST_AUTO_TEST_CASE(names_of_others_are_taken_as_they_are) {
    Nbft nbft = support::sample_nbft();
    nbft.host.nqn = "hostnqn";
    nbft.subsystems[0].nqn = "a disk";
    const auto read = nvme::parse_nbft(support::build_nbft(nbft));
    BOOST_REQUIRE(read.ok());
    BOOST_TEST(read->host.nqn == "hostnqn");
    BOOST_TEST(read->subsystems.at(0).nqn == "a disk");
    nbft.subsystems[0].nqn = "a\ndisk";
    const auto broken = nvme::parse_nbft(support::build_nbft(nbft));
    BOOST_REQUIRE(broken->left_out.size() == 1U);
    BOOST_TEST(broken->left_out[0] ==
               "SSNS 1: its NQN: \"a\\x0adisk\" is not a name: it contains control characters");
}

BOOST_AUTO_TEST_CASE(no_byte_makes_it_read_outside) {
    const base::Bytes whole = support::build_nbft(support::sample_nbft());
    for (size_t i = 0; i < whole.size(); ++i) {
        for (const int value : {0x00, 0x7F, 0xFF}) {
            base::Bytes table = whole;
            table[i] = static_cast<std::byte>(value);
            support::fix_check_sum(table);
            (void)nvme::parse_nbft(table);  // the sanitizers are the test
        }
    }
    BOOST_TEST(nvme::parse_nbft(whole).ok());
}

BOOST_AUTO_TEST_SUITE_END()
