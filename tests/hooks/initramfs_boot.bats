#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The boot script of initramfs-tools, with that package's functions replaced and a fake program.

load helpers

setup() {
    make_machine
    mkdir -p "$machine/conf"
    cat > "$machine/functions" << EOF
panic() { echo "PANIC \$*"; export FAKE_BOOT=0; }
wait_for_udev() { :; }
EOF
    script=$BATS_TEST_TMPDIR/script
    sed "s#/scripts/functions#$machine/functions#; s#/conf/param.conf#$machine/conf/param.conf#" \
        "$top/initramfs-tools/scripts/local-top/nvmeroot" > "$script"
}

# Runs it as init does, whose exported variables are $1...
boot() {
    run env ROOT= panic= "$@" sh "$script"
    [ "$status" = 0 ]
}

@test "the namespace is the root where root= is absent" {
    boot
    [ "$(cat "$machine/conf/param.conf")" = ROOT=/dev/nvmeroot/root ]
    rm "$machine/conf/param.conf"
    boot ROOT=UUID=1234
    [ ! -e "$machine/conf/param.conf" ]
}

@test "a failure opens the shell with its code and how to try again, and is tried again" {
    export FAKE_BOOT=13
    boot
    [ "$output" = 'PANIC nvmeroot: no root disk (code 13); to try again, leave this shell: exit' ]
    [ "$(grep -c boot "$FAKE_CALLS")" = 2 ]
}

@test "where panic= leaves no shell, nothing is said of it" {
    export FAKE_BOOT=13
    boot panic=5
    [ "$output" = 'PANIC nvmeroot: no root disk (code 13)' ]
}

@test "nothing changes where nobody asked" {
    export FAKE_BOOT=3
    boot
    [ -z "$output" ]
    [ ! -e "$machine/conf/param.conf" ]
}
