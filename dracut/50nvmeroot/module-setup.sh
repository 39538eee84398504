#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The root disk over NVMe/TCP: the nvmeroot program, its kernel modules, the network drivers, and what the machine says
# about itself in /etc/nvmeroot. README beside this file tells what to write on the command line and in dracut.conf.

# These come from dracut (lower case) and from dracut.conf (nvmeroot_*).
# shellcheck disable=SC2154
: "${dracutbasedir}" "${moddir}"

# Whether a device, MAJOR:MINOR, is the root that this machine was booted from, or a part of it.
nvmeroot_is_root() {
    local device
    device=$(sed -n 's/^DEVICE=//p' /run/nvmeroot/root 2> /dev/null)
    [[ $device && $(readlink -f "/dev/block/$1") =~ ^"$device"(p[0-9]+)?$ ]]
}

# called by dracut
check() {
    require_binaries "${NVMEROOT_BINARY:-nvmeroot}" || return 1
    # A host-only image gets the module when this machine is set up for it; "--add nvmeroot" always works.
    [[ $hostonly ]] && [[ ! -e ${dracutsysrootdir-}/etc/nvmeroot/nvmeroot.conf ]] && return 255
    # The image of kdump is for the disks it names, and its kernel has little memory.
    if [[ $hostonly && ${hostonly_default_device-} == no ]]; then
        for_each_host_dev_and_slaves nvmeroot_is_root || return 255
    fi
    return 0
}

# called by dracut
depends() {
    echo rootfs-block
    # dracut-ng made the initqueue a module of its own.
    compgen -G "$dracutbasedir/modules.d/*initqueue" > /dev/null && echo initqueue
    return 0
}

# Unpacks modules of the image that lie there compressed, with what they depend on: a compressed one takes the kernel
# half as long again to load, and the image is compressed as a whole.
# $1...: names; those that the image does not have are no error
nvmeroot_unpack_modules() {
    local name file unpack

    # kernel comes from dracut, and so does compress, the program for the image.
    # shellcheck disable=SC2154
    [[ ${compress-} != cat ]] || return 0
    for name; do
        modprobe -C /dev/null -d "$initdir" -S "$kernel" --show-depends "$name" 2> /dev/null
    done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r file; do
        case $file in
            *.xz) unpack=xz ;;
            *.zst) unpack=zstd ;;
            *.gz) unpack=gzip ;;
            *) continue ;;
        esac
        if "$unpack" -q -d -c "$file" > "${file%.*}"; then
            rm "$file"
        else
            rm "${file%.*}"
        fi
    done
}

# called by dracut
installkernel() {
    # The machine that builds the image need not be the one that boots from it: nothing here looks at loaded modules.
    local hostonly=''

    instmods nvme-core nvme-fabrics nvme-tcp
    # Names that only some kernels have: nvme-common became nvme-auth.
    instmods -s nvme-auth nvme-common nvme-keyring
    # What nvme-core, nvme-tcp and nvme-auth ask the kernel's crypto layer for at run time, so that no dependency pulls
    # it in. Aliases, because the modules behind them are renamed or built in from one kernel to the next.
    instmods -s crypto-crc64-rocksoft crypto-crc32c crypto-hmac crypto-sha256 crypto-sha384 crypto-sha512 crypto-dh
    # The buses of virtual machines, under their network cards; QEMU's fw_cfg, by which credentials come.
    instmods -s virtio_pci virtio_mmio hv_vmbus qemu_fw_cfg

    # What vlan=, bond= and bridge= make.
    instmods -s 8021q bonding bridge

    if [[ ${nvmeroot_nics-} ]]; then
        # A list of names: one word each.
        # shellcheck disable=SC2086
        instmods $nvmeroot_nics
    else
        instmods -s virtio_net vmxnet3 hv_netvsc xen-netfront \
            =drivers/net/ethernet =drivers/net/phy =drivers/net/mdio =drivers/net/usb
    fi

    # Dracut has no hook after its last module (the file systems come late); depmod is what it ends with.
    # shellcheck disable=SC2317  # called by dracut
    depmod() {
        command depmod "$@" || return
        # What nearly every boot from this image loads. A list of names: one word each.
        # shellcheck disable=SC2086
        nvmeroot_unpack_modules nvme-tcp crypto-crc32c virtio_pci qemu_fw_cfg autofs4 ext4 xfs btrfs \
            ${nvmeroot_nics:-virtio_net vmxnet3 hv_netvsc xen-netfront}
        command depmod "$@"
    }
}

