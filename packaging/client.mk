# SPDX-License-Identifier: GPL-2.0-or-later
# How the boot client is compiled and linked.

CLIENT_CXXFLAGS := -Os -g -ffunction-sections -fdata-sections
CLIENT_SHARED_LIBS := -lnvme -lkmod
CLIENT_LDFLAGS := -Wl,--gc-sections
CLIENT_LIBRARIES :=
CLIENT_LIBS := -lnvme -lkmod -liniparser
