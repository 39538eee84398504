# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# Root disks: file system images made without mounting anything.
#
#   tiny_root OUT LABEL     busybox, whose init prints facts and powers off (guest/root-init); 16 MiB
#   debian_root OUT LABEL   Debian with systemd and a login prompt on the serial console; 768 MiB, sparse. Its network is
#                           networkd's, or with the label debian-nm NetworkManager's
#   ifupdown_root OUT LABEL busybox, and the network by Debian's ifupdown and dhclient (guest/ifupdown-init)
#   kexec_root OUT LABEL    the tiny root with Debian's kexec, and room for a kernel and its image

tiny_root() {
    local tree=$1.tree
    rm -rf "$tree"
    mkdir -p "$tree"/{dev,proc,sys,run,tmp,etc,sbin}
    busybox_into "$tree" || return 1
    cp "$boot_tests/guest/facts" "$tree/facts"
    cp "$boot_tests/guest/root-init" "$tree/sbin/init"
    ln -s bin/sh "$tree/init"
    echo "$2" >"$tree/label"
    ext4_image "$1" 16M "$2" "$tree"
    rm -rf "$tree"
}

# packages_ready NAME PACKAGE…   the packages and what they depend on, unpacked as build/boot/NAME
packages_ready() {
    built "$boot/$1" "$top/packaging/apt-private.sh" -- \
        "$top/packaging/apt-private.sh" fetch-tree "$guest_suite" "$boot/$1" "${@:2}"
}
ifupdown_ready() { packages_ready ifupdown ifupdown isc-dhcp-client iproute2 dash; }
kexec_ready() { packages_ready kexec-tools kexec-tools; }
dnsmasq_ready() { packages_ready dnsmasq dnsmasq-base; }

# root_with_packages TREE NAME   busybox, and the packages of build/boot/NAME over it
root_with_packages() {
    local tree=$1 packages=$boot/$2
    rm -rf "$tree"
    mkdir -p "$tree"/{dev,proc,sys,run,tmp,etc,sbin}
    busybox_into "$tree" || return 1
    tar -C "$packages" --exclude=./usr/share -c . | tar -C "$tree" -x --keep-directory-symlink || return 1
    cp "$boot_tests/guest/facts" "$tree/facts"
}

ifupdown_root() {
    local tree=$1.tree
    ifupdown_ready
    root_with_packages "$tree" ifupdown || return 1
    mkdir -p "$tree/var/lib/dhcp"
    ln -s ../run "$tree/var/run"
    printf '%s\n' 'auto lo' 'iface lo inet loopback' 'auto eth0' 'iface eth0 inet dhcp' 'no-auto-down eth0' \
        >"$tree/etc/network/interfaces"
    echo 'send dhcp-client-identifier = hardware;' >>"$tree/etc/dhcp/dhclient.conf"
    cp "$boot_tests/guest/ifupdown-init" "$tree/sbin/init"
    echo "$2" >"$tree/label"
    ext4_image "$1" 128M "$2" "$tree"
    rm -rf "$tree"
}

kexec_root() {
    local tree=$1.tree
    kexec_ready
    root_with_packages "$tree" kexec-tools || return 1
    cp "$boot_tests/guest/root-init" "$tree/sbin/init"
    cp "$boot_tests/guest/kexec-script" "$tree/case"
    echo "$2" >"$tree/label"
    ext4_image "$1" 128M "$2" "$tree"
    rm -rf "$tree"
}

# ext4_image OUT SIZE LABEL TREE
ext4_image() {
    rm -f "$1"
    truncate -s "$2" "$1"
    mkfs.ext4 -q -L "$3" -E root_owner=0:0 -d "$4" "$1"
}

# Trees of a distribution belong to root, so root makes them; the image is given back to who builds.
debian_root() {
    [ "$2" != debian-nm ] || packages_ready network-manager network-manager
    debian_ready
    # shellcheck disable=SC2016 # the inner shell expands
    as_root bash -c '. "$1/tests/boot/lib/common.sh"; . "$1/tests/boot/lib/roots.sh"; debian_root_as_root "$2" "$3"' \
        - "$top" "$@" && as_root chown "$(id -u):$(id -g)" "$1"
}

debian_root_as_root() {
    local tree=$1.tree
    rm -rf "$tree"
    mkdir "$tree"
    tar -C "$tree" -xf "$debian_archive" || return 1
    # Debian's link is absolute, and an initramfs looks for init before it changes its root.
    ln -sf ../lib/systemd/systemd "$tree/usr/sbin/init"
    echo diskless >"$tree/etc/hostname"
    echo "LABEL=$2 / ext4 defaults 0 1" >"$tree/etc/fstab"
    echo "$2" >"$tree/label"
    cp "$boot_tests/guest/facts" "$boot_tests/guest/debian-facts" "$tree/usr/local/sbin/"
    cp "$boot_tests"/guest/{debian-facts,debian-end,address-monitor}.service "$tree/etc/systemd/system/"
    DESTDIR=$tree PROGRAMS=nvmeroot "$top/packaging/install.sh" || return 1
    local manager=systemd-networkd
    if [ "$2" = debian-nm ]; then
        manager=NetworkManager
        network_manager_into "$tree" || return 1
    fi
    systemctl --root="$tree" -q enable debian-facts debian-end address-monitor serial-getty@ttyS0 "$manager" || return 1
    # Nobody needs a password to look around in a test's machine.
    sed -i 's/^root:[^:]*:/root::/' "$tree/etc/shadow"
    ext4_image "$1" 768M "$2" "$tree"
    rm -rf "$tree"
}

# Unpacked and not configured: it runs as root, and asks nobody whether it may.
network_manager_into() {
    tar -C "$boot/network-manager" --owner=0 --group=0 --exclude='./usr/share/[dl]o*' --exclude=./usr/share/man -c . |
        tar -C "$1" -x --keep-directory-symlink || return 1
    printf '[main]\nauth-polkit=false\n' >"$1/etc/NetworkManager/conf.d/test.conf"
}

# The slow part, kept for as long as build/ is: debootstrap.
debian_archive=$boot/debian-$guest_suite.tar
debian_ready() { built "$debian_archive" -- debian_make "$debian_archive"; }

debian_make() {
    # shellcheck disable=SC2016 # the inner shell expands
    as_root bash -c '. "$1/tests/boot/lib/common.sh"; . "$1/tests/boot/lib/roots.sh"; debian_make_as_root "$2"' \
        - "$top" "$1" && as_root chown "$(id -u):$(id -g)" "$1"
}

debian_make_as_root() {
    local tree=$1.tree
    rm -rf "$tree"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,udev,dbus,login,iproute2 \
        "$guest_suite" "$tree" "$("$top/packaging/apt-private.sh" mirror)" || return 1
    rm -rf "$tree"/var/cache/apt/archives/*.deb "$tree"/var/lib/apt/lists/* "$tree"/usr/share/{doc,man,locale}
    tar -C "$tree" -cf "$1" . && rm -rf "$tree"
}
