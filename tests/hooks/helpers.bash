# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What every file of hook tests needs: a folder that stands for the machine, and a fake program in PATH.

bats_require_minimum_version 1.5.0
top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

# The codes of src/boot/exit_code.h that mean failure.
# shellcheck disable=SC2034  # used by the files that load this one
failures='1 2 10 11 12 13 14 15 16 17 18 19'

make_machine() {
    machine=$BATS_TEST_TMPDIR/machine
    mkdir -p "$machine"/{bin,sbin,etc,run,tmp,proc}
    cp "$top/tests/hooks/fake-nvmeroot" "$machine/bin/nvmeroot"
    export PATH=$machine/bin:$PATH FAKE_CALLS=$machine/calls FAKE_RUN=$machine/run
    : > "$FAKE_CALLS"
}

# Prints a copy of a script of ours whose absolute paths lie in the machine's folder.
relocate() {
    local copy=$BATS_TEST_TMPDIR/${1##*/}
    sed -E "s#(^|[^[:alnum:]/])/(run/nvmeroot|etc/cmdline\.d|tmp/cmdline|proc/cmdline|sbin/nvmeroot-[a-z]+|etc/credstore\.encrypted|etc/crypttab|etc/fstab\.sys)#\1$machine/\2#g" "$top/$1" > "$copy"
    echo "$copy"
}

# A folder for /etc/nvmeroot with an ini file that names one secret and one elsewhere.
make_config() {
    config=$BATS_TEST_TMPDIR/config
    mkdir -p "$config" "$BATS_TEST_TMPDIR/keys"
    cat > "$config/nvmeroot.conf" << EOF
[host]
hostnqn = nqn.2014-08.org.nvmexpress:uuid:00000000-0000-4000-8000-000000000001
dhchap_secret_file = /etc/nvmeroot/host.key
dhchap_ctrl_secret_file = "$BATS_TEST_TMPDIR/keys/ctrl.key" ; beside the others
EOF
    echo host > "$config/host.key"
    echo ctrl > "$BATS_TEST_TMPDIR/keys/ctrl.key"
    chmod 600 "$config/host.key" "$BATS_TEST_TMPDIR/keys/ctrl.key"
}
