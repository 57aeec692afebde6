# SPDX-License-Identifier: Apache-2.0
# nsdebug - one Makefile, no recursion, nothing written outside $(O).
#
#   make                 build $(O)/nsdebug (static; its symbols are in $(O)/nsdebug.debug)
#   make deps            install, by Debian package name, all that the other targets need
#   make demo            build, start a distroless container with runc, and look into it
#   make test            build and run the tests            make test T=ls    only those of ls
#   make check           what a reviewer would ask for      make check-sizes  one of them
#   make bench           speed against other programs       make fuzz SECONDS=30
#   make man install     manuals; install below $(DESTDIR)$(PREFIX)
#   make compile_commands.json   for clangd, in $(O)
#   make clean           remove $(O)
#
#   V=1 shows commands   O=DIR builds elsewhere   CC=clang
#   SAN=1 builds with ASan and UBSan, dynamic, in build/san (make SAN=1 test)

MAKEFLAGS += -rR --no-print-directory
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

O	?= build$(if $(SAN),/san)
override O := $(patsubst %/,%,$(O))
PREFIX	?= /usr/local
BINDIR	?= $(PREFIX)/bin
DATADIR	?= $(PREFIX)/share
JOBS	?= $(shell nproc)

# ---- What it is made from. A dependency is here because someone else keeps it better. ----
#
# libelf     reads ELF of every class, byte order and (with zlib) compressed section
# libunwind  runs the CFI of .eh_frame and .debug_frame through accessors that we provide; of its
#            parts only the one that does not ptrace. Wants lzma for .gnu_debugdata
# libiberty  demangles C++ (and Rust)
# yajl       reads JSON as a stream, so that a state file is read only up to the key we need
#
# Not linked because nothing uses them yet: libbpf (traces), ncursesw and tinfo (terminal UI),
# zstd (libelf 0.188 has no use for it). Never: readline (GPL-3), libedit and libcap-ng (both
# bring NSS), libdl.
LDLIBS	= -lelf -lz -lunwind-x86_64 -lunwind -llzma -liberty -lyajl_s

# Debian 12 packages of `make deps`, by what needs them. nodejs is not installed: the fixtures
# unpack Debian's own next to whatever the machine has.
deps_build	= gcc libc6-dev binutils libelf-dev zlib1g-dev libunwind-dev liblzma-dev \
		  libiberty-dev libyajl-dev git
deps_fixtures	= runc crun jq busybox-static golang-github-containers-common dpkg-dev g++ \
		  golang-go openjdk-17-jdk-headless util-linux acl attr libcap2-bin
deps_test	= coreutils findutils procps file strace gdb elfutils groff-base bsdextrautils \
		  bash-completion zsh fish libzstd-dev
deps_check	= clang libclang-rt-14-dev shellcheck

# ---- Flags ----

CC	= gcc
CLANG	= clang
OBJCOPY	= objcopy
CFLAGS	?= -O2 -g
LDFLAGS	?=

# Unused parameters are the price of tables of functions; everything else is an error.
warn	= -Wall -Wextra -Wshadow -Wvla -Wundef -Wpointer-arith -Wwrite-strings -Wformat=2 \
	  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wredundant-decls \
	  -Wimplicit-fallthrough -Wdate-time -Wno-unused-parameter \
	  -Wno-missing-field-initializers -Werror
gen	= -fno-common -fno-pie -ffunction-sections -fdata-sections
hard	= -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
link	= -no-pie -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--build-id=sha1

# The doors through which glibc would load a library of the container (nsdebug/base/nodl.c).
comma	:= ,
doors	= dlopen dlsym __libc_dlopen_mode __libc_dlsym __libc_dlvsym __libc_dlclose

ifdef SAN
hard	= -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
	  -DNSDEBUG_SAN
link	+= -fsanitize=address,undefined
else
link	+= -static $(addprefix -Wl$(comma)--wrap=,$(doors))
endif

