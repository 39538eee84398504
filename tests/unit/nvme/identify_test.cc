// SPDX-License-Identifier: GPL-2.0-or-later
#include "nvme/identify.h"

#include "support/test.h"

namespace {

nvme::NamespaceIds all_ids() {
    nvme::NamespaceIds ids;
    ids.eui64 = nvme::parse_eui64("0011223344556677").value();
    ids.nguid = nvme::parse_nguid("0123456789abcdef0123456789abcdef").value();
    ids.uuid = nvme::parse_uuid("11111111-2222-3333-4444-555555555555").value();
    return ids;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(identify)

BOOST_AUTO_TEST_CASE(namespace_identifiers_go_to_the_list_and_back) {
    const base::Bytes list = nvme::build_namespace_ids(all_ids());
    BOOST_TEST(list.size() == nvme::kIdentifyBytes);
    BOOST_TEST(nvme::parse_namespace_ids(list).value() == all_ids());
    BOOST_TEST(
        (nvme::parse_namespace_ids(nvme::build_namespace_ids({})).value() == nvme::NamespaceIds{}));
}

BOOST_AUTO_TEST_CASE(an_unknown_descriptor_is_passed_over) {
    base::Bytes list(8, std::byte{0x77});
    list[1] = std::byte{4};
    const base::Bytes known = nvme::build_namespace_ids(all_ids());
    list.insert(list.end(), known.begin(), known.end());
    BOOST_TEST(nvme::parse_namespace_ids(list).value() == all_ids());
}

BOOST_AUTO_TEST_CASE(a_descriptor_of_wrong_length_is_refused) {
    base::Bytes list = nvme::build_namespace_ids(all_ids());
    list[1] = std::byte{7};
    BOOST_TEST(nvme::parse_namespace_ids(list).error().text ==
               "namespace identification descriptor of type 1 with length 7");
    list[1] = std::byte{8};
    list.resize(11);
    BOOST_TEST(!nvme::parse_namespace_ids(list).ok());
}

BOOST_AUTO_TEST_CASE(text_fields_are_padded_cut_and_read) {
    nvme::IdentifyController controller;
    nvme::set_field(controller.sn, "SN1", ' ');
    BOOST_TEST(std::string(controller.sn.data(), 20) == "SN1                 ");
    BOOST_TEST(nvme::field_text({controller.sn.data(), controller.sn.size()}) == "SN1");
    nvme::set_field(controller.fr, "123456789", ' ');
    BOOST_TEST(nvme::field_text({controller.fr.data(), controller.fr.size()}) == "12345678");
    nvme::set_field(controller.subnqn, "nqn.x", '\0');
    BOOST_TEST(nvme::field_text({controller.subnqn.data(), controller.subnqn.size()}) == "nqn.x");
    BOOST_TEST(nvme::field_text("    ").empty());
}

BOOST_AUTO_TEST_CASE(the_format_index_is_put_together_from_two_fields) {
    nvme::IdentifyNamespace ns;
    ns.flbas = 0x1F;
    BOOST_TEST(ns.format_index() == 15U);
    ns.flbas = 0x63;
    BOOST_TEST(ns.format_index() == 0x33U);
}

BOOST_AUTO_TEST_SUITE_END()
