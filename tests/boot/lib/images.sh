# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the files of tests/boot share their variables
# Initramfs images. A base image holds no configuration and is built once for each generator and kernel; what a test
# adds (keys, configuration, the verdict init) is a second archive behind it.
#
#   image_ready busybox|dracut|dracut-systemd|dracut-packed|initramfs|nvmet|target-unit
#                                                     sets image_file, for the kernel of the last kernel_ready
#   image_ready GENERATOR-configured                  the same, for any machine, and built with the client's configuration by
#                                                     dracut, initramfs or mkinitcpio (of MKINITCPIO=)
#   image_with OUT BASE DIR                        BASE with the files of DIR over it
#   image_without OUT BASE PATH...                    BASE with these files taken out

nvmeroot=${NVMEROOT:-$top/build/nvmeroot}
nvmet=${NVMEROOT_NVMET:-$top/build/nvmeroot-nvmet}

image_ready() {
    local script=$boot_tests/images/${1%%-*}.sh settings=() configuration=()
    local sources=("$script" "$boot_tests/images/busybox-init" "$nvmeroot" "$top"/hooks/* "$top"/install/* "$top"/dracut/50nvmeroot/*
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
        dracut-systemd) settings=(SYSTEMD=yes) ;;
        dracut-packed) settings=(COMPRESS=no) ;;
    esac
    if [[ $1 == *-configured ]]; then
        keys_ready
        settings+=(GENERIC=yes)
        configuration=("$boot/images/configuration")
        built "${configuration[0]}" "$keys" -- configuration_make "${configuration[0]}"
    fi
    built "$image_file" "${sources[@]}" "${configuration[@]}" -- \
        env "${settings[@]}" "$script" "$image_file" "$kernel_release" "$kernel_modules" "$nvmeroot" "${configuration[@]}"
}

# The files that become /etc/nvmeroot of a configured image.
configuration_make() {
    mkdir -p "$1"
    printf '[host]\nhostnqn = %s\nhostid = %s\nauth = mutual\n' "$hostnqn" "$hostid" >"$1/nvmeroot.conf"
    install -m600 "$keys/host" "$1/dhchap_secret"
    install -m600 "$keys/ctrl" "$1/dhchap_ctrl_secret"
}

image_without() {
    local tree=$1.tree main=$1.tree
    rm -rf "$tree"
    unmkinitramfs "$2" "$tree" || return 1
    [ ! -d "$tree/main" ] || main=$tree/main # behind an early archive
    (cd "$main" && rm "${@:3}") || return 1
    packed_folder "$main" | zstd -q -1 >"$1"
    rm -rf "$tree"
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
