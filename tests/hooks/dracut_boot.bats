#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The scripts that dracut runs at boot, with dracut's functions replaced and a fake program.

load helpers

setup() {
    make_machine
    export hookdir=$machine/hooks
    export -f getarg
    mkdir -p "$hookdir"/{initqueue/finished,cmdline}
    warnings=$machine/warnings
    : > "$warnings"
    kernel_line='nvmeroot=nvme+tcp://192.0.2.1/nqn.test/1 quiet'
    shell_message=
    install -m755 "$(relocate dracut/50nvmeroot/nvmeroot-boot.sh)" "$machine/sbin/nvmeroot-boot"
    sed -i 's,^#!/bin/sh,#!/bin/bash,' "$machine/sbin/nvmeroot-boot" # for the functions above
    unset root rootok
    netroot=
}

getcmdline() {
    printf '%s' " from=cmdline.d $kernel_line"
    cat "$machine"/etc/cmdline.d/*.conf 2> /dev/null || true
}
getarg() {
    local word found=1
    for word in $(getcmdline); do
        [[ $word == "$1"* ]] || continue
        found=0 value=${word#*=}
    done
    [[ $found == 0 ]] && echo "$value"
    return $found
}
getargbool() { [[ " $(getcmdline) " == *" $2 "* ]]; }
dev_unit_name() { sed "s,^/,,; s,/,-,g" <<< "$1"; }
label_uuid_to_dev() { echo "/dev/disk/by-uuid/${1#UUID=}"; }
warn() { echo "$*" >> "$warnings"; }
emergency_shell() { shell_message="$*"; }
udevadm() { echo "$*" >> "$machine/udevadm"; }
check_finished() { return "${waiting:-0}"; }

parse() { . "$(relocate dracut/50nvmeroot/parse-nvmeroot.sh)"; }
# The actions of dracut between the command line and the mount: pre-trigger, and one turn of the initqueue.
connect() {
    . "$(relocate dracut/50nvmeroot/nvmeroot-start.sh)"
    turn
}
turn() { . "$(relocate dracut/50nvmeroot/nvmeroot.sh)"; }
finished() { (. "$(relocate dracut/50nvmeroot/nvmeroot-finished.sh)"); }

generate() {
    export -f getarg getargbool getcmdline dev_unit_name label_uuid_to_dev
    export machine kernel_line
    printf '%s\n' "$kernel_line" > "$machine/proc/cmdline"
    bash "$(relocate dracut/50nvmeroot/nvmeroot-generator.sh)" "$machine/normal" "$machine/early" "$machine/late"
}

@test "the namespace is the root where root= is absent" {
    parse
    [ "$root" = block:/dev/nvmeroot/root ]
    [ "$rootok" = 1 ]
}

@test "root=dhcp and netroot= are taken from dracut's network" {
    root=dhcp netroot=dhcp
    parse
    [ "$root" = block:/dev/nvmeroot/root ]
    [ -z "$netroot" ]
}

@test "a root= that names a file system is left alone" {
    root=UUID=1234
    parse
    [ "$root" = UUID=1234 ]
    [ -z "${rootok-}" ]
}

@test "dracut's nvmf module does not connect too, and says nothing of it" {
    local hook=$hookdir/cmdline/92-parse-nvmf-boot-connections.sh
    echo 'warn "skipping nvmf"; netroot=nbft' > "$hook"
    echo 'other=ran' > "$hookdir/cmdline/91-other.sh"
    local file
    for file in $(printf '%s\n' "$hookdir"/cmdline/*.sh); do # as dracut-ng does: the names first
        [[ $file == *91* ]] || parse
        . "$file"
    done
    [ "$other" = ran ]
    [ -z "$netroot" ]
    [ ! -s "$warnings" ]
}

@test "where nobody asked, dracut's nvmf module is left alone" {
    export FAKE_PLAN=3
    echo 'ran=yes' > "$hookdir/cmdline/92-parse-nvmf-boot-connections.sh"
    parse
    . "$hookdir/cmdline/92-parse-nvmf-boot-connections.sh"
    [ "$ran" = yes ]
}

@test "where nobody asked for any root, one line says so" {
    export FAKE_PLAN=3 FAKE_WHY='neither the command line nor nvmeroot.conf names a target'
    root=
    parse
    [ "$(cat "$warnings")" = "nvmeroot: $FAKE_WHY" ]
    : > "$warnings"
    root=UUID=1234
    parse
    [ ! -s "$warnings" ]
}

@test "the network is ours while our disk is asked for" {
    parse
    [ -e "$machine/run/nvmeroot/network-is-ours" ]
    mkdir -p "$machine/run/NetworkManager/initrd"
    : > "$machine/run/NetworkManager/initrd/neednet"
    connect
    [ ! -e "$machine/run/NetworkManager/initrd/neednet" ]
}

@test "the network is ours with only our own word for it, and shared together with ip=" {
    local words
    for words in 'nvmeroot.ip=eth0:dhcp' 'ip=eth0:dhcp rd.neednet=1' 'nvmeroot.ip=eth0:dhcp rd.neednet=1'; do
        rm -rf "$machine/run/nvmeroot"
        kernel_line="nvmeroot=nvme+tcp://192.0.2.1/nqn.test/1 $words"
        parse
        [ -e "$machine/run/nvmeroot/network-is-ours" ]
    done
    for words in 'nvmeroot.ip=eth0:dhcp ip=eth1:dhcp' 'ip=eth1:dhcp quiet nvmeroot.ip=eth0:dhcp'; do
        rm -rf "$machine/run/nvmeroot"
        kernel_line="nvmeroot=nvme+tcp://192.0.2.1/nqn.test/1 $words"
        parse
        [ ! -e "$machine/run/nvmeroot/network-is-ours" ]
    done
}

@test "where nobody asked, the network is not ours" {
    export FAKE_PLAN=3
    parse
    [ ! -e "$machine/run/nvmeroot" ]
}

@test "a root-path of another protocol ends in the shell with the word that leaves it to dracut" {
    root=dhcp
    parse
    export FAKE_BOOT=3
    connect
    [[ $shell_message == *'(code 3)'*'rd.nonvmf'* ]]
}

@test "the merged command line reaches the program" {
    parse
    connect
    [ "$(tail -n 1 "$FAKE_CALLS")" = "boot --cmdline @$machine/run/nvmeroot/cmdline" ]
    [ "$(cat "$machine/run/nvmeroot/cmdline")" = " from=cmdline.d $kernel_line" ]
}

@test "parsed again by dracut's netroot, the answer is the same" {
    parse
    root=dhcp rootok=
    parse
    [ "$root" = block:/dev/nvmeroot/root ]
    [ "$rootok" = 1 ]
    [ "$(grep -c '^plan' "$FAKE_CALLS")" = 1 ]
}

@test "the kept command line is private" {
    parse
    [ "$(stat -c %a "$machine/run/nvmeroot/cmdline")" = 600 ]
}

@test "a firmware table without a usable target is reported, and nothing else happens" {
    export FAKE_PLAN=4 FAKE_BOOT=4
    root=
    netroot=nfs:server
    parse
    finished
    [ -z "$root" ]
    [ "$netroot" = nfs:server ]
    [ ! -e "$machine/etc/cmdline.d" ]
    [ ! -e "$machine/run/nvmeroot/cmdline" ]
    [ "$(tail -n 1 "$FAKE_CALLS")" = "boot --cmdline  from=cmdline.d $kernel_line" ]
}

@test "nothing happens where nobody asked" {
    export FAKE_PLAN=3
    root=
    netroot=nfs:server
    parse
    connect
    finished
    [ -z "$root" ]
    [ "$netroot" = nfs:server ]
    [ ! -e "$machine/etc/cmdline.d" ]
    [ "$(cat "$FAKE_CALLS")" = "plan --cmdline  from=cmdline.d $kernel_line" ]
}

@test "a wrong setting is still ours: boot tells it" {
    export FAKE_PLAN=10
    parse
    [ "$root" = block:/dev/nvmeroot/root ]
}

@test "the initqueue is finished when the root is handed over, and not before" {
    parse
    run ! finished
    connect
    finished
}

@test "the program runs once, and ends the initqueue's wait for udev" {
    parse
    connect
    turn
    [ "$(grep -c '^boot' "$FAKE_CALLS")" = 1 ]
    [ -z "$shell_message" ]
    [ -e "$hookdir/initqueue/work" ]
}

@test "the program has a head start of some seconds, and the initqueue waits for the rest of its time" {
    sed -i 's/^case/sleep 8; case/' "$machine/bin/nvmeroot"
    mkdir -p "$machine/run/nvmeroot"
    echo "$kernel_line" > "$machine/run/nvmeroot/cmdline"
    . "$(relocate dracut/50nvmeroot/nvmeroot-start.sh)"
    run ! finished
    turn
    finished
}

@test "a finished hook of dracut's dhcp root does not hold up the boot" {
    : > "$hookdir/initqueue/finished/dhcp.sh"
    parse
    connect
    [ ! -e "$hookdir/initqueue/finished/dhcp.sh" ]
}

@test "each failure opens the shell with its code and how to try again" {
    parse
    for code in $failures; do
        export FAKE_BOOT=$code
        rm -f "$machine/run/nvmeroot/code"
        connect
        [[ $shell_message == *"(code $code)"*exit ]]
        run ! finished
    done
}

@test "the advice for the shell is true to what comes after it" {
    export FAKE_BOOT=13
    advice() {
        kernel_line="nvmeroot=nvme+tcp://192.0.2.1/nqn.test/1 $1"
        rm -rf "$machine/run/nvmeroot"
        parse
        connect
        echo "${shell_message#*; }"
    }
    [ "$(advice quiet)" = 'to try again, leave this shell: exit' ]
    [ "$(DRACUT_SYSTEMD=1 advice quiet)" = 'to try again, leave this shell: exit (if the root account is locked: press Enter)' ]
    [ "$(advice rd.emergency=reboot)" = 'leaving this shell ends the machine (rd.emergency=)' ]
    [ "$(advice 'rd.shell=0 quiet')" = 'rd.shell=0 leaves no shell to try again from' ]
    [ "$(advice 'rd.shell=0 rd.break quiet')" = 'to try again, leave this shell: exit' ]
}

@test "leaving the shell tries again, and the shell comes back until there is a root" {
    export FAKE_BOOT=13
    parse
    connect
    export FAKE_BOOT=15
    turn
    [[ $shell_message == *'(code 13)'* ]]
    export FAKE_BOOT=0
    turn
    [[ $shell_message == *'(code 15)'* ]]
    finished
    shell_message=
    turn
    [ -z "$shell_message" ]
}

@test "a root that was connected by hand in the shell is taken" {
    emergency_shell() { FAKE_BOOT=0 nvmeroot boot; }
    export FAKE_BOOT=13
    parse
    connect
    finished
    [ "$(grep -c '^boot' "$FAKE_CALLS")" = 2 ]
}

# The actions of dracut's init after pre-trigger, with a program in place of the function above.
look_at_all_devices() {
    udevadm trigger --type=subsystems --action=add
    udevadm trigger --type=devices --action=add
    udevadm settle
}
make_udevadm() {
    unset -f udevadm
    printf '%s\n' '#!/bin/sh' "echo \"\$*\" >> '$machine/udevadm'" > "$machine/bin/udevadm"
    chmod 755 "$machine/bin/udevadm"
}
looked() { printf '%s\n' 'trigger --type=subsystems --action=add' 'trigger --type=devices --action=add' settle; }

@test "a root that is there before udev looks at all devices does not wait for them" {
    make_udevadm
    parse
    connect
    rm "$machine/udevadm"
    look_at_all_devices
    [ ! -e "$machine/udevadm" ]
    look_at_all_devices
    diff <(looked) "$machine/udevadm"
}

@test "dracut-ng's init, which does not wait after the look, finds udevadm as it was at its next call" {
    make_udevadm
    parse
    connect
    rm "$machine/udevadm"
    udevadm control --reload
    udevadm trigger --type=subsystems --action=add
    udevadm trigger --type=devices --action=add
    udevadm settle --timeout=0
    udevadm settle
    diff <(printf '%s\n' 'control --reload' 'settle --timeout=0' settle) "$machine/udevadm"
}

@test "udev looks at all devices where the image waits for more, or may want more" {
    make_udevadm
    parse
    local line=$kernel_line
    for more in waiting=1 'kernel_line+=" rd.break=initqueue "' 'kernel_line+=" mount.usr=LABEL=usr "' 'kernel_line+=" resume=/dev/sda2 "' \
        'kernel_line+=" rd.nvmeroot.coldplug "' ': > "$machine/etc/crypttab"' ': > "$machine/etc/fstab.sys"' 'export FAKE_BOOT=13'; do
        unset waiting FAKE_BOOT
        kernel_line=$line
        rm -f "$machine"/run/nvmeroot/{root,code,coldplug-later} "$machine"/etc/{crypttab,fstab.sys}
        eval "$more"
        connect
        : > "$machine/udevadm"
        look_at_all_devices
        diff <(looked) "$machine/udevadm" || { echo "$more"; return 1; }
        [ ! -e "$machine/run/nvmeroot/coldplug-later" ]
    done
}

@test "with systemd a mark stops systemd-udev-trigger.service, and udevadm is left alone" {
    make_udevadm
    export DRACUT_SYSTEMD=1
    parse
    connect
    [ -e "$machine/run/nvmeroot/coldplug-later" ]
    : > "$machine/udevadm"
    look_at_all_devices
    diff <(looked) "$machine/udevadm"
}

@test "the emergency shell makes up for the look at all devices, once" {
    parse
    connect
    : > "$machine/udevadm"
    unset -f udevadm
    make_udevadm
    sh "$(relocate dracut/50nvmeroot/nvmeroot-coldplug.sh)"
    sh "$(relocate dracut/50nvmeroot/nvmeroot-coldplug.sh)"
    diff <(looked) "$machine/udevadm"
}

@test "an fstab with file systems for the initramfs makes up for it too" {
    make_udevadm
    install -m755 "$(relocate dracut/50nvmeroot/nvmeroot-coldplug.sh)" "$machine/sbin/nvmeroot-coldplug"
    mkdir -p "$machine/run/nvmeroot" "$machine/root/etc"
    mounts() {
        : > "$machine/run/nvmeroot/coldplug-later"
        printf '%s\n' 'LABEL=root / ext4 defaults 0 1' "$@" > "$machine/root/etc/fstab"
        NEWROOT=$machine/root sh "$(relocate dracut/50nvmeroot/nvmeroot-fstab.sh)"
        [ ! -e "$machine/run/nvmeroot/coldplug-later" ]
    }
    mounts 'LABEL=usr /usr ext4 ro 0 2'
    mounts 'LABEL=state /var ext4 rw,x-initrd.mount 0 2'
    run ! mounts 'LABEL=home /home ext4 rw 0 2' '# LABEL=usr /usr ext4 ro'
}

@test "systemd mounts the namespace where the command line has no root=" {
    generate
    grep -qx 'What=/dev/nvmeroot/root' "$machine/early/sysroot.mount"
    grep -qx 'Options=ro' "$machine/early/sysroot.mount"
    grep -qx Requires=sysroot.mount "$machine/early/initrd-root-fs.target.d/nvmeroot.conf"
    [ ! -e "$machine/early/nvmeroot-fstab.service" ]
    grep -qx JobTimeoutSec=infinity "$machine/early/dev-nvmeroot-root.device.d/nvmeroot.conf"
}

@test "systemd mounts the namespace for root=dhcp, with flags and type" {
    kernel_line+=' root=dhcp rw rootflags="noatime" rootfstype=xfs'
    generate
    grep -qx 'What=/dev/nvmeroot/root' "$machine/early/sysroot.mount"
    grep -qx 'Options=rw,noatime' "$machine/early/sysroot.mount"
    grep -qx 'Type=xfs' "$machine/early/sysroot.mount"
}

@test "systemd is left alone with a root= of the kernel's command line" {
    kernel_line+=' root=UUID=1234'
    generate
    [ ! -e "$machine/early" ]
}

@test "called again after a boot that put udev's look off, the generator has the root's fstab read for it" {
    parse
    connect
    : > "$machine/run/nvmeroot/coldplug-later"
    export FAKE_PLAN=3 # as rd.nonvmf makes it say by now
    generate
    grep -qx "ExecStart=$machine/sbin/nvmeroot-fstab" "$machine/early/nvmeroot-fstab.service"
    grep -qx Wants=nvmeroot-fstab.service "$machine/early/initrd-fs.target.d/nvmeroot.conf"
    grep -qx 'What=/dev/nvmeroot/root' "$machine/early/sysroot.mount"
}

@test "systemd mounts a root= that only /etc/cmdline.d has" {
    mkdir -p "$machine/etc/cmdline.d"
    echo ' root=UUID=1234' > "$machine/etc/cmdline.d/root.conf"
    generate
    grep -qx 'What=/dev/disk/by-uuid/1234' "$machine/early/sysroot.mount"
}

@test "systemd is left alone where nobody asked" {
    export FAKE_PLAN=3
    generate
    [ ! -e "$machine/early" ]
}

@test "in the initramfs that the machine returns to at its end, a lost root is let go, and no other" {
    sh "$(relocate dracut/50nvmeroot/nvmeroot-shutdown.sh)"
    [ ! -s "$FAKE_CALLS" ]
    mkdir -p "$machine/run/nvmeroot"
    : > "$machine/run/nvmeroot/paths.json"
    run sh "$(relocate dracut/50nvmeroot/nvmeroot-shutdown.sh)"
    [ "$(cat "$FAKE_CALLS")" = shutdown ]
}
