#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the dracut module puts into an image: with dracut's functions replaced, and with the real dracut.

load helpers
load dracut_stubs

setup() {
    make_machine
    make_config
    need_program
    dracutbasedir=$machine/dracut
    moddir=$top/dracut/50nvmeroot
    systemdutildir=/usr/lib/systemd systemdsystemunitdir=/usr/lib/systemd/system
    outfile=$machine/initrd
    hostonly=''
    included=base
    kernel=6.12 initdir=$machine/image
    dracut=111
    mkdir -p "$dracutbasedir/modules.d/99base" "$initdir"
    : > "$machine/did"
    . "$moddir/module-setup.sh"
}

teardown() {
    [ ! -e "$machine/refused" ] || { cat "$machine/refused"; return 1; }
}

# Another image of the same module, by a version of dracut.
begin_image() {
    dracut=$1
    rm -rf "$initdir" "$machine/did"
    mkdir -p "$initdir"
    : > "$machine/did"
}

@test "the module is not possible without the program" {
    NVMEROOT_BINARY=$machine/absent
    run check
    [ "$status" = 1 ]
}

@test "a host-only image gets the module where the host is set up for it" {
    dracutsysrootdir=$machine
    hostonly=-h
    run check
    [ "$status" = 255 ]
    mkdir -p "$machine/etc/nvmeroot"
    ln -s nowhere "$machine/etc/nvmeroot/nvmeroot.conf"
    check
    rm "$machine/etc/nvmeroot/nvmeroot.conf"
    : > "$machine/etc/nvmeroot/nvmeroot.conf"
    check
}

@test "an image for disks of its own, kdump's, gets the module where one of them is the root" {
    . "$(relocate dracut/50nvmeroot/module-setup.sh)"
    dracutsysrootdir=$machine
    hostonly=-h
    hostonly_default_device=no
    mkdir -p "$machine/etc/nvmeroot" "$machine/run/nvmeroot"
    : > "$machine/etc/nvmeroot/nvmeroot.conf"
    for_each_host_dev_and_slaves() { "$1" 259:7; }
    readlink() { echo "$dump"; }
    dump=/dev/nvme0n1p2
    run check
    [ "$status" = 255 ]
    printf '%s\n' DEVICE=/dev/nvme0n1 ROOT=/dev/nvmeroot/root > "$machine/run/nvmeroot/root"
    check
    for dump in /dev/nvme0n12 /dev/sda1 /dev/nvme1n1; do
        run check
        [ "$status" = 255 ]
    done
    for_each_host_dev_and_slaves() { return 1; }
    run check
    [ "$status" = 255 ]
    hostonly_default_device=yes
    check
}

@test "a generic image gets the module" {
    check
}

@test "the initqueue module is asked for where dracut has one" {
    [ "$(depends)" = rootfs-block ]
    mkdir "$dracutbasedir/modules.d/77initqueue"
    [ "$(depends | xargs)" = 'rootfs-block initqueue' ]
}

@test "kernel modules do not depend on what the host has loaded" {
    hostonly=-h
    installkernel
    run ! grep '^hostonly' "$machine/did"
    did 'instmods nvme-core nvme-fabrics nvme-tcp'
    grep -q '=drivers/net/ethernet' "$machine/did"
    [ "$hostonly" = -h ]
}

@test "nvmeroot_nics names the network drivers" {
    nvmeroot_nics='e1000e igb'
    installkernel
    did 'instmods e1000e igb'
    run ! grep '=drivers/net' "$machine/did"
}

@test "the program names the kernel modules of every image, and no hook has a list of its own" {
    "$FAKE_NEEDS" needs --modules > "$BATS_TEST_TMPDIR/list"
    installkernel
    did "instmods $(sed -n 's/^module\t//p' "$BATS_TEST_TMPDIR/list" | xargs)"
    did "instmods -s $(sed -n 's/^optional\t//p' "$BATS_TEST_TMPDIR/list" | xargs)"
    run ! grep -nE 'nvme-auth|crypto-(dh|hmac|sha)|hv_vmbus|8021q|drivers/net/' "$moddir/module-setup.sh" "$top/install/nvmeroot" \
        "$top/initramfs-tools/hooks/nvmeroot"
}

