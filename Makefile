# SPDX-License-Identifier: Apache-2.0
# nsdebug - one Makefile, no recursion, nothing written outside $(O).
#
#   make                 build $(O)/nsdebug (static; its symbols are in $(O)/nsdebug.debug)
#   make deps            install, by Debian package name, all that the other targets need
#   make demo            build, start a distroless container with runc, and look into it
#   make test            build and run the tests            make test T=ls    only those of ls
#   make test-full       all verbs, on all images, under all engines, as a table
#   make check           what a reviewer would ask for      make check-sizes  one of them
#   make test-kernels    BPF programs on Debian's kernels, in qemu, as a table; T=6.1 only on it
#   make bench           speed against other programs       make fuzz SECONDS=30
#   make man install     manuals; install below $(DESTDIR)$(PREFIX)
#   make compile_commands.json   for clangd, in $(O)
#   make clean           remove $(O)
#
#   V=1 shows commands   O=DIR builds elsewhere   CC=clang
#   SAN=1 builds with ASan and UBSan, dynamic, in build/san (make SAN=1 test)

MAKEFLAGS += -rR --no-print-directory
JOBS	?= $(shell nproc)
# All processors, unless told otherwise; cleaning is not done beside building.
ifeq ($(filter clean,$(MAKECMDGOALS))$(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(JOBS)
endif
# Who asks for the checks wants to hear of all that fail.
MAKEFLAGS += $(if $(filter check,$(MAKECMDGOALS)),-k)
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

O	?= build$(if $(SAN),/san)
override O := $(patsubst %/,%,$(O))
PREFIX	?= /usr/local
BINDIR	?= $(PREFIX)/bin
DATADIR	?= $(PREFIX)/share

# ---- What it is made from. A dependency is here because someone else keeps it better. ----
#
# libunwind  runs the CFI of .eh_frame and .debug_frame through accessors that we provide; of its
#            parts only the one that does not ptrace. Wants lzma, which .gnu_debugdata is read with
# libiberty  demangles C++ (and Rust)
# yajl       reads JSON as a stream, so that a state file is read only up to the key we need
# libbpf     loads BPF programs and finds the fields they read in the running kernel (CO-RE); brings
#            libelf, and zlib, which packed debug sections are read with. clang and bpftool make the
#            programs
#
# Not linked because nothing uses them yet: ncursesw and tinfo (terminal UI). ELF files of a target
# are read by nsdebug/code/elf.c, which says why. Never: readline (GPL-3), libedit and libcap-ng
# (both bring NSS), libdl.
LDLIBS	= -lunwind-x86_64 -lunwind -llzma -liberty -lyajl_s -lbpf -lelf -lz

# Debian 12 packages of `make deps`, by what needs them; llvm for llvm-symbolizer, which has inlined
# functions of all compilers (addr2line and eu-addr2line have not); exfat-fuse, as a file system that
# lacks most of what others have, on any kernel. nodejs is not installed: the fixtures
# unpack Debian's own next to whatever the machine has.
deps_build	= gcc libc6-dev binutils libunwind-dev liblzma-dev \
		  libiberty-dev libyajl-dev libbpf-dev libelf-dev zlib1g-dev clang bpftool git mount
deps_fixtures	= runc crun jq busybox-static golang-github-containers-common dpkg-dev g++ \
		  golang-go openjdk-17-jdk-headless util-linux acl attr libcap2-bin
deps_test	= apparmor coreutils findutils procps iproute2 file strace gdb elfutils groff-base bsdextrautils \
		  bash-completion zsh fish libxml2-utils llvm musl-tools exfat-fuse exfatprogs
# Engines of tests/fixtures/engine; the demo, which is to be quick, does without them.
deps_engines	= containerd docker.io podman catatonit uidmap lxc systemd-container \
		  containernetworking-plugins protobuf-compiler curl
# What traces are compared with: perf trace, and bpftrace's printf and count.
deps_bench	= strace linux-perf bpftrace
# Boots Debian's kernels; where they come from is asked of apt by tests/kernels/fetch.sh.
deps_kernels	= qemu-system-x86
deps_check	= clang libclang-rt-14-dev shellcheck

# ---- Flags ----

CC	= gcc
CLANG	= clang
BPFTOOL	= /usr/sbin/bpftool
OBJCOPY	= objcopy
CFLAGS	?= -O2 -g
LDFLAGS	?=

# Unused parameters are the price of tables of functions; everything else is an error.
warn	= -Wall -Wextra -Wshadow -Wvla -Wundef -Wpointer-arith -Wwrite-strings -Wformat=2 \
	  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wredundant-decls \
	  -Wimplicit-fallthrough -Wdate-time -Wno-unused-parameter \
	  -Wno-missing-field-initializers -Werror
# clang wants an attribute on every function with a va_list; gcc has checked their callers.
clang_warn = -Wno-format-nonliteral
warn	+= $(if $(findstring clang,$(CC)),$(clang_warn))
gen	= -fno-common -fno-pie -ffunction-sections -fdata-sections
hard	= -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
link	= -Wl,--gc-sections -Wl,-z,relro,-z,now -Wl,-z,noexecstack \
	  -Wl,--build-id=sha1 -Wl,--fatal-warnings

# The doors through which glibc would load a library of the container (nsdebug/base/nodl.c).
comma	:= ,
doors	= dlopen dlsym __libc_dlopen_mode __libc_dlsym __libc_dlvsym __libc_dlclose

ifdef SAN
hard	= -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
	  -DNSDEBUG_SAN
link	+= -no-pie -fsanitize=address,undefined
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
# Some headers are of the programs in the kernel alone: the compiler for these reads them.
headers	:= $(filter-out $(addprefix bpf/,capable.h changes.h checks.h conns.h denying.h end.h ender.h filter.h holding.h home.h \
	    looking.h messages.h netevent.h next.h recording.h regs.h socks.h stack.h sysargs.h syscount.h \
	    types.h uring.h usedfiles.h usedsocks.h visit.h walking.h),$(sort $(wildcard nsdebug/*.h nsdebug/*/*.h bpf/*.h)))
units	:= $(sort $(wildcard tests/unit/*.c))
helpers	:= $(sort $(wildcard tests/lib/*.c tests/hostile/*.c))
fuzzers	:= $(sort $(wildcard tests/fuzz/*.c))
scripts	:= $(sort $(wildcard tests/*.t tests/tools/*.t tests/hostile/*.t tests/runtimes/*.t))
shell	:= $(sort $(wildcard .ci/run tests/run tests/*.sh tests/*/*.sh tests/fixtures/engines/*.sh \
	   $(addprefix tests/fixtures/,box engine kubelet-build engines/crun)) tests/kernels/kernels.t $(scripts))

obj	= $(patsubst %.c,$(O)/obj/%.o,$(1))
libobj	:= $(call obj,$(core) $(tools))
unitbin	:= $(patsubst %.c,$(O)/%,$(units))
helpbin	:= $(patsubst %.c,$(O)/%,$(helpers))
bpf	:= $(sort $(wildcard bpf/*.bpf.c))
skels	:= $(patsubst bpf/%.bpf.c,$(O)/gen/%.skel.h,$(bpf))
bpfobj	:= $(patsubst bpf/%.bpf.c,$(O)/bpf/%.o,$(bpf))
genned	:= $(O)/gen/tools.inc $(O)/gen/version.h $(O)/gen/licenses.inc $(O)/gen/bpf.inc $(skels)

# Whose code is inside the static binary: Debian's copyright files go with it, word for word.
inside	= libc6-dev gcc-12-base libunwind-dev liblzma-dev libiberty-dev \
	  libyajl-dev libbpf-dev libelf-dev zlib1g-dev

# What needs packages gets them before it compiles anything.
first	:= $(if $(filter demo test test-full test-kernels check bench fuzz,$(MAKECMDGOALS)),deps)

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

$(O)/gen/licenses.inc: LICENSE Makefile | $(first)
	@mkdir -p $(@D)
	@{ echo 'nsdebug'; echo; cat LICENSE; for p in $(inside); do \
		echo; echo "==== $$p"; echo; cat /usr/share/doc/$$p/copyright || exit 1; done; } | \
		gzip -9n | od -An -v -tu1 | sed 's/ *\([0-9]\+\)/\1,/g' >$@.new && mv $@.new $@

# A BPF object without its DWARF and its lines, as an array in a header. The path in it is the one
# in the tree.
bpfflags = -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -std=gnu11 -Wall -Wextra -Werror \
	   -Wno-unused-parameter -Wno-missing-field-initializers -I. \
	   -isystem /usr/include/$(shell $(CC) -dumpmachine) -ffile-prefix-map=$(CURDIR)=.
$(O)/bpf/%.o: bpf/%.bpf.c $(O)/bpf/nolines Makefile | $(first)
	$(say) BPF $<
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(bpfflags) -MMD -MP -MT $@ -c -o $@.full $<
	$(Q)$(BPFTOOL) gen object $@ $@.full
	$(Q)$(O)/bpf/nolines $@

# Runs here, on the way to what is built.
$(O)/bpf/nolines: bpf/nolines.c | $(first)
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(warn) -O1 -o $@ $< -lelf -lz

$(O)/bpf/pack: bpf/pack.c | $(first)
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(warn) -O1 -o $@ $< -lz

# Compressed in the binary: all but that of `stack`, which is small and wanted at once.
packed	= filters life net prof sys used
$(O)/gen/%.skel.h: $(O)/bpf/%.o $(O)/bpf/pack
	@mkdir -p $(@D)
	$(Q)(echo '#pragma GCC system_header'; $(BPFTOOL) gen skeleton $< name $*_bpf) >$@.new
	$(Q)case ' $(packed) ' in *' $* '*) $(O)/bpf/pack $< $* >$@.bytes && sed -i \
		-e '/^static inline const void \*$*_bpf__elf_bytes(size_t \*sz)$$/,/^}/{/^}/r $@.bytes' \
		-e 'd}' $@.new;; esac
	$(Q)mv $@.new $@

# Which objects there are, and a sum of them all (nsdebug/trace/types.c).
$(O)/gen/bpf.inc: $(bpfobj)
	@mkdir -p $(@D)
	$(Q){ echo '#define BPF_OBJECTS(F) $(foreach o,$(notdir $(bpfobj:.o=)),F($(o)))'; \
		echo "#define BPF_SUM \"$$(cat $^ | sha256sum | cut -c 1-16)\""; } >$@.new
	$(Q)mv $@.new $@

-include $(patsubst bpf/%.bpf.c,$(O)/bpf/%.o.d,$(bpf))

$(O)/obj/%.o: %.c $(O)/flags | $(first) $(genned)
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(cflags) $(maps) -MMD -MP -c -o $@ $<

-include $(patsubst %.o,%.d,$(libobj) $(O)/obj/nsdebug/main.o $(call obj,$(units)))

# ---- Packages ----

.PHONY: deps
deps:
	@sh tests/deps.sh $(deps_build) $(deps_fixtures) $(deps_test) $(deps_check) \
		$(if $(filter demo,$(MAKECMDGOALS)),,$(deps_engines)) \
		$(if $(filter demo test test-full test-kernels check fuzz,$(MAKECMDGOALS)),,$(deps_bench)) \
		$(if $(filter demo test test-full check bench fuzz,$(MAKECMDGOALS)),,$(deps_kernels))

# ---- Tests ----

# Fixtures are of no build in particular: both share them.
fixtures = $(patsubst %/san,%,$(abspath $(O)))/fixtures
# A sanitizer's finding ends a program with a status that no test expects.
export ASAN_OPTIONS = detect_leaks=0:exitcode=99:handle_abort=1
export UBSAN_OPTIONS = print_stacktrace=1:halt_on_error=1:exitcode=99

testenv	= SRC='$(CURDIR)' O='$(abspath $(O))' FX='$(fixtures)' SAN='$(SAN)' \
	  NSDEBUG='$(abspath $(O))/nsdebug' CC='$(CC)'
named	= $(if $(T),$(filter $(foreach t,$(T),%/$(t) %/$(t).t),$(1)),$(1))

.PHONY: test test-full test-kernels demo
test: deps all $(unitbin) $(helpbin)
	$(Q)$(testenv) tests/run -j $(JOBS) $(call named,$(abspath $(unitbin)) $(scripts))

# All verbs, images and engines; a kubelet, if tests/fixtures/kubelet-build has made one.
test-full: deps all
	$(Q)$(testenv) tests/full.sh $(T)

# Kernels that this machine does not run. Some minutes, so it is not a part of the others.
test-kernels: deps all $(helpbin)
	$(Q)rm -f $(O)/kernels.md
	$(Q)$(testenv) $(if $(T),KERNELS='$(T)') tests/run tests/kernels/kernels.t; \
		st=$$?; [ ! -e $(O)/kernels.md ] || cat $(O)/kernels.md; exit $$st

demo: deps all
	$(Q)$(testenv) sh tests/demo.sh

# A unit test is linked with everything but main(), as the binary is.
$(unitbin): $(O)/tests/unit/%: $(O)/obj/tests/unit/%.o $(libobj)
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(ldflags) -o $@ $^ $(LDLIBS)

# A helper is one file, but for headers of tests, and knows nothing of ours: what runs inside a
# container, or attacks from there. A line `/* flags: -nostdlib */` in it adds to its flags.
$(O)/tests/lib/refused: tests/lib/refusals.h tests/lib/allowed.h
$(O)/tests/hostile/idmaps: tests/fixtures/apps/lend.h
$(helpbin): $(O)/tests/%: tests/%.c $(O)/flags | $(first)
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -O1 -g -static -fno-pie \
		-o $@ $< $$(sed -n 's,^/\* flags: \(.*\) \*/$$,\1,p' $<)

# ---- What a reviewer would ask for, none of which runs the suite ----

checks	:= layers sizes pairs shell headers symbols static readme man contract clang repro
.PHONY: check $(checks:%=check-%)
check: deps $(checks:%=check-%)
	@echo 'all checks passed'

# A check says what is wrong, where, and what to do about it; this says which one it was.
verdict	= || { echo "make check-$(1) failed: $(2)" >&2; exit 1; }

check-layers:
	$(say) CHECK 'includes point down only'
	$(Q)tests/lint/layers.sh $(call verdict,layers,includes point down only; see above for the cure)

check-sizes:
	$(say) CHECK 'sizes'
	$(Q)tests/lint/sizes.sh $(call verdict,sizes,too long or unfinished; see above for the cure)

check-pairs:
	$(say) CHECK 'each verb has its test'
	$(Q)tests/lint/pairs.sh $(call verdict,pairs,a verb is tools/x.c and tests/tools/x.t)

check-symbols: $(libobj)
	$(say) CHECK 'forbidden symbols'
	$(Q)tests/lint/symbols.sh $(O) \
		$(call verdict,symbols,an object asks for what it may not have; see above for the cure)

check-static: all
	$(say) CHECK 'one static file'
	$(Q)$(if $(SAN),:,tests/lint/static.sh $(O)) \
		$(call verdict,static,the binary is not what is promised; see above for the cure)

check-readme: all
	$(say) CHECK 'documents'
	$(Q)tests/lint/readme.sh $(O)/nsdebug \
		$(call verdict,readme,a document names what does not exist)

# The contract of design and binary: help, manual, completion and schema of every verb.
check-contract: all
	$(say) CHECK 'contract of the verbs'
	$(Q)$(testenv) tests/run tests/contract.t \
		$(call verdict,contract,a verb does not say all about itself; the failed line names what)

check-man: man
	$(say) CHECK 'manuals'
	$(Q)tests/lint/man.sh $(O)/man $(call verdict,man,groff finds fault with a manual)

check-shell: $(shell:%=$(O)/lint/%.ok)
$(O)/lint/%.ok: % | $(first)
	$(say) SHELL $<
	@mkdir -p $(@D)
	$(Q)shellcheck -S warning -e SC2034 $< \
		$(call verdict,shell,correct $< as the page of the code says)
	@touch $@

# Each header stands alone, for both compilers.
check-headers: $(headers:%=$(O)/lint/%.ok)
$(O)/lint/%.h.ok: %.h $(O)/flags | $(first) $(genned)
	@mkdir -p $(@D)
	$(Q)(for cc in gcc $(CLANG); do \
		echo '#include "$<"' | $$cc $(cflags) $(clang_warn) -MMD -MP -MT $@ \
			-MF $(@:.ok=.d) -fsyntax-only -x c - || exit 1; done) \
		$(call verdict,headers,$< does not compile alone: include or declare what it uses)
	@touch $@

# The other compiler has other warnings. It links too: nothing may depend on gcc.
clangobj := $(patsubst $(O)/obj/%,$(O)/obj-clang/%,$(libobj) $(O)/obj/nsdebug/main.o)
check-clang: $(O)/obj-clang/bin
$(O)/obj-clang/%.o: %.c $(O)/flags | $(first) $(genned)
	$(say) CLANG $<
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(cflags) $(clang_warn) -O1 -g0 -MMD -MP -c -o $@ $< \
		$(call verdict,clang,clang warns of $<: see above)
$(O)/obj-clang/bin: $(clangobj)
	$(say) LINK $@
	$(Q)$(CLANG) $(ldflags) -o $@ $^ $(LDLIBS)

check-repro: all
	$(say) CHECK 'the same bytes from another directory'
	$(Q)tests/lint/repro.sh $(O) VERSION='$(VERSION)' \
		$(call verdict,repro,see above for what differs)

-include $(patsubst %.o,%.d,$(clangobj)) $(headers:%=$(O)/lint/%.d)

# ---- Speed, and bytes nobody thought of ----

.PHONY: bench fuzz
bench: deps all $(helpbin)
	$(Q)$(testenv) sh tests/bench/run.sh $(T)

SECONDS	?= 30
fuzzbin	:= $(patsubst %.c,$(O)/%,$(fuzzers))
fuzzobj	:= $(patsubst $(O)/obj/%,$(O)/fuzz/%,$(libobj))
fuzz: deps $(call named,$(fuzzbin))
	$(Q)for f in $(call named,$(fuzzbin)); do n=$${f##*/}; mkdir -p $(O)/corpus/$$n; \
		$$f -max_total_time=$(SECONDS) -timeout=25 -artifact_prefix=$(O)/corpus/$$n. $(O)/corpus/$$n \
			$$(ls -d tests/fuzz/$$n.corpus 2>/dev/null) || exit 1; done

fuzzflags = $(filter-out -fstack-protector-strong -U% -D_FORTIFY%,$(cflags)) $(clang_warn) -DNSDEBUG_SAN -O1
$(O)/fuzz/%.o: %.c $(O)/flags | $(first) $(genned)
	$(say) FUZZ $<
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(fuzzflags) -fsanitize=fuzzer-no-link,address,undefined \
		-MMD -MP -c -o $@ $<
$(fuzzbin): $(O)/tests/fuzz/%: $(O)/fuzz/tests/fuzz/%.o $(fuzzobj)
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(CLANG) -no-pie -fsanitize=fuzzer,address,undefined -o $@ $^ $(LDLIBS)

-include $(patsubst %.o,%.d,$(fuzzobj))

# ---- What leaves this directory ----

.PHONY: man install compile_commands.json
man: $(O)/man/made
# Which manuals there are only the binary knows.
$(O)/man/made: $(O)/nsdebug
	$(say) MAN $(@D)
	@rm -rf $(@D) && mkdir -p $(@D)
	$(Q)$< man >$(@D)/nsdebug.1
	$(Q)for v in $$($< help --verbs); do $< man $$v >$(@D)/nsdebug-$$v.1 || exit 1; done
	@touch $@

install: all man
	install -D -m 755 $(O)/nsdebug $(DESTDIR)$(BINDIR)/nsdebug
	install -d $(DESTDIR)$(DATADIR)/man/man1 $(DESTDIR)$(DATADIR)/zsh/site-functions \
		$(DESTDIR)$(DATADIR)/bash-completion/completions \
		$(DESTDIR)$(DATADIR)/fish/vendor_completions.d
	install -m 644 $(O)/man/*.1 $(DESTDIR)$(DATADIR)/man/man1
	$(O)/nsdebug completion bash >$(DESTDIR)$(DATADIR)/bash-completion/completions/nsdebug
	$(O)/nsdebug completion zsh >$(DESTDIR)$(DATADIR)/zsh/site-functions/_nsdebug
	$(O)/nsdebug completion fish >$(DESTDIR)$(DATADIR)/fish/vendor_completions.d/nsdebug.fish

compile_commands.json: $(genned)
	$(Q)for f in $(core) nsdebug/main.c $(tools) $(units); do \
		printf '{"directory":"%s","file":"%s","command":"%s"}\n' \
			'$(CURDIR)' $$f "$(CC) $(cflags) -c $$f"; \
		done | sed '1s/^/[/; $$!s/$$/,/; $$s/$$/]/' >$(O)/$@

.PHONY: clean help FORCE
clean:
	$(Q)rm -rf $(O)
help:
	@sed -n '/^# nsdebug/,/^$$/s/^# \{0,1\}//p' Makefile
FORCE:
