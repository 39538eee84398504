# SPDX-License-Identifier: GPL-2.0-or-later
"""Drives net-probe in network namespaces of its own; see tests/net/run.

Each test has a client namespace with interfaces eth0, eth1, …; their other ends (Wire.name) are in
the namespace this program runs in, where the servers are. Tests run side by side.
"""

import concurrent.futures
import itertools
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import ipv6_servers
from dhcp_server import DISCOVER, REQUEST, Server, ip

PROBE = sys.argv[1]
MAC = "52:54:00:12:34:5%d"
QUICK = 5  # seconds in addition to those waited for on purpose; an idle machine needs half a one
numbers = itertools.count()
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Skipped(Exception):
    """This machine cannot do what the test needs."""


def needs_kind(kind, *words):
    """Skips the test where the kernel has no devices of this kind."""
    name = f"try{next(numbers)}"
    try:
        run("ip", "link", "add", *words, "name", name, "type", kind, *(["id", "9"] if kind == "vlan" else []))
    except subprocess.CalledProcessError as error:
        raise Skipped(f"no {kind} devices here: {error.stderr.strip()}") from error
    run("ip", "link", "del", name)


class Wire:
    """A cable into the client's namespace. `up` gives the client's end its carrier."""

    def __init__(self, client, index):
        self.client, self.index = client, index
        self.name = f"w{next(numbers)}"
        self.inside = f"eth{index}"
        run("ip", "link", "add", self.name, "type", "veth", "peer", "name", self.name + "c",
            "address", MAC % index)

    def plug(self):
        run("ip", "link", "set", self.name + "c", "netns", str(self.client.pid), "name", self.inside)
        return self

    def up(self, *addresses):
        run("ip", "link", "set", self.name, "up")
        for address in addresses:
            run("ip", "addr", "add", address, "dev", self.name, "nodad")
        return self

    def down(self):
        run("ip", "link", "set", self.name, "down")


