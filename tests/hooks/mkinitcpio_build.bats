#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The build hooks of mkinitcpio: with its functions replaced, and with the real ones of a checkout named by MKINITCPIO.

load helpers
load mkinitcpio_stubs

setup() {
    make_machine
    make_config
    need_program
    nvmeroot_config=$config
    _optgenimg=$machine/initrd
    _optuki=
    KERNELVERSION=6.12
    export BUILDROOT=$machine/image
    mkdir -p "$BUILDROOT"
    : > "$machine/did"
    systemd_is 257
}

teardown() {
    [ ! -e "$machine/refused" ] || { cat "$machine/refused"; return 1; }
}

systemd_is() {
    export NVMEROOT_SYSTEMD=$machine/systemd
    printf '%s\n' '#!/bin/sh' "echo 'systemd $1 ($1.1-1)'" > "$NVMEROOT_SYSTEMD"
    chmod 755 "$NVMEROOT_SYSTEMD"
}

begin_image() {
    rm -rf "$BUILDROOT"
    mkdir -p "$BUILDROOT"
}

@test "the program, the hook and the kernel modules are added" {
    . "$top/install/nvmeroot"
    build
    [ -s "$BUILDROOT/usr/bin/nvmeroot" ]
    [ -x "$BUILDROOT/hooks/nvmeroot" ]
    did 'add_module nvme-tcp'
    did 'add_module nvme-keyring?'
    did 'add_all_modules /drivers/net/ethernet/'
    did 'add_all_modules /drivers/net/usb/'
}

@test "nvmeroot_nics names the network drivers, and the kernel must have them" {
    . "$top/install/nvmeroot"
    nvmeroot_nics=(e1000e igb)
    build
    did 'add_module igb'
    run ! grep add_all_modules "$machine/did"
    nvmeroot_nics=(absent igb)
    run build
    [ "$status" = 1 ]
    [[ $output == *'nvmeroot: "map add_module absent igb" failed'* ]]
}

@test "the ini file and the secrets that it names lie in the image, with their modes and the list of them" {
    . "$top/install/nvmeroot"
    build
    check_config_in "$BUILDROOT"
}

@test "a link's target gets into the image, and the configuration replaces another hook's" {
    . "$top/install/nvmeroot"
    mv "$config/host.key" "$BATS_TEST_TMPDIR/keys/host.key"
    ln -s ../keys/host.key "$config/host.key"
    mkdir -p "$BUILDROOT/etc/nvmeroot"
    echo other > "$BUILDROOT/etc/nvmeroot/host.key"
    build
    check_config_in "$BUILDROOT"
    [ ! -L "$BUILDROOT/etc/nvmeroot/host.key" ]
}

@test "modules that the configuration names are added" {
    . "$top/install/nvmeroot"
    printf '[modules]\nmodules = igb\n' >> "$config/nvmeroot.conf"
    build
    did 'add_module igb'
    sed -i 's/^modules = igb/& absent/' "$config/nvmeroot.conf"
    run build
    [ "$status" = 1 ]
}

@test "a function of mkinitcpio that fails, or does nothing, stops the build" {
    . "$top/install/nvmeroot"
    for name in add_binary add_file add_runscript; do
        for result in 0 1; do
            begin_image
            run eval "$name() { return $result; }; build"
            [ "$status" = 1 ]
            [[ $output =~ nvmeroot:\ .*(failed|is not in the image|did not get into the image) ]]
        done
    done
}

@test "nvmeroot_config=no leaves the machine's files out" {
    . "$top/install/nvmeroot"
    nvmeroot_config=no
    build
    [ ! -e "$BUILDROOT/etc/nvmeroot" ]
    [ ! -e "$BUILDROOT/usr/lib/nvmeroot" ]
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
    : > "$_optgenimg"
    for _optuki in '' "$machine/uki"; do
        chmod 644 "$_optgenimg"
        [ -z "$_optuki" ] || mv "$_optgenimg" "$_optuki"
        run build
        [ "$status" = 1 ]
        [[ $output == *'is private, but everybody could read it in '*'chmod 600'* ]]
    done
    chmod 600 "$machine/uki"
    build
}

