#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The initqueue is not done before the root disk is handed over.

[ ! -e /run/nvmeroot/cmdline ] || [ -e /run/nvmeroot/root ]
