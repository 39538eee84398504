#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The hook of initramfs-tools, with the real functions of that package.

load helpers

setup() {
    [ -e /usr/share/initramfs-tools/hook-functions ] || skip 'initramfs-tools-core is not installed'
    make_machine
    make_config
    export DESTDIR=$machine/image MODULESDIR=$machine/modules version=0 verbose=n
    export __MODULES_TO_ADD=$machine/modules.list # where that of Debian 13 collects them
    export NVMEROOT_BINARY=$machine/bin/nvmeroot NVMEROOT_HOOK_CONF=$machine/hook.conf
    mkdir -p "$DESTDIR" "$MODULESDIR"
}

# hook UMASK SETTING…
hook() {
    local mask=$1
    shift
    printf '%s\n' "$@" > "$NVMEROOT_HOOK_CONF"
    (umask "$mask" && sh "$top/initramfs-tools/hooks/nvmeroot")
}

@test "program, ini file and secrets are copied into a private image" {
    hook 077 "nvmeroot_config=$config"
    [ -x "$DESTDIR/usr/bin/nvmeroot" ]
    cmp "$config/nvmeroot.conf" "$DESTDIR/etc/nvmeroot/nvmeroot.conf"
    [ "$(find "$DESTDIR" -type f -perm 600 | wc -l)" -ge 1 ]
}

@test "a secret in an image that others can read stops the build" {
    run ! hook 022 "nvmeroot_config=$config"
    [[ $output == *'is private, but everybody could read it in the image'* ]]
}

@test "nothing of the machine is copied where it is told so" {
    hook 022 nvmeroot_config=no
    [ -x "$DESTDIR/usr/bin/nvmeroot" ]
    [ ! -e "$DESTDIR/etc/nvmeroot" ]
}

@test "a setting that is none of the three is an error" {
    run ! hook 022 nvmeroot_config=maybe
    [[ $output == *'neither yes nor no'* ]]
}

# vim: set ft=bash ts=4 sw=4 et:
