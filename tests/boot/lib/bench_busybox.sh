# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# The smallest boot, of make bench and of the series: its root, its configuration and its image. And the images that make
# bench compares with it: the hook that people write by hand round nvme-cli, which comes from the Debian 13 of bench_dracut.sh.
# Every function prints nothing; image_NAME writes $work/NAME.img.
#
# They share $work (a directory), the kernel of kernel.sh, and the target of target.sh with its $keys and $port.

# Seconds, for every client: the guest's clock goes slower than the target's, which would count it as lost.
keep_alive=120

# bench_root   $work/root.img, whose first process is the script on standard input
bench_root() {
    local tree=$work/root
    mkdir -p "$tree"/{dev,etc,proc,sys,run,new_root,sbin,tmp}
    echo ID=bench >"$tree/etc/os-release" # systemd switches to nothing else
    busybox_into "$tree"
    cat >"$tree/sbin/init"
    chmod 755 "$tree/sbin/init"
    ext4_image "$work/root.img" 64M bench "$tree"
}

# bench_config   $work/etc, the client's configuration and keys
bench_config() {
    mkdir -p "$work/etc"
    cp "$keys/host" "$work/etc/dhchap_secret"
    cp "$keys/ctrl" "$work/etc/dhchap_ctrl_secret"
    printf '%s\n' '[host]' "hostnqn = $hostnqn" "hostid = $hostid" '[root]' "keep_alive_tmo = $keep_alive" \
        >"$work/etc/nvmeroot.conf"
    chmod 600 "$work/etc/"*
}

image_busybox_nvmeroot() {
    "$top/tests/boot/images/busybox.sh" "$work/busybox-nvmeroot.img" "$kernel_release" "$kernel_modules" \
        "$nvmeroot" "$work/etc"
}

# The same image with other command lines.
image_busybox_dhcp() {
    same_image busybox-dhcp
}
image_busybox_four_portals() {
    same_image busybox-four-portals
}
image_busybox_one_of_four_dead() {
    same_image busybox-one-of-four-dead
}
same_image() {
    [ -e "$work/busybox-nvmeroot.img" ] || image_busybox_nvmeroot
    ln "$work/busybox-nvmeroot.img" "$work/$1.img"
}

# The peer: the image as mkinitcpio makes it unless told otherwise (compressed modules, kmod), with the hook that people
# write by hand, and nvme-cli.
image_busybox_nvme_cli() {
    local extra=$work/nvme-cli
    mkdir -p "$extra/etc/nvme"
    from_chroot "$extra" /usr/sbin/nvme /usr/bin/kmod
    ln -s kmod "$extra/usr/bin/modprobe"
    cat >"$work/nvme-cli.hook" <<HOOK
run_hook() {
    /usr/bin/modprobe -a virtio_pci virtio_net nvme-tcp crc32c
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
    HOOK=$work/nvme-cli.hook EXTRA=$extra MODULES_DECOMPRESS=no "$top/tests/boot/images/busybox.sh" \
        "$work/busybox-nvme-cli.img" "$kernel_release" "$kernel_modules" /bin/true
}

# The memory of only the kernel modules, without the kernel's tests of its own algorithms, which run after our program.
image_busybox_floor() {
    cat >"$work/floor.hook" <<'HOOK'
run_hook() {
    modprobe -a virtio_net nvme-tcp crc32c-intel ext4
    echo 'bench: first process' >/dev/kmsg
    dmesg -n 1
    dmesg
    echo bench-end
    poweroff -f
}
HOOK
    HOOK=$work/floor.hook "$top/tests/boot/images/busybox.sh" "$work/busybox-floor.img" "$kernel_release" "$kernel_modules" \
        /bin/true
}

# from_chroot DIR PROGRAM…   programs of the Debian 13 to DIR/usr/bin, with their libraries
from_chroot() {
    local tree=$boot/bench/trixie dir=$1 program file
    shift
    mkdir -p "$dir/usr/bin"
    ln -s usr/lib64 "$dir/lib64"
    for program; do
        cp "$tree/$program" "$dir/usr/bin/"
        as_root chroot "$tree" ldd "$program" | grep -oE '/[^ ]+' | while read -r file; do
            mkdir -p "$dir/usr${file%/*}"
            cp -L "$tree/$file" "$dir/usr$file" 2>/dev/null || cp -L "$tree/usr$file" "$dir/usr$file"
        done
    done
}
