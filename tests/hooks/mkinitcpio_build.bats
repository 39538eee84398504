#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The build hooks of mkinitcpio: with its functions replaced, and with the real ones of a checkout named by MKINITCPIO.

load helpers

setup() {
    make_machine
    make_config
    nvmeroot_config=$config
    _optgenimg=$machine/image
    _optuki=
    : > "$machine/did"
    for name in add_module add_all_modules add_binary add_file add_udev_rule add_runscript add_symlink add_systemd_unit; do
        eval "$name() { echo \"$name \$*\" >> \"\$machine/did\"; }"
    done
}

map() {
    local word
    for word in "${@:2}"; do "$1" "$word"; done
}
die() {
    # shellcheck disable=SC2059
    printf "$@"
    exit 1
}
error() {
    die "$@"
}
did() { grep -qxF -- "$1" "$machine/did"; }

@test "the program, the hook and the kernel modules are added" {
    . "$top/install/nvmeroot"
    build
    did 'add_binary nvmeroot /usr/bin/nvmeroot'
    did 'add_runscript '
    did 'add_module nvme-tcp'
    did 'add_module nvme-keyring?'
    did 'add_all_modules /drivers/net/(ethernet|phy|mdio|usb)/'
}

@test "nvmeroot_nics names the network drivers" {
    . "$top/install/nvmeroot"
    nvmeroot_nics=(e1000e igb)
    build
    did 'add_module igb'
    run ! grep add_all_modules "$machine/did"
}

@test "the ini file and the secrets that it names keep their modes" {
    . "$top/install/nvmeroot"
    build
    did "add_file $config/nvmeroot.conf /etc/nvmeroot/nvmeroot.conf 644"
    did "add_file $config/host.key /etc/nvmeroot/host.key 600"
    did "add_file $BATS_TEST_TMPDIR/keys/ctrl.key $BATS_TEST_TMPDIR/keys/ctrl.key 600"
}

@test "nvmeroot_config=no leaves the machine's files out" {
    . "$top/install/nvmeroot"
    nvmeroot_config=no
    build
    run ! grep add_file "$machine/did"
}

@test "a word that nvmeroot_config does not know stops the build" {
    . "$top/install/nvmeroot"
    nvmeroot_config=maybe
    run build
    [ "$status" = 1 ]
    [[ $output == *'neither yes nor no'* ]]
}

@test "a secret stops the build of an image or a unified kernel image that others can read" {
    . "$top/install/nvmeroot"
    : > "$machine/image"
    for _optuki in '' "$machine/uki"; do
        chmod 644 "$machine/image"
        [ -z "$_optuki" ] || mv "$machine/image" "$_optuki"
        run build
        [ "$status" = 1 ]
        [[ $output == *'is private, but everybody could read it in '*'chmod 600'* ]]
    done
    chmod 600 "$machine/uki"
    build
}

@test "a secret that is named and not there stops the build" {
    . "$top/install/nvmeroot"
    rm "$config/host.key"
    run build
    [ "$status" = 1 ]
    [ "$output" = "nvmeroot: $config/host.key is wanted in the image, but cannot be read" ]
}

@test "sd-nvmeroot adds the unit, the rule and a root mount for systemd" {
    . "$top/install/sd-nvmeroot"
    build < /dev/null
    did 'add_systemd_unit nvmeroot.service'
    did 'add_udev_rule 61-nvmeroot.rules'
    did 'add_module nvme-tcp'
    did 'add_symlink /usr/lib/systemd/system/initrd.target.wants/nvmeroot.service ../nvmeroot.service'
    run ! grep add_runscript "$machine/did"
}

@test "sd-nvmeroot adds the sealed secrets of this machine, and only of this one" {
    add_systemd_unit() { :; }
    relocate install/nvmeroot
    . "$(relocate install/sd-nvmeroot)"
    mkdir -p "$machine/etc/credstore.encrypted"
    touch "$machine/etc/credstore.encrypted/"{nvmeroot.dhchap_secret,other}
    build < /dev/null
    run ! grep credstore "$machine/did"
    nvmeroot_config=yes
    . "$BATS_TEST_TMPDIR/sd-nvmeroot" # which has taken its functions from the other one
    build < /dev/null
    did "add_file $machine/etc/credstore.encrypted/nvmeroot.dhchap_secret"
    [ "$(grep -c credstore "$machine/did")" = 1 ]
}

