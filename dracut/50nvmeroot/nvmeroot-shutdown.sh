#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Shutdown hook, in the initramfs that the machine has returned to: the root is about to be unmounted.

[ ! -e /run/nvmeroot/paths.json ] || nvmeroot shutdown
