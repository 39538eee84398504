# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# The setting of a booted case: everything that is not what the case shows. It is drawn from a seed and the case's name,
# so that each run sees another timing, and a failure is repeated by the same seed.
#
#   seed_ready             sets SEED, to a random one if nobody gave one
#   setting_draw NAME      sets all of it; the case's function then fixes what it needs by setting it again
#   any_kernel             in such a function: kernel 6.1, which cannot authenticate, may be drawn too; nobody has keys then
#   without_keys           in such a function: nobody has keys, and the target asks for none
#   setting_settle         what cannot be had together gives way; sets slowness, and what the guest needs for it
#   setting_words          prints it
#
# How often a value is drawn is how often it is named. The instruction counter and many processors make a boot slow.

seed_ready() {
    SEED=${SEED:-$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')}
}

setting_draw() {
    digits=$(printf '%s %s' "$SEED" "$1" | sha256sum)
    draw verbosity 0 quiet loglevel=7
    draw processors 1 1 1 1 2 2 4
    draw counter 2 no no yes # the instruction counter, on one processor
    draw slow 3 no no disk wire
    draw kernel 4 6.12 6.12 6.12 newest
    draw dhchap_dhgroup 5 null ffdhe2048
    target_keys=yes
}

# draw VARIABLE PLACE VALUE…   one of the values, by the four digits of the hash that belong to this place
draw() {
    local variable=$1 place=$2
    shift 2
    local number=$((16#${digits:place*4:4} % $#))
    printf -v "$variable" %s "${@:number+1:1}"
}

any_kernel() {
    draw kernel 4 6.1 6.1 6.12 6.12 newest
    [ "$kernel" != 6.1 ] || without_keys
}

without_keys() {
    client_host_key='' client_ctrl_key='' target_keys=no
}

# A slow disk is one of the target's process, or of the guest that serves; a slow wire is the network card net0.
setting_settle() {
    [ "$processors" = 1 ] || counter=no
    case $slow:$server:$quirk in
        disk:process: | disk:guest:*) ;;
        disk:*) slow=no ;;
    esac
    case $slow:${guest_net[*]} in
        wire:*id=net0*) ;;
        wire:*) slow=no ;;
    esac
    [ "$slow" != wire ] || guest_options+=(-object 'filter-buffer,id=slow,netdev=net0,interval=10000') # microseconds
    # The target's clock goes faster than the guest's.
    [ "$counter" = no ] || extra+=' nvmeroot.keep_alive_tmo=120s'
    # guest_says and guest_wait take so many times as long.
    slowness=1
    [ "$counter" = no ] || slowness=$((slowness + 2))
    [ "$processors" != 4 ] || slowness=$((slowness + 1))
    [ "$slow" = no ] || slowness=$((slowness + 1))
    slowness=$((slowness * ${PATIENCE:-1}))
}

setting_words() {
    local words="kernel $kernel, $verbosity, $processors processor"
    [ "$processors" = 1 ] || words+=s
    [ "$counter" = no ] || words+=', instruction counter'
    [ "$slow" = no ] || words+=", slow $slow"
    [ "$target_keys" = no ] || words+=", $dhchap_dhgroup"
    echo "$words"
}
