#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The draw of the booted tests' settings.

# shellcheck disable=SC1090,SC2034,SC2154 # the files of tests/boot share their variables

setup() {
    for part in common kernel guest images roots tools target setting case; do
        . "$BATS_TEST_DIRNAME/../boot/lib/$part.sh"
    done
    for part in "$BATS_TEST_DIRNAME"/../boot/cases/*.sh; do . "$part"; done
}

# setting_for SEED NAME   of a case that fixes nothing
setting_for() {
    SEED=$1 server=process quirk='' guest_net=("${user_net[@]}") guest_options=() extra=''
    setting_draw "$2"
    setting_settle
    setting_words
}

case_that_fixes() {
    processors=2 slow=no
}

@test "the same seed and name draw the same setting, another seed another one" {
    local name other=0
    for name in one two three four five six; do
        [ "$(setting_for 1 "$name")" = "$(setting_for 1 "$name")" ]
        [ "$(setting_for 1 "$name")" = "$(setting_for 2 "$name")" ] || other=$((other + 1))
    done
    [ "$other" -gt 2 ]
}

@test "every value is drawn, and none of them by most cases" {
    local number all='' value count
    for number in $(seq 100); do all+="$(setting_for seed "name-$number"),"$'\n'; done
    for value in 'kernel 6.12,' 'kernel newest,' 'quiet,' 'loglevel=7,' '1 processor,' '2 processors,' '4 processors,' \
        'instruction counter,' 'slow disk,' 'slow wire,' 'null,' 'ffdhe2048,'; do
        count=$(grep -c "$value" <<<"$all")
        echo "$value $count"
        [ "$count" -ge 4 ]
        [ "$count" -le 80 ]
    done
    grep -q '^kernel 6.12, quiet, 1 processor, ffdhe2048,$' <<<"$all" # nothing slow
}

@test "what a case fixes stays so, and what cannot be had together gives way" {
    local seed
    for seed in $(seq 20); do
        SEED=$seed
        case_settings that-fixes
        [ "$processors $slow $counter" = '2 no no' ]
    done
}

@test "no case that authenticates gets a kernel that cannot" {
    local name seed old=0
    while read -r name; do
        for seed in 1 2; do
            SEED=$seed
            case_settings "$name"
            [ "$kernel" = 6.1 ] || continue
            old=$((old + 1))
            [ "$name" = kernel-without-dhchap ] || [ "$image" = nvmet ] || [ "$client_host_key$client_ctrl_key" = '' ]
        done
    done < <(sed -n 's/^case_\([a-z0-9_]*\)() {.*/\1/p' "$BATS_TEST_DIRNAME"/../boot/cases/*.sh | tr _ -)
    [ "$old" -gt 8 ]
}