class Client:
    """The machine that boots: a namespace, held by a process that sleeps."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "600"])
        self.pid = self.holder.pid
        mine = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.pid}/ns/net") == mine:
            time.sleep(0.01)
        self.cleanups = [self.stop]

    def stop(self):
        self.holder.kill()
        self.holder.wait()

    def wire(self, index=0):
        return Wire(self, index)

    def server(self, wire, **options):
        server = Server(wire.name, **options)
        self.cleanups.append(server.close)
        return server

    def router(self, wire, **options):
        router = ipv6_servers.Router(wire.name, **options)
        self.cleanups.append(router.close)
        return router

    def dhcp6_server(self, wire, **options):
        server = ipv6_servers.Dhcp6Server(wire.name, **options)
        self.cleanups.append(server.close)
        return server

    def close(self):
        for cleanup in reversed(self.cleanups):
            cleanup()

    def inside(self, *command):
        return run("nsenter", "--net", "--target", str(self.pid), *command)

    def boot(self, *words, status=0):
        """Runs the probe. Returns its lines, and the seconds it took."""
        began = time.monotonic()
        result = subprocess.run(
            ["nsenter", "--net", "--target", str(self.pid), PROBE, *words],
            capture_output=True, text=True, timeout=60, check=False)
        took = time.monotonic() - began
        assert result.returncode == status, (result.returncode, result.stdout, result.stderr)
        return result.stdout.splitlines(), took

    def reaches(self, address, seconds=5):
        """Whether the other end answers: it refuses a connection to a port where nobody listens."""
        self.inside("python3", "-c", "import socket,sys,time\n"
                    "end = time.monotonic() + float(sys.argv[2])\n"
                    "while True:\n"
                    "    try:\n"
                    "        socket.create_connection((sys.argv[1], 9), 1)\n"
                    "    except ConnectionRefusedError:\n"
                    "        break\n"
                    "    except OSError:\n"
                    "        if time.monotonic() > end:\n"
                    "            raise\n", address, str(seconds))

    def can_bind(self, address):
        """An address under duplicate detection cannot be bound to."""
        self.inside("python3", "-c", "import socket,sys;"
                    "socket.create_server((sys.argv[1],0),family=socket.AF_INET6)", address)


def exchanges(server):
    """The kinds of what the client sent, a message that it repeated on a busy machine once."""
    return [kind for kind, _ in itertools.groupby(kind for kind, _ in server.seen)]


def expect(lines, *wanted):
    for line in wanted:
        assert line in lines, f"no line {line!r} in {lines}"


def later(seconds, action):
    threading.Timer(seconds, action).start()


@test
def static_ipv4(client):
    client.wire().plug().up("192.0.2.1/24")
    lines, took = client.boot("ip=192.0.2.10::192.0.2.1:255.255.255.0:pc7:eth0:none",
                              "nameserver=192.0.2.53", "rd.route=198.51.100.0/24:192.0.2.254")
    expect(lines, "eth0 address 192.0.2.10/24", "eth0 route 0.0.0.0/0 via 192.0.2.1",
           "eth0 route 198.51.100.0/24 via 192.0.2.254", "eth0 dns 192.0.2.53")
    assert took < QUICK, took
    assert "LOWER_UP" in client.inside("ip", "link", "show", "lo")
    assert "brd 192.0.2.255" in client.inside("ip", "addr", "show", "eth0")
    assert "valid_lft forever" in client.inside("ip", "-4", "addr", "show", "eth0")
    assert "metric 1024" in client.inside("ip", "route", "show", "default")


@test
def what_is_there_already_is_success(client):
    client.wire().plug().up("192.0.2.1/24", "2001:db8::1/64")
    words = ("ip=192.0.2.10::192.0.2.1:24::eth0:none", "ip=[2001:db8::10]::[2001:db8::1]:64::eth0:none")
    client.boot(*words)
    lines, took = client.boot(*words)
    expect(lines, "eth0 address 192.0.2.10/24", "eth0 address 2001:db8::10/64",
           "eth0 route ::/0 via 2001:db8::1")
    assert took < QUICK, took


@test
def static_ipv6_waits_for_duplicate_detection(client):
    client.wire().plug().up("2001:db8::1/64")
    lines, _ = client.boot("ip=[2001:db8::10]::[2001:db8::1]:64::eth0:none")
    client.can_bind("2001:db8::10")
    expect(lines, "eth0 address 2001:db8::10/64", "eth0 route ::/0 via 2001:db8::1")


@test
def duplicate_ipv6_address_is_an_error(client):
    wire = client.wire().plug().up("2001:db8::10/64")
    lines, _ = client.boot("ip=[2001:db8::10]:::64::eth0:none", status=1)
    assert lines == ["error: eth0: another machine has the address 2001:db8::10/64"], lines
    run("ip", "addr", "del", "2001:db8::10/64", "dev", wire.name)
    client.boot("ip=[2001:db8::10]:::64::eth0:none")


@test
def dhcp_gives_everything(client):
    wire = client.wire().plug().up("192.0.2.1/24")
    routes = (bytes([0]) + ip("192.0.2.1") + bytes([24, 198, 51, 100]) + ip("192.0.2.9")
              + bytes([32]) + ip("203.0.113.1") + bytes(4))
    server = client.server(wire, options={
        3: ip("192.0.2.99"), 6: ip("192.0.2.53"), 12: b"pc7", 15: b"example", 26: struct.pack("!H", 1400),
        17: b"nvme+tcp://192.0.2.1/nqn.x/1", 58: struct.pack("!I", 900), 121: routes})
    lines, took = client.boot("ip=eth0:dhcp")
    expect(lines, "eth0 address 192.0.2.20/24", "eth0 mtu 1400", "eth0 dns 192.0.2.53",
           "eth0 lease 3600 t1 900 t2 3150 server 192.0.2.1",
           'eth0 root-path "nvme+tcp://192.0.2.1/nqn.x/1"', "eth0 hostname pc7 domain example",
           "eth0 route 203.0.113.1/32 via link", "eth0 route 0.0.0.0/0 via 192.0.2.1",
           "eth0 route 198.51.100.0/24 via 192.0.2.9")
    assert sum(" route " in line for line in lines) == 3, lines  # option 3 does not count
    assert took < QUICK, took
    assert {kind for kind, _ in server.seen} == {DISCOVER, REQUEST}
    assert server.seen[0][1][61] == bytes.fromhex("01525400123450")
    # NetworkManager knows a leased address by this, and the root keeps it where nobody renews.
    assert "valid_lft 3153" in client.inside("ip", "-4", "addr", "show", "eth0")
    assert int(lines[-1].split()[2]) < 8192, lines[-1]


@test
def dhcp_answers_by_unicast(client):
    client.server(client.wire().plug().up("192.0.2.1/24"), unicast=True, options={3: ip("192.0.2.1")})
    lines, took = client.boot("ip=::::pc7:eth0:dhcp")
    expect(lines, "eth0 address 192.0.2.20/24", "eth0 route 0.0.0.0/0 via 192.0.2.1")
    assert took < QUICK, took


@test
def dhcp_lease_of_one_host_reaches_its_router(client):
    client.server(client.wire().plug().up("192.0.2.1/24"),
                  options={1: ip("255.255.255.255"), 3: ip("192.0.2.1")})
    lines, _ = client.boot("ip=dhcp")
    expect(lines, "eth0 address 192.0.2.20/32", "eth0 route 0.0.0.0/0 via 192.0.2.1")


@test
def dhcp_server_silent_at_first(client):
    server = client.server(client.wire().plug().up("192.0.2.1/24"), silent=2)
    _, took = client.boot("ip=dhcp")
    assert [kind for kind, _ in server.seen] == [DISCOVER, DISCOVER, DISCOVER, REQUEST]
    assert 2 < took < 2 + QUICK, took


@test
def dhcp_nak_begins_anew(client):
    server = client.server(client.wire().plug().up("192.0.2.1/24"), naks=1)
    lines, took = client.boot("ip=dhcp")
    expect(lines, "eth0 address 192.0.2.20/24")
    assert exchanges(server) == [DISCOVER, REQUEST, DISCOVER, REQUEST], server.seen
    assert took < QUICK, took


@test
def no_dhcp_server(client):
    client.wire().plug().up()
    lines, took = client.boot("ip=eth0:dhcp", "dhcp_timeout=2s", status=1)
    assert lines == ["error: eth0: no DHCP server answered 2 discovers in 2 s"], lines
    assert 2 <= took < 2 + QUICK, took


@test
def carrier_comes_late(client):
    wire = client.wire().plug()
    later(1.5, lambda: wire.up("192.0.2.1/24"))
    lines, took = client.boot("ip=192.0.2.10::192.0.2.1:24::eth0:none")
    expect(lines, "eth0 address 192.0.2.10/24")
    assert 1.4 < took < 1.4 + QUICK, took


@test
def no_carrier(client):
    client.wire().plug()
    lines, took = client.boot("ip=192.0.2.10:::24::eth0:none", "carrier_timeout=1500ms", status=1)
    assert lines == ["error: eth0: no carrier after 1.5 s"], lines
    assert 1.5 <= took < 1.5 + QUICK, took


@test
def interface_appears_late(client):
    wire = client.wire().up("192.0.2.1/24")
    later(1, wire.plug)
    client.server(wire)
    lines, took = client.boot("ip=eth0:dhcp")
    expect(lines, "eth0 address 192.0.2.20/24")
    assert 0.9 < took < 0.9 + QUICK, took


@test
def no_such_interface(client):
    client.wire().plug().up()
    lines, _ = client.boot("ip=enp1s0:dhcp", "carrier_timeout=500ms", status=1)
    assert lines == [f"error: no interface enp1s0; there is only eth0 ({MAC % 0}, veth)"], lines


@test
def the_deadline_ends_all_waiting(client):
    client.wire().plug().up()
    lines, took = client.boot("ip=eth0:dhcp", "timeout=1s", status=1)
    assert lines[0].startswith("error: eth0: no DHCP server answered"), lines
    assert took < QUICK, took


def listen(client, address, port=4420):
    server = socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
    client.cleanups.append(server.close)


@test
def two_methods_go_on_as_soon_as_the_target_is_reached(client):
    client.server(client.wire().plug().up("192.0.2.33/24"), me="192.0.2.33")
    listen(client, "192.0.2.33")
    lines, took = client.boot("ip=eth0:dhcp,dhcp6", "reach=192.0.2.33:4420")
    expect(lines, "eth0 address 192.0.2.20/24", "eth0 continues IPv6")
    assert took < QUICK, took


@test
def of_two_methods_without_a_name_of_the_interface_one_reaches_the_target(client):
    client.server(client.wire().plug().up("192.0.2.34/24"), me="192.0.2.34")
    listen(client, "192.0.2.34")
    _, took = client.boot("ip=dhcp,auto6", "reach=192.0.2.34:4420")
    assert took < QUICK, took


@test
def the_second_method_is_awaited_where_the_first_does_not_reach_the_target(client):
    wire = client.wire().plug().up("192.0.2.1/24", "2001:db8:35::1/64")
    client.server(wire)
    listen(client, "2001:db8:35::1")
    later(3, lambda: client.router(wire, prefix="2001:db8:35::"))
    lines, took = client.boot("ip=eth0:dhcp,auto6", "reach=2001:db8:35::1:4420")
    expect(lines, "eth0 address 192.0.2.20/24")
    assert any(line.startswith("eth0 route ::/0 via fe80::") for line in lines), lines
    assert 2.5 < took < 3 + QUICK, took


@test
def two_methods_without_an_answer_of_either_target_end_in_time(client):
    client.server(client.wire().plug().up("192.0.2.1/24"))
    lines, took = client.boot("ip=eth0:dhcp,dhcp6", "reach=192.0.2.99:4420", "dhcp_timeout=3s")
    expect(lines, "eth0 address 192.0.2.20/24")
    assert any(line.startswith("warning: eth0: ") for line in lines), lines
    assert 3 <= took < 3 + QUICK, took


@test
def a_second_run_knows_the_lease_of_the_first(client):
    server = client.server(client.wire().plug().up("192.0.2.1/24"), options={6: ip("192.0.2.53")})
    with tempfile.TemporaryDirectory() as folder:
        for words in ((), ("ip=dhcp",), ("ip=eth0:dhcp",)):
            lines, _ = client.boot(*words, f"run={folder}")
            expect(lines, "eth0 address 192.0.2.20/24", "eth0 dns 192.0.2.53",
                   "eth0 lease 3600 t1 1800 t2 3150 server 192.0.2.1")
    assert exchanges(server) == [DISCOVER, REQUEST], server.seen  # the first run's


@test
def a_second_run_after_the_end_of_the_lease_asks_anew(client):
    wire = client.wire().plug().up("192.0.2.1/24")
    server = client.server(wire, options={51: struct.pack("!I", 1)})
    with tempfile.TemporaryDirectory() as folder:
        client.boot("ip=dhcp", f"run={folder}")
        server.address = "192.0.2.21"
        time.sleep(1.2)
        lines, _ = client.boot("ip=dhcp", f"run={folder}")
    expect(lines, "eth0 address 192.0.2.21/24")
    assert "eth0 address 192.0.2.20/24" not in lines, lines


@test
def a_second_run_knows_that_a_router_gave_the_address(client):
    wire = client.wire().plug().up("2001:db8:1::1/64")
    client.router(wire, dns="2001:db8:1::53")
    with tempfile.TemporaryDirectory() as folder:
        client.boot("ip=auto6", f"run={folder}")
        lines, _ = client.boot(f"run={folder}")
    expect(lines, "eth0 continues IPv6", "eth0 dns 2001:db8:1::53")


@test
def first_lease_of_several_interfaces_wins(client):
    client.wire(0).plug().up("198.51.100.1/24")
    client.server(client.wire(1).plug().up("192.0.2.1/24"))
    client.wire(2).plug()
    lines, took = client.boot("ip=dhcp")
    expect(lines, "eth1 address 192.0.2.20/24")
    assert not any(line.startswith(("eth0", "eth2", "warning")) for line in lines), lines
    assert took < QUICK, took
    assert "state DOWN" in client.inside("ip", "link", "show", "eth0")


@test
def one_dead_interface_of_two_is_a_warning(client):
    client.wire(0).plug()
    client.wire(1).plug().up("192.0.2.1/24")
    lines, _ = client.boot("ip=198.51.100.10:::24::eth0:none", "ip=192.0.2.10:::24::eth1:none",
                           "carrier_timeout=1s")
    expect(lines, "eth1 address 192.0.2.10/24", "warning: eth0: no carrier after 1 s")


@test
def two_interfaces_with_a_default_route_each(client):
    client.wire(0).plug().up("192.0.2.1/24")
    client.wire(1).plug().up("198.51.100.1/24")
    lines, _ = client.boot("ip=192.0.2.10::192.0.2.1:24::eth0:none",
                           "ip=198.51.100.10::198.51.100.1:24::eth1:none")
    expect(lines, "eth0 route 0.0.0.0/0 via 192.0.2.1", "eth1 route 0.0.0.0/0 via 198.51.100.1")
    assert "dev eth0" in client.inside("ip", "route", "get", "203.0.113.1")


@test
def without_a_word_what_is_configured_is_left_alone(client):
    server = client.server(client.wire().plug().up("192.0.2.1/24"))
    client.inside("ip", "link", "set", "eth0", "up")
    client.inside("ip", "addr", "add", "192.0.2.77/24", "dev", "eth0")
    lines, took = client.boot()
    expect(lines, "eth0 address 192.0.2.77/24")
    lines, _ = client.boot("ip=eth0:dhcp")
    expect(lines, "eth0 address 192.0.2.77/24")
    assert server.seen == [] and took < QUICK
    lines, _ = client.boot("ip=eth0:dhcp", "need_lease")
    expect(lines, "eth0 address 192.0.2.77/24", "eth0 address 192.0.2.20/24")


@test
def without_a_word_an_unconfigured_machine_asks_dhcp(client):
    client.server(client.wire().plug().up("192.0.2.1/24"))
    lines, _ = client.boot()
    expect(lines, "eth0 address 192.0.2.20/24")


@test
def off_means_off(client):
    server = client.server(client.wire().plug().up("192.0.2.1/24"))
    lines, _ = client.boot("ip=off")
    assert len(lines) == 1 and server.seen == [], lines


@test
def bootif_chooses_by_ethernet_address(client):
    client.server(client.wire(0).plug().up("192.0.2.1/24"))
    client.server(client.wire(1).plug().up("198.51.100.1/24"), me="198.51.100.1",
                  address="198.51.100.20")
    lines, _ = client.boot("ip=dhcp", "BOOTIF=01-" + (MAC % 1).replace(":", "-"))
    expect(lines, "eth1 address 198.51.100.20/24")
    assert not any(line.startswith("eth0") for line in lines), lines


@test
def mtu_and_ethernet_address_are_set_as_told(client):
    server = client.server(client.wire().plug().up("192.0.2.1/24"),
                           options={26: struct.pack("!H", 1400)})
    lines, _ = client.boot("ip=eth0:dhcp:1300:52:54:00:aa:bb:cc")
    expect(lines, "eth0 mtu 1300", "eth0 mac 52:54:00:aa:bb:cc")
    assert server.seen[0][1][61] == bytes.fromhex("01525400aabbcc")


@test
def an_mtu_that_the_interface_refuses_is_an_error(client):
    client.wire().plug().up()
    client.inside("ip", "link", "set", "eth0", "mtu", "1500")
    client.inside("ip", "link", "add", "dummy0", "link", "eth0", "type", "macvlan")
    lines, took = client.boot("ip=192.0.2.10:::24::dummy0:none:9000", status=1)
    assert lines[0].startswith("error: dummy0: MTU 9000: "), lines
    assert took < QUICK, took


@test
def slaac_is_awaited_with_its_name_servers(client):
    wire = client.wire().plug().up("2001:db8:1::1/64")
    client.router(wire, dns="2001:db8:1::53")
    lines, _ = client.boot("ip=eth0:auto6")
    expect(lines, "eth0 address 2001:db8:1:0:5054:ff:fe12:3450/64", "eth0 dns 2001:db8:1::53")
    assert any(line.startswith("eth0 route ::/0 via fe80::") for line in lines), lines
    client.can_bind("2001:db8:1:0:5054:ff:fe12:3450")


@test
def slaac_with_name_servers_by_dhcpv6(client):
    wire = client.wire().plug().up("2001:db8:1::1/64")
    client.router(wire, other=True)
    server = client.dhcp6_server(wire)
    lines, _ = client.boot("ip=eth0:auto6")
    expect(lines, "eth0 address 2001:db8:1:0:5054:ff:fe12:3450/64", "eth0 dns 2001:db8:1::53")
    assert [kind for kind, _ in server.seen] == [ipv6_servers.INFORMATION_REQUEST]


@test
def a_managed_link_gives_its_address_by_dhcpv6(client):
    wire = client.wire().plug().up("2001:db8:1::1/64")
    client.router(wire, managed=True)
    server = client.dhcp6_server(wire, naks=1, url=b"nvme+tcp://[2001:db8:1::1]/nqn.x/1")
    lines, _ = client.boot("ip=eth0:auto6")
    expect(lines, "eth0 address 2001:db8:1::77/128", "eth0 dns 2001:db8:1::53",
           'eth0 boot-file "nvme+tcp://[2001:db8:1::1]/nqn.x/1"')
    kinds = [kind for kind, _ in server.seen]
    assert kinds == [ipv6_servers.SOLICIT, ipv6_servers.SOLICIT, ipv6_servers.REQUEST], kinds
    assert server.seen[-1][1][1] == bytes.fromhex("00030001525400123450")
    client.can_bind("2001:db8:1::77")


@test
def dhcpv6_with_rapid_commit_and_no_router(client):
    wire = client.wire().plug().up("2001:db8:1::1/64")
    server = client.dhcp6_server(wire, rapid=True)
    lines, _ = client.boot("ip=eth0:dhcp6", "rd.peerdns=0")
    expect(lines, "eth0 address 2001:db8:1::77/128")
    assert not any(" dns " in line for line in lines), lines
    assert [kind for kind, _ in server.seen] == [ipv6_servers.SOLICIT]


@test
def either6_takes_what_comes_first(client):
    wire = client.wire().plug().up("2001:db8:1::1/64")
    client.dhcp6_server(wire)
    lines, _ = client.boot("ip=either6")
    expect(lines, "eth0 address 2001:db8:1::77/128")


@test
def a_link_local_address_alone(client):
    client.wire().plug().up()
    lines, _ = client.boot("ip=eth0:link6")
    expect(lines, "eth0 address fe80::5054:ff:fe12:3450/64")


@test
def no_router_and_no_dhcpv6_server(client):
    client.wire().plug().up()
    lines, _ = client.boot("ip=eth0:auto6", "dhcp_timeout=4s", status=1)
    assert lines == ["error: eth0: no router advertises itself (after 4 s)"], lines
    lines, _ = client.boot("ip=eth0:dhcp6", "dhcp_timeout=3s", status=1)
    assert lines[0].endswith("messages, and no router advertises itself (after 3 s)"), lines


@test
def vlan_on_a_wire(client):
    wire = client.wire().plug().up()
    needs_kind("vlan", "link", wire.name)
    run("ip", "link", "add", "link", wire.name, "name", wire.name + "v", "type", "vlan", "id", "5")
    run("ip", "link", "set", wire.name + "v", "up")
    run("ip", "addr", "add", "192.0.2.1/24", "dev", wire.name + "v")
    server = Server(wire.name + "v")
    client.cleanups.append(server.close)
    lines, took = client.boot("vlan=eth0.0005:eth0", "ip=dhcp")
    expect(lines, "eth0.0005 address 192.0.2.20/24")
    assert took < QUICK, took
    client.inside("ip", "link", "del", "eth0.0005")
    parent = (MAC % 0).replace(":", "-")
    client.boot(f"vlan=nbft1.5:{parent}", "ip=192.0.2.30:::24::nbft1.5:none")
    client.reaches("192.0.2.1")


@test
def bond_of_two_wires_survives_one(client):
    needs_kind("bond")
    wires = [client.wire(0).plug(), client.wire(1).plug()]
    bridge = wires[0].name + "b"
    run("ip", "link", "add", bridge, "type", "bridge")
    for wire in wires:
        run("ip", "link", "set", wire.name, "master", bridge)
        wire.up()
    run("ip", "link", "set", bridge, "up")
    run("ip", "addr", "add", "192.0.2.1/24", "dev", bridge)
    server = Server(bridge)
    client.cleanups.append(server.close)
    lines, _ = client.boot("bond=bond0:eth0,eth1:mode=active-backup,miimon=50,primary=eth1:1400", "ip=bond0:dhcp")
    expect(lines, "bond0 address 192.0.2.20/24", "bond0 mtu 1400", f"bond0 mac {MAC % 0}")
    detail = client.inside("ip", "-d", "link", "show", "bond0")
    assert "mode active-backup" in detail and "miimon 50" in detail and "primary eth1" in detail, detail
    assert server.seen[0][1][61] == bytes.fromhex("01525400123450")
    wires[1].down()
    client.reaches("192.0.2.1", 10)


@test
def bridge_of_two_wires(client):
    needs_kind("bridge")
    client.server(client.wire(0).plug().up("192.0.2.1/24"))
    client.wire(1).plug()
    lines, _ = client.boot("bridge=br0:eth0,eth1", "ip=dhcp")
    expect(lines, "br0 address 192.0.2.20/24", f"br0 mac {MAC % 0}")
    client.reaches("192.0.2.1")
    for name in ("eth0", "eth1"):
        assert "master br0" in client.inside("ip", "link", "show", name)


@test
def a_bond_of_nothing_is_an_error(client):
    client.wire().plug().up()
    lines, _ = client.boot("bond=bond0:eth7", "ip=bond0:dhcp", "carrier_timeout=500ms", status=1)
    assert lines == [f"error: no interface bond0; there is only eth0 ({MAC % 0}, veth)"], lines


@test
def ifname_gives_a_name_and_nothing_else_does(client):
    client.wire(0).plug().up("192.0.2.1/24")
    client.wire(1).plug().up("198.51.100.1/24")
    client.inside("ip", "link", "set", "eth1", "up")
    lines, _ = client.boot(f"ifname=san0:{MAC % 1}", "ip=198.51.100.10:::24::san0:none", "ip=192.0.2.10:::24::eth0:none")
    expect(lines, "san0 address 198.51.100.10/24", "eth0 address 192.0.2.10/24")
    lines, _ = client.boot(f"ifname=eth0:{MAC % 1}", "ip=198.51.100.10:::24::san0:none", status=0)
    assert any(line.startswith("warning: eth0: ") for line in lines), lines


def judge(function):
    client = Client()
    try:
        function(client)
        return None
    except Skipped as reason:
        return reason
    except Exception:  # a test may fail in any way
        return traceback.format_exc()
    finally:
        client.close()


def main():
    failed = skipped = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
        results = [(function, pool.submit(judge, function)) for function in TESTS]
        for function, result in results:
            name = function.__name__.replace("_", " ")
            trouble = result.result()
            if isinstance(trouble, Skipped):
                print(f"skipped {name}: {trouble}", flush=True)
                skipped += 1
                continue
            print(f"FAILED  {name}\n{trouble}" if trouble else f"ok      {name}", flush=True)
            failed += trouble is not None
    print(f"{len(TESTS) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return failed > 0


sys.exit(main())
