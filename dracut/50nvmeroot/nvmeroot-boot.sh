#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the program with the command line that parse-nvmeroot.sh kept. Its exit code ends up in /run/nvmeroot/code, and
# the script wakes the initqueue, which may be waiting for udev.

command -v getarg > /dev/null || . /lib/dracut-lib.sh

nvmeroot boot --cmdline @/run/nvmeroot/cmdline
echo $? > /run/nvmeroot/code.new
mv /run/nvmeroot/code.new /run/nvmeroot/code
# shellcheck disable=SC2154  # a dracut variable
: > "$hookdir/initqueue/work"
