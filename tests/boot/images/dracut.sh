#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A dracut image with our module, for a kernel that is not installed.
#
#   dracut.sh OUT KVER MODULES BINARY [CONFIG] [-- DRACUT-OPTION...]
#
#   OUT      the image          MODULES  the directory with this kernel's modules.dep (.../lib/modules/KVER)
#   KVER     kernel version     BINARY   the nvmeroot program
#   CONFIG   a directory that becomes /etc/nvmeroot: nvmeroot.conf and secrets; none if empty or absent
#
#   DRACUT_ROOT=DIR   a directory with an unpacked dracut (dracut-core, dracut-install) instead of the system's
#   SYSTEMD=yes       with systemd in the image; otherwise dracut's own init
#   NICS="name ..."   network drivers; virtio_net where not given, all of them where empty
#   COMPRESS=no       an image that is not compressed, where modules lie as the kernel's package has them
#   GENERIC=yes       an image for any machine; otherwise a host-only one with ext4
set -eu

top=$(cd "${BASH_SOURCE[0]%/*}/../../.." && pwd)
out=$(realpath -m "$1") kver=$2 modules=$(realpath "$3") binary=$(realpath "$4")
shift 4
config=no
if [[ ${1---} != -- ]]; then
    config=${1:+$(realpath "$1")}
    shift
fi
[[ ${1-} != -- ]] || shift

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A dracut directory of links: the generator's own files, and our module among its modules.
base=${DRACUT_ROOT:-}/usr/lib/dracut
mkdir -p "$work/dracut/modules.d" "$work/conf.d" "$work/tmp"
ln -s "$base"/* "$work/dracut/" 2> /dev/null || true
ln -s "$base"/modules.d/* "$top/dracut/50nvmeroot" "$work/dracut/modules.d/"
dracut=$(command -v "${DRACUT_ROOT:+$DRACUT_ROOT/usr/bin/}dracut" || command -v "${DRACUT_ROOT:-}/usr/sbin/dracut")

cat > "$work/dracut.conf" << EOF
nvmeroot_config="${config:-no}"
nvmeroot_nics="${NICS-virtio_net}"
hostonly="$([[ ${GENERIC:-no} == yes ]] && echo no || echo yes)"
hostonly_cmdline="no"
filesystems+=" ext4 "
EOF

[[ ${COMPRESS:-yes} == yes ]] || set -- --no-compress "$@"
add="nvmeroot" omit="nvmf network"
[[ ${SYSTEMD:-no} == yes ]] && add+=" systemd-initrd dracut-systemd" || omit+=" systemd systemd-initrd dracut-systemd"

dracutbasedir=$work/dracut NVMEROOT_BINARY=$binary \
    "$dracut" --quiet --force --conf "$work/dracut.conf" --confdir "$work/conf.d" --tmpdir "$work/tmp" \
    --kmoddir "$modules" --kver "$kver" --add "$add" --omit "$omit" --no-early-microcode "$@" "$out"
