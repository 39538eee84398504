#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Is the root disk asked for by NVMe/TCP? Sourced by dracut's cmdline stage, and once more by its /sbin/netroot.
#
#   nvmeroot=nvme+tcp://192.0.2.10:4420/nqn.2024-08.com.example:my-disk/1     repeatable
#   nvmeroot.KEY=VALUE        any key of nvmeroot.conf
#   netroot=nvme+tcp://...    netroot=dhcp    root=dhcp
#   root=                     UUID=, LABEL=, /dev/... as ever; absent: the namespace itself
#
# Whether one of these is there (or /etc/nvmeroot/nvmeroot.conf names a target) is the program's decision: code 3 means no,
# 4 is a table of the boot firmware without a usable target, which no other program would report.

command -v getarg > /dev/null || . /lib/dracut-lib.sh

if [ ! -e /run/nvmeroot/cmdline ]; then
    nvmeroot_text=$(getcmdline)
    # Credentials may name the target, and a credential may come by QEMU's fw_cfg.
    [ ! -e /sys/bus/acpi/devices/QEMU0002:00 ] || [ -e /sys/firmware/qemu_fw_cfg ] || modprobe -q qemu_fw_cfg
    nvmeroot_code=0
    nvmeroot_why=$(nvmeroot plan --cmdline "$nvmeroot_text" 2> /dev/null) || nvmeroot_code=$?
    case $nvmeroot_code in
        3)
            # Without root= nobody asked for any root, and the first line of the answer is better than dracut's riddle.
            [ -n "$root" ] || warn "nvmeroot: ${nvmeroot_why%%"
"*}"
            return 0
            ;;
        4)
            nvmeroot boot --cmdline "$nvmeroot_text" || :
            return 0
            ;;
    esac

    mkdir -p /run/nvmeroot
    (umask 077 && printf '%s\n' "$nvmeroot_text" > /run/nvmeroot/cmdline)

    # No other program configures the network, or gets a lease of its own (README). A user who writes both ip= and
    # nvmeroot.ip= has another interface for other programs.
    case " $nvmeroot_text" in
        *' nvmeroot.ip='*' ip='* | *' ip='*' nvmeroot.ip='*) ;;
        *) : > /run/nvmeroot/network-is-ours ;;
    esac

    # dracut's own nvmf module would connect too, and complains at each boot where rd.nonvmf stops it. Its turn comes
    # after this one, and an empty hook says nothing.
    # shellcheck disable=SC2154  # hookdir is dracut's
    for nvmeroot_hook in "$hookdir"/cmdline/*-parse-nvmf-boot-connections.sh; do
        [ ! -e "$nvmeroot_hook" ] || printf '' > "$nvmeroot_hook"
    done
fi

# The network is ours as well: no network root for dracut's network modules.
# shellcheck disable=SC2034  # read by dracut
netroot=
case "$root" in
    '' | dhcp | dhcp6)
        root=block:/dev/nvmeroot/root
        # shellcheck disable=SC2034  # read by dracut
        rootok=1
        ;;
esac
