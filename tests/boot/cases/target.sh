# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# The target as nvme-cli and fio of a distribution see it, and as systemd runs it.

case_nvme_cli() {
    about='kernel 6.12, keys: every page, feature and command, reservations by nvme-cli; fio with digests and without; two reactors'
    judge=script
    script=admin-script
    kernel=6.12 slow=no # 6.1 is a case of its own; the second reactor serves nobody who is slowed down
    counter=no          # nvme-cli's keep-alive is the guest's
    edit_target=second_host_and_reactor
    timeout=200
    expect_facts=(failed=)
}

case_nvme_cli_old_kernel() {
    about='the same by kernel 6.1, which cannot authenticate; one reactor'
    judge=script
    script=admin-script
    kernel=6.1 counter=no
    without_keys
    edit_target=second_host
    timeout=200
    expect_facts=(failed=)
}

case_two_paths() {
    about='two targets serve one image; the one with the better path, of two reactors, is killed under fio'
    judge=script
    script=paths-script
    slow=no counter=no # as in nvme-cli
    second_port=$(free_port $((port + 1)))
    ports="$port $second_port"
    edit_target=first_path
    meanwhile=kill_first_path
    timeout=200
    expect_facts=(failed= namespaces=1 'states~optimized non-optimized|non-optimized optimized')
}

case_target_unit() {
    about='a Debian runs nvmeroot-target.service as a user of its own: start, reloads, stop, socket activation'
    dhchap_dhgroup=ffdhe2048 # the load generator takes no null group
    judge=facts
    server=none
    uri=
    ip=
    disk=debian
    processors=2 # a whole Debian takes minutes as it is
    image=target-unit
    edit_overlay=target_unit_overlay
    extra='rw systemd.mask=debian-facts.service systemd.mask=serial-getty@ttyS0.service'
    extra+=' systemd.mask=systemd-networkd-wait-online.service' # it has no network but the loopback
    expect_facts=(verify=0 'exposure<=30' start=yes user=own engine=io_uring capabilities=0000000000000000
        host=yes status=yes reload=yes second=yes status-after=yes broken-reload=no host-after=yes process=same
        stop=yes result=success/0 socket=yes before=inactive activates=yes activated=active)
}

# The writes of the administrator of that server.
target_unit_overlay() {
    local etc=$1/add/etc/nvmeroot
    mkdir -p "$etc" "$1/add/srv" "$1/add/root"
    install -m600 "$keys/host" "$keys/ctrl" "$etc/"
    install -m600 "$keys/host" "$keys/ctrl" "$1/add/root/"
    target_config "$etc/nvmeroot-target.conf" 127.0.0.1:4420 /srv/first.img
    sed -i "s|$keys|/etc/nvmeroot|" "$etc/nvmeroot-target.conf"
    truncate -s 8M "$1/add/srv/first.img" "$1/add/srv/second.img"
    printf '%s=%q\n' SUBSYSNQN "$subsysnqn" HOSTNQN "$hostnqn" >"$1/add/root/settings"
    touch "$1/add/added"
    guest_options+=(-drive "file=$log/root.ext4,format=raw,if=virtio")
}

# target_unit_image OUT   guest/nvmet-unit-init and, in /add, the programs, the unit and its user. They run with libraries
# of where they were built, which may be newer than the guest's.
target_unit_image() {
    local tree=$1.tree opt=/opt/nvmeroot program libraries
    local usr=$tree/add/usr system=$tree/add/etc/systemd/system
    rm -rf "$tree"
    mkdir -p "$tree"/{dev,proc,sys,root} "$tree/add$opt" "$usr/bin" "$system/multi-user.target.wants"
    busybox_into "$tree" || return 1
    modules_into "$tree/modules" virtio_pci virtio_blk ext4 -crc32c_generic || return 1
    install -m755 "$boot_tests/guest/nvmet-unit-init" "$tree/init"
    for program in "$target" "$load"; do
        mapfile -t libraries < <(ldd "$program" | grep -o '/[^ ]*')
        cp "${libraries[@]}" "$tree/add$opt/" && strip -o "$tree/add$opt/${program##*/}" "$program" || return 1
        printf '#!/bin/sh\nexec %s/ld-linux-x86-64.so.2 --library-path %s %s/%s "$@"\n' \
            "$opt" "$opt" "$opt" "${program##*/}" >"$usr/bin/${program##*/}"
        chmod 755 "$usr/bin/${program##*/}"
    done
    install -D -m644 "$top/packaging/nvmeroot-target.service" "$usr/lib/systemd/system/nvmeroot-target.service"
    install -D -m644 "$top/packaging/nvmeroot-target.sysusers" "$usr/lib/sysusers.d/nvmeroot-target.conf"
    install -m644 "$boot_tests/guest/target-unit-check.service" "$system/"
    install -D -m755 "$boot_tests/guest/target-unit-check" "$usr/local/sbin/target-unit-check"
    ln -s ../target-unit-check.service "$system/multi-user.target.wants/"
    packed_folder "$tree" | zstd -q -9 >"$1"
    rm -rf "$tree"
}

second_host() {
    mkdir "$log/state"
    sed -i -e 's/^hosts = client$/&, second/' -e "/^\[target\]/a state_dir = $log/state" "$1"
    host_section | sed -e 's/^.host.client.$/[host.second]/' -e "s/^nqn = .*/nqn = nqn.2014-08.org.nvmexpress:uuid:$second_hostid/" >>"$1"
}

second_host_and_reactor() {
    second_host "$1"
    second_reactor "$1"
}

second_reactor() {
    sed -i '/^\[target\]/a reactors = 2' "$1"
}

# One subsystem by two servers: disjoint controller ids, the same identity, one image.
first_path() {
    sed -i '/^image = /a shared = yes' "$1"
    sed "s/^listen = .*/listen = $address:$second_port/" "$1" >"$log/second.conf"
    second_reactor "$1"
    sed -i '/^nqn = nqn.2026/a cntlid_max = 1000' "$1"
    sed -i '/^nqn = nqn.2026/a cntlid_min = 1001' "$log/second.conf"
    printf '%s\n' '[ana.first]' 'group = 1' 'state = non-optimized' >>"$log/second.conf"
    target_start "$log/second.conf" "$log/second"
    target_is_up || die "the second target does not listen: $(tail -n 1 "$log/second")"
}

kill_first_path() {
    guest_says "$log/console" '^FACT fio=begins' 90 || return
    sleep 6
    target_kill
}
