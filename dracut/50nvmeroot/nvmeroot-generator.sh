#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Mounts the namespace itself where the kernel's command line has no root= (or root=dhcp), which is all that systemd's own
# generators read. Called by systemd with its generator directories; "early" wins over the units of other generators.
# All of systemd waits for its generators: dracut's library, whose words cost processes, is read where it is needed.

early=$2
[ -n "$early" ] || exit 1

# systemd calls its generators again where the mounted root's fstab has something for the initramfs.
if [ -e /run/nvmeroot/coldplug-later ]; then
    mkdir -p "$early/initrd-fs.target.d"
    printf '%s\n' '[Unit]' 'Wants=nvmeroot-fstab.service' > "$early/initrd-fs.target.d/nvmeroot.conf"
    printf '%s\n' '[Unit]' 'DefaultDependencies=no' 'Before=initrd-fs.target' \
        '[Service]' 'Type=oneshot' 'ExecStart=/sbin/nvmeroot-fstab' > "$early/nvmeroot-fstab.service"
fi

read -r cmdline < /proc/cmdline
for word in $cmdline; do
    case "$word" in
        root=dhcp | root=dhcp6) ;;
        root=?*) exit 0 ;;
    esac
done

# The output of dracut's getcmdline: later words win.
text=
for file in /etc/cmdline.d/*.conf /etc/cmdline /proc/cmdline; do
    [ -e "$file" ] || continue
    while read -r line || [ -n "$line" ]; do
        text="$text $line"
    done < "$file"
done
# Asked and answered before this generator's second turn.
if [ ! -e /run/nvmeroot/cmdline ]; then
    code=0
    nvmeroot plan --cmdline "$text" > /dev/null 2>&1 || code=$?
    case $code in 3 | 4) exit 0 ;; esac
fi

root='' options=ro flags='' type=''
for word in $text; do
    case "$word" in
        ro | rw) options=$word ;;
        root=*) root=${word#*=} ;;
        rootflags=*) flags=${word#*=} ;;
        rootfstype=*) type=${word#*=} ;;
    esac
done
flags=${flags#\"} flags=${flags%\"}
case "$root" in
    '' | dhcp | dhcp6) root=/dev/nvmeroot/root unit=dev-nvmeroot-root ;;
    *)
        command -v getarg > /dev/null || . /lib/dracut-lib.sh
        root=$(label_uuid_to_dev "$(getarg root=)")
        unit=$(dev_unit_name "$root")
        ;;
esac

mkdir -p "$early/initrd-root-fs.target.d" "$early/$unit.device.d"
printf '%s\n' '[Unit]' 'Requires=sysroot.mount' > "$early/initrd-root-fs.target.d/nvmeroot.conf"
printf '%s\n' '[Unit]' 'Before=initrd-root-fs.target' "Wants=systemd-fsck@$unit.service" \
    "After=systemd-fsck@$unit.service dracut-pre-mount.service" \
    '[Mount]' "What=$root" 'Where=/sysroot' "Type=$type" "Options=$options${flags:+,$flags}" > "$early/sysroot.mount"

# nvmeroot.timeout says how long to wait for the disk, not systemd.
printf '%s\n' '[Unit]' 'JobTimeoutSec=infinity' 'JobRunningTimeoutSec=infinity' > "$early/$unit.device.d/nvmeroot.conf"
