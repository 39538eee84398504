// SPDX-License-Identifier: GPL-2.0-or-later
#include "boot/dhcp/packet_socket.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "boot/dhcp/control_message.h"
#include "boot/dhcp/udp_packet.h"

namespace boot {

namespace {

constexpr uint16_t kServerPort = 67;
constexpr uint16_t kClientPort = 68;
constexpr size_t kLargestPacket = 2048;  // above any DHCP message in one Ethernet frame
constexpr unsigned kUdp = 17;
constexpr unsigned kEverything = 0x40000;

/// Whole IPv4 UDP packets to the client's port, offsets from the IP header on.
constexpr std::array kFilter = {
    sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),  // protocol
    sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kUdp, 0, 6),
    sock_filter BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),  // flags and fragment offset
    sock_filter BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 4, 0),
    sock_filter BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),  // size of the IP header
    sock_filter BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),   // destination port
    sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kClientPort, 0, 1),
    sock_filter BPF_STMT(BPF_RET | BPF_K, kEverything),
    sock_filter BPF_STMT(BPF_RET | BPF_K, 0),
};

sockaddr_ll link_address(int interface_index) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_IP);
    address.sll_ifindex = interface_index;
    address.sll_halen = ETH_ALEN;
    std::ranges::fill(address.sll_addr, uint8_t{0xff});
    return address;
}

/// False where the kernel marks the packet's checksum as left to hardware.
bool checksum_is_valid(const std::optional<tpacket_auxdata>& packet) {
    return !packet || (packet->tp_status & TP_STATUS_CSUMNOTREADY) == 0;
}

}  // namespace

base::Result<PacketSocket> PacketSocket::open(int interface_index) {
    // Protocol 0 receives nothing until bind(2), after the filter is in place.
    base::UniqueFd fd(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.valid()) {
        return base::errno_error(errno, "packet socket");
    }
    const sock_fprog program{static_cast<uint16_t>(kFilter.size()),
                             const_cast<sock_filter*>(kFilter.data())};
    const int on = 1;
    const sockaddr_ll address = link_address(interface_index);
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0 ||
        ::setsockopt(fd.get(), SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) != 0 ||
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        return base::errno_error(errno, "packet socket");
    }
    return PacketSocket(std::move(fd), interface_index);
}

void PacketSocket::broadcast(base::ByteView message) const {
    const base::Bytes packet = build_broadcast(kClientPort, kServerPort, message);
    const sockaddr_ll address = link_address(interface_index_);
    (void)::sendto(fd_.get(), packet.data(), packet.size(), 0,
                   reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

std::optional<base::Bytes> PacketSocket::receive() const {
    std::array<std::byte, kLargestPacket> packet;
    while (true) {
        const auto datagram =
            receive_datagram<tpacket_auxdata>(fd_.get(), packet, SOL_PACKET, PACKET_AUXDATA);
        if (!datagram && errno == ENETDOWN) {
            continue;  // told once when the link goes down; it may come back
        }
        if (!datagram) {
            return std::nullopt;
        }
        const bool valid = checksum_is_valid(datagram->control);
        if (const auto payload = parse_udp(datagram->bytes, kClientPort, valid)) {
            return base::Bytes(payload->begin(), payload->end());
        }
    }
}

}  // namespace boot
