# SPDX-License-Identifier: GPL-2.0-or-later
# How the boot client is compiled and linked: small. The static link takes libnvme.a, our own libkmod.a and the two
# decompressors that libkmod uses, and leaves out what is never called (the files of packaging/client say what and why).

CLIENT_CXXFLAGS := -Os -g -flto -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables
CLIENT_SHARED_LIBS := -lnvme -lkmod -liniparser

ifeq ($(STATIC),0)
CLIENT_LDFLAGS := -Os -flto=auto -Wl,--gc-sections
CLIENT_PARTS :=
CLIENT_LIBS := $(CLIENT_SHARED_LIBS)
else
# Once more the flags of the objects: link-time optimisation makes the code.
CLIENT_LDFLAGS := -static -Os -flto=auto -fno-asynchronous-unwind-tables -fno-unwind-tables -Wl,--gc-sections,-z,noseparate-code,-T,packaging/client/static.ld
CLIENT_PARTS := $(patsubst packaging/%,$(B)/%.o,$(basename $(wildcard packaging/client/*.c packaging/client/*.cc))) $(B)/client/libkmod.a
CLIENT_LIBS := -lnvme -llzma -lzstd -liniparser
endif

# Remembers which of the two was linked last, so that the other is linked anew.
$(B)/client/static-$(STATIC): packaging/client.mk packaging/client/static.ld
	@mkdir -p $(@D)
	@rm -f $(@D)/static-*
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
