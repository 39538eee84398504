# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# Initramfs images. A base image holds no configuration and is built once for each generator and kernel; what a test
# adds (keys, configuration, the verdict init) is a second archive behind it.
#
#   image_ready busybox|dracut|dracut-systemd|dracut-packed|initramfs|nvmet|target-unit
#                                                     sets image_file, for the kernel of the last kernel_ready
#   image_with OUT BASE FOLDER                        BASE with the files of FOLDER over it

nvmeroot=${NVMEROOT:-$top/build/nvmeroot}
nvmet=${NVMEROOT_NVMET:-$top/build/nvmeroot-nvmet}

image_ready() {
    local script=$boot_tests/images/${1%%-*}.sh
    local sources=("$script" "$boot_tests/images/busybox-init" "$nvmeroot" "$top"/hooks/* "$top"/dracut/50nvmeroot/*
        "$top"/initramfs-tools/*/*)
    image_file=$boot/images/$1-$kernel_release
    case $1 in
        nvmet)
            built "$image_file" "$boot_tests/guest/nvmet-init" "$nvmet" -- nvmet_image "$image_file"
            return
            ;;
        target-unit)
            built "$image_file" "$boot_tests/cases/target.sh" "$boot_tests"/guest/{nvmet,target}-unit-* "$target" "$load" \
                "$top"/packaging/nvmeroot-target.* -- target_unit_image "$image_file"
            return
            ;;
        dracut-systemd) set -- "$1" SYSTEMD=yes ;;
        dracut-packed) set -- "$1" COMPRESS=no ;;
    esac
    built "$image_file" "${sources[@]}" -- \
        env "${@:2}" "$script" "$image_file" "$kernel_release" "$kernel_modules" "$nvmeroot"
}

# A later archive starts at a multiple of 4 bytes, or the kernel drops it without failing.
image_with() {
    local size
    size=$(stat -L -c %s "$2")
    {
        cat "$2"
        head -c "$(((4 - size % 4) % 4))" /dev/zero
        packed_folder "$3"
    } >"$1"
}

# The kernel's own target, in a guest of its own, with the program that configures it.
nvmet_image() {
    local tree=$1.tree library
    rm -rf "$tree"
    mkdir -p "$tree"/{dev,proc,sys,run,tmp,tools}
    busybox_into "$tree" || return 1
    modules_into "$tree/modules" virtio_pci virtio_blk virtio_net ext4 af_packet 8021q nvmet nvmet-tcp nvme-tcp \
        -crc32c_generic -hmac -sha256_generic -sha512_generic -dh_generic || return 1
    cp "$boot_tests/guest/nvmet-init" "$tree/init"
    cp "$nvmet" "$tree/bin/"
    for library in $(ldd "$nvmet" | grep -o '/[^ ]*'); do
        install -D "$library" "$tree$library" || return 1
    done
    packed_folder "$tree" | zstd -q -9 >"$1"
    rm -rf "$tree"
}
