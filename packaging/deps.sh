#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# deps.sh [build|boot|checks]…   installs what the build, the booted machines and the other tests need and this machine
# lacks (Debian 12 and 13), all three if none is named; on Arch and Fedora it prints the command to run.
# shellcheck disable=SC2034 # the arguments name the arrays
set -eu

build=(g++ make pkg-config dpkg-dev libnvme-dev libiniparser-dev libkmod-dev liburing-dev libssl-dev libisal-dev
    libboost-test-dev liblzma-dev libzstd-dev zlib1g-dev)
boot=(qemu-system-x86 libarchive-tools debootstrap dracut-core initramfs-tools-core busybox-static nvme-cli cpio zstd xz-utils kmod
    e2fsprogs fdisk gawk iproute2 python3)
checks=(bats shellcheck clang clang-format clang-tidy universal-ctags git man-db mandoc)

arch='pacman -S --needed base-devel libnvme iniparser kmod liburing openssl isa-l boost qemu-system-x86 debootstrap dracut busybox nvme-cli cpio zstd xz e2fsprogs gawk iproute2 python bash-bats shellcheck clang ctags git man-db mandoc'
fedora='dnf install gcc-c++ make pkgconf-pkg-config libnvme-devel iniparser-devel kmod-devel liburing-devel openssl-devel isa-l-devel boost-devel glibc-static libstdc++-static qemu-system-x86-core debootstrap dracut busybox nvme-cli cpio zstd xz e2fsprogs gawk iproute python3 bats ShellCheck clang clang-tools-extra ctags git man-db mandoc'

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

if ! command -v apt-get >/dev/null; then
    if command -v pacman >/dev/null; then wanted=$arch; else wanted=$fedora; fi
    printf 'Install what is needed with:\n    %s\n' "$wanted" >&2
    for libnvme in libnvme libnvme3; do
        command -v pkg-config >/dev/null && pkg-config --exists "$libnvme" libkmod liburing && exit 0
    done
    exit 1
fi

[ $# -gt 0 ] || set -- build boot checks
missing=()
for group; do
    declare -n packages=$group
    for package in "${packages[@]}"; do
        status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
        [ "$status" = 'install ok installed' ] || missing+=("$package")
    done
done
[ "${#missing[@]}" -gt 0 ] || exit 0

install_missing() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q -o DPkg::Lock::Timeout=600 --no-install-recommends "${missing[@]}"
}
echo "installing: ${missing[*]}"
# The lists may be absent or old, or of a minute ago.
if ! install_missing 2>/dev/null; then
    as_root apt-get update -q
    install_missing
fi
