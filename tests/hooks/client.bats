#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The static program as it is shipped: what its libraries do inside it is not what they do in a unit test.

setup() {
    nvmeroot=$BATS_TEST_DIRNAME/../../build/nvmeroot
    config=$BATS_TEST_TMPDIR/nvmeroot.conf
}

@test "the configuration file is read" {
    cat >"$config" <<'INI'
# a comment
[host]
hostnqn = nqn.2024-08.com.example:host ; and another
auth = "off"

[root]
uri = 'nvme+tcp://10.0.2.2/nqn.2024-08.com.example:disk/1'
timeout = 90s
INI
    run "$nvmeroot" plan --cmdline '' --config "$config"
    [ "$status" = 0 ]
    [[ $output == *"requested by $config:7: [root] uri"* ]]
    [[ $output == *'hostnqn                  nqn.2024-08.com.example:host '* ]]
    [[ $output =~ auth\ +off\  ]]
    [[ $output =~ timeout\ +90s\  ]]
}

@test "an error in the configuration file is reported with its line" {
    printf '[root]\ntimeout = 1.5s\n' >"$config"
    run "$nvmeroot" plan --cmdline '' --config "$config"
    [ "$status" = 10 ]
    [[ $output == *"$config:2: [root] timeout"* ]]
}

@test "no text of the client is made by printf's decimal point, which the program leaves out" {
    run grep -nE '%[-+ #0-9.]*[aefgAEFG]\b' -r "$BATS_TEST_DIRNAME"/../../src/{base,nvme,host,boot} --include=*.cc --include=*.h
    [ "$status" = 1 ]
}

@test "the program takes at most 1,560,000 bytes of an image" {
    ! grep -aq /ld-linux "$nvmeroot" || skip "the client is linked with shared libraries"
    size=$(stat -Lc %s "$nvmeroot")
    echo "$size bytes"
    [ "$size" -le 1560000 ]
}
