#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Waits for the program that nvmeroot-start.sh started. Sourced at every turn of dracut's initqueue. The program retries
# by itself (nvmeroot.timeout), so its end is final: it leaves a disk, or the emergency shell. Leaving the shell runs it
# once more.

[ -e /run/nvmeroot/cmdline ] || return 0
while [ ! -e /run/nvmeroot/code ]; do
    sleep 0.1
done
if [ -e /run/nvmeroot/root ]; then
    # Set by netroot=dhcp where the image has a network module: it waits for a root path that is ours.
    # shellcheck disable=SC2154  # a dracut variable
    rm -f -- "$hookdir/initqueue/finished/dhcp.sh"
    return 0
fi

read -r nvmeroot_code < /run/nvmeroot/code
# True to what emergency_shell does next: rd.emergency= names the machine's end, and without a shell there is that alone. With
# systemd the shell asks for a password, and a root account without one is locked, unless dracut opens it (sulogin -e).
nvmeroot_advice="to try again, leave this shell: exit${DRACUT_SYSTEMD:+ (if the root account is locked: press Enter)}"
[ -z "$(getarg rd.emergency=)" ] || nvmeroot_advice="leaving this shell ends the machine (rd.emergency=)"
case "$(getarg rd.shell=)" in
    0 | no | off) getarg rd.break > /dev/null || nvmeroot_advice="rd.shell=0 leaves no shell to try again from" ;;
esac
# root=dhcp, and the DHCP server names a root of another protocol.
[ "$nvmeroot_code" != 3 ] || nvmeroot_advice='with rd.nonvmf on the command line, dracut looks for it'
emergency_shell -n nvmeroot "nvmeroot: no root disk (code $nvmeroot_code); $nvmeroot_advice"
[ -e /run/nvmeroot/root ] || /sbin/nvmeroot-boot