@test "sd-nvmeroot says what is missing in an image without systemd" {
    . "$top/install/sd-nvmeroot"
    unset -f add_systemd_unit
    run build
    [ "$status" = 1 ]
    [[ $output == *"needs the 'systemd' hook"* ]]
}

@test "the units are accepted by systemd" {
    command -v systemd-analyze > /dev/null || skip 'no systemd-analyze'
    mkdir -p "$machine/units"
    sed "s#/usr/bin/nvmeroot#$machine/bin/nvmeroot#" "$top/mkinitcpio/nvmeroot.service" > "$machine/units/nvmeroot.service"
    run systemd-analyze verify --man=no "$machine/units/nvmeroot.service"
    # systemd before 254 ignores ImportCredential=, and says so.
    [[ $(grep -v "'ImportCredential'" <<< "$output") != *nvmeroot.service* ]]
}

@test "both hooks have a help text that names the kernel parameters or where they are" {
    for hook in nvmeroot sd-nvmeroot; do
        . "$top/install/$hook"
        help | grep -qE 'nvmeroot=nvme\+tcp://|mkinitcpio -H nvmeroot'
        run ! grep -E '.{81}' <(help)
    done
}

@test "the drop-in orders the hooks" {
    . "$top/mkinitcpio/nvmeroot.conf"
    [[ " ${HOOKS[*]} " == *' udev '*' nvmeroot filesystems fsck ' ]]
}

# --- the real functions --------------------------------------------------------------------------------------------------

# Sources mkinitcpio's functions with what its main script sets before it runs a build hook.
real_mkinitcpio() {
    [ -n "${MKINITCPIO:-}" ] || skip 'MKINITCPIO names no checkout'
    export BUILDROOT=$machine/root
    mkdir -p "$BUILDROOT/hooks" "$machine/hooks"
    cp "$top/hooks/nvmeroot" "$machine/hooks/"
    chmod +x "$machine/hooks/nvmeroot"
    unset -f map die error "${!add_@}" add_module add_all_modules add_binary add_file add_udev_rule add_runscript \
        add_symlink add_systemd_unit
    declare -gA _addedmodules=() _modpaths=() _runhooks=()
    KERNELVERSION=none _optmoduleroot=/ _optquiet=1 _d_hooks=$machine/hooks
    cleanup() { exit 1; }
    . "$MKINITCPIO/functions"
}

# mkinitcpio goes on after an error, and so does this.
real_build() {
    set +e
    build 2> "$machine/errors"
    set -e
}

@test "the real mkinitcpio puts program, hook and secrets into the image" {
    real_mkinitcpio
    . "$top/install/nvmeroot"
    real_build
    cmp "$machine/bin/nvmeroot" "$BUILDROOT/usr/bin/nvmeroot"
    cmp "$top/hooks/nvmeroot" "$BUILDROOT/hooks/nvmeroot"
    [ "${_runhooks[hooks]}" = ' nvmeroot' ]
    [ "$(stat -c %a "$BUILDROOT/etc/nvmeroot/host.key")" = 600 ]
    cmp "$BATS_TEST_TMPDIR/keys/ctrl.key" "$BUILDROOT$BATS_TEST_TMPDIR/keys/ctrl.key"
}

@test "the real mkinitcpio puts the units of sd-nvmeroot into the image" {
    real_mkinitcpio
    . "$MKINITCPIO/install/systemd"
    add_systemd_unit() { add_file "$top/mkinitcpio/$1" "/usr/lib/systemd/system/$1" 644; }
    add_udev_rule() { add_file "$top/dracut/50nvmeroot/$1" "/usr/lib/udev/rules.d/$1" 644; }
    . "$top/install/sd-nvmeroot"
    real_build
    units=$BUILDROOT/usr/lib/systemd/system
    grep -qx 'What=/dev/nvmeroot/root' "$units/sysroot.mount"
    [ -e "$units/initrd-root-fs.target.requires/sysroot.mount" ]
    [ -e "$units/initrd.target.wants/nvmeroot.service" ]
    grep -qx After=nvmeroot.service "$units/dev-disk-.device.d/nvmeroot.conf"
}
