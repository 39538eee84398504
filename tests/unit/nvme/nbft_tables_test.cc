// SPDX-License-Identifier: GPL-2.0-or-later
//
// Tables that firmware wrote, which are not part of this project: what is read of each, compared
// with what libnvme's own test data says of it.
#include <filesystem>
#include <map>

#include "base/fd.h"
#include "boot/dhcp/ip_address.h"
#include "nvme/nbft.h"
#include "support/test.h"

namespace {

using nvme::Nbft;

std::string text_of(const nvme::NbftAddress& address) {
    const auto parsed = boot::IpAddress::from_bytes(address);
    return parsed ? parsed->text() : "-";
}

std::string text_of(const Nbft::Interface& interface) {
    boot::MacAddress mac;
    std::ranges::transform(interface.mac, mac.octets.begin(),
                           [](std::byte byte) { return std::to_integer<uint8_t>(byte); });
    constexpr const char* kOrigins[] = {"given", "dhcp", "router"};
    std::string text = "; HFI " + std::to_string(interface.index) + " " + mac.text() + " " +
                       kOrigins[static_cast<size_t>(interface.origin)] + " " +
                       text_of(interface.address) + "/" + std::to_string(interface.prefix_length);
    if (!interface.gateway.empty() || interface.vlan != 0) {
        text +=
            " gateway " + text_of(interface.gateway) + " vlan " + std::to_string(interface.vlan);
    }
    for (const auto& server : interface.dns) {
        text += " dns " + text_of(server);
    }
    return text + (interface.metric != 0 ? " metric " + std::to_string(interface.metric) : "") +
           (interface.host_name.empty() ? "" : " " + interface.host_name);
}

/// The error where it is refused.
std::string text_of(const base::Result<Nbft>& read) {
    if (!read) {
        return read.error().text;
    }
    std::string text = read->host.nqn + " " + nvme::to_text(read->host.id.value());
    for (const auto& interface : read->interfaces) {
        text += text_of(interface);
    }
    for (const auto& subsystem : read->subsystems) {
        const nvme::Uri uri{text_of(subsystem.address), "", subsystem.port, subsystem.nqn,
                            subsystem.nid};
        text += "; SSNS " + std::to_string(subsystem.index) + " " + uri.text();
    }
    for (const auto& discovery : read->discovery) {
        text += "; discovery " + std::to_string(discovery.index) + " " + discovery.uri;
    }
    return text;
}

const std::map<std::string, std::string> kExpected = {
    {"tables/NBFT-Dell.PowerEdge.R660-fw1.5.5-single",
     "nqn.2014-08.org.nvmexpress:uuid:4c4c4544-0044-4410-8030-b8c04f445833 "
     "4c4c4544-0044-4410-8030-b8c04f445833; "
     "HFI 1 00:62:0b:cb:eb:70 given 172.18.240.1/24 metric 500; "
     "SSNS 1 nvme+tcp://172.18.240.60:4420/"
     "nqn.1988-11.com.dell:powerstore:00:88b402df2d762AA7AF94/"
     "nguid:5380b42fc0c5de718ccf096800be3ca7; "
     "SSNS 2 nvme+tcp://172.18.240.60:4420/"
     "nqn.1988-11.com.dell:powerstore:00:88b402df2d762AA7AF94/"
     "nguid:f40c66fce704afdb8ccf0968007eaeae"},
    {"tables/NBFT-auto-ipv6",
     "nqn.2014-08.org.nvmexpress:uuid:70b1e81e-4ceb-4f86-b709-57d1079e201a "
     "70b1e81e-4ceb-4f86-b709-57d1079e201a; "
     "HFI 1 52:54:00:9e:20:1a given fd09:9a46:b5c1:1ff:5054:ff:fe9e:201a/64 "
     "nvmepoc-sles15-sp5; "
     "SSNS 1 nvme+tcp://[fd09:9a46:b5c1:1ff:5054:ff:fefd:9e66]:4420/"
     "nqn.2022-12.de.suse.mwilck:zeus.vagrant-nvmet.subsys04/"
     "uuid:848f4dc0-6d39-4968-bf18-00569b8eea97"},
    {"tables/NBFT-dhcp-ipv4",
     "nqn.2014-08.org.nvmexpress:uuid:a1b759e3-035d-4777-b3cc-1754b8b819b9 "
     "a1b759e3-035d-4777-b3cc-1754b8b819b9; "
     "HFI 1 52:54:00:b8:19:b9 dhcp 192.168.49.155/24 dns 192.168.49.1 nvmeof-sles; "
     "SSNS 1 nvme+tcp://192.168.49.10:4420/"
     "nqn.2022-12.org.nvmexpress.boot.poc:bremer.vagrant-nvmet.subsys02/"
     "uuid:df669a88-bd6f-4dd6-8a50-5f97eb55c835; "
     "discovery 1 nvme+tcp://192.168.49.10:4420/"},
    {"tables/NBFT-dhcp-ipv6",
     "nqn.2014-08.org.nvmexpress:uuid:a1b759e3-035d-4777-b3cc-1754b8b819b9 "
     "a1b759e3-035d-4777-b3cc-1754b8b819b9; "
     "HFI 1 52:54:00:b8:19:b9 dhcp fddf:d:f:49::eb/64 nvmeof-sles; "
     "SSNS 1 nvme+tcp://[fddf:d:f:49::10]:4420/"
     "nqn.2022-12.org.nvmexpress.boot.poc:bremer.vagrant-nvmet.subsys02/"
     "uuid:df669a88-bd6f-4dd6-8a50-5f97eb55c835"},
    {"tables/NBFT-empty",
     "nqn.2014-08.org.nvmexpress:uuid:12345678-aaaa-bbbb-cccc-123456789012 "
     "12345678-aaaa-bbbb-cccc-123456789012"},
    {"tables/NBFT-ipv6-noip+disc",
     "nqn.2014-08.org.nvmexpress:uuid:12345678-aaaa-bbbb-cccc-123456789012 "
     "12345678-aaaa-bbbb-cccc-123456789012; "
     "HFI 1 40:a6:b7:c0:8a:c9 dhcp -/0 metric 500; "
     "SSNS 1 nvme+tcp://[4321:bbbb::1]:4420/nqn.2014-08.org.nvmexpress.discovery; "
     "discovery 1 nvme+tcp://[4321:BBBB::1]:4420/"},
    {"tables/NBFT-rhpoc",
     "nqn.2014-08.org.nvmexpress:uuid:f8131bac-cdef-4165-866b-5998c1e67890 "
     "4e16bbb4-097f-44be-8c7f-77d8b4fc9f39; "
     "HFI 1 ea:eb:d3:58:89:58 given 192.168.101.30/24 host-vm; "
     "SSNS 1 nvme+tcp://192.168.101.20:4420/"
     "nqn.2014-08.org.nvmexpress:uuid:0c468c4d-a385-47e0-8299-6e95051277db/"
     "uuid:bee9c2b7-1761-44b5-a4e6-0f690498a94b"},
    {"tables/NBFT-static-ipv4",
     "nqn.2014-08.org.nvmexpress:uuid:a1b759e3-035d-4777-b3cc-1754b8b819b9 "
     "a1b759e3-035d-4777-b3cc-1754b8b819b9; "
     "HFI 1 52:54:00:b8:19:b9 given 192.168.49.50/24 nvmeof-sles; "
     "SSNS 1 nvme+tcp://192.168.49.10:4420/"
     "nqn.2022-12.org.nvmexpress.boot.poc:bremer.vagrant-nvmet.subsys02/"
     "uuid:df669a88-bd6f-4dd6-8a50-5f97eb55c835"},
    {"tables/NBFT-static-ipv4-discovery",
     "nqn.2014-08.org.nvmexpress:uuid:a1b759e3-035d-4777-b3cc-1754b8b819b9 "
     "a1b759e3-035d-4777-b3cc-1754b8b819b9; "
     "HFI 1 52:54:00:b8:19:b9 given 192.168.49.50/24 nvmeof-sles; "
     "SSNS 1 nvme+tcp://192.168.49.10:4420/"
     "nqn.2022-12.org.nvmexpress.boot.poc:bremer.vagrant-nvmet.subsys02/"
     "uuid:df669a88-bd6f-4dd6-8a50-5f97eb55c835; "
     "discovery 1 nvme+tcp://192.168.49.10:4420/"},
    {"tables/NBFT-static-ipv6",
     "nqn.2014-08.org.nvmexpress:uuid:70b1e81e-4ceb-4f86-b709-57d1079e201a "
     "70b1e81e-4ceb-4f86-b709-57d1079e201a; "
     "HFI 1 52:54:00:9e:20:1a given fd09:9a46:b5c1:1fe::10/64 nvmepoc-sles15-sp5; "
     "SSNS 1 nvme+tcp://[fd09:9a46:b5c1:1fe::13f]:4420/"
     "nqn.2022-12.de.suse.mwilck:zeus.vagrant-nvmet.subsys04/"
     "uuid:aab2c3c8-444c-47c5-99f2-3632e6364528"},
    {"tables_bad/NBFT-random-noise", "no table with the signature NBFT"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(nbft_tables)

BOOST_AUTO_TEST_CASE(tables_of_firmware_are_read_as_libnvme_reads_them) {
    std::filesystem::path folder;
    for (const char* place : {"../shared/nbft", "../../shared/nbft"}) {
        folder = std::filesystem::is_directory(place) ? place : folder;
    }
    if (folder.empty()) {
        BOOST_TEST_MESSAGE("skipped: there is no ../shared/nbft");
        return;
    }
    size_t found = 0;
    for (const char* part : {"tables", "tables_bad"}) {
        for (const auto& file : std::filesystem::directory_iterator(folder / part)) {
            const auto text = base::read_text(file.path().string());
            BOOST_REQUIRE(text.ok());
            const auto expected = kExpected.find(part + ("/" + file.path().filename().string()));
            const std::string read = text_of(nvme::parse_nbft(base::bytes_of(*text)));
            BOOST_TEST((expected != kExpected.end() && read == expected->second),
                       file.path() << " is read as: " << read);
            ++found;
        }
    }
    BOOST_TEST(found == kExpected.size());
}

BOOST_AUTO_TEST_SUITE_END()