@test "a configuration that is not whole stops the build" {
    . "$top/install/nvmeroot"
    number=1
    while rm -rf "$config" && make_config && spoil_config "$number"; do
        begin_image
        run build
        [ "$status" = 1 ]
        [[ $output == *"nvmeroot: "*"$says"* ]]
        [ ! -e "$BUILDROOT/usr/lib/nvmeroot/image-files" ]
        number=$((number + 1))
    done
    [ "$number" = 12 ]
}

@test "sd-nvmeroot adds the unit, the rule and a root mount for systemd" {
    . "$top/install/sd-nvmeroot"
    build
    units=$BUILDROOT/usr/lib/systemd/system
    cmp "$top/mkinitcpio/nvmeroot.service" "$units/nvmeroot.service"
    [ -s "$BUILDROOT/usr/lib/udev/rules.d/61-nvmeroot.rules" ]
    [ -s "$units/initrd.target.wants/nvmeroot.service" ]
    grep -qx 'What=/dev/nvmeroot/root' "$units/sysroot.mount"
    [ -s "$units/initrd-root-fs.target.requires/sysroot.mount" ]
    grep -qx After=nvmeroot.service "$units/dev-disk-.device.d/nvmeroot.conf"
    did 'add_module nvme-tcp'
    [ ! -e "$BUILDROOT/hooks" ]
    check_config_in "$BUILDROOT"
}

@test "sd-nvmeroot stops the build where a unit or a rule does not get into the image" {
    . "$top/install/sd-nvmeroot"
    for name in add_systemd_unit add_udev_rule add_symlink; do
        for result in 0 1; do
            begin_image
            run eval "$name() { return $result; }; build"
            [ "$status" = 1 ]
            [[ $output =~ nvmeroot:\ .*(failed|is not in the image) ]]
        done
    done
}

# sd-nvmeroot takes the functions of the other hook into mkinitcpio's shell, also build.
sd_build() {
    . "$top/install/sd-nvmeroot"
    build
}

@test "sd-nvmeroot requests only credentials in the image, by words that its systemd knows" {
    words() { grep -hE '^(Import|Load)' "$BUILDROOT/usr/lib/systemd/system/nvmeroot.service.d/credentials.conf" | xargs; }
    run ! grep Credential "$top/mkinitcpio/nvmeroot.service"
    systemd_is 254
    sd_build
    [ "$(words)" = 'ImportCredential=nvmeroot.*' ]
    systemd_is 253
    sd_build
    [ "$(words)" = 'LoadCredentialEncrypted=nvmeroot.dhchap_secret LoadCredentialEncrypted=nvmeroot.dhchap_ctrl_secret' ]
}

@test "sd-nvmeroot adds the sealed secrets of this machine, and only of this one" {
    # The program looks at the machine's own directories: another root for it.
    printf '%s\n' '#!/bin/sh' 'shift' "exec '$FAKE_NEEDS' needs --root '$machine' \"\$@\"" > "$machine/bin/nvmeroot"
    mkdir -p "$machine/etc/credstore.encrypted"
    echo sealed | tee "$machine/etc/credstore.encrypted/"{nvmeroot.dhchap_secret,nvmeroot.uri} > "$machine/etc/credstore.encrypted/other"
    sed -i "s|\"$BATS_TEST_TMPDIR/keys|\"/keys|" "$config/nvmeroot.conf"
    mkdir "$machine/keys" && cp -p "$BATS_TEST_TMPDIR/keys/ctrl.key" "$machine/keys/"
    sd_build
    [ ! -e "$BUILDROOT/etc/credstore.encrypted" ]
    nvmeroot_config=
    systemd_is 252
    sd_build
    [ "$(ls "$BUILDROOT/etc/credstore.encrypted" | xargs)" = 'nvmeroot.dhchap_secret nvmeroot.uri' ]
    grep -qx /etc/credstore.encrypted/nvmeroot.uri "$BUILDROOT/usr/lib/nvmeroot/image-files"
    grep -qx LoadCredentialEncrypted=nvmeroot.uri "$BUILDROOT/usr/lib/systemd/system/nvmeroot.service.d/credentials.conf"
}

