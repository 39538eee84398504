# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# nvmeroot-nvmet against real kernels: guest/nvmet-check.

nvmet_case() {
    image=nvmet
    judge=facts
    counter=no # it takes minutes as it is
    server=none
    uri=
    ip=
    edit_overlay=add_nvmet_check
    timeout=240
    expect_facts=('bare=nothing to do: the target matches the file' bare-again=same unknown=0
        plan-again='nothing to do: the target matches the file' connected=yes io-before=yes beside=0
        io-after=yes new-port=yes far= taken-back=yes undisturbed=0 state=live 'fio=err= 0: pid'
        dump-plan='nothing to do: the target matches the file' cleared=0 empty=yes dump=same connected-again=yes)
}

case_nvmet_changes() {
    about='apply, change a key and a port while a host runs fio, undo, dump, clear: 6.12 with keys'
    kernel=6.12 # the others are cases of their own
    nvmet_case
    expect_facts+=(keys= open-keys=0 key-writes=1 old-key= no-key=)
}

case_nvmet_changes_old() {
    about="the same on 6.1, which lacks keys: refused before anything is written, then without them"
    kernel=6.1
    nvmet_case
    expect_facts+=(keys=2 left=0 key-writes=0)
}

case_nvmet_changes_newest() {
    about="the same on the newest kernel of the distribution's backports"
    kernel=newest
    nvmet_case
    expect_facts+=(keys= open-keys=0 key-writes=1 old-key= no-key=)
}

add_nvmet_check() {
    tools_ready
    guest_options+=(-drive "file=$tools_disk,format=raw,if=virtio,readonly=on")
    cp "$boot_tests/guest/nvmet-check" "$1/check"
    install -m600 "$keys/other-host" "$1/etc/nvmeroot/other-host"
    install -m600 "$keys/host" "$1/etc/nvmeroot/host"
}

unit_case() {
    judge=root
    server=serve_by_unit
    portal=10.9.0.1
    ip=ip=10.9.0.2:::255.255.255.0:::none
    expect_facts=(written=yes "authentication=both ways with sha256 and $dhchap_dhgroup")
}

case_nvmet_unit() {
    about="a Debian with nvmeroot-nvmet.service is rebooted; then a machine boots from it, keys in both directions"
    kernel=6.12 # the newest is a case of its own
    unit_case
}

case_nvmet_unit_newest() {
    about="the same on the newest kernel of the distribution's backports"
    kernel=newest
    unit_case
}

# The server is the test's Debian on a disk of its own, which systemd boots twice; vdb is the client's root.
serve_by_unit() {
    local disks fact processors=2 counter=no verbosity=quiet # of the server
    wires=$(mktemp -d)
    disk_ready debian "$log/server.ext4"
    built "$boot/images/nvmet-unit-$kernel_release" "$boot_tests/cases/nvmet.sh" "$boot_tests"/guest/nvmet-unit-* "$nvmet" \
        "$top/packaging/nvmeroot-nvmet.service" -- unit_image "$boot/images/nvmet-unit-$kernel_release"
    unit_overlay "$log/server/add"
    image_with "$log/server.initrd" "$boot/images/nvmet-unit-$kernel_release" "$log/server"
    wire_net "$wires/server" "$wires/client" 52:54:00:09:00:01
    disks=(-drive "file=$log/server.ext4,format=raw,if=virtio" -drive "file=$log/root.ext4,format=raw,if=virtio")
    local cmdline='rw systemd.mask=debian-facts.service systemd.mask=serial-getty@ttyS0.service'
    guest_start "$log/server-first.console" "$log/server.initrd" "$cmdline" "${wire[@]}" "${disks[@]}"
    guest_wait 120 || die "the server does not reboot: $(tail -n 1 "$log/server-first.console")"
    guest_start "$log/server.console" "$log/server.initrd" "$cmdline" "${wire[@]}" "${disks[@]}"
    guest_says "$log/server.console" 'SERVING 1' 120 || die "nvmet does not serve: $(tail -n 1 "$log/server.console")"
    for fact in unit=active same=yes keys=2 fabrics=yes 'plan=nothing to do: the target matches the file'; do
        grep -q "FACT $fact\$" <(tr -d '\r' <"$log/server.console") || refute "the server: expected $fact"
    done
    ! grep -q 'FACT no-key=taken' "$log/server.console" || refute 'the server admits a host without a key'
    wire_net "$wires/client" "$wires/server" 52:54:00:09:00:02
    guest_net=("${wire[@]}")
}

