# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# The images that make bench has made by Debian 13's dracut 106.
# Every function prints nothing and writes the image it is named after to $work/NAME.img.
#
# They share $work (a directory), the kernel of kernel.sh, and the target of target.sh with its $keys and $port.

# A Debian 13 in a directory, for its dracut 106 and its nvme-cli: nothing is installed here.
bench_chroot() {
    as_root rm -rf "$1"
    as_root debootstrap --variant=minbase \
        --include=systemd,systemd-sysv,udev,dracut-core,dracut-network,nvme-cli,jq,kmod,cpio,zstd,xz-utils,iproute2,e2fsprogs,util-linux,procps \
        trixie "$1" "$("$top/packaging/apt-private.sh" mirror)" || return 1
    as_root mkdir -p "$1/usr/lib/modules" "$1/etc/nvme"
    as_root cp -a "$kernel_modules" "$1/usr/lib/modules/"
    as_root depmod -b "$1" "$kernel_release"
}

# chroot_dracut NAME OPTION…   an image made by the Debian 13's dracut, in a mount namespace of its own
chroot_dracut() {
    local name=$1 tree=$boot/bench/trixie
    shift
    # shellcheck disable=SC2016 # the inner shell expands
    as_root unshare -m sh -c '
        tree=$1 release=$2 name=$3
        shift 3
        mount -t proc proc "$tree/proc"
        mount -t sysfs sys "$tree/sys"
        mount --bind /dev "$tree/dev"
        mount -t tmpfs tmpfs "$tree/run"
        exec chroot "$tree" dracut --quiet --force --hostonly --no-hostonly-cmdline --no-early-microcode \
            --filesystems ext4 --kver "$release" "$@" "/$name.img"' sh "$tree" "$kernel_release" "$name" "$@" \
        >"$work/$name.dracut" 2>&1 || die "dracut failed: $work/$name.dracut"
    as_root cp "$tree/$name.img" "$work/$name.img"
    as_root chown "$(id -u)" "$work/$name.img"
}

# Ours by dracut: without systemd in the image, which our module does not need, and with it.
image_dracut_nvmeroot() {
    nvmeroot_into_chroot
    chroot_dracut dracut-nvmeroot --add nvmeroot --omit 'systemd systemd-initrd dracut-systemd'
}

image_dracut_nvmeroot_systemd() {
    nvmeroot_into_chroot
    chroot_dracut dracut-nvmeroot-systemd --add nvmeroot
}

# The peer: dracut's own nvmf module with nvme-cli. Our module must not be in the same image. It would not look for a driver of
# a disk that this machine does not have, and takes keys from nothing but nvme-cli's config.json.
image_dracut_nvmf() {
    nvmf_into_chroot
    chroot_dracut dracut-nvmf --add nvmf --force-drivers nvme_tcp
}

image_dracut_nvmf_generic() {
    nvmf_into_chroot
    chroot_dracut dracut-nvmf-generic --no-hostonly --add nvmf --force-drivers nvme_tcp
}

nvmf_into_chroot() {
    local tree=$boot/bench/trixie
    as_root rm -rf "$tree/usr/lib/dracut/modules.d/50nvmeroot" "$tree/etc/dracut.conf.d/nvmeroot.conf" "$tree/etc/nvmeroot"
    echo "$hostnqn" | as_root tee "$tree/etc/nvme/hostnqn" >/dev/null
    echo "$hostid" | as_root tee "$tree/etc/nvme/hostid" >/dev/null
    as_root tee "$tree/etc/nvme/config.json" >/dev/null <<END
[{"hostnqn": "$hostnqn", "hostid": "$hostid", "dhchap_key": "$(<"$keys/host")",
  "subsystems": [{"nqn": "$subsysnqn", "ports": [{"transport": "tcp", "traddr": "$address", "trsvcid": "$port",
    "dhchap_ctrl_key": "$(<"$keys/ctrl")", "data_digest": true, "keep_alive_tmo": $keep_alive}]}]}]
END
    as_root chmod 600 "$tree/etc/nvme/config.json"
}

nvmeroot_into_chroot() {
    local tree=$boot/bench/trixie
    as_root install -m755 "$top/build/nvmeroot" "$tree/usr/bin/nvmeroot"
    as_root rm -rf "$tree/usr/lib/dracut/modules.d/50nvmeroot"
    as_root mkdir -p "$tree/etc/nvmeroot"
    as_root cp -r "$top/dracut/50nvmeroot" "$tree/usr/lib/dracut/modules.d/"
    as_root cp "$work/etc/"* "$tree/etc/nvmeroot/"
    echo 'nvmeroot_nics="virtio_net"' | as_root tee "$tree/etc/dracut.conf.d/nvmeroot.conf" >/dev/null
}
