# SPDX-License-Identifier: GPL-2.0-or-later
# How tests are compiled: several as one translation unit (tests/together), because the headers and their templates take
# most of the time. GROUP=1 compiles each test alone.
#
#   $(call group_rules,FILES)     makes the rules of the groups (with $(eval) done)
#   $(call group_objects,FILES)   the objects of the groups
#
# A group holds files of one directory and is named after the first. Its list of files, GROUP.list, is written while the
# makefile is read, so that the object is made again after a file was removed.

GROUP ?= 8
empty :=
space := $(empty) $(empty)

# $(call grouped,FILES)   a word for each group: its files with + between them
grouped = $(if $(1),$(subst $(space),+,$(wordlist 1,$(GROUP),$(1))) $(call grouped,$(call behind,$(wordlist 1,$(GROUP),$(1)),$(1))))
behind = $(wordlist $(words + $(1)),$(words $(2)),$(2))
in_directory = $(foreach f,$(2),$(if $(filter $(1),$(dir $(f))),$(f)))
groups = $(foreach d,$(sort $(dir $(1))),$(call grouped,$(call in_directory,$(d),$(1))))
members = $(subst +, ,$(1))
group_name = $(patsubst tests/%.cc,$(B)/tests/%.group,$(firstword $(call members,$(1))))

group_objects = $(foreach g,$(call groups,$(1)),$(call group_name,$(g)).o)
group_rules = $(foreach g,$(call groups,$(1)),$(eval $(call group_rule,$(call group_name,$(g)),$(call members,$(g)))))

# $(1) the group's name, $(2) its files
define group_rule
$(call write_list,$(1).list,$(2))
$(1).o: $(2) $(1).list tests/together $$(B)/deps.stamp
	@tests/together $(2) >$(1).cc
	$$Q$$(CXX) $$(TEST_CXXFLAGS) -iquote . -Wno-subobject-linkage -c $(1).cc -o $$@
endef

# $(call write_list,FILE,WORDS)   only if it says something else
write_list = $(if $(call same,$(file <$(1)),$(2)),,$(call write,$(1),$(2)))
same = $(and $(findstring $(1),$(2)),$(findstring $(2),$(1)))
write = $(if $(wildcard $(dir $(1))),,$(shell mkdir -p $(dir $(1))))$(file >$(1),$(2))
