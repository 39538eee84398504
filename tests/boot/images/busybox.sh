#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A small image laid out as mkinitcpio lays out its busybox image, with our run-time hook as it is shipped.
#
#   busybox.sh OUT KVER MODULES BINARY [CONFIG]
#
#   OUT      the image          MODULES  the directory with this kernel's modules.dep (.../lib/modules/KVER)
#   KVER     kernel version     BINARY   the nvmeroot program
#   CONFIG   a directory that becomes /etc/nvmeroot: nvmeroot.conf and secrets; none if empty or absent
#
#   NICS="name ..."     network drivers; virtio_net where not given
#   HOOK=FILE           a run-time hook other than hooks/nvmeroot (it gets that name)
#   EXTRA=DIR           a directory copied over the image's root
#   MODULES_DECOMPRESS=no   modules as the kernel's package has them, mkinitcpio's default; EXTRA must bring kmod
set -eu

here=${BASH_SOURCE[0]%/*}
top=$(cd "$here/../../.." && pwd)
out=$1 kver=$2 modules=$3 binary=$4 config=${5-}

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mkdir -p "$root"/{dev,etc/nvmeroot,hooks,new_root,proc,run,sys,tmp,usr/bin,usr/lib/modules}
ln -s usr/bin "$root/bin"
ln -s usr/bin "$root/sbin"
ln -s usr/lib "$root/lib"

busybox=$(command -v busybox)
install -m755 "$busybox" "$root/usr/bin/busybox"
"$busybox" --list | while read -r applet; do
    [[ $applet == busybox ]] || ln -s busybox "$root/usr/bin/$applet"
done

# The names of install/nvmeroot, and the file system of the tests' roots; a name this kernel lacks is left out.
names="nvme-core nvme-fabrics nvme-tcp nvme-auth nvme-common nvme-keyring crypto-crc64-rocksoft crypto-crc32c crypto-hmac
    crypto-sha256 crypto-sha384 crypto-sha512 crypto-dh virtio_pci qemu_fw_cfg 8021q bonding bridge ext4 ${NICS-virtio_net}"
mkdir -p "$root/usr/lib/modules/$kver/kernel"
cp "$modules"/modules.{order,builtin,builtin.modinfo} "$root/usr/lib/modules/$kver/"
for name in $names; do
    modprobe -d "${modules%/lib/modules/*}" -S "$kver" --show-depends "$name" 2> /dev/null || true
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r file; do
    to=$root/usr/lib/modules/$kver/kernel/${file##*/}
    [[ ${MODULES_DECOMPRESS-yes} == yes ]] || file=$file.as_it_is
    case $file in
        *.as_it_is) cp "${file%.as_it_is}" "${to}" ;;
        *.xz) xz -dc "$file" > "${to%.xz}" ;;
        *.zst) zstd -qdc "$file" > "${to%.zst}" ;;
        *) cp "$file" "$to" ;;
    esac
done
depmod -b "$root/usr" "$kver"

install -m755 "$here/busybox-init" "$root/init"
install -m755 "${HOOK:-$top/hooks/nvmeroot}" "$root/hooks/nvmeroot"
printf '%s\n' 'EARLYHOOKS=""' 'HOOKS="nvmeroot"' 'LATEHOOKS="nvmeroot"' 'CLEANUPHOOKS=""' 'MODULES=""' > "$root/config"
install -m755 "$binary" "$root/usr/bin/nvmeroot"
[[ -z $config ]] || cp -p "$config"/* "$root/etc/nvmeroot/"
[[ -z ${EXTRA-} ]] || cp -a "$EXTRA"/. "$root/"

umask 077
(cd "$root" && find . -mindepth 1 -print0 | LC_ALL=C sort -z | cpio -0 -o -H newc --quiet -R 0:0) | zstd -q -9 -T0 -f -o "$out"
