#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An image of the system's initramfs-tools with our hook and script, for a kernel that is not installed.
#
#   initramfs.sh OUT KVER MODULES BINARY [CONFIG]
#
#   OUT      the image          MODULES  the directory with this kernel's modules.dep (.../lib/modules/KVER)
#   KVER     kernel version     BINARY   the nvmeroot program
#   CONFIG   a directory that becomes /etc/nvmeroot: nvmeroot.conf and secrets; none if empty or absent
#
#   NICS="name ..."   network drivers; virtio_net where not given
set -eu

top=$(cd "${BASH_SOURCE[0]%/*}/../../.." && pwd)
out=$(realpath -m "$1") kver=$2 modules=$(realpath "$3") binary=$(realpath "$4") config=${5:+$(realpath "$5")}

conf=$(mktemp -d)
trap 'rm -rf "$conf"' EXIT
cp -r "$top"/initramfs-tools/* "$conf/"
printf '%s\n' MODULES=list BUSYBOX=auto COMPRESS=zstd RUNSIZE=10% FSTYPE=ext4 > "$conf/initramfs.conf"
printf '%s\n' ext4 > "$conf/modules"
printf 'nvmeroot_config=%s\nnvmeroot_nics="%s"\n' "${config:-no}" "${NICS-virtio_net}" > "$conf/hook.conf"

# A kernel's configuration, which is next to its modules from Linux 7.2 on.
mkdir "$conf/boot"
cp "$modules/config" "$conf/boot/config-$kver" 2> /dev/null ||
    cp "${modules%/lib/modules/*}/boot/config-$kver" "$conf/boot/"

# The generator looks into /lib/modules and /boot alone: this kernel is laid over them, in a mount name space.
# shellcheck disable=SC2016  # the inner shell expands
NVMEROOT_BINARY=$binary NVMEROOT_HOOK_CONF=$conf/hook.conf \
    unshare --mount --map-root-user bash -euc '
    mount -t overlay overlay -o "lowerdir=$1:/usr/lib" /usr/lib
    mount --bind "$2/boot" /boot
    PATH=$PATH:/usr/sbin:/sbin mkinitramfs -d "$2" -o "$3" "$4"
' - "${modules%/modules/*}" "$conf" "$out" "$kver" \
    < /dev/null
