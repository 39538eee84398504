#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of nvmeroot-nvmet, as bash calls it.

setup() {
    top=$BATS_TEST_DIRNAME/../..
    NVMET_CONFIGFS=$BATS_TEST_TMPDIR/nvmet
    mkdir -p "$NVMET_CONFIGFS"/hosts/nqn.2024-08.com.example:web1 "$NVMET_CONFIGFS"/subsystems/nqn.2024-08.com.example:{disks,data}
    . "$top/packaging/nvmeroot-nvmet.bash"
}

# complete LINE WORD…   as bash splits it: at the colons too
complete_line() {
    COMP_LINE=$1 COMP_POINT=${#1}
    shift
    COMP_WORDS=("$top/build/nvmeroot-nvmet" "$@")
    COMP_CWORD=$#
    _nvmeroot_nvmet
}

@test "a command" {
    complete_line 'nvmeroot-nvmet p' p
    [ "${COMPREPLY[*]}" = plan ]
    complete_line 'nvmeroot-nvmet ' ''
    [ "${COMPREPLY[*]}" = 'plan apply clear dump import check help version' ]
}

@test "an option" {
    complete_line 'nvmeroot-nvmet plan --dr' plan --dr
    [ "${COMPREPLY[*]}" = --drop-keys ]
}

@test "the NQN of a host or subsystem, from the colon on" {
    complete_line 'nvmeroot-nvmet clear nqn.2024-08.com.example:d' clear nqn.2024-08.com.example : d
    [ "${COMPREPLY[*]}" = 'data disks' ]
    complete_line 'nvmeroot-nvmet clear nqn' clear nqn
    [ "${#COMPREPLY[@]}" = 3 ]
}
