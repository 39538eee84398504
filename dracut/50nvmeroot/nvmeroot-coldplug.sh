#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes up for udev's look at all devices, where nvmeroot-start.sh put it off. A hook of the emergency shell, whose user
# may need a keyboard's driver, and called by nvmeroot-fstab.sh.

if [ -e /run/nvmeroot/coldplug-later ]; then
    rm -f /run/nvmeroot/coldplug-later
    udevadm trigger --type=subsystems --action=add
    udevadm trigger --type=devices --action=add
    udevadm settle
fi
