# SPDX-License-Identifier: GPL-2.0-or-later
"""A DHCPv4 server as small as a test needs it, and as ill-behaved as a test needs it."""

import socket
import struct
import threading

DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6
MAGIC = b"\x63\x82\x53\x63"


def ip(text):
    return socket.inet_aton(text)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def parse_options(data):
    options = {}
    while data and data[0] != 255:
        if data[0] == 0:
            data = data[1:]
            continue
        code, size = data[0], data[1]
        options[code] = options.get(code, b"") + data[2 : 2 + size]
        data = data[2 + size :]
    return options


class Server:
    """Answers on one interface until closed.

    silent   how many messages it ignores first
    naks     how many requests it refuses first
    unicast  whether answers go to the client's Ethernet and future IP address
    """

    def __init__(self, interface, address="192.0.2.20", options=None, silent=0, naks=0,
                 unicast=False, me="192.0.2.1"):
        self.address, self.silent, self.naks, self.unicast, self.me = (
            address, silent, naks, unicast, me)
        self.options = {1: ip("255.255.255.0"), 51: struct.pack("!I", 3600)}
        self.options.update(options or {})
        self.seen = []  # (type, options) of each message
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("", 67))
        self.socket.settimeout(0.2)
        self.raw = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self.raw.bind((interface, 0x0800))
        self.open = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def close(self):
        self.open = False
        self.thread.join()
        self.socket.close()
        self.raw.close()

    def run(self):
        while self.open:
            try:
                data = self.socket.recv(2048)
            except TimeoutError:
                continue
            except socket.timeout:
                continue
            self.answer(data)

    def answer(self, data):
        assert data[236:240] == MAGIC
        options = parse_options(data[240:])
        kind = options[53][0]
        self.seen.append((kind, options))
        if self.silent > 0:
            self.silent -= 1
        elif kind == DISCOVER:
            self.reply(data, OFFER)
        elif kind == REQUEST and self.naks > 0:
            self.naks -= 1
            self.reply(data, NAK)
        elif kind == REQUEST and options.get(54) == ip(self.me):
            self.reply(data, ACK)

    def reply(self, request, kind):
        address = "0.0.0.0" if kind == NAK else self.address
        message = struct.pack("!4BI", 2, 1, 6, 0, struct.unpack("!I", request[4:8])[0])
        message += bytes(8) + ip(address) + ip(self.me) + bytes(4) + request[28:44] + bytes(192)
        message += MAGIC + bytes([53, 1, kind, 54, 4]) + ip(self.me)
        for code, value in ({} if kind == NAK else self.options).items():
            message += bytes([code, len(value)]) + value
        message += b"\xff"
        if not self.unicast:
            self.socket.sendto(message, ("255.255.255.255", 68))
            return
        udp = struct.pack("!4H", 67, 68, 8 + len(message), 0) + message
        pseudo = ip(self.me) + ip(address) + struct.pack("!2H", 17, len(udp))
        udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp)) + udp[8:]
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0)
        header += ip(self.me) + ip(address)
        header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
        self.raw.sendto(header + udp, (self.raw.getsockname()[0], 0x0800, 0, 0, request[28:34]))
