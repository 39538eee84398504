# SPDX-License-Identifier: GPL-2.0-or-later
# How the boot client is compiled and linked. The static link names libnvme.a and its JSON library,
# our own libkmod.a, and the two decompressors that libkmod uses; no OpenSSL (client/no_openssl.c).

CLIENT_CXXFLAGS := -Os -g -ffunction-sections -fdata-sections
CLIENT_SHARED_LIBS := -lnvme -lkmod -liniparser

ifeq ($(STATIC),0)
CLIENT_LDFLAGS := -Wl,--gc-sections
CLIENT_PARTS :=
CLIENT_LIBS := $(CLIENT_SHARED_LIBS)
else
# glibc warns of getaddrinfo in a static program: libnvme names it, the client gives numbers only.
CLIENT_LDFLAGS := -static -Wl,--gc-sections -Wl,--no-warnings
CLIENT_PARTS := $(B)/client/no_openssl.o $(B)/client/libkmod.a
CLIENT_LIBS := -lnvme -ljson-c -llzma -lzstd -liniparser
endif

# Remembers which of the two was linked last, so that the other is linked anew.
$(B)/client/static-$(STATIC):
	@mkdir -p $(@D)
	@rm -f $(@D)/static-*
	@touch $@

$(B)/client/libkmod.a: packaging/client/kmod.sh $(B)/deps.stamp
	@mkdir -p $(@D)
	packaging/client/kmod.sh $@ '$(KMOD_SOURCE)'

$(B)/client/no_openssl.o: packaging/client/no_openssl.c
	@mkdir -p $(@D)
	$(CC) -std=c11 $(WARNINGS) -Os -c $< -o $@
