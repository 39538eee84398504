# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# Guest kernels: Debian's packages unpacked below build/kernel, nothing installed.
#
#   kernel_ready 6.12     sets kernel_image (an ELF that QEMU boots at once), kernel_bzimage, kernel_release and
#                         kernel_modules (.../lib/modules/RELEASE, with modules.dep)

# The suites that hold a kernel of this series.
declare -A kernel_suite=([6.1]=bookworm [6.12]=bookworm-backports [newest]=trixie-backports)

kernel_ready() {
    local dir=$top/build/kernel/$1
    [ -n "${kernel_suite[$1]-}" ] || die "no suite is known for kernel $1"
    built "$dir" -- kernel_unpack "$1" "$dir"
    kernel_release=$(<"$dir/release")
    kernel_image=$dir/vmlinux
    kernel_bzimage=$dir/boot/vmlinuz-$kernel_release
    kernel_modules=$dir/lib/modules/$kernel_release
}

kernel_unpack() {
    local apt=$top/packaging/apt-private.sh suite=${kernel_suite[$1]} dir=$2 package release part
    package=$("$apt" depends "$suite" linux-image-amd64 | grep '^linux-image-' | grep -v -- -unsigned | head -n 1)
    [ -n "$package" ] || die "linux-image-amd64 of $suite names no kernel"
    release=${package#linux-image-}
    rm -rf "$dir"
    # From 7.2 on the kernel, its modules and its lists are packages of their own, below /usr/lib.
    for part in "$package" $("$apt" depends "$suite" "$package" | grep -xF "$(printf "linux-%s-$release\n" base binary modules)"); do
        "$apt" fetch-binary "$suite" "$part" "$dir" || return 1
    done
    if [ ! -e "$dir/lib" ]; then
        ln -s usr/lib "$dir/lib" && install -D "$dir/lib/modules/$release/vmlinuz" "$dir/boot/vmlinuz-$release" || return 1
    fi
    echo "$release" >"$dir/release"
    depmod -b "$dir" "$release" || return 1
    kernel_elf "$dir/boot/vmlinuz-$release" >"$dir/vmlinux"
}

# kernel_elf BZIMAGE   the uncompressed kernel inside, which QEMU boots through its PVH note without the decompressor.
# Offsets as in the kernel's Documentation/arch/x86/boot.rst; the last 4 bytes of an xz or zstd payload are its size.
kernel_elf() {
    local setup offset length
    setup=$(od -An -tu1 -j 0x1f1 -N1 "$1")
    offset=$(od -An -tu4 -j 0x248 -N4 "$1")
    length=$(od -An -tu4 -j 0x24c -N4 "$1")
    offset=$(((setup + 1) * 512 + offset))
    set -- "$1" "$(od -An -tx1 -j "$offset" -N4 "$1" | tr -d ' ')"
    head -c "$((offset + length - 4))" "$1" | tail -c "+$((offset + 1))" | case $2 in
        fd377a58) xz -dc ;;
        28b52ffd) zstd -dc ;;
        1f8b*) gzip -dc ;;
        *) die "$1: a kernel compressed with what begins $2" ;;
    esac
}

# modules_into DIR NAME…   copies modules with what they need, unpacked, and DIR/modules.order: the order to insert them.
# A name that begins with - may be absent: newer kernels have the algorithm built in.
modules_into() {
    local dir=$1 name file
    shift
    mkdir -p "$dir"
    for name in "$@"; do
        modprobe -d "${kernel_modules%/lib/modules/*}" -S "$kernel_release" --show-depends "${name#-}" ||
            [ "${name#-}" != "$name" ] || return 1
    done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r file; do
        name=${file##*/}
        case $file in
            *.xz) name=${name%.xz} && xz -dc "$file" >"$dir/$name" ;;
            *.zst) name=${name%.zst} && zstd -qdc "$file" >"$dir/$name" ;;
            *) cp "$file" "$dir/$name" ;;
        esac
        echo "$name"
    done >"$dir/modules.order"
}