# unit_image OUT   guest/nvmet-unit-init and, in /add, the program, its unit and the modules for the server's disk. The
# program runs with the libraries it was built with, which may be newer than the guest's.
unit_image() {
    local tree=$1.tree libraries kmod=$boot/kmod opt=/opt/nvmet
    local usr=$tree/add/usr system=$tree/add/etc/systemd/system
    local modules=$usr/lib/modules/$kernel_release
    rm -rf "$tree"
    mkdir -p "$tree"/{dev,proc,sys,root} "$tree/add$opt" "$usr/bin" "$modules" "$system"
    busybox_into "$tree" || return 1
    modules_into "$tree/modules" virtio_pci virtio_blk virtio_net ext4 -crc32c_generic || return 1
    install -m755 "$boot_tests/guest/nvmet-unit-init" "$tree/init"
    mapfile -t libraries < <(ldd "$nvmet" | grep -o '/[^ ]*')
    cp "$nvmet" "${libraries[@]}" "$tree/add$opt/" || return 1
    printf '#!/bin/sh\nexec %s/ld-linux-x86-64.so.2 --library-path %s %s/nvmeroot-nvmet "$@"\n' "$opt" "$opt" "$opt" \
        >"$usr/bin/nvmeroot-nvmet"
    chmod 755 "$usr/bin/nvmeroot-nvmet"
    modules_into "$modules/kernel" configfs nvmet nvmet-tcp nvme-tcp -crc32c_generic -hmac -sha256_generic \
        -sha512_generic -dh_generic || return 1
    cp "$kernel_modules"/modules.builtin* "$modules/" && ln -s usr/lib "$tree/add/lib"
    depmod -b "$tree/add" "$kernel_release" && rm "$tree/add/lib" || return 1
    # A Debian of debootstrap has no modprobe.
    built "$kmod" -- "$top/packaging/apt-private.sh" fetch-binary "$guest_suite" kmod "$kmod"
    mkdir "$usr/sbin" && cp "$kmod/bin/kmod" "$usr/bin/" && ln -s ../bin/kmod "$usr/sbin/modprobe" || return 1
    install -D -m644 "$top/packaging/nvmeroot-nvmet.service" "$usr/lib/systemd/system/nvmeroot-nvmet.service"
    install -m644 "$boot_tests/guest/nvmet-unit-check.service" "$system/"
    install -D -m755 "$boot_tests/guest/nvmet-unit-check" "$usr/local/sbin/nvmet-unit-check"
    mkdir "$system"/{multi-user,network-online}.target.wants
    ln -s ../nvmet-unit-check.service /lib/systemd/system/systemd-networkd.service "$system/multi-user.target.wants/"
    ln -s /lib/systemd/system/systemd-networkd-wait-online.service "$system/network-online.target.wants/"
    packed_folder "$tree" | zstd -q -9 >"$1"
    rm -rf "$tree"
}

# unit_overlay DIR   what the administrator of that server wrote
unit_overlay() {
    local network=$1/etc/systemd/network
    nvmet_overlay "$1"
    rm "$1/settings"
    sed -i 's|/dev/vda|/dev/vdb|; s|,10.9.5.1:4420||' "$1/etc/nvmeroot/nvmeroot-nvmet.conf"
    mkdir -p "$network" "$1/root"
    printf '[Match]\nName=e*\n[Network]\nAddress=10.9.0.1/24\nLinkLocalAddressing=no\n' >"$network/wire.network"
    printf '%s=%q\n' SUBSYSNQN "$subsysnqn" HOSTNQN "$hostnqn" HOSTID "$hostid" >"$1/root/settings"
    touch "$1/added"
}