# mkinitcpio takes no notice of what build returns.
@test "the hook for the other kind of image stops the build, and says which one is meant" {
    . "$top/install/sd-nvmeroot"
    run bash -c "$(declare -f); unset -f add_systemd_unit; . '$top/install/sd-nvmeroot'; build; echo an image is written"
    [ "$status" = 1 ]
    [[ $output == *"put 'systemd' before it into HOOKS of mkinitcpio.conf, or, for an image with 'udev', 'nvmeroot' in its place"* ]]
    [[ $output != *'an image is written'* ]]
    run bash -c "$(declare -f); HOOKS=(base systemd nvmeroot); . '$top/install/nvmeroot'; build; echo an image is written"
    [ "$status" = 1 ]
    [[ $output == *"put 'sd-nvmeroot' in its place"* ]]
    [[ $output != *'an image is written'* ]]
}

@test "the units are accepted by systemd" {
    command -v systemd-analyze > /dev/null || skip 'no systemd-analyze'
    mkdir -p "$machine/units"
    sed "s#/usr/bin/nvmeroot#$machine/bin/nvmeroot#" "$top/mkinitcpio/nvmeroot.service" > "$machine/units/nvmeroot.service"
    run systemd-analyze verify --man=no "$machine/units/nvmeroot.service"
    [[ $output != *nvmeroot.service* ]]
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
    mkdir -p "$BUILDROOT/hooks" "$machine/hooks"
    cp "$top/hooks/nvmeroot" "$machine/hooks/"
    chmod +x "$machine/hooks/nvmeroot"
    unset -f map die error add_module add_all_modules add_binary add_file add_udev_rule add_runscript add_symlink \
        add_systemd_unit
    declare -gA _addedmodules=() _modpaths=() _runhooks=()
    KERNELVERSION=none _optmoduleroot=/ _optquiet=1 _d_hooks=$machine/hooks
    cleanup() { exit 1; }
    . "$MKINITCPIO/functions"
}

# mkinitcpio continues after an error, and so does this.
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
    check_config_in "$BUILDROOT"
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
    grep -qx 'ImportCredential=nvmeroot.\*' "$units/nvmeroot.service.d/credentials.conf"
    check_config_in "$BUILDROOT"
}

@test "the real mkinitcpio makes no image without the configuration, nor one that could not boot" {
    [ -n "${MKINITCPIO:-}" ] || skip 'MKINITCPIO names no checkout'
    command -v gawk > /dev/null || skip 'no GNU awk'
    command -v unmkinitramfs > /dev/null || skip 'no unmkinitramfs'
    modules=$BATS_TEST_TMPDIR/lib/modules/0.0.0-none
    mkdir -p "$modules"
    image=$BATS_TEST_TMPDIR/real.img
    for number in 1 6 10; do
        rm -rf "$config" && make_config && spoil_config "$number"
        run "$top/tests/boot/images/mkinitcpio.sh" "$image" none "$modules" "$machine/bin/nvmeroot" "$config"
        [ "$status" != 0 ]
        [[ $output == *"nvmeroot: "*"$says"* ]]
        [ ! -e "$image" ]
    done
    rm -rf "$config" && make_config
    run "$top/tests/boot/images/mkinitcpio.sh" "$image" none "$modules" "$machine/bin/nvmeroot" "$config"
    root=$BATS_TEST_TMPDIR/root
    unmkinitramfs "$image" "$root"
    [ ! -d "$root/main" ] || root=$root/main
    check_config_in "$root"
}
