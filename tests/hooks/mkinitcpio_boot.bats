#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The run-time hook of the busybox image, in busybox's own shell, with a fake program.

load helpers

setup() {
    make_machine
    command -v busybox > /dev/null || skip 'no busybox'
    hook=$(relocate hooks/nvmeroot)
    : > "$machine/tmp/cmdline"
}

# Sources the hook and runs it as init does, with root set to $1 and other variables of init to $2...; prints what init has
# afterwards.
boot() {
    run busybox ash -c 'err() { echo "ERROR: $*"; }
        root=$1
        . "$2"
        shift 2
        for word; do eval "${word%%=*}=\${word#*=}"; done
        run_hook
        echo "returned $? root=$root"' init "${1-}" "$hook" "${@:2}"
    last=${lines[-1]}
}

@test "the namespace is the root where root= is absent, for mount and for fsck" {
    boot
    [ "$last" = 'returned 0 root=/dev/nvmeroot/root' ]
    [ "$(cat "$machine/tmp/cmdline")" = root=/dev/nvmeroot/root ]
    [ "$(cat "$FAKE_CALLS")" = boot ]
}

@test "the root that the program names is taken" {
    printf '#!/bin/sh\nmkdir -p %s\necho ROOT=/dev/nvmeroot/other > %s/root\n' "$machine/run/nvmeroot" "$machine/run/nvmeroot" \
        > "$machine/bin/nvmeroot"
    boot dhcp
    [ "$last" = 'returned 0 root=/dev/nvmeroot/other' ]
}

@test "a root= that names a file system is left alone" {
    boot UUID=1234
    [ "$last" = 'returned 0 root=UUID=1234' ]
    [ ! -s "$machine/tmp/cmdline" ]
}

@test "nothing changes where nobody asked, or only a table of the firmware that names nothing of use" {
    for code in 3 4; do
        export FAKE_BOOT=$code
        boot
        [ "$last" = 'returned 0 root=' ]
        [ "${#lines[@]}" = 1 ]
        [ ! -s "$machine/tmp/cmdline" ]
    done
}

@test "each failure returns to init, with its code and how to try again" {
    for code in $failures; do
        export FAKE_BOOT=$code
        boot
        [ "$last" = 'returned 0 root=/dev/nvmeroot/root' ]
        [ "${lines[0]}" = "ERROR: nvmeroot: no root disk (code $code); to try again, type in the shell: nvmeroot boot && mount /dev/nvmeroot/root /new_root && exit" ]
    done
    grep -qx rootdelay=0 "$machine/tmp/cmdline"
}

@test "a failure names the wanted file system in the command to try again" {
    export FAKE_BOOT=13
    boot UUID=1234
    [[ ${lines[0]} == *'mount UUID=1234 /new_root && exit' ]]
}

@test "the command to try again mounts as the command line says" {
    export FAKE_BOOT=13
    boot LABEL=disk rootfstype=btrfs 'rootflags=subvol=@,compress=zstd' rwopt=rw
    [[ ${lines[0]} == *'nvmeroot boot && mount -t btrfs -o rw,subvol=@,compress=zstd LABEL=disk /new_root && exit' ]]
    boot /dev/nvmeroot/root 'rootflags=subvol=a;b'
    [[ ${lines[0]} == *"&& mount -o 'subvol=a;b' /dev/nvmeroot/root /new_root && exit" ]]
    boot 'LABEL=my disk' rwopt=ro
    [[ ${lines[0]} == *"&& mount -o ro 'LABEL=my disk' /new_root && exit" ]]
}

# The late hook with an image at $machine and what is mounted at new_root; no secret may be left for /run/initramfs.
late() {
    run busybox ash -c '. "$1"; stat() { eval "echo \$fs_${3##*/}"; }; run_latehook' init "$hook"
    [ "$status" = 0 ]
}

@test "once the root is mounted, the image forgets the secrets, which the shutdown hook would keep in /run/initramfs" {
    hook=$BATS_TEST_TMPDIR/late
    sed -E "s#(^| )(/usr/lib/nvmeroot|/etc/nvmeroot)#\1$machine\2#g; s#%D /\)#%D /root)#g" "$top/hooks/nvmeroot" > "$hook"
    mkdir -p "$machine/etc/nvmeroot" "$machine/usr/lib/nvmeroot" "$machine/keys"
    touch "$machine/etc/nvmeroot/dhchap_secret" "$machine/keys/ctrl" "$machine/keys/others"
    printf '%s\n' /etc/nvmeroot/dhchap_secret "$machine/keys/ctrl" > "$machine/usr/lib/nvmeroot/image-files"
    export fs_root=1 fs_new_root=1
    late
    [ -e "$machine/etc/nvmeroot/dhchap_secret" ]
    fs_new_root=2
    late
    [ ! -e "$machine/etc/nvmeroot" ]
    [ ! -e "$machine/usr/lib/nvmeroot" ]
    [ "$(ls "$machine/keys")" = others ]
    late
}
