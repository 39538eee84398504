# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# Machines that reach their root.

case_debian_login() {
    about='dracut image, keys in both directions, one sealed: a whole Debian with networkd reaches its login prompt, and its end'
    debian_root_and_its_end
    edit_overlay=seal_ctrl_key
    disk=debian
    expect_facts+=(manager-file~^05-nvmeroot- 'authentication~^both ways')
}

# As systemd does it for a machine without a TPM: with a key of zeros.
seal_ctrl_key() {
    mkdir -p "$1/etc/credstore.encrypted"
    systemd-creds encrypt --with-key=tpm2-absent --name=nvmeroot.dhchap_ctrl_secret "$1/etc/nvmeroot/dhchap_ctrl_secret" \
        "$1/etc/credstore.encrypted/nvmeroot.dhchap_ctrl_secret" && rm "$1/etc/nvmeroot/dhchap_ctrl_secret"
}

# The lease is of half a minute, from the second guest: it is renewed, and its address never goes.
debian_root_and_its_end() {
    image=dracut-systemd
    judge=root
    server=guest
    portal=10.9.0.1:4420
    ip=ip=dhcp
    processors=2 slow=no # a whole Debian takes minutes as it is
    guest_options=(-m 1024)
    last_line='diskless login:'
    timeout=420
    meanwhile=end_cleanly
    expect_facts=(root-device~^nvme written=yes readable-secrets=0 ctrl-loss=off 'closed-secrets<=8' unit-complete=active
        unit-watch=active kept-address~^10.9.0.5./24 left-address~^10.9.0.5./24 deletions=0)
}

end_cleanly() {
    login_comes || return
    guest_told "$log/port" poweroff
    guest_wait 120 || refute 'the machine does not go down'
    ! grep -q needs_recovery <(dumpe2fs -h "$log/root.ext4" 2>/dev/null) || refute 'the root was not unmounted'
}

login_comes() {
    guest_says "$log/console" '^FACT lease-wait=over' "$timeout" || return
    see_renewals
    guest_says "$log/console" "$last_line" "$timeout"
}

case_ifupdown() {
    about="a root whose network is ifupdown's, by DHCP: the lease is renewed and the address never goes"
    any_kernel
    counter=no # the lease is of the server's time
    waits=yes
    judge=root
    disk=ifupdown
    server=guest
    portal=10.9.0.1:4420
    ip=ip=dhcp
    meanwhile=see_renewals_of_ifup
    expect_facts=(root-device~^nvme written=yes configured=1 kept-address~^10.9.0.5./24 left-address~^10.9.0.5./24 deletions=0)
}

see_renewals_of_ifup() {
    guest_says "$log/console" '^FACT kept-address' "$timeout"
    see_renewals
}

# Two are those of the boot and of the manager's start.
see_renewals() {
    [ "$(grep -c 'sending ACK' "$log/server.console")" -gt 2 ] || refute 'the lease was not renewed'
}

case_honest_boots_in_series() {
    about='on one, two and four processors and by the instruction counter, each with the kernel log on the console: none is refused'
    instead=boot_in_series
    lasts=300
}

boot_in_series() {
    local series
    SERIES=$log/series ROUNDS=3 SETTINGS='one counter two four' JOBS=1 "$boot_tests/series" >"$log/table" 2>&1 &
    series=$!
    trap 'kill "$series"; exit 143' TERM
    wait "$series" || refute "$(<"$log/table")"
}

case_dracut_static() {
    about='dracut image without systemd, static address'
    image=dracut
    judge=root
    expect_facts=(root-device~^nvme written=yes root:ADDRESS=10.0.2.15/24)
}

case_dracut_dhcp() {
    about="dracut image, address from QEMU's DHCP server, target from the command line"
    any_kernel
    image=dracut
    judge=root
    ip=ip=dhcp
    expect_facts=(root-device~^nvme written=yes root:ADDRESS=10.0.2.15/24)
}

case_initramfs_tools() {
    about="image of Debian's initramfs-tools, address from QEMU's DHCP server"
    any_kernel
    image=initramfs
    judge=root
    ip=ip=dhcp
    expect_facts=(root-device~^nvme written=yes root:ADDRESS=10.0.2.15/24)
}

# An image for any machine, in which the generator has put the configuration.
configured() {
    image=$1-configured
    judge=root
    ip=ip=dhcp
    timeout=300 # it has the drivers of all machines
    expect_facts=(root-device~^nvme written=yes 'authentication~^both ways')
}

case_dracut_configured() {
    about="dracut's image for any machine, built with a configuration: both sides authenticate"
    configured dracut
}

case_initramfs_tools_configured() {
    about='the same of initramfs-tools'
    configured initramfs
}

case_mkinitcpio_configured() {
    about='the same of mkinitcpio, where MKINITCPIO names a checkout'
    needs=mkinitcpio_checkout
    configured mkinitcpio
}

mkinitcpio_checkout() {
    [ -n "${MKINITCPIO:-}" ] || skip_case 'MKINITCPIO names no checkout'
}

case_busybox_static() {
    about="image laid out as mkinitcpio's init runs it, static address"
    judge=root
    expect_facts=(root-device~^nvme written=yes ctrl-loss=off queues=$((processors + 1))
        "authentication=both ways with sha256 and $dhchap_dhgroup")
}

case_strongest_group() {
    about='the largest hash and group, and the interface known by its driver; each step is logged'
    ip=ip=10.0.2.15::10.0.2.2:24::@virtio_net:none
    timeout=240 counter=no # a processor under emulation computes such a group for a minute as it is
    dhchap_hash=sha512
    dhchap_dhgroup=ffdhe8192
    extra='nvmeroot.connect_timeout=180s nvmeroot.debug=yes'
    says='kernel: nvme nvme0: qid 0: controller authenticated'
    expect_facts=('authentication=both ways with sha512 and ffdhe8192')
}

case_busybox_root_by_label() {
    about='root=LABEL= is left to the init'
    any_kernel
    judge=root
    extra=root=LABEL=tiny
    expect_facts=(root-device~^nvme)
}

case_ipv6() {
    about='address, gateway and target are IPv6'
    any_kernel
    judge=root
    needs=ipv6_loopback
    address='[::1]'
    portal="[fec0::2]:$port"
    ip='ip=[fec0::15]::[fec0::2]:64:::none'
    expect_facts=(written=yes address~fec0::2 'root:ADDRESS~(^|,)fec0::15/64')
}

case_slaac_on_a_bridge() {
    about="a bridge of an interface that gets a name, its address from a router; the NQN has the machine's serial number"
    any_kernel
    needs=ipv6_loopback
    address='[::1]'
    portal="[fec0::2]:$port"
    # shellcheck disable=SC2016 # the client expands it
    uri="nvmeroot=nvme+tcp://$portal/${nqn%test}"'${serial}/1'
    guest_net=(-netdev 'user,id=net0,ipv4=on,ipv6=on' -device 'virtio-net-pci,netdev=net0,romfile=,mac=52:54:00:12:34:56')
    guest_options=(-smbios 'type=1,serial=test')
    ip='ifname=wire0:52:54:00:12:34:56 bridge=br0:wire0 ip=br0:auto6:1400'
    expect_facts=(root:INTERFACE=br0 'root:ADDRESS~(^|,)fec0::' root:SUBSYSNQN="$nqn" mtu=1400 'address~fec0::2')
}

case_uuid_of_two() {
    about='two namespaces, the root is named by its UUID'
    any_kernel
    judge=root
    nid=uuid:5e1f0a7c-2b7d-4c34-9a55-0c52d1a7e002
    edit_target=add_second_namespace
    label=tiny-second
    written_disk=second.ext4
    expect_facts=(root:NSID=2 root:WWID=uuid.5e1f0a7c-2b7d-4c34-9a55-0c52d1a7e002)
}

ipv6_loopback() {
    grep -qs ' lo$' /proc/net/if_inet6 || skip_case 'this machine has no ::1'
}

add_second_namespace() {
    disk_ready tiny-second "$log/second.ext4"
    printf '%s\n' '[namespace.second]' 'subsystem = test' 'nsid = 2' "image = $log/second.ext4" \
        'uuid = 5e1f0a7c-2b7d-4c34-9a55-0c52d1a7e002' >>"$1"
}

case_nvmet_static() {
    about="the target is the kernel's nvmet in a second guest"
    judge=root
    server=guest
    portal=10.9.0.1
    ip=ip=10.9.0.2:::255.255.255.0:::none
    expect_facts=(written=yes root:SUBSYSNQN="$subsysnqn")
}

case_nvmet_root_path() {
    about='address and target from DHCP (root path), the target is nvmet'
    any_kernel
    judge=root
    server=guest
    portal=10.9.0.1:4420
    uri=root=dhcp
    ip=
    expect_facts=(written=yes 'root:ADDRESS~^10\.9\.0\.5')
}

