#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The units of the real root: systemd takes them, and they stay still where the root is elsewhere.

setup() {
    top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    command -v systemd-analyze >/dev/null || skip 'no systemd-analyze'
}

@test "systemd takes the units for the root after the boot" {
    for name in complete shutdown watch; do
        sed 's|/usr/bin/nvmeroot|/bin/true|' "$top/packaging/nvmeroot-$name.service" >"$BATS_TEST_TMPDIR/nvmeroot-$name.service"
        run systemd-analyze verify --man=no "$BATS_TEST_TMPDIR/nvmeroot-$name.service"
        [ "$status" -eq 0 ]
        [ -z "$output" ]
        grep -q '^ConditionPathExists=/run/nvmeroot/paths.json$' "$top/packaging/nvmeroot-$name.service"
    done
}

@test "the units of the machine's end are in systemd's memory before the root is lost" {
    for name in umount.target final.target {poweroff,reboot,halt,kexec}.target systemd-{poweroff,reboot,halt,kexec}.service; do
        grep -qE "^Before=(.* )?$name( |\$)" "$top/packaging/nvmeroot-watch.service"
    done
}

@test "make install enables them" {
    for name in complete watch; do
        grep -q "multi-user.target.wants/nvmeroot-$name.service" "$top/packaging/install.sh"
    done
    grep -q 'shutdown.target.wants/nvmeroot-shutdown.service' "$top/packaging/install.sh"
}

@test "systemd-shutdown's script calls the program only after a boot by it" {
    mkdir -p "$BATS_TEST_TMPDIR/run"
    sed "s|/run/|$BATS_TEST_TMPDIR/run/|; s|exec /usr/bin/nvmeroot|echo called|" "$top/packaging/nvmeroot.shutdown" >"$BATS_TEST_TMPDIR/script"
    [ -z "$(sh "$BATS_TEST_TMPDIR/script" poweroff)" ]
    mkdir "$BATS_TEST_TMPDIR/run/nvmeroot"
    : >"$BATS_TEST_TMPDIR/run/nvmeroot/paths.json"
    [ "$(sh "$BATS_TEST_TMPDIR/script" poweroff)" = 'called shutdown' ]
}

@test "the README's directory lets the user of the target's unit in, and nobody to the secrets" {
    machine=$BATS_TEST_TMPDIR/readme
    mkdir -m 700 "$machine"
    cd "$machine"
    umask 077
    echo secret | tee host.key >ctrl.key
    sed -n '/^    install -d/,/^    printf/s/^    //p' "$top/README.md" | sed "s| /etc/nvmeroot| $machine/nvmeroot|g" >commands
    grep -q nvmeroot.conf commands
    . ./commands
    grep -qx User=nvmeroot-target "$top/packaging/nvmeroot-target.service"
    [ "$(stat -c %a nvmeroot)" = 755 ]
    [ "$(stat -c %a nvmeroot/dhchap_secret nvmeroot/dhchap_ctrl_secret | xargs)" = '600 600' ]
}

@test "no unit lets its program leave a core, which would hold secrets" {
    for unit in "$top"/packaging/*.service "$top/mkinitcpio/nvmeroot.service"; do
        grep -qx 'LimitCORE=0' "$unit"
    done
}

@test "every program keeps its memory out of cores and from other processes" {
    for main in "$top"/src/*/main.cc; do
        grep -qF 'base::keep_memory_private();' "$main"
    done
}
