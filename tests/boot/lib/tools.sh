# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# The guests' distribution's nvme-cli and fio, on a disk that guests read: an initramfs would be too large for them.
#
#   tools_ready         sets tools_disk
#   tools_overlay DIR   DIR for guest/tools-init, which runs guest/$script; sets tools_disk

tools_ready() {
    tools_disk=$boot/tools.ext4
    built "$tools_disk" "$boot_tests/lib/tools.sh" "$top/packaging/apt-private.sh" -- tools_make "$tools_disk"
}

tools_overlay() {
    tools_ready
    busybox_into "$1"
    modules_into "$1/modules" virtio_pci virtio_blk virtio_net ext4 nvme-tcp -crc32c_generic -hmac -sha256_generic \
        -sha512_generic -dh_generic || return 1
    install -m755 "$boot_tests/guest/tools-init" "$1/init"
    cp "$boot_tests/guest/$script" "$1/script"
    cp "$boot_tests/guest/tools-lib" "$1/"
    printf '%s=%q\n' SUBSYSNQN "$subsysnqn" HOSTNQN "$client_hostnqn" HOSTID "$client_hostid" \
        SECOND_ID "$second_hostid" UUID "$uuid" PORTS "$ports" \
        HOST_KEY "${client_host_key:+$(<"$keys/${client_host_key:-host}")}" \
        CTRL_KEY "${client_ctrl_key:+$(<"$keys/${client_ctrl_key:-ctrl}")}" >"$1/settings"
}

# The programs need none of the documentation, and no interpreter.
tools_make() {
    local tree=$1.tree
    rm -rf "$tree"
    "$top/packaging/apt-private.sh" fetch-tree "$guest_suite" "$tree" nvme-cli fio || return 1
    rm -rf "${tree:?}"/usr/share "$tree"/usr/lib/python3* "$tree"/usr/lib/*/perl* "$tree"/usr/lib/*/gconv "${tree:?}"/var
    mkdir -p "$tree"/dev "$tree"/proc "$tree"/sys "$tree"/run "$tree"/tmp
    busybox_into "$tree" || return 1
    ext4_image "$1" 256M tools "$tree"
    rm -rf "$tree"
}