case_dnsmasq() {
    about="dnsmasq's DHCP and DNS: the root path names the target"
    any_kernel
    judge=root
    server=guest
    dnsmasq=('dhcp-range=10.9.0.50,10.9.0.60,255.255.255.0,2m' "dhcp-option=17,nvme+tcp://disk.example.test/$nqn/$nid"
        address=/disk.example.test/10.9.0.1)
    uri=root=dhcp
    ip=
    expect_facts=(written=yes 'root:ADDRESS~^10\.9\.0\.5' 'address~traddr=10\.9\.0\.1,')
}

case_dnsmasq_ipv6() {
    about="dnsmasq's router advertisements, DHCPv6 and DNS: the boot file URL names the target"
    any_kernel
    judge=root
    server=guest
    nvmet_listen='[fd00:9::1]:4420'
    dnsmasq=(enable-ra 'dhcp-range=fd00:9::50,fd00:9::5f,64,2m' 'dhcp-option=option6:dns-server,[fd00:9::1]'
        "dhcp-option=option6:bootfile-url,nvme+tcp://disk.example.test/$nqn/$nid" address=/disk.example.test/fd00:9::1)
    uri=root=dhcp
    ip=ip=eth0:dhcp6
    expect_facts=(written=yes 'root:ADDRESS~^fd00:9::5' 'address~traddr=fd00:9::1,')
}

case_bootdev() {
    about='of two interfaces with a lease, the target and the way to it are those of bootdev=, the second'
    any_kernel
    server=serve_beside_a_user_net
    portal=10.9.5.1:4420 # in the network of neither
    uri=root=dhcp
    ip='ip=eth0:dhcp ip=eth1:dhcp bootdev=eth1'
    expect_facts=(root:INTERFACE~^eth1 'root:ADDRESS~^10\.9\.0\.5' 'address~src_addr=10\.9\.0\.5')
}

serve_beside_a_user_net() {
    serve_by_guest
    guest_net=("${user_net[@]}" "${wire[@]//net0/net1}")
}

case_kexec() {
    about='the kernel and the image that lie on the root are started by kexec: the same root again, with what was written'
    judge=root
    disk=kexec
    edit_target=put_next_kernel
    expect_facts=(shutdown=0 same=yes next:root-device~^nvme next:controllers=1 next:state=yes next:stray-secrets=0
        'authentication~^both ways' 'next:authentication~^both ways' written=yes)
}

put_next_kernel() {
    printf 'write %s\n' "$kernel_bzimage vmlinuz" "$log/initrd initrd" "$nvmeroot bin/nvmeroot" >"$log/files"
    debugfs -w -f "$log/files" "$log/root.ext4" >"$log/files.log"
}

case_vlan_on_a_bond() {
    about='the target is reached over a VLAN on a bond, from an address and through an interface that the file names'
    any_kernel
    server=guest
    portal=10.9.5.1
    uri=
    edit_overlay=name_the_way
    ip='bond=bond0:eth0:mode=active-backup vlan=bond0.5:bond0 ip=10.9.5.2:::24:::none'
    expect_facts=(root:INTERFACE=bond0.5 'root:ADDRESS~^10\.9\.5\.2/24'
        'address~host_traddr=10\.9\.5\.2,host_iface=bond0\.5')
}

name_the_way() {
    printf '%s\n' '[path.vlan]' "uri = nvme+tcp://$portal/$nqn/$nid" 'source = 10.9.5.2' 'interface = bond0.5' \
        >>"$1/etc/nvmeroot/nvmeroot.conf"
}

case_debian_networkmanager() {
    about='debian-login with NetworkManager'
    by_name=yes
    debian_root_and_its_end
    disk=debian-nm
    expect_facts+=(manager-file~^nvmeroot-)
}

case_peak_memory_dracut() {
    about="only the program in dracut's image: compressed modules, peak memory, keys closed, eight lines"
    image=dracut-packed
    expect_facts=(ctrl-loss=off closed-secrets=2)
}

case_paths_and_a_dead_target() {
    about='the second path is completed after the boot; with the target dead, a write fails before 30 s are over'
    command='/vt/bin/sh /vt/complete-script'
    edit_overlay=add_scripts
    edit_target=listen_twice
    meanwhile=kill_target_when_told
    uri="nvmeroot=nvme+tcp://$portal/$nqn/$nid nvmeroot=nvme+tcp://10.0.2.2:$((port + 1000))/$nqn/$nid"
    expect_facts=(paths-at-boot=1 complete=0 other-names=2 nvme-cli-paths=2 nvme-cli-acts-on=0 times-after-complete=off paths=2 complete-again=0 owners=2 shutdown=0 write=failed 'waited<=30')
}

add_scripts() {
    cp "$boot_tests"/guest/{complete,watch,gap,shutdown,networks}-script "$1/vt/"
}

listen_twice() {
    sed -i "s/^listen = .*/&,$address:$((port + 1000))/" "$1"
}

