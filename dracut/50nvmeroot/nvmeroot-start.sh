#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Starts the program before udev looks at all devices, and gives it a head start of at most three seconds: where the
# driver of the network card is found at once and the network is quick, the root is there before udev begins, and
# nothing of the boot waits for all the other devices. If the program needs udev (a card behind a USB controller), both
# continue in parallel.

[ -e /run/nvmeroot/cmdline ] || return 0

# Without systemd NetworkManager runs where this file is (with it, a condition of its units stops it).
[ ! -e /run/nvmeroot/network-is-ours ] || rm -f /run/NetworkManager/initrd/neednet

# Names of cards whose drivers are built into the kernel; the program waits for udev's names.
udevadm trigger --action=add --subsystem-match=net
/sbin/nvmeroot-boot &
nvmeroot_tenths=0
# With a root, udev continues in parallel, to load the module of the file system; the mount waits for that.
while [ ! -e /run/nvmeroot/root ] && [ ! -e /run/nvmeroot/code ] && [ "$nvmeroot_tenths" -lt 30 ]; do
    sleep 0.1
    nvmeroot_tenths=$((nvmeroot_tenths + 1))
done
[ -e /run/nvmeroot/root ] || return 0

# The links to the disk (61-nvmeroot.rules).
udevadm settle --timeout=3

# Now udev would process every device, and the root would wait for that or compete with it. If the image has
# everything that it waits for, this is put off: the root's own udev does it anyway, and nvmeroot-coldplug.sh does it
# where it turns out to be wanted earlier. Devices that no hook of the initqueue speaks of are wanted by these:
if ! check_finished || [ -e /etc/crypttab ] || [ -e /etc/fstab.sys ] || getarg mount.usr= > /dev/null \
    || getarg resume= > /dev/null || getarg rd.break > /dev/null || getargbool 0 rd.nvmeroot.coldplug; then
    return 0
fi
# With systemd a condition of systemd-udev-trigger.service and of dracut-initqueue.service, which module-setup.sh adds.
: > /run/nvmeroot/coldplug-later
# Without, dracut's init calls udevadm next, in this shell: a reload, two triggers, and in most versions a wait.
if [ -z "${DRACUT_SYSTEMD-}" ]; then
    udevadm() {
        case "$*" in
            'trigger --type='*) return 0 ;;
            'control --reload') ;;
            *) unset -f udevadm ;;
        esac
        [ "$*" = settle ] || command udevadm "$@"
    }
fi
