# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# What all parts of the booted tests, the demo and the bench share: directories, messages, built things kept in build/.

top=$(cd "${BASH_SOURCE[0]%/*}/../../.." && pwd)
boot_tests=$top/tests/boot
boot=$top/build/boot
# The source of the distribution's own packages for guests (kernels have their own suites, kernel.sh).
guest_suite=bookworm

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# Ends a test that cannot run here, with the reason: 77 is "skipped".
skip_case() {
    echo "$*" >"$log/skipped"
    exit 77
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# built OUT DEP… -- COMMAND…   runs the command if OUT is absent or older than a DEP. One process builds, the others
# wait. OUT is touched afterwards, so a directory can be an OUT.
built() {
    local out=$1 dep stale=no deps=()
    shift
    while [ "$1" != -- ]; do
        deps+=("$1")
        shift
    done
    shift
    mkdir -p "${out%/*}"
    (
        flock 9
        [ -e "$out" ] || stale=yes
        for dep in "${deps[@]}"; do
            [ ! "$dep" -nt "$out" ] || stale=yes
        done
        [ "$stale" = yes ] || exit 0
        "$@" >"$out.log" 2>&1 9>&- && touch "$out" && exit 0
        rm -rf "$out"
        tail -n 20 "$out.log" >&2
        exit 1
    ) 9>"$out.lock" || die "cannot make ${out#"$top"/} (log: ${out#"$top"/}.log)"
}

# packed_folder DIR   the directory as a cpio archive on standard output, owned by root
packed_folder() {
    (cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z | cpio -0 -o -H newc --quiet -R 0:0)
}

# busybox_into DIR   a static busybox with all its names in DIR/bin, from the guests' distribution
busybox_into() {
    local source=$boot/busybox applet
    built "$source" "$top/packaging/apt-private.sh" -- \
        "$top/packaging/apt-private.sh" fetch-binary "$guest_suite" busybox-static "$source"
    mkdir -p "$1/bin"
    cp "$source/bin/busybox" "$1/bin/" || return 1
    for applet in $("$source/bin/busybox" --list); do
        [ "$applet" = busybox ] || ln -sf busybox "$1/bin/$applet"
    done
}