# The output of modprobe and depmod for an image, and how often dracut's depmod was called.
make_kmod() {
    printf '%s\n' '#!/bin/sh' 'case "${*##* }" in' "nvme-tcp) printf 'insmod %s opt=1 \n' '$initdir/nvme-core.ko.zst' '$initdir/nvme-tcp.ko.xz' ;;" \
        "ext4 | nvme-core | nvme-fabrics | igb) echo \"builtin \${*##* }\" ;;" "virtio_net) echo 'insmod $initdir/virtio_net.ko' ;;" '*) exit 1 ;;' \
        esac > "$machine/bin/modprobe"
    printf '%s\n' '#!/bin/sh' "echo \"depmod \$*\" >> '$machine/did'" "[ ! -e '$machine/no-depmod' ]" > "$machine/bin/depmod"
    chmod 755 "$machine/bin/modprobe" "$machine/bin/depmod"
    mkdir -p "$initdir/lib/modules/$kernel"
}

@test "the modules that every boot loads are unpacked when dracut has its last module, in a compressed image" {
    make_kmod
    modules() { (cd "$initdir" && echo *.ko*); }
    packed() { # with one that is none
        rm -f "$initdir"/*.ko*
        echo core | zstd -q > "$initdir/nvme-core.ko.zst"
        echo tcp | xz > "$initdir/nvme-tcp.ko.xz"
        echo net > "$initdir/virtio_net.ko"
        echo other > "$initdir/other.ko.xz"
    }
    installkernel
    packed
    compress=cat
    depmod -a
    [ "$(modules)" = 'nvme-core.ko.zst nvme-tcp.ko.xz other.ko.xz virtio_net.ko' ]
    : > "$machine/did"
    compress='zstd -15'
    depmod -a
    [ "$(cd "$initdir" && cat nvme-core.ko nvme-tcp.ko virtio_net.ko | xargs)" = 'core tcp net' ]
    [ "$(modules)" = 'nvme-core.ko nvme-tcp.ko other.ko.xz virtio_net.ko' ]
    [ "$(grep -c '^depmod -a$' "$machine/did")" = 2 ]
    packed
    echo broken > "$initdir/nvme-tcp.ko.xz"
    depmod -a
    [ "$(modules)" = 'nvme-core.ko nvme-tcp.ko.xz other.ko.xz virtio_net.ko' ]
    : > "$machine/no-depmod"
    run depmod -a
    [ "$status" = 1 ]
}

@test "a missing kernel module that the image needs stops the build if the image is requested" {
    make_kmod
    nvmeroot_nics='virtio_net igb'
    add_dracutmodules=' nvmeroot '
    installkernel
    depmod -a
    nvmeroot_nics='virtio_net virtio-nett'
    run depmod -a
    [ "$status" = 1 ]
    did "dfatal nvmeroot: kernel $kernel has no module \"virtio-nett\", or omit_drivers left it out."
    rm -r "$initdir/lib/modules"
    kernel_modules=none
    run installkernel
    [ "$status" = 1 ]
    did "dfatal nvmeroot: kernel $kernel has no module \"nvme-tcp\", or omit_drivers left it out."
    add_dracutmodules=
    installkernel
    grep -q 'dwarn nvmeroot: .*cannot boot over NVMe/TCP' "$machine/did"
}

@test "hooks, handler and rule are installed; the generator only with systemd" {
    for version in 059 111; do
        begin_image "$version"
        included=base
        install
        hooks=$initdir/lib/dracut/hooks
        [ "$version" = 059 ] || hooks=$initdir/var/lib/dracut/hooks
        [ "$(cd "$hooks" && find . -type f | sort | xargs)" = './cmdline/90-parse-nvmeroot.sh ./emergency/10-nvmeroot-coldplug.sh ./initqueue/50-nvmeroot.sh ./initqueue/finished/50-nvmeroot-finished.sh ./pre-pivot/10-nvmeroot-fstab.sh ./pre-trigger/50-nvmeroot-start.sh ./shutdown/10-nvmeroot-shutdown.sh' ]
        for file in usr/bin/nvmeroot sbin/nvmeroot-boot sbin/nvmeroot-coldplug sbin/nvme+tcproot etc/udev/rules.d/61-nvmeroot.rules; do
            [ -s "$initdir/$file" ]
        done
        [ ! -e "$initdir/usr/lib/nvmeroot" ]
        [ -z "$(find "$initdir" -name '*generator*')" ]
        begin_image "$version"
        included='base systemd'
        install
        for unit in systemd-udev-trigger dracut-initqueue; do
            grep -qx 'ConditionPathExists=!/run/nvmeroot/coldplug-later' "$initdir$systemdsystemunitdir/$unit.service.d/nvmeroot.conf"
        done
        [ -x "$initdir/usr/lib/systemd/system-generators/nvmeroot-generator" ]
    done
}

@test "a function of dracut that fails, or does nothing, stops the build" {
    for name in inst inst_hook inst_script inst_rules; do
        for result in 0 1; do
            begin_image 111
            run eval "$name() { return $result; }; install"
            [ "$status" = 1 ]
            grep -qE 'dfatal nvmeroot: .* (failed|is not in the image)' "$machine/did"
        done
    done
}

@test "systemd opens credentials for the units whose hooks run the program, by words that it knows" {
    dracutsysrootdir=$machine
    included='base systemd'
    mkdir -p "$machine/etc/credstore.encrypted" "$machine$systemdutildir"
    touch "$machine/etc/credstore.encrypted/"{nvmeroot.dhchap_secret,nvmeroot.uri,other}
    systemd_is() { printf '%s\n' '#!/bin/sh' "echo 'systemd $1 ($1.1-1)'" > "$machine$systemdutildir/systemd" && chmod 755 "$machine$systemdutildir/systemd"; }
    words() { grep -hE '^(Import|Load)' "$initdir$systemdsystemunitdir"/dracut-{cmdline,pre-trigger,initqueue}.service.d/nvmeroot.conf | sort | uniq -c | xargs; }
    systemd_is 254
    install
    [ "$(words)" = '3 ImportCredential=nvmeroot.*' ]
    [ -z "$(find "$initdir" -path '*credstore*')" ]
    begin_image 111
    systemd_is 252
    install
    [ "$(words)" = '3 LoadCredentialEncrypted=nvmeroot.dhchap_ctrl_secret 3 LoadCredentialEncrypted=nvmeroot.dhchap_secret' ]
    echo sealed | tee "$machine/etc/credstore.encrypted/"{nvmeroot.dhchap_secret,nvmeroot.uri} > "$machine/etc/credstore.encrypted/other"
    hostonly=-h
    for version in 059 111; do
        begin_image "$version"
        install
        [ "$(ls "$initdir/etc/credstore.encrypted" | xargs)" = 'nvmeroot.dhchap_secret nvmeroot.uri' ]
        [ "$(xargs < "$initdir/usr/lib/nvmeroot/image-files")" = '/etc/credstore.encrypted/nvmeroot.dhchap_secret /etc/credstore.encrypted/nvmeroot.uri' ]
        grep -qx LoadCredentialEncrypted=nvmeroot.uri "$initdir$systemdsystemunitdir/dracut-cmdline.service.d/nvmeroot.conf"
    done
}

@test "sealed credentials stop the build of an image without systemd" {
    dracutsysrootdir=$machine
    hostonly=-h
    mkdir -p "$machine/etc/credstore.encrypted" "$machine/etc/nvmeroot"
    echo sealed > "$machine/etc/credstore.encrypted/nvmeroot.dhchap_secret"
    make_secret "$machine/etc/nvmeroot/dhchap_secret"
    for nvmeroot_config in '' yes "$machine/etc/nvmeroot"; do
        included=base
        begin_image 111
        run install
        [ "$status" = 1 ]
        grep -q 'dfatal nvmeroot: .*/nvmeroot.dhchap_secret is sealed, and an image without systemd cannot decrypt it' "$machine/did"
        included='base systemd'
        begin_image 111
        install
        [ -s "$initdir/etc/credstore.encrypted/nvmeroot.dhchap_secret" ]
    done
}

@test "with systemd the image's own network managers wait for the answer whose the network is" {
    local units="$initdir$systemdsystemunitdir" unit
    included='base systemd'
    mkdir -p "$units"
    touch "$units"/{systemd-networkd.service,systemd-networkd.socket,nm-initrd.service,NetworkManager-initrd.service}
    install
    for unit in systemd-networkd.service systemd-networkd.socket nm-initrd.service NetworkManager-initrd.service; do
        [ "$(xargs < "$units/$unit.d/nvmeroot.conf")" = '[Unit] After=dracut-cmdline.service ConditionPathExists=!/run/nvmeroot/network-is-ours' ]
    done
    [ ! -e "$units/cm-initrd.service.d" ]
}

@test "the drivers of the usual root file systems are in the image, whatever the build machine has mounted" {
    hostonly=-h
    installkernel
    for name in ext4 xfs btrfs; do
        grep -qw "$name" "$machine/did"
    done
}

# The configuration of make_config is the machine's own.
own_config() {
    dracutsysrootdir=$machine
    mkdir -p "$machine/etc" "$machine$BATS_TEST_TMPDIR"
    mv "$config" "$machine/etc/nvmeroot"
    cp -a "$BATS_TEST_TMPDIR/keys" "$machine$BATS_TEST_TMPDIR/"
    config=$machine/etc/nvmeroot
}

@test "a generic image contains nothing of the host, unless configured" {
    own_config
    for version in 059 111; do
        begin_image "$version"
        nvmeroot_config=
        install
        [ ! -e "$initdir/etc/nvmeroot" ]
        [ ! -e "$initdir/usr/lib/nvmeroot" ]
        nvmeroot_config=yes
        begin_image "$version"
        install
        check_config_in "$initdir"
    done
}

@test "a host-only image holds the ini file and the secrets that it names" {
    own_config
    hostonly=-h
    for version in 059 111; do
        nvmeroot_config=
        begin_image "$version"
        install
        check_config_in "$initdir"
        nvmeroot_config=no
        begin_image "$version"
        install
        [ ! -e "$initdir/etc/nvmeroot" ]
    done
}

@test "an image of either kind takes the directory of another machine, and secrets elsewhere" {
    nvmeroot_config=$config
    for hostonly in -h ''; do
        for version in 059 111; do
            begin_image "$version"
            install
            check_config_in "$initdir"
        done
    done
    begin_image 111
    make_secret "$config/dhchap_secret"
    install
    cmp "$config/dhchap_secret" "$initdir/etc/nvmeroot/dhchap_secret"
    grep -qx /etc/nvmeroot/dhchap_secret "$initdir/usr/lib/nvmeroot/image-files"
}

@test "a link's target gets into the image, and the configuration replaces another module's" {
    nvmeroot_config=$config
    mv "$config/host.key" "$BATS_TEST_TMPDIR/keys/host.key"
    ln -s ../keys/host.key "$config/host.key"
    mkdir -p "$initdir/etc/nvmeroot"
    echo other > "$initdir/etc/nvmeroot/host.key"
    install
    check_config_in "$initdir"
    [ ! -L "$initdir/etc/nvmeroot/host.key" ]
}

@test "a file of the configuration that another module has taken out stops the build" {
    nvmeroot_config=$config
    make_kmod
    installkernel
    install
    depmod -a
    : > "$initdir/etc/nvmeroot/host.key"
    run depmod -a
    [ "$status" = 1 ]
    did 'dfatal nvmeroot: /etc/nvmeroot/host.key is not in the image.'
}

@test "modules that the configuration names are installed" {
    nvmeroot_config=$config
    printf '[modules]\nmodules = igb e1000e\n' >> "$config/nvmeroot.conf"
    install
    make_kmod
    installkernel
    did 'instmods igb e1000e'
    run depmod -a
    [ "$status" = 1 ]
    did "dfatal nvmeroot: kernel $kernel has no module \"e1000e\", or omit_drivers left it out."
}

@test "a configuration that is not whole stops the build of either kind of image" {
    for hostonly in -h ''; do
        number=1
        while rm -rf "$config" && make_config && spoil_config "$number"; do
            begin_image 111
            nvmeroot_config=$config
            run install
            [ "$status" = 1 ]
            grep -qF "dfatal nvmeroot: " "$machine/did"
            grep -qF "$says" "$machine/did"
            [ ! -e "$initdir/usr/lib/nvmeroot/image-files" ]
            number=$((number + 1))
        done
        [ "$number" = 12 ]
    done
}

@test "a disk without space stops the build" {
    nvmeroot_config=$config
    printf '%s\n' '#!/bin/sh' 'exec /usr/bin/install -D -m 600 /dev/null "$6"' > "$machine/bin/install"
    chmod 755 "$machine/bin/install"
    run install
    [ "$status" = 1 ]
    grep -q "dfatal nvmeroot: $config/nvmeroot.conf did not get into the image" "$machine/did"
}

@test "a secret stops the build of an image that others can read" {
    nvmeroot_config=$config
    : > "$outfile"
    chmod 640 "$outfile"
    run install
    [ "$status" = 1 ]
    grep -q "dfatal nvmeroot: .*\.key is private.*chmod 600" "$machine/did"
    [ -z "$(find "$initdir" -name '*.key')" ]
    chmod 600 "$outfile"
    install
    check_config_in "$initdir"
}

@test "an ini file without secrets may lie in a public image" {
    nvmeroot_config=$config
    sed -i '/secret/Id' "$config/nvmeroot.conf"
    : > "$outfile"
    chmod 644 "$outfile"
    install
    cmp "$config/nvmeroot.conf" "$initdir/etc/nvmeroot/nvmeroot.conf"
}

@test "a word that nvmeroot_config does not know stops the build" {
    nvmeroot_config=maybe
    run install
    [ "$status" = 1 ]
    grep -q 'neither yes nor no' "$machine/did"
}

# --- the real dracut ---------------------------------------------------------------------------------------------------

# Builds an image without kernel modules, lists it into $list, and unpacks it into $image_root.
real_image() {
    [ "$(id -u)" = 0 ] || skip 'dracut needs root'
    image=$BATS_TEST_TMPDIR/real.img
    mkdir -p "$BATS_TEST_TMPDIR/lib/modules/0.0.0-none"
    "$top/tests/boot/images/dracut.sh" "$image" 0.0.0-none "$BATS_TEST_TMPDIR/lib/modules/0.0.0-none" "$machine/bin/nvmeroot" "$config" \
        -- --no-kernel > "$BATS_TEST_TMPDIR/dracut.log" 2>&1 || { cat "$BATS_TEST_TMPDIR/dracut.log"; return 1; }
    image_root=$BATS_TEST_TMPDIR/root
    rm -rf "$image_root"
    mkdir -p "$image_root"
    (cd "$image_root" && lsinitrd --unpack "$image" 2> /dev/null)
}

check_real_image() {
    real_image
    [ "$(stat -c %a "$image")" = 600 ]
    [ -x "$image_root/usr/bin/nvmeroot" ]
    [ -x "$image_root/usr/sbin/nvme+tcproot" ] || [ -x "$image_root/sbin/nvme+tcproot" ]
    local hooks=$image_root/lib/dracut/hooks
    [ -d "$hooks" ] || hooks=$image_root/var/lib/dracut/hooks
    [ -x "$image_root/sbin/nvmeroot-coldplug" ]
    [ -x "$hooks/cmdline/90-parse-nvmeroot.sh" ]
    [ -x "$hooks/pre-trigger/50-nvmeroot-start.sh" ]
    [ -x "$hooks/initqueue/50-nvmeroot.sh" ]
    [ -x "$hooks/emergency/10-nvmeroot-coldplug.sh" ]
    [ -x "$hooks/shutdown/10-nvmeroot-shutdown.sh" ]
    [ -x "$hooks/initqueue/finished/50-nvmeroot-finished.sh" ]
    check_config_in "$image_root"
}

@test "the installed dracut makes a host-only and a generic image with all of it" {
    unset DRACUT_ROOT
    command -v dracut > /dev/null || skip 'no dracut'
    for kind in no yes; do
        GENERIC=$kind check_real_image
        [ ! -e "$image_root/usr/lib/systemd/system-generators/nvmeroot-generator" ]
    done
}

@test "the installed dracut makes a host-only and a generic image with systemd and the generator" {
    unset DRACUT_ROOT
    command -v dracut > /dev/null || skip 'no dracut'
    for kind in no yes; do
        SYSTEMD=yes GENERIC=$kind check_real_image
        [ -x "$image_root/sbin/nvmeroot-fstab" ]
        [ -x "$image_root/usr/lib/systemd/system-generators/nvmeroot-generator" ]
    done
}

@test "the dracut of DRACUT_ROOT makes a host-only and a generic image with all of it" {
    [ -n "${DRACUT_ROOT:-}" ] || skip 'DRACUT_ROOT names no unpacked dracut'
    for kind in no yes; do
        GENERIC=$kind check_real_image
    done
}

@test "the real dracut makes no image of a configuration that is not whole" {
    unset DRACUT_ROOT
    command -v dracut > /dev/null || skip 'no dracut'
    [ "$(id -u)" = 0 ] || skip 'dracut needs root'
    for number in 1 6 10; do
        rm -rf "$config" && make_config && spoil_config "$number"
        GENERIC=yes run ! real_image
        grep -F nvmeroot: "$BATS_TEST_TMPDIR/dracut.log" | grep -qF "$says"
        [ ! -e "$BATS_TEST_TMPDIR/real.img" ]
    done
}

@test "the real dracut stops before it writes a secret into a public image" {
    unset DRACUT_ROOT
    command -v dracut > /dev/null || skip 'no dracut'
    [ "$(id -u)" = 0 ] || skip 'dracut needs root'
    echo old > "$BATS_TEST_TMPDIR/real.img"
    chmod 644 "$BATS_TEST_TMPDIR/real.img"
    run ! real_image
    [ "$(cat "$BATS_TEST_TMPDIR/real.img")" = old ]
    grep -q 'nvmeroot: .* is private' "$BATS_TEST_TMPDIR/dracut.log"
}
