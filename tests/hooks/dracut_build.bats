#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the dracut module puts into an image: with dracut's functions replaced, and with the real dracut.

load helpers

setup() {
    make_machine
    make_config
    dracutbasedir=$machine/dracut
    moddir=$top/dracut/50nvmeroot
    dracutsysrootdir=$machine
    systemdutildir=/usr/lib/systemd
    outfile=$machine/image
    hostonly=''
    included=base
    mkdir -p "$dracutbasedir/modules.d/99base"
    : > "$machine/did"
    . "$moddir/module-setup.sh"
}

require_binaries() { command -v "$1" > /dev/null; }
find_binary() { command -v "$1"; }
dracut_module_included() { [[ " $included " == *" $1 "* ]]; }
dfatal() { echo "dfatal $*" >> "$machine/did"; }
dracut_need_initqueue() { :; }
for name in inst inst_hook inst_script inst_rules inst_simple instmods; do
    eval "$name() { echo \"\${hostonly:+hostonly }$name \$*\" >> \"\$machine/did\"; }"
done

did() { grep -qxF -- "$1" "$machine/did"; }

@test "the module is not possible without the program" {
    NVMEROOT_BINARY=$machine/absent
    run check
    [ "$status" = 1 ]
}

@test "a host-only image gets the module where the host is set up for it" {
    hostonly=-h
    run check
    [ "$status" = 255 ]
    mkdir -p "$machine/etc/nvmeroot"
    : > "$machine/etc/nvmeroot/nvmeroot.conf"
    check
}