# Prints "source destination" of each file in the image's /etc/nvmeroot: the ini file, and the secrets that it names or
# that lie beside it under their usual names.
# $1: the folder that becomes /etc/nvmeroot
nvmeroot_config_files() {
    local dir=$1 name file

    {
        printf '%s\n' nvmeroot.conf dhchap_secret dhchap_ctrl_secret
        [[ ! -e $dir/nvmeroot.conf ]] || sed -nE \
            's/^[[:space:]]*dhchap_(ctrl_)?secret_file[[:space:]]*=[[:space:]]*"?([^";[:space:]]+).*/\2/p' \
            "$dir/nvmeroot.conf"
    } | sort -u | while read -r name; do
        file=${name#/etc/nvmeroot/}
        if [[ $file == /* ]]; then
            echo "${dracutsysrootdir-}$file $file"
        elif [[ -e $dir/$file || $name == /* ]]; then
            echo "$dir/$file /etc/nvmeroot/$file"
        fi
    done
}

# The mode that the image file will have: dracut writes over an existing file, and a FAT partition has one mode for all.
nvmeroot_image_mode() {
    if [[ -e $1 ]]; then
        stat -L -c %a "$1"
    elif [[ $(stat -f -c %T "${1%/*}" 2> /dev/null) == msdos ]]; then
        stat -L -c %a "${1%/*}"
    else
        echo 600
    fi
}

# Copies the folder $1, and stops the build where a secret would lie in an image that others can read.
nvmeroot_install_config() {
    local source dest mode

    # outfile is the image that this run of dracut writes.
    # shellcheck disable=SC2154
    mode=$(nvmeroot_image_mode "$outfile")
    while read -r source dest; do
        if [[ ! -r $source ]]; then
            dfatal "nvmeroot: $source is wanted in the image, but cannot be read."
            exit 1
        fi
        if [[ $(stat -L -c %a "$source") == *00 && $mode != *00 ]]; then
            dfatal "nvmeroot: $source is private, but everybody could read it in $outfile (mode $mode): chmod 600 the" \
                "image, or mount its file system with umask=0077."
            exit 1
        fi
        inst_simple -H "$source" "$dest"
    done < <(nvmeroot_config_files "$1")
}

# $1: a unit of the image   $2...: lines that are added to it
nvmeroot_install_drop_in() {
    # initdir and systemdsystemunitdir come from dracut.
    # shellcheck disable=SC2154
    local dir=$initdir$systemdsystemunitdir/$1.d
    shift
    mkdir -p "$dir"
    printf '%s\n' "$@" >> "$dir/nvmeroot.conf"
}

# The units whose hooks run the program get its credentials; encrypted ones are opened by systemd, which ignores the word
# that it is too old or too new to know. Absent ones are no error.
nvmeroot_install_credentials() {
    local unit file
    for unit in dracut-cmdline dracut-pre-trigger dracut-initqueue; do
        nvmeroot_install_drop_in "$unit.service" '[Service]' 'ImportCredential=nvmeroot.*' \
            LoadCredentialEncrypted=nvmeroot.dhchap_{,ctrl_}secret
    done
    [[ ${nvmeroot_config:-${hostonly:+yes}} == yes ]] || return 0
    for file in "${dracutsysrootdir-}"/etc/credstore.encrypted/nvmeroot.*; do
        [[ ! -e $file ]] || inst_simple -H "$file" "/etc/credstore.encrypted/${file##*/}"
    done
}

# called by dracut
install() {
    local binary unit
    binary=$(find_binary "${NVMEROOT_BINARY:-nvmeroot}")
    inst "$binary" /usr/bin/nvmeroot

    inst_hook cmdline 90 "$moddir/parse-nvmeroot.sh"
    inst_hook pre-trigger 50 "$moddir/nvmeroot-start.sh"
    inst_hook initqueue 50 "$moddir/nvmeroot.sh"
    inst_hook initqueue/finished 50 "$moddir/nvmeroot-finished.sh"
    inst_hook emergency 10 "$moddir/nvmeroot-coldplug.sh"
    inst_hook shutdown 10 "$moddir/nvmeroot-shutdown.sh"
    inst_script "$moddir/nvmeroot-boot.sh" /sbin/nvmeroot-boot
    inst_script "$moddir/nvmeroot-coldplug.sh" /sbin/nvmeroot-coldplug
    inst_script "$moddir/netroot-handler.sh" /sbin/nvme+tcproot
    inst_rules "$moddir/61-nvmeroot.rules"
    if dracut_module_included systemd; then
        # shellcheck disable=SC2154  # a dracut variable
        inst_script "$moddir/nvmeroot-generator.sh" "$systemdutildir/system-generators/nvmeroot-generator"
        inst_script "$moddir/nvmeroot-fstab.sh" /sbin/nvmeroot-fstab
        # nvmeroot-start.sh has found what the initqueue would wait for.
        for unit in systemd-udev-trigger dracut-initqueue; do
            nvmeroot_install_drop_in "$unit.service" '[Unit]' 'ConditionPathExists=!/run/nvmeroot/coldplug-later'
        done
        nvmeroot_install_credentials
    else
        inst_hook pre-pivot 10 "$moddir/nvmeroot-fstab.sh"
    fi
    dracut_need_initqueue

    # A generic image holds nothing of the machine that built it, unless dracut.conf asks for it.
    case ${nvmeroot_config:-${hostonly:+yes}} in
        yes) nvmeroot_install_config "${dracutsysrootdir-}/etc/nvmeroot" ;;
        /*) nvmeroot_install_config "$nvmeroot_config" ;;
        no | '') ;;
        *)
            dfatal "nvmeroot: nvmeroot_config=\"$nvmeroot_config\" is neither yes nor no nor the full path of a folder."
            exit 1
            ;;
    esac
}
