#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An image made by mkinitcpio itself, with our hooks, for a kernel that is not installed.
#
#   MKINITCPIO=DIR mkinitcpio.sh OUT KVER MODULES BINARY [CONFIG]
#
#   DIR      a checkout of mkinitcpio; without it an installed mkinitcpio is run
#   OUT      the image          MODULES  the directory with this kernel's modules.dep (.../lib/modules/KVER)
#   KVER     kernel version     BINARY   the nvmeroot program
#   CONFIG   a directory that becomes /etc/nvmeroot; none if empty or absent
#
# Off Arch a checkout needs: GNU awk (mawk makes an incomplete image), a busybox where it expects Arch's, and the
# directories for administrators in PATH. All of that is arranged in a copy of the checkout.
set -eu

top=$(cd "${BASH_SOURCE[0]%/*}/../../.." && pwd)
out=$(realpath -m "$1") kver=$2 modules=$(realpath "$3") binary=$(realpath "$4") config=${5-}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

program=$(command -v mkinitcpio || true)
if [[ ${MKINITCPIO-} ]]; then
    cp -r "$MKINITCPIO/." "$work/kit"
    sed -i "s|/usr/lib/initcpio|$work/kit|g" "$work"/kit/install/*
    # The values that the checkout's own build would fill in.
    sed -i -e "s|@INITCPIO_LIBDIR@|$work/kit|g; s|@INITCPIO_SYSCONFDIR@|$work/none|g; s|@SYSCONFDIR@|$work/none|g" \
        -e 's|@VERSION@|checkout|g; s|@BINDIR@|/usr/bin:/usr/sbin:/bin:/sbin|g' "$work/kit/mkinitcpio" "$work/kit/functions"
    cp "$(command -v busybox)" "$work/kit/busybox"
    program=$work/kit/mkinitcpio
fi
[[ $program ]] || { echo "mkinitcpio.sh: no mkinitcpio here; MKINITCPIO=DIR names a checkout" >&2; exit 1; }

mkdir -p "$work/bin" "$work/hooks/hooks" "$work/hooks/install" "$work/tree/lib/modules"
ln -s "$(command -v gawk)" "$work/bin/awk"
ln -s "$modules" "$work/tree/lib/modules/$kver"
cp "$top/hooks/nvmeroot" "$work/hooks/hooks/"
cp "$top"/install/* "$work/hooks/install/"
printf '%s\n' 'MODULES=(ext4 virtio_pci)' 'BINARIES=()' 'FILES=()' 'HOOKS=(base nvmeroot)' 'COMPRESSION=zstd' \
    'nvmeroot_nics=(virtio_net)' "nvmeroot_config=${config:-no}" > "$work/mkinitcpio.conf"

library=${MKINITCPIO:+$work/kit}
library=${library:-/usr/lib/initcpio}
umask 077
PATH=$work/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NVMEROOT_BINARY=$binary \
    MKINITCPIO_LIBRARY=$library bash "$program" --nopost -k "$kver" -r "$work/tree" -c "$work/mkinitcpio.conf" \
    -D "$work/hooks" -D "$library" -g "$out"