@test "an image for disks of its own, kdump's, gets the module where one of them is the root" {
    . "$(relocate dracut/50nvmeroot/module-setup.sh)"
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

@test "dracut and mkinitcpio images take the same kernel modules" {
    names() { sed -n '/nvme-core nvme\|nvme-core. .nvme/,/The buses/p' "$1" | grep -v '#' | grep -oE '(nvme|crypto)-[a-z0-9-]+'; }
    [ "$(names "$moddir/module-setup.sh" | wc -l)" = 13 ]
    diff <(names "$moddir/module-setup.sh") <(names "$top/install/nvmeroot")
}

# What modprobe and depmod say of the image of the next test, and how often dracut's depmod was called.
make_kmod() {
    printf '%s\n' '#!/bin/sh' 'case "${*##* }" in' "nvme-tcp) printf 'insmod %s opt=1 \n' '$initdir/nvme-core.ko.zst' '$initdir/nvme-tcp.ko.xz' ;;" \
        "ext4) echo 'builtin ext4' ;;" "virtio_net) echo 'insmod $initdir/virtio_net.ko' ;;" '*) exit 1 ;;' esac > "$machine/bin/modprobe"
    printf '%s\n' '#!/bin/sh' "echo \"depmod \$*\" >> '$machine/did'" "[ ! -e '$machine/refused' ]" > "$machine/bin/depmod"
    chmod 755 "$machine/bin/modprobe" "$machine/bin/depmod"
}

@test "the modules that every boot loads are unpacked when dracut has its last module, in a compressed image" {
    initdir=$machine/image kernel=6.12
    mkdir -p "$initdir"
    make_kmod
    packed() { # with one that is none
        rm -f "$initdir"/*
        echo core | zstd -q > "$initdir/nvme-core.ko.zst"
        echo tcp | xz > "$initdir/nvme-tcp.ko.xz"
        echo net > "$initdir/virtio_net.ko"
        echo other > "$initdir/other.ko.xz"
    }
    installkernel
    packed
    compress=cat
    depmod -a
    [ "$(cd "$initdir" && echo *)" = 'nvme-core.ko.zst nvme-tcp.ko.xz other.ko.xz virtio_net.ko' ]
    : > "$machine/did"
    compress='zstd -15'
    depmod -a
    [ "$(cd "$initdir" && cat nvme-core.ko nvme-tcp.ko virtio_net.ko | xargs)" = 'core tcp net' ]
    [ "$(cd "$initdir" && echo *)" = 'nvme-core.ko nvme-tcp.ko other.ko.xz virtio_net.ko' ]
    [ "$(grep -c '^depmod -a$' "$machine/did")" = 2 ]
    packed
    echo broken > "$initdir/nvme-tcp.ko.xz"
    depmod -a
    [ "$(cd "$initdir" && echo *)" = 'nvme-core.ko nvme-tcp.ko.xz other.ko.xz virtio_net.ko' ]
    : > "$machine/refused"
    run depmod -a
    [ "$status" = 1 ]
}

@test "hooks, handler and rule are installed; the generator only with systemd" {
    install
    did "inst $machine/bin/nvmeroot /usr/bin/nvmeroot"
    did "inst_hook cmdline 90 $moddir/parse-nvmeroot.sh"
    did "inst_hook pre-trigger 50 $moddir/nvmeroot-start.sh"
    did "inst_hook initqueue 50 $moddir/nvmeroot.sh"
    did "inst_script $moddir/nvmeroot-boot.sh /sbin/nvmeroot-boot"
    did "inst_hook initqueue/finished 50 $moddir/nvmeroot-finished.sh"
    did "inst_rules $moddir/61-nvmeroot.rules"
    did "inst_hook emergency 10 $moddir/nvmeroot-coldplug.sh"
    did "inst_hook pre-pivot 10 $moddir/nvmeroot-fstab.sh"
    run ! grep generator "$machine/did"
    included='base systemd'
    initdir=$machine/image systemdsystemunitdir=/units
    install
    for unit in systemd-udev-trigger dracut-initqueue; do
        grep -qx 'ConditionPathExists=!/run/nvmeroot/coldplug-later' "$initdir/units/$unit.service.d/nvmeroot.conf"
    done
    did "inst_script $moddir/nvmeroot-generator.sh /usr/lib/systemd/system-generators/nvmeroot-generator"
}

@test "systemd opens credentials for the units whose hooks run the program" {
    included='base systemd'
    initdir=$machine/image systemdsystemunitdir=/units
    mkdir -p "$machine/etc/credstore.encrypted"
    touch "$machine/etc/credstore.encrypted/"{nvmeroot.dhchap_secret,other}
    install
    for unit in dracut-cmdline dracut-pre-trigger dracut-initqueue; do
        grep -qx 'ImportCredential=nvmeroot.\*' "$initdir/units/$unit.service.d/nvmeroot.conf"
        grep -qx 'LoadCredentialEncrypted=nvmeroot.dhchap_ctrl_secret' "$initdir/units/$unit.service.d/nvmeroot.conf"
    done
    run ! grep credstore "$machine/did"
    hostonly=-h
    install
    did "hostonly inst_simple -H $machine/etc/credstore.encrypted/nvmeroot.dhchap_secret /etc/credstore.encrypted/nvmeroot.dhchap_secret"
    [ "$(grep -c credstore "$machine/did")" = 1 ]
}

@test "a generic image holds nothing of the host" {
    mkdir -p "$machine/etc/nvmeroot"
    cp "$config"/* "$machine/etc/nvmeroot/"
    install
    run ! grep inst_simple "$machine/did"
}

@test "a host-only image holds the ini file and the secrets that it names" {
    hostonly=-h
    mkdir -p "$machine/etc/nvmeroot"
    sed 's/^dhchap_ctrl.*//' "$config/nvmeroot.conf" > "$machine/etc/nvmeroot/nvmeroot.conf"
    (umask 077 && : > "$machine/etc/nvmeroot/host.key")
    install
    did "hostonly inst_simple -H $machine/etc/nvmeroot/nvmeroot.conf /etc/nvmeroot/nvmeroot.conf"
    did "hostonly inst_simple -H $machine/etc/nvmeroot/host.key /etc/nvmeroot/host.key"
    nvmeroot_config=no
    : > "$machine/did"
    install
    run ! grep inst_simple "$machine/did"
}

@test "nvmeroot_config takes the folder of another machine, with secrets elsewhere and under their usual names" {
    dracutsysrootdir=
    nvmeroot_config=$config
    (umask 077 && echo x > "$config/dhchap_secret")
    install
    did "inst_simple -H $config/nvmeroot.conf /etc/nvmeroot/nvmeroot.conf"
    did "inst_simple -H $config/host.key /etc/nvmeroot/host.key"
    did "inst_simple -H $config/dhchap_secret /etc/nvmeroot/dhchap_secret"
    did "inst_simple -H $BATS_TEST_TMPDIR/keys/ctrl.key $BATS_TEST_TMPDIR/keys/ctrl.key"
    [ "$(grep -c inst_simple "$machine/did")" = 4 ]
}

@test "a secret stops the build of an image that others can read" {
    dracutsysrootdir=
    nvmeroot_config=$config
    : > "$outfile"
    chmod 640 "$outfile"
    run install
    [ "$status" = 1 ]
    grep -q "dfatal nvmeroot: .*\.key is private.*chmod 600" "$machine/did"
    run ! grep 'inst_simple.*key' "$machine/did"
    chmod 600 "$outfile"
    install
    did "inst_simple -H $config/host.key /etc/nvmeroot/host.key"
}

@test "an ini file without secrets may lie in a public image" {
    dracutsysrootdir=
    nvmeroot_config=$config
    sed -i /secret/d "$config/nvmeroot.conf"
    : > "$outfile"
    chmod 644 "$outfile"
    install
    did "inst_simple -H $config/nvmeroot.conf /etc/nvmeroot/nvmeroot.conf"
}

@test "a secret that is named and not there stops the build" {
    dracutsysrootdir=
    nvmeroot_config=$config
    rm "$config/host.key"
    run install
    [ "$status" = 1 ]
    grep -q "dfatal nvmeroot: $config/host.key is wanted" "$machine/did"
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
    cmp "$config/host.key" "$image_root/etc/nvmeroot/host.key"
    [ "$(stat -c %a "$image_root/etc/nvmeroot/host.key")" = 600 ]
    [ "$(stat -c %a "$image_root$BATS_TEST_TMPDIR/keys/ctrl.key")" = 600 ]
}

@test "the installed dracut makes an image with all of it" {
    unset DRACUT_ROOT
    command -v dracut > /dev/null || skip 'no dracut'
    check_real_image
    [ ! -e "$image_root/usr/lib/systemd/system-generators/nvmeroot-generator" ]
}

@test "the installed dracut makes an image with systemd and the generator" {
    unset DRACUT_ROOT
    command -v dracut > /dev/null || skip 'no dracut'
    SYSTEMD=yes check_real_image
    [ -x "$image_root/sbin/nvmeroot-fstab" ]
    [ -x "$image_root/usr/lib/systemd/system-generators/nvmeroot-generator" ]
}

@test "the dracut of DRACUT_ROOT makes an image with all of it" {
    [ -n "${DRACUT_ROOT:-}" ] || skip 'DRACUT_ROOT names no unpacked dracut'
    check_real_image
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
