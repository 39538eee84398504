# SPDX-License-Identifier: GPL-2.0-or-later
# How the boot client is compiled and linked: small. The static link takes libnvme.a, our own libkmod.a and the two
# decompressors that libkmod uses, and leaves out what is never called (the files of packaging/client say what and why).

CLIENT_CXXFLAGS := -Os -g -flto -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables
# libnvme 1 (Debian 12 and 13) unless libnvme 3 alone is there (Arch). Each has its file in src/boot/connect.
LIBNVME := $(or $(LIBNVME),$(shell pkg-config --exists libnvme3 2>/dev/null && ! pkg-config --exists libnvme && echo 3 || echo 1))
ifeq ($(LIBNVME),3)
OTHER_LIBNVME := src/boot/connect/connect_libnvme.cc
LIBNVME_CFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags libnvme3))
LIBNVME_LIBS := $(shell pkg-config --libs libnvme3)
else
OTHER_LIBNVME := src/boot/connect/connect_libnvme3.cc
LIBNVME_CFLAGS :=
LIBNVME_LIBS := -lnvme
endif

CLIENT_SHARED_LIBS := $(LIBNVME_LIBS) -lkmod -liniparser

ifeq ($(STATIC),0)
CLIENT_LDFLAGS := -Os -flto=auto -Wl,--gc-sections
CLIENT_PARTS :=
CLIENT_LIBS := $(CLIENT_SHARED_LIBS)
else
# Once more the flags of the objects: link-time optimisation makes the code, in one partition, which is smallest.
CLIENT_LDFLAGS := -static -Os -flto -flto-partition=one -fno-asynchronous-unwind-tables -fno-unwind-tables -Wl,--gc-sections,-z,noseparate-code,-T,packaging/client/static.ld
CLIENT_PARTS := $(patsubst packaging/%,$(B)/%.o,$(basename $(wildcard packaging/client/*.c packaging/client/*.cc))) $(B)/client/libkmod.a
CLIENT_LIBS := $(LIBNVME_LIBS) -llzma -lzstd -liniparser
endif

# Remembers the last choice, so that another choice is linked again.
$(B)/client/static.$(STATIC) $(B)/client/libnvme.$(LIBNVME): packaging/client.mk packaging/client/static.ld
	@mkdir -p $(@D)
	@rm -f $(basename $@).*
	@touch $@

$(B)/client/libkmod.a: packaging/client/kmod.sh $(B)/deps.stamp
	@mkdir -p $(@D)
	$Qpackaging/client/kmod.sh $@ '$(KMOD_SOURCE)'

$(B)/client/%.o: packaging/client/%.c
	@mkdir -p $(@D)
	$Q$(CC) -std=gnu11 $(WARNINGS) -Os -ffunction-sections -c $< -o $@

$(B)/client/%.o: packaging/client/%.cc
	@mkdir -p $(@D)
	$Q$(CXX) -std=c++20 $(WARNINGS) -Os -c $< -o $@
