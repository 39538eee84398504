#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The hook of initramfs-tools, with the real functions of that package.

load helpers

setup() {
    [ -e /usr/share/initramfs-tools/hook-functions ] || skip 'initramfs-tools-core is not installed'
    make_machine
    make_config
    need_program
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

@test "program, ini file and secrets are copied into a private image, with the list of them" {
    hook 077 "nvmeroot_config=$config"
    [ -x "$DESTDIR/usr/bin/nvmeroot" ]
    check_config_in "$DESTDIR"
}

@test "a link's target gets into the image, and the configuration replaces another hook's" {
    mv "$config/host.key" "$BATS_TEST_TMPDIR/keys/host.key"
    ln -s ../keys/host.key "$config/host.key"
    mkdir -p "$DESTDIR/etc/nvmeroot"
    echo other > "$DESTDIR/etc/nvmeroot/host.key"
    hook 077 "nvmeroot_config=$config"
    check_config_in "$DESTDIR"
    [ ! -L "$DESTDIR/etc/nvmeroot/host.key" ]
}

@test "a configuration that is not whole stops the build" {
    number=1
    while rm -rf "$config" && make_config && spoil_config "$number"; do
        run ! hook 077 "nvmeroot_config=$config"
        [[ $output == *"E: nvmeroot: "*"$says"* ]]
        [ ! -e "$DESTDIR/usr/lib/nvmeroot/image-files" ]
        rm -r "$DESTDIR" && mkdir "$DESTDIR"
        number=$((number + 1))
    done
    [ "$number" = 12 ]
}

@test "a disk without space stops the build" {
    printf '%s\n' '#!/bin/sh' 'exec /usr/bin/install -D -m 600 /dev/null "$6"' > "$machine/bin/install"
    chmod 755 "$machine/bin/install"
    run ! hook 077 "nvmeroot_config=$config"
    [[ $output == *"E: nvmeroot: $config/nvmeroot.conf did not get into the image"* ]]
}

@test "a kernel module that the configuration needs and the kernel lacks stops the build" {
    printf '%s\n' '#!/bin/sh' 'case "${*##* }" in nvme-* | igb) ;; *) exit 1 ;; esac' > "$machine/bin/modprobe"
    chmod 755 "$machine/bin/modprobe"
    : > "$MODULESDIR/modules.dep"
    printf '[modules]\nmodules = igb\n' >> "$config/nvmeroot.conf"
    hook 077 "nvmeroot_config=$config"
    run ! hook 077 "nvmeroot_config=$config" 'nvmeroot_nics="igb virtio-nett"'
    [[ $output == *'E: nvmeroot: kernel 0 has no module "virtio-nett"'* ]]
    sed -i 's/= igb/= e1000e/' "$config/nvmeroot.conf"
    run ! hook 077 "nvmeroot_config=$config"
    [[ $output == *'E: nvmeroot: kernel 0 has no module "e1000e"'* ]]
    sed -i 's/nvme-\*/x/; s/igb/e1000e/' "$machine/bin/modprobe"
    run ! hook 077 "nvmeroot_config=$config"
    [[ $output == *'E: nvmeroot: kernel 0 has no module "nvme-core"'* ]]
    rm -r "$DESTDIR" && mkdir "$DESTDIR"
    run hook 077 nvmeroot_config=no
    [ "$status" = 0 ]
    [[ $output == *'W: nvmeroot: kernel 0 has no module "nvme-tcp": this image cannot boot over NVMe/TCP'* ]]
}

@test "a secret in an image that others can read stops the build" {
    run ! hook 022 "nvmeroot_config=$config"
    [[ $output == *'is private, but everybody could read it in the image'* ]]
}

@test "nothing of the machine is copied if configured so" {
    hook 022 nvmeroot_config=no
    [ -x "$DESTDIR/usr/bin/nvmeroot" ]
    [ ! -e "$DESTDIR/etc/nvmeroot" ]
    [ ! -e "$DESTDIR/usr/lib/nvmeroot" ]
}

@test "a setting that is none of the three is an error" {
    run ! hook 022 nvmeroot_config=maybe
    [[ $output == *'neither yes nor no'* ]]
}

# vim: set ft=bash ts=4 sw=4 et:
