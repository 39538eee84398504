# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What every file of hook tests needs: a directory that stands for the machine, and a fake program in PATH.

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

# Prints a copy of a script of ours whose absolute paths lie in the machine's directory.
relocate() {
    local copy=$BATS_TEST_TMPDIR/${1##*/}
    sed -E "s#(^|[^[:alnum:]/])/(run/nvmeroot|run/NetworkManager|etc/cmdline\.d|tmp/cmdline|proc/cmdline|sbin/nvmeroot-[a-z]+|etc/credstore\.encrypted|etc/crypttab|etc/fstab\.sys)#\1$machine/\2#g" "$top/$1" > "$copy"
    echo "$copy"
}

# A directory for /etc/nvmeroot with an ini file that names one secret and one elsewhere.
make_config() {
    config=$BATS_TEST_TMPDIR/config
    mkdir -p "$config" "$BATS_TEST_TMPDIR/keys"
    cat > "$config/nvmeroot.conf" << EOF
[host]
hostnqn = nqn.2014-08.org.nvmexpress:uuid:00000000-0000-4000-8000-000000000001
dhchap_secret_file = /etc/nvmeroot/host.key
DHCHAP_ctrl_secret_file = "$BATS_TEST_TMPDIR/keys/ctrl.key" ; beside the others
EOF
    make_secret "$config/host.key"
    make_secret "$BATS_TEST_TMPDIR/keys/ctrl.key"
}

make_secret() {
    echo 'DHHC-1:00:JTA7RlFcZ3J9iJOeqbS/ytXg6/YBDBciLThDTllkb3qr02o2:' > "$1"
    chmod 600 "$1"
}

# The real program decides what a configuration needs in an image.
need_program() {
    export FAKE_NEEDS=${NVMEROOT:-$top/build/nvmeroot}
    [ -x "$FAKE_NEEDS" ] || skip 'build/nvmeroot is not built'
}

# Requires that the files of make_config lie in the image below $1, with their modes and the list of them.
check_config_in() {
    cmp "$config/nvmeroot.conf" "$1/etc/nvmeroot/nvmeroot.conf"
    cmp "$config/host.key" "$1/etc/nvmeroot/host.key"
    cmp "$BATS_TEST_TMPDIR/keys/ctrl.key" "$1$BATS_TEST_TMPDIR/keys/ctrl.key"
    [ "$(stat -c %a "$1/etc/nvmeroot/host.key" "$1$BATS_TEST_TMPDIR/keys/ctrl.key" | xargs)" = '600 600' ]
    diff - "$1/usr/lib/nvmeroot/image-files" << EOF
/etc/nvmeroot/nvmeroot.conf
/etc/nvmeroot/host.key
$BATS_TEST_TMPDIR/keys/ctrl.key
EOF
}

# Spoils the configuration that is to go into an image, one way for each number, each with the sentence that the build must
# stop with. Fails when there is not a valid number.
# shellcheck disable=SC2034  # says is the tests'
spoil_config() {
    case $1 in
        1) rm "$config/host.key" && says="$config/host.key is missing" ;;
        2) ln -sf nowhere "$config/host.key" && says="$config/host.key is a dangling link" ;;
        3) rm "$config/host.key" && mkdir "$config/host.key" && says="$config/host.key is not a regular file" ;;
        4) chmod 640 "$config/host.key" && says="$config/host.key can be read by users other than its owner" ;;
        5) : > "$config/host.key" && says="$config/host.key: " ;;
        6) ln -s nowhere "$config/dhchap_secret" && says="$config/dhchap_secret is a dangling link" ;;
        7) mkdir "$config/dhchap_ctrl_secret" && says="$config/dhchap_ctrl_secret is not a regular file" ;;
        8) echo 'auht = mutual' >> "$config/nvmeroot.conf" && says='did you mean "auth"?' ;;
        9) rm -r "$config" && says="$config is not a readable directory" ;;
        10) rm "$config"/* && says="$config has neither nvmeroot.conf nor dhchap_secret" ;;
        11) ln -sf nowhere "$config/nvmeroot.conf" && says="$config/nvmeroot.conf is a dangling link" ;;
        *) return 1 ;;
    esac
}
