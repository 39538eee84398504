#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Starts the program before udev looks at all devices, and gives it a head start of at most three seconds: where the
# driver of the network card is found at once and the network is quick, the root is there before udev begins, and
# nothing of the boot waits for all the other devices. Where it needs udev (a card behind a USB controller), it goes on
# beside it.

[ -e /run/nvmeroot/cmdline ] || return 0

# Names of cards whose drivers are built into the kernel; the program waits for udev's names.
udevadm trigger --action=add --subsystem-match=net
/sbin/nvmeroot-boot &
nvmeroot_tenths=0
while [ ! -e /run/nvmeroot/code ] && [ "$nvmeroot_tenths" -lt 30 ]; do
    sleep 0.1
    nvmeroot_tenths=$((nvmeroot_tenths + 1))
done
# The links to the disk, and the module of its file system (61-nvmeroot.rules).
[ ! -e /run/nvmeroot/root ] || udevadm settle --timeout=3
