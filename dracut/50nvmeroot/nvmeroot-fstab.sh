#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The root is mounted. If its fstab has file systems that the initramfs mounts too, their disks may be local ones, which
# udev has not looked at yet. A hook of pre-pivot; with systemd a unit of nvmeroot-generator.sh.

if [ -e /run/nvmeroot/coldplug-later ] && [ -e "${NEWROOT:-/sysroot}/etc/fstab" ]; then
    while read -r nvmeroot_device nvmeroot_dir _ nvmeroot_options _; do
        case "$nvmeroot_device $nvmeroot_dir $nvmeroot_options" in
            '#'*) ;;
            *' /usr '* | *' /usr/'* | *x-initrd.mount*)
                /sbin/nvmeroot-coldplug
                break
                ;;
        esac
    done < "${NEWROOT:-/sysroot}/etc/fstab"
fi