case_two_networks() {
    about='a path over each of two networks: the first is cut, and what is written goes the other way'
    any_kernel
    counter=no # a cut network is noticed by its keep-alive
    waits=yes
    command='/vt/bin/sh /vt/networks-script'
    edit_overlay=add_scripts
    meanwhile=cut_network_when_told
    guest_net=("${user_net[@]}" -netdev 'user,id=net1,net=10.0.3.0/24,ipv6=off'
        -device 'virtio-net-pci,netdev=net1,romfile=')
    ip='ip=10.0.2.15:::24::eth0:none ip=10.0.3.15:::24::eth1:none'
    uri="nvmeroot=nvme+tcp://$portal/$nqn/$nid nvmeroot=nvme+tcp://10.0.3.2:$port/$nqn/$nid"
    expect_facts=('ways~^10.0.2.15 10.0.3.15' write=done same=yes live=1 'waited<=60')
}

cut_network_when_told() {
    guest_says "$log/console" '^CUT' "$timeout"
    guest_told "$log/monitor" set_link net0 off
}

kill_target_when_told() {
    guest_says "$log/console" '^DIE' "$timeout"
    target_kill
}

case_target_comes_back_without_keys() {
    about='after the boot the target is replaced by one that asks for no authentication: nvmeroot watch cuts it off'
    command='/vt/bin/sh /vt/watch-script after a reconnect the target came up without asking'
    edit_overlay=add_scripts
    meanwhile=replace_target_when_told
    extra=nvmeroot.on_downgrade=cut
    expect_facts=(cut=yes complaints=1)
}

case_target_came_back_before_anybody_watched() {
    about='the target is replaced by one that asks for no authentication before nvmeroot watch begins, which cuts it off at its start'
    command='/vt/bin/sh /vt/watch-script -l after a reconnect the target came up without asking'
    edit_overlay=add_scripts
    meanwhile=replace_target_when_told
    extra=nvmeroot.on_downgrade=cut
    expect_facts=(cut=yes complaints=1)
}

case_target_comes_back_with_another_key() {
    about='after the boot the target is replaced by one that cannot authenticate: the kernel disconnects it, and nvmeroot watch reports it'
    command='/vt/bin/sh /vt/watch-script the kernel gave this path to the root up for good'
    edit_overlay=add_scripts
    meanwhile=replace_key_when_told
    expect_facts=(cut=yes complaints=1)
}

replace_key_when_told() {
    kill_target_when_told
    sed -i "s|$keys/ctrl|$keys/other-ctrl|" "$log/target.conf"
    serve_config "$log/target.2"
}

replace_target_when_told() {
    kill_target_when_told
    sed -i '/^dhchap_/d' "$log/target.conf"
    serve_config "$log/target.2"
}

case_target_comes_late() {
    about='the target starts after the machine: tried again until it is there'
    server=none
    verbosity=loglevel=6 # the first try says so with a notice, which "quiet" would hide
    meanwhile=serve_late
    extra=nvmeroot.timeout=60s
    expect_facts=('elapsed<=40')
}

serve_late() {
    guest_says "$log/console" 'nvmeroot: ' 60
    sleep 6
    serve_by_process
}

case_discovery_and_a_referral() {
    about='a discovery service that requires authentication refers to the one of nvmet, which knows the root'
    server=serve_behind_a_referral
    portal=10.9.0.1
    uri="nvmeroot=nvme+tcp://10.0.2.2:$port nvmeroot.subsysnqn=*:nvmeroot-test"
    ip='ip=10.0.2.15::10.0.2.2:24::eth0:none ip=10.9.0.2:::24::eth1:none'
    expect_facts=(root:SUBSYSNQN="$subsysnqn" address~10.9.0.1 label=tiny)
}

serve_behind_a_referral() {
    serve_beside_a_user_net
    truncate -s 1M "$log/other.img"
    cat >"$log/target.conf" <<END
[target]
listen = 127.0.0.1:$((port + 1000))
discovery = 127.0.0.1:$port
discovery_auth = yes
referrals = 10.9.0.1:4420
$(host_section)
[host.other]
nqn = nqn.2026-01.org.example:other
[subsystem.other]
nqn = nqn.2026-01.org.example:disk-of-another
hosts = other
[namespace.other]
subsystem = other
image = $log/other.img
END
    serve_config "$log/target"
}

case_admin_queue_only_newest() {
    about='the newest kernel authenticates no queue for which the target does not ask: handed over, with a warning'
    kernel=newest verbosity=loglevel=7
    quirk=admin-only-auth
    says='requests authentication only on its admin queue'
}
