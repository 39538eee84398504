#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Mounts the namespace itself where the kernel's command line has no root= (or root=dhcp), which is all that systemd's own
# generators read. Called by systemd with its generator directories; "early" wins over the units of other generators.

command -v getarg > /dev/null || . /lib/dracut-lib.sh
early=$2
[ -n "$early" ] || exit 1

read -r cmdline < /proc/cmdline
for word in $cmdline; do
    case "$word" in
        root=dhcp | root=dhcp6) ;;
        root=?*) exit 0 ;;
    esac
done
nvmeroot plan --cmdline "$(getcmdline)" > /dev/null 2>&1 || [ $? -ne 3 ] || exit 0

root=$(getarg root=)
case "$root" in
    '' | dhcp | dhcp6) root=/dev/nvmeroot/root ;;
    *=*) root=$(label_uuid_to_dev "$root") ;;
esac
getargbool 0 rw && options=rw || options=ro
flags=$(getarg rootflags=)
unit=$(dev_unit_name "$root")

mkdir -p "$early/initrd-root-fs.target.requires" "$early/$unit.device.d"
cat > "$early/sysroot.mount" << EOF
[Unit]
Before=initrd-root-fs.target
Wants=systemd-fsck@$unit.service
After=systemd-fsck@$unit.service dracut-pre-mount.service

[Mount]
What=$root
Where=/sysroot
Type=$(getarg rootfstype=)
Options=$options${flags:+,$flags}
EOF
ln -sf ../sysroot.mount "$early/initrd-root-fs.target.requires/sysroot.mount"

# nvmeroot.timeout says how long to wait for the disk, not systemd.
cat > "$early/$unit.device.d/nvmeroot.conf" << EOF
[Unit]
JobTimeoutSec=infinity
JobRunningTimeoutSec=infinity
EOF
