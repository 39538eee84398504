// SPDX-License-Identifier: GPL-2.0-or-later
//
// nbft-table KEY=VALUE…   writes, to stdout, the boot firmware table of a guest whose firmware has
// found its disk: support::sample_nbft(), on QEMU's user network, with these changes:
//
//     hostnqn=NQN hostid=UUID                      the host
//     mac=MAC vlan=ID address=ADDRESS/LENGTH gateway=ADDRESS   its interface; gateway= for none
//     traddr=ADDRESS trsvcid=PORT subsysnqn=NQN    the namespace, NSID 1
//     profile=auth|tls                             demands authentication, or TLS as well
//     odd=entries|all          an interface and a namespace more of which neither can be used; or
//                              the namespace itself cannot
#include "support/nbft_table.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/text.h"
#include "boot/dhcp/ip_address.h"

namespace {

using nvme::Nbft;

nvme::NbftAddress octets(std::string_view text) {
    if (text.empty()) {
        return {};
    }
    const boot::IpAddress address = boot::IpAddress::parse(text).value();
    const base::ByteView bytes = address.bytes();
    return {bytes.begin(), bytes.end()};
}

void set_address(Nbft& nbft, std::string_view text) {
    const boot::Subnet subnet = boot::Subnet::parse(text).value();
    nbft.interfaces[0].address = octets(subnet.address.text());
    nbft.interfaces[0].prefix_length = subnet.prefix_length;
}

void set_mac(Nbft& nbft, std::string_view text) {
    const boot::MacAddress mac = boot::MacAddress::parse(text).value();
    std::ranges::copy(mac.bytes(), nbft.interfaces[0].mac.begin());
}

void set_profile(Nbft& nbft, std::string_view text) {
    nbft.security.push_back({1, false, text == "tls", {}, {}});
    nbft.subsystems[0].security = 1;
}

void add_oddities(Nbft& nbft, std::string_view text) {
    if (text == "all") {
        nbft.subsystems[0].address.clear();
        return;
    }
    Nbft::Interface interface = nbft.interfaces[0];
    interface.index = 2;
    interface.prefix_length = 200;
    nbft.interfaces.insert(nbft.interfaces.begin(), interface);
    Nbft::Subsystem subsystem = nbft.subsystems[0];
    subsystem.index = 2;
    subsystem.address.clear();
    nbft.subsystems.insert(nbft.subsystems.begin(), subsystem);
}

uint16_t number(std::string_view text) {
    return static_cast<uint16_t>(base::parse_u64(text, UINT16_MAX).value());
}

struct Word {
    std::string_view key;
    void (*set)(Nbft& nbft, std::string_view value);
};

constexpr Word kWords[] = {
    {"hostnqn", [](Nbft& nbft, std::string_view value) { nbft.host.nqn = value; }},
    {"hostid",
     [](Nbft& nbft, std::string_view value) { nbft.host.id = nvme::parse_uuid(value).value(); }},
    {"mac", set_mac},
    {"vlan", [](Nbft& nbft, std::string_view value) { nbft.interfaces[0].vlan = number(value); }},
    {"address", set_address},
    {"gateway",
     [](Nbft& nbft, std::string_view value) { nbft.interfaces[0].gateway = octets(value); }},
    {"traddr",
     [](Nbft& nbft, std::string_view value) { nbft.subsystems[0].address = octets(value); }},
    {"trsvcid",
     [](Nbft& nbft, std::string_view value) { nbft.subsystems[0].port = number(value); }},
    {"subsysnqn", [](Nbft& nbft, std::string_view value) { nbft.subsystems[0].nqn = value; }},
    {"profile", set_profile},
    {"odd", add_oddities},
};

}  // namespace

int main(int argc, char** argv) {
    Nbft nbft = support::sample_nbft();
    nbft.subsystems[0].data_digest = true;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        const std::string_view key = argument.substr(0, argument.find('='));
        const auto* word = std::ranges::find(kWords, key, &Word::key);
        if (word == std::end(kWords) || key.size() == argument.size()) {
            std::fprintf(stderr, "nbft-table: what is %s?\n", argv[i]);
            return 2;
        }
        word->set(nbft, argument.substr(key.size() + 1));
    }
    const base::Bytes table = support::build_nbft(nbft);
    return std::fwrite(table.data(), 1, table.size(), stdout) == table.size() ? 0 : 1;
}
