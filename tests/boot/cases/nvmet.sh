# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# nvmeroot-nvmet against real kernels: guest/nvmet-check.

nvmet_case() {
    image=nvmet
    judge=facts
    server=none
    uri=
    ip=
    edit_overlay=add_nvmet_check
    expect_facts=(plan-again='nothing to do: the target is as the file says' connected=yes io-before=yes beside=0
        io-after=yes new-port=yes far= taken-back=yes undisturbed=0 state=live wrong=
        dump-plan='nothing to do: the target is as the file says' cleared=0 empty=yes dump=same connected-again=yes)
}

case_nvmet_changes() {
    about='apply, change a key and a port beside a host that writes, undo, dump, clear: 6.12 with keys'
    nvmet_case
    expect_facts+=(keys= open-keys=0 key-writes=1 old-key= no-key=)
}

case_nvmet_changes_old() {
    about="the same on 6.1, which lacks keys: refused before anything is written, then without them"
    kernel=6.1
    nvmet_case
    expect_facts+=(keys=2 left=0 key-writes=0)
}

add_nvmet_check() {
    cp "$boot_tests/guest/nvmet-check" "$1/check"
    install -m600 "$keys/other-host" "$1/etc/nvmeroot/other-host"
    install -m600 "$keys/host" "$1/etc/nvmeroot/host"
}
