# SPDX-License-Identifier: GPL-2.0-or-later
"""A router that advertises itself and a DHCPv6 server, as small as a test needs them."""

import ipaddress
import socket
import struct
import threading

SOLICIT, ADVERTISE, REQUEST, REPLY, INFORMATION_REQUEST = 1, 2, 3, 7, 11


def ip6(text):
    return ipaddress.IPv6Address(text).packed


class Service:
    """A thread that answers what comes in on a socket, until closed."""

    def __init__(self, interface):
        self.index = socket.if_nametoindex(interface)
        self.seen = []
        self.open = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def close(self):
        self.open = False
        self.thread.join()
        self.socket.close()

    def run(self):
        self.socket.settimeout(0.2)
        while self.open:
            try:
                data, sender = self.socket.recvfrom(2048)
            except (TimeoutError, socket.timeout):
                continue
            self.answer(data, sender)

    def join(self, group):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                               ip6(group) + struct.pack("@I", self.index))


class Router(Service):
    """Answers Router Solicitations.

    prefix   /64 for SLAAC, or none
    dns      a name server, or none
    """

    def __init__(self, interface, prefix="2001:db8:1::", managed=False, other=False, dns=None):
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        self.message = struct.pack("!BBHBBHII", 134, 0, 0, 64, managed << 7 | other << 6, 1800, 0, 0)
        if prefix:
            flags = 0x80 if managed else 0xC0
            self.message += struct.pack("!BBBBIII", 3, 4, 64, flags, 3600, 1800, 0) + ip6(prefix)
        if dns:
            self.message += struct.pack("!BBHI", 25, 3, 0, 600) + ip6(dns)
        super().__init__(interface)
        self.join("ff02::2")

    def answer(self, data, sender):
        if data[0] == 133:
            self.seen.append(sender[0])
            self.socket.sendto(self.message, ("ff02::1", 0, 0, self.index))


class Dhcp6Server(Service):
    """Answers DHCPv6. naks: how many solicitations get the answer that there is no address."""

    def __init__(self, interface, address="2001:db8:1::77", naks=0, rapid=False, url=None, dns="2001:db8:1::53"):
        self.address, self.naks, self.rapid, self.url, self.dns = address, naks, rapid, url, dns
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("::", 547))
        super().__init__(interface)
        self.join("ff02::1:2")

    @staticmethod
    def option(code, value):
        return struct.pack("!HH", code, len(value)) + value

    def answer(self, data, sender):
        kind, transaction, options, rest = data[0], data[1:4], {}, data[4:]
        while rest:
            code, size = struct.unpack("!HH", rest[:4])
            options[code], rest = rest[4 : 4 + size], rest[4 + size :]
        self.seen.append((kind, options))
        message = self.option(1, options[1]) + self.option(2, b"\x00\x03\x00\x01server")
        message += self.option(23, ip6(self.dns))
        if self.url:
            message += self.option(59, self.url)
        rapid = self.rapid and 14 in options
        if kind != INFORMATION_REQUEST:
            message += self.ia(options[3][:4])
        if rapid:
            message += self.option(14, b"")
        reply = ADVERTISE if kind == SOLICIT and not rapid else REPLY
        self.socket.sendto(bytes([reply]) + transaction + message, sender)

    def ia(self, iaid):
        if self.naks > 0:
            self.naks -= 1
            return self.option(3, iaid + bytes(8) + self.option(13, struct.pack("!H", 2) + b"none left"))
        address = ip6(self.address) + struct.pack("!II", 1800, 3600)
        return self.option(3, iaid + struct.pack("!II", 900, 1440) + self.option(5, address))
