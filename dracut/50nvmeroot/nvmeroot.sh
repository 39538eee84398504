#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Connects the root disk. Sourced at every turn of dracut's initqueue; the program waits and retries by itself
# (nvmeroot.timeout), so one run is final: it leaves a disk, or the emergency shell. Leaving the shell tries again.

[ -e /run/nvmeroot/cmdline ] || return 0
[ ! -e /run/nvmeroot/root ] || return 0

read -r nvmeroot_text < /run/nvmeroot/cmdline
if nvmeroot boot --cmdline "$nvmeroot_text"; then
    # Set by netroot=dhcp where the image has a network module: it waits for a root path that is ours.
    # shellcheck disable=SC2154  # a dracut variable
    rm -f -- "$hookdir/initqueue/finished/dhcp.sh"
else
    emergency_shell -n nvmeroot "nvmeroot: no root disk (code $?); to try again, leave this shell: exit"
fi
