# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# The busybox images that make bench boots: ours, and the hook that people write by hand round nvme-cli, which comes
# from the Debian 13 of bench_dracut.sh.
# Every function prints nothing and writes the image it is named after to $work/NAME.img.
#
# They share $work (a folder), the kernel of kernel.sh, and the target of target.sh with its $keys and $port.

image_busybox_nvmeroot() {
    "$top/tests/boot/images/busybox.sh" "$work/busybox-nvmeroot.img" "$kernel_release" "$kernel_modules" \
        "$top/build/nvmeroot" "$work/etc"
}

# The peer: the same image with the hook that people write by hand, and nvme-cli with its libraries.
image_busybox_nvme_cli() {
    local tree=$boot/bench/trixie extra=$work/nvme-cli file
    mkdir -p "$extra/usr/bin" "$extra/etc/nvme"
    cp "$tree/usr/sbin/nvme" "$extra/usr/bin/"
    as_root chroot "$tree" ldd /usr/sbin/nvme | grep -oE '/[^ ]+' | while read -r file; do
        mkdir -p "$extra/usr${file%/*}"
        cp -L "$tree/$file" "$extra/usr$file" 2>/dev/null || cp -L "$tree/usr$file" "$extra/usr$file"
    done
    ln -sfn usr/lib64 "$extra/lib64"
    cat >"$work/nvme-cli.hook" <<HOOK
run_hook() {
    modprobe -a virtio_pci virtio_net nvme-tcp crc32c dh_generic hmac
    ip link set lo up
    ip link set eth0 up
    ip addr add 10.0.2.15/24 dev eth0
    ip route add default via 10.0.2.2
    nvme connect -t tcp -a $address -s $port -n $subsysnqn -q $hostnqn -I $hostid --data-digest -k $keep_alive \\
        -S '$(<"$keys/host")' -C '$(<"$keys/ctrl")'
    while [ ! -b /dev/nvme0n1 ]; do sleep 0.05; done
    root=/dev/nvme0n1
}
HOOK
    HOOK=$work/nvme-cli.hook EXTRA=$extra "$top/tests/boot/images/busybox.sh" "$work/busybox-nvme-cli.img" \
        "$kernel_release" "$kernel_modules" /bin/true
}