cflags	= -std=gnu11 -D_GNU_SOURCE -I. -I$(O)/gen $(warn) $(gen) $(hard) $(CFLAGS)
ldflags	= $(link) $(LDFLAGS)
# No path of this machine in what is built: the same bytes from any directory.
maps	= -ffile-prefix-map=$(abspath $(O))=build -ffile-prefix-map=$(O)=build \
	  -ffile-prefix-map=$(CURDIR)=.

# A release is named here; a build from git adds its commit.
RELEASE	= 0.1.0
VERSION	?= $(RELEASE)$(addprefix -g,$(shell git describe --always --exclude='*' --dirty \
	   --abbrev=12 2>/dev/null))
VERSION := $(VERSION)

ifdef V
say	= @:
Q	=
else
say	= @printf '  %-7s %s\n'
Q	= @
endif

# ---- What there is: found, never listed. Adding a file is adding a file. ----

core	:= $(sort $(wildcard nsdebug/*/*.c))
tools	:= $(sort $(wildcard tools/*.c))
headers	:= $(sort $(wildcard nsdebug/*.h nsdebug/*/*.h bpf/*.h))
units	:= $(sort $(wildcard tests/unit/*.c))
helpers	:= $(sort $(wildcard tests/lib/*.c tests/hostile/*.c))
fuzzers	:= $(sort $(wildcard tests/fuzz/*.c))
scripts	:= $(sort $(wildcard tests/*.t tests/tools/*.t tests/hostile/*.t tests/runtimes/*.t))
shell	:= $(sort $(wildcard .ci/run tests/run tests/lib.sh tests/*.sh tests/lint/*.sh \
	   tests/bench/*.sh tests/fixtures/*.sh tests/fixtures/box) $(scripts))

obj	= $(patsubst %.c,$(O)/obj/%.o,$(1))
libobj	:= $(call obj,$(core) $(tools))
unitbin	:= $(patsubst %.c,$(O)/%,$(units))
helpbin	:= $(patsubst %.c,$(O)/%,$(helpers))
genned	:= $(O)/gen/tools.inc $(O)/gen/version.h

# What needs packages gets them before it compiles anything.
first	:= $(if $(filter demo test check bench fuzz,$(MAKECMDGOALS)),deps)

.PHONY: all
all: $(O)/nsdebug

# The binary is stripped and names the file beside it that holds its symbols.
$(O)/nsdebug: $(O)/nsdebug.full
	$(Q)$(OBJCOPY) --only-keep-debug $< $(O)/nsdebug.debug
	$(Q)cp $< $@.new
	$(Q)cd $(O) && $(OBJCOPY) --strip-all --add-gnu-debuglink=nsdebug.debug nsdebug.new
	$(Q)mv $@.new $@

$(O)/nsdebug.full: $(O)/obj/nsdebug/main.o $(libobj)
	$(say) LINK $(O)/nsdebug
	$(Q)$(CC) $(ldflags) -o $@ $^ $(LDLIBS)

# ---- Compiling. Every object depends on its headers and on the flags. ----

# Made anew every time, replaced only if different: what includes it is made again when a tool
# comes or goes, or the version moves, and not otherwise.
update	= cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(O)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(cflags) $(ldflags) $(LDLIBS)' >$@.new; $(update)

$(O)/gen/tools.inc: FORCE
	@mkdir -p $(@D)
	@printf '$(if $(tools),TOOL(%s)\n,%s)' $(notdir $(tools:.c=)) >$@.new; $(update)

$(O)/gen/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define VERSION "%s"\n' '$(VERSION)' >$@.new; $(update)

$(O)/obj/%.o: %.c $(O)/flags | $(first) $(genned)
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(cflags) $(maps) -MMD -MP -c -o $@ $<

-include $(patsubst %.o,%.d,$(libobj) $(O)/obj/nsdebug/main.o $(call obj,$(units)))

# ---- Packages ----

.PHONY: deps
deps:
	@sh tests/deps.sh $(deps_build) $(deps_fixtures) $(deps_test) $(deps_check)

.PHONY: clean help FORCE
clean:
	$(Q)rm -rf $(O)
help:
	@sed -n '/^# nsdebug/,/^$$/s/^# \{0,1\}//p' Makefile
FORCE:
