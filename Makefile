# SPDX-License-Identifier: GPL-2.0-or-later
#
# One makefile, no recursion. The first block has the targets to use; how each directory becomes an archive,
# each program and each test is in the blocks below. Everything that is built lies under build/.
#
#   make              the programs            make demo         boots a machine without a disk
#   make check        every test              make check-quick  unit tests, fuzz corpora, lint: no machine is booted
#   make install      DESTDIR= PREFIX=/usr    make deps         installs what is missing (Debian)
#   make bench        sizes and speeds        make fmt lint clean
#
#   -j                as many jobs as there are processors, and one that mostly waits for packages; another number by -j N
#   SEED=word         make check boots its machines in the settings that it printed with this seed
#   STATIC=0          the boot client with shared libraries instead of static ones
#   LIBNVME=3         libnvme 3 instead of 1; by itself where pkg-config knows libnvme 3 alone
#   KMOD_SOURCE=dir   an unpacked kmod source instead of the distribution's
#   GROUP=1           each test compiled alone instead of eight at once
#   ISAL=0            the target's checksums by tables instead of ISA-L
#   MKINITCPIO=dir    a checkout of mkinitcpio, for its hook tests and INITRAMFS=mkinitcpio
#   INITRAMFS=dracut  the generator that make demo uses: dracut or mkinitcpio

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
SHELL := /bin/bash

# gcc-ar: the boot client is optimised across files
AR := gcc-ar
STATIC ?= 1
PREFIX ?= /usr
INITRAMFS ?= dracut
CXXFLAGS ?= -O2 -g
B := build
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell echo $$(($$(nproc) + 1)))
endif
# A line for each command, [12/340]; make V=1 shows the commands. How many there will be is asked of make -n.
ifndef STEPS
STEPS := $(shell $(MAKE) -n STEPS=- V= $(MAKEOVERRIDES) $(MAKECMDGOALS) 2>/dev/null | grep -c "^echo '  \[")
endif
Q = $(if $(V),,$(eval step += x)@echo '  [$(words $(step))/$(STEPS)] $@';)

include packaging/client.mk
include tests/groups.mk

# A guess of the optimiser (some versions of g++ take the library's own copies for overflows) is shown and does not stop.
WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror \
    $(addprefix -Wno-error=,array-bounds stringop-overflow stringop-overread maybe-uninitialized)
# -iquote, not -I: libnvme has a <nvme/types.h> of its own. The compiler may take 512 MiB before it looks for memory that it
# no longer needs: this saves a tenth of its time.
COMMON = -std=c++20 $(WARNINGS) -iquote src $(LIBNVME_CFLAGS) -MMD -MP $(LESS_COLLECTING)
LESS_COLLECTING = $(if $(findstring clang,$(CXX)),,--param=ggc-min-expand=500 --param=ggc-min-heapsize=524288)
PRODUCT = $(COMMON) -fno-exceptions -fno-rtti
SANITIZE := -fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all -fno-omit-frame-pointer

ISAL ?= 1
ISAL_FLAGS := $(if $(filter 1,$(ISAL)),-DNVMEROOT_ISAL)
ISAL_LIBS := $(if $(filter 1,$(ISAL)),-lisal)

# --- directories -> archives -------------------------------------------------------------------------

FOLDERS := base nvme host boot export target nvmet load
sources = $(filter-out %/main.cc $(OTHER_LIBNVME),$(wildcard src/$(1)/*.cc src/$(1)/*/*.cc))
objects = $(patsubst src/%.cc,$(B)/$(1)/%.o,$(call sources,$(2)))

# $(1) flavour, $(2) its flags: obj for programs, small for the boot client, asan for tests and fuzzing
define flavour
$$(B)/$(1)/%.o: src/%.cc $$(B)/deps.stamp
	@mkdir -p $$(@D)
	$$Q$$(CXX) $$(PRODUCT) $(2) -c $$< -o $$@
$(foreach f,$(FOLDERS),
$$(B)/$(1)/$(f).a: $$(call objects,$(1),$(f))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$Q$$(AR) rcs $$@ $$(filter %.o,$$^))
$$(B)/$(1)/boot.a: $$(B)/client/libnvme.$$(LIBNVME)
endef
$(eval $(call flavour,obj,$$(CXXFLAGS) $$(ISAL_FLAGS)))
$(eval $(call flavour,small,$$(CLIENT_CXXFLAGS)))
$(eval $(call flavour,asan,-O0 -g1 $$(SANITIZE) $$(ISAL_FLAGS)))

archives = $(foreach f,$(2),$(B)/$(1)/$(f).a)

# --- programs ------------------------------------------------------------------------------------

PROGRAMS := $(patsubst %,$(B)/%,$(if $(wildcard src/boot/main.cc),nvmeroot) $(if $(wildcard src/target/main.cc),nvmeroot-target) nvmeroot-nvmet nvmeroot-load)
all: $(PROGRAMS)

$(B)/nvmeroot: $(B)/small/boot/main.o $(call archives,small,boot host nvme base) $(CLIENT_PARTS) $(B)/client/static.$(STATIC)
	$Q$(CXX) $(CLIENT_LDFLAGS) $(filter %.o %.a,$^) $(CLIENT_LIBS) -o $@.unstripped
	$Qstrip -o $@ $@.unstripped

$(B)/nvmeroot-target: $(B)/obj/target/main.o $(call archives,obj,target export nvme base)
	$Q$(CXX) $(CXXFLAGS) $^ -luring -lcrypto -liniparser $(ISAL_LIBS) -o $@

$(B)/nvmeroot-nvmet: $(B)/obj/nvmet/main.o $(call archives,obj,nvmet export nvme base)
	$Q$(CXX) $(CXXFLAGS) $^ -liniparser $(ISAL_LIBS) -o $@

$(B)/nvmeroot-load: $(B)/obj/load/main.o $(call archives,obj,load target export host nvme base)
	$Q$(CXX) $(CXXFLAGS) $^ -luring -lcrypto -liniparser $(ISAL_LIBS) -o $@

# --- unit tests: one Boost.Test program for each directory of tests/unit -------------------------------

UNIT_FOLDERS := $(notdir $(wildcard tests/unit/*))
UNIT_PROGRAMS := $(UNIT_FOLDERS:%=$(B)/tests/unit-%)
TEST_CXXFLAGS = $(COMMON) -Itests -O0 -g1 $(SANITIZE)
TEST_ARCHIVES := $(call archives,asan,load nvmet target export boot host nvme base)
TEST_LIBS := -lboost_unit_test_framework -luring -lcrypto -liniparser $(ISAL_LIBS) $(CLIENT_SHARED_LIBS)
SUPPORT := $(patsubst tests/%.cc,$(B)/tests/%.o,$(wildcard tests/support/*.cc))

$(B)/tests/%.o: tests/%.cc $(B)/deps.stamp
	@mkdir -p $(@D)
	$Q$(CXX) $(TEST_CXXFLAGS) -c $< -o $@

$(B)/tests/support.a: $(SUPPORT)
	@mkdir -p $(@D)
	@rm -f $@
	$Q$(AR) rcs $@ $^

unit_tests = $(wildcard tests/unit/$(1)/*.cc tests/unit/$(1)/*/*.cc)
define unit_program
$$(call group_rules,$$(call unit_tests,$(1)))
$$(B)/tests/unit-$(1): $$(B)/tests/programs/unit_main.o $$(call group_objects,$$(call unit_tests,$(1))) $$(B)/tests/support.a $$(TEST_ARCHIVES)
	$$Q$$(CXX) $$(SANITIZE) $$^ $$(TEST_LIBS) -o $$@
endef
$(foreach f,$(UNIT_FOLDERS),$(eval $(call unit_program,$(f))))

unit: $(UNIT_PROGRAMS) $(PROGRAMS)
	@tests/run-unit $(UNIT_PROGRAMS)

# --- the tests of several reactors under ThreadSanitizer -----------------------------------------------

TSAN := -fsanitize=thread
$(eval $(call flavour,tsan,-O1 -g1 $$(TSAN) $$(ISAL_FLAGS)))
TSAN_TESTS := $(patsubst %,$(B)/tsan/tests/%.o,programs/unit_main \
    $(addprefix unit/target/,wire/loopback_test reactor/reactors_test operate/reload_test) \
    $(addprefix support/,dhchap_host engines lanes running_target scripted_host target_fixture tcp_peer temp_dir))

$(B)/tsan/tests/%.o: tests/%.cc $(B)/deps.stamp
	@mkdir -p $(@D)
	$Q$(CXX) $(COMMON) -Itests -O1 -g1 $(TSAN) -c $< -o $@

$(B)/tests/tsan-target: $(TSAN_TESTS) $(call archives,tsan,target export host nvme base)
	$Q$(CXX) $(TSAN) $^ -lboost_unit_test_framework -luring -lcrypto -liniparser $(ISAL_LIBS) -o $@

check-tsan: $(B)/tests/tsan-target
	NVMEROOT_TEST_REACTORS=2 tests/run-unit $<

# --- what a command costs while many wait, without sanitizers -----------------------------------------

WAITING := $(patsubst %,$(B)/obj/tests/%.o,programs/unit_main load/waiting \
    $(addprefix support/,dhchap_host io_fixture lanes protected_fixture scripted_host target_fixture))

$(B)/obj/tests/%.o: tests/%.cc $(B)/deps.stamp
	@mkdir -p $(@D)
	$Q$(CXX) $(COMMON) -Itests $(CXXFLAGS) $(ISAL_FLAGS) -c $< -o $@

$(B)/tests/bench-waiting: $(WAITING) $(call archives,obj,target export host nvme base)
	@mkdir -p $(@D)
	$Q$(CXX) $(CXXFLAGS) $^ -lboost_unit_test_framework -luring -lcrypto -liniparser $(ISAL_LIBS) -o $@

# --- the network stage alone, for tests/net, in the flavour of the boot client ------------------------

$(B)/tests/net-probe: tests/net/probe.cc $(call archives,small,boot nvme base)
	@mkdir -p $(@D)
	$Q$(CXX) $(COMMON) $(CLIENT_CXXFLAGS) $(CLIENT_LDFLAGS) $(filter %.cc %.a,$^) -o $@

# --- the misbehaving target of the hostile boot tests -------------------------------------------------

$(B)/tests/rogue-target: $(B)/tests/programs/rogue_target.o $(B)/tests/support.a $(TEST_ARCHIVES)
	$Q$(CXX) $(SANITIZE) $^ $(TEST_LIBS) -o $@

# --- the boot firmware table of a booted test ----------------------------------------------------------

$(B)/tests/nbft-table: $(B)/tests/programs/nbft_table.o $(B)/tests/support.a $(TEST_ARCHIVES)
	$Q$(CXX) $(SANITIZE) $^ $(TEST_LIBS) -o $@

# --- fuzz targets: replayed over their corpus by g++ with sanitizers, explored by clang ---------------

FUZZ := $(wildcard tests/fuzz/fuzz_*.cc)
FUZZ_OBJECTS := $(call group_objects,$(FUZZ))
$(call group_rules,$(FUZZ))
$(B)/tests/fuzz/replay_main.o: $(FUZZ_OBJECTS:.o=.list)
$(B)/tests/fuzz/replay_main.o: TEST_CXXFLAGS += -D'FUZZ_TARGETS=$(patsubst tests/fuzz/%.cc,TARGET(%),$(FUZZ))'
$(B)/tests/replay: $(FUZZ_OBJECTS) $(B)/tests/fuzz/replay_main.o $(B)/tests/support.a $(TEST_ARCHIVES)
	$Q$(CXX) $(SANITIZE) $^ $(TEST_LIBS) -o $@

fuzz-replay: $(B)/tests/replay
	@tests/fuzz/replay $<

# make explore-fuzz_uri SECONDS=60
EXPLORE := -O1 -g1 -fsanitize=fuzzer-no-link $(SANITIZE) -w # the warnings are g++'s
$(eval $(call flavour,explore,$$(EXPLORE) $$(ISAL_FLAGS)))
$(B)/explore/%: CXX := clang++

$(B)/explore/tests/%.o: tests/%.cc $(B)/deps.checks
	@mkdir -p $(@D)
	$Q$(CXX) $(COMMON) -Itests $(EXPLORE) -c $< -o $@

$(B)/explore/fuzz_%: $(B)/explore/tests/fuzz/fuzz_%.o $(SUPPORT:$(B)/%=$(B)/explore/%) \
    $(call archives,explore,load nvmet target export boot host nvme base)
	$Q$(CXX) -fsanitize=fuzzer $(SANITIZE) $^ $(TEST_LIBS) -o $@

explore-%: $(B)/explore/%
	@mkdir -p $(B)/fuzz/$*
	$< -max_total_time=$(or $(SECONDS),60) $(B)/fuzz/$* tests/fuzz/corpus/$*

# --- everything ------------------------------------------------------------------------------------

TEST_PROGRAMS := $(UNIT_PROGRAMS) $(B)/tests/replay
BOOT_PROGRAMS := $(PROGRAMS) $(B)/tests/net-probe $(B)/tests/rogue-target $(B)/tests/nbft-table

check: guests-check $(BOOT_PROGRAMS) $(TEST_PROGRAMS) $(B)/deps.checks
	@tests/check

check-quick: $(PROGRAMS) $(TEST_PROGRAMS) $(B)/deps.checks
	@tests/check unit fuzz lint

lint: $(B)/deps.checks
	@tests/lint/run

demo: guests-demo $(B)/nvmeroot $(B)/nvmeroot-target
	@tests/boot/demo $(INITRAMFS)

# Packages and root images of the guests are fetched while the compiler works.
guests-check guests-demo: guests-%: $(B)/deps.boot
	@nice tests/boot/prepare $*

bench: all $(B)/deps.boot $(B)/tests/bench-waiting
	@$(B)/tests/bench-waiting --report_level=no
	@tests/load/bench
	@tests/boot/bench

fmt: $(B)/deps.checks
	clang-format -i $$(git ls-files '*.cc' '*.h')

# --- packages --------------------------------------------------------------------------------------

# One after the other, for apt has one lock; the compiler waits only for the first.
deps: $(B)/deps.stamp $(B)/deps.boot $(B)/deps.checks
$(B)/deps.boot: $(B)/deps.stamp
$(B)/deps.checks: $(B)/deps.boot
$(B)/deps.%: packaging/deps.sh
	@mkdir -p $(@D)
	@packaging/deps.sh $(*:stamp=build)
	@touch $@

# --- install ---------------------------------------------------------------------------------------

install: all
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' packaging/install.sh

clean:
	rm -rf $(B)

.PHONY: all unit check-tsan fuzz-replay check check-quick guests-check guests-demo lint demo bench fmt deps install clean
# Objects that only pattern rules name are kept.
.PRECIOUS: $(B)/%.o $(B)/explore/%
-include $(shell find $(B)/obj $(B)/small $(B)/asan $(B)/tsan $(B)/explore $(B)/tests -name '*.d' 2>/dev/null)
