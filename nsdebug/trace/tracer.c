/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/tracer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "bpf/shared.h"
#include "nsdebug/base/capnum.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/out/col.h"
#include "nsdebug/out/out.h"
#include "nsdebug/target/next.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/guard.h"
#include "nsdebug/trace/stacks.h"

_Static_assert(NEXT_ROOM == NEXT_NAME_MAX && NEXT_MAX == NEXT_NAMES_MAX, "bpf/ and target/ agree");

#define QUIET_MS 20	/* most between two looks at a ring that was empty: 1, 2, 4 ... */
#define BUSY_MS 2
#define BUDGET 1024
#define PROMPT_NS (200 * NS_PER_MS)	/* for what is left, when an end is asked for meanwhile */
#define DRAIN_MAX (1u << 30)	/* bytes that are still read after the programs were detached */

/* libbpf prints; this keeps its last warnings for the error message instead. */
static char last_words[256];
static bool no_btf;

static int listen(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char text[sizeof(last_words)];

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(text, sizeof(text), fmt, args);
	text[strcspn(text, "\n")] = '\0';
	no_btf |= strstr(text, "valid kernel BTF") != NULL;
	/* what follows the cause is only that the object was not loaded */
	if (!strstr(text, "failed to load object"))
		memcpy(last_words, text, sizeof(text));
	return 0;
}

static bool is_memory_limited(void)
{
	struct rlimit r;

	return getrlimit(RLIMIT_MEMLOCK, &r) == 0 && r.rlim_cur != RLIM_INFINITY;
}

int err_bpf(struct err *e, int ret, const char *what)
{
	const char *said = str_prefix(last_words, "libbpf: ") ? last_words + 8 : last_words;

	if (no_btf)
		return err_set(e, ST_REFUSED, "%s: this kernel does not tell its types "
			       "(CONFIG_DEBUG_INFO_BTF, /sys/kernel/btf/vmlinux): give a file with "
			       "them as --btf FILE", what);
	if (ret == -EPERM)
		return err_set(e, ST_NOTHING, "%s: refused by the kernel, though CAP_BPF and "
			       "CAP_PERFMON are there: a user namespace, a seccomp profile or "
			       "lockdown=confidentiality%s%s%s", what, is_memory_limited() ?
			       ", or before Linux 5.11 RLIMIT_MEMLOCK (CAP_SYS_RESOURCE raises "
			       "it)" : "", said[0] ? ": " : "", said);
	return err_set(e, ST_NOTHING, "%s: %s%s%s", what, errno_name(-ret), said[0] ? ": " : "",
		       said);
}

int tracer_rights(struct err *e)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];
	bool bpf, perfmon;

	if (syscall(SYS_capget, &h, d) < 0)
		return err_sys(e, "read our capabilities");
	bpf = d[1].effective & 1u << (CAP_BPF - 32);
	perfmon = d[1].effective & 1u << (CAP_PERFMON - 32);
	if (bpf && perfmon)
		return 0;
	return err_set(e, ST_PRIVILEGE, "%s%s%s missing: run nsdebug as root on the node, or give "
		       "it CAP_BPF and CAP_PERFMON", bpf ? "" : "CAP_BPF",
		       bpf || perfmon ? "" : " and ", perfmon ? " is" : bpf ? "CAP_PERFMON is" :
		       "CAP_PERFMON are");
}

static bool is_cgroup2(int fd)
{
	struct statfs fs;

	return fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

static int choose_filter(struct tracer *t, const struct target *target, struct err *e)
{
	struct stat st;

	if (target->next) {
		t->filter.kind = FILTER_NEXT;
		t->next = target->next;
		t->filter.pidns = (uint32_t)target->host.pid;
		return 0;
	}
	t->filter.depth = target->levels - 1;
	t->filter.mntns = (uint32_t)target->ns.mnt;
	t->filter.pidns = (uint32_t)target->ns.pid;
	if (is_cgroup2(t->in->cgroup) && fstat(t->in->cgroup, &st) == 0) {
		t->filter.kind = FILTER_CGROUP;
		t->filter.cgroup_id = st.st_ino;
		return 0;
	}
	t->filter.kind = FILTER_MNTNS;
	if (target->ns.mnt == target->host.mnt)
		return err_set(e, ST_REFUSED, "%s has no cgroup of its own (v2) and the host's "
			       "mount namespace: its events cannot be told from the host's; "
			       "make it one where cgroup2 is mounted, as in /sys/fs/cgroup: mkdir "
			       "CGROUP2/NAME; echo %d >CGROUP2/NAME/cgroup.procs", target->name,
			       (int)target->pid);
	emit_note(&t->in->emit, "%s has no cgroup of its own in the v2 hierarchy: its events are "
		  "told by its mount namespace", target->name);
	return 0;
}

static int check_btf(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(e, ST_USAGE, "--btf %s: not a regular file", path);
	if (access(path, R_OK) == 0)
		return 0;
	err_sys(e, "--btf %s", path);
	e->status = ST_USAGE;
	return -1;
}

int tracer_init(struct tracer *t, struct inside *in, const struct tracer_opts *opts,
		const struct target *target, struct err *e)
{
	*t = (struct tracer){ .in = in, .opts = opts };
	libbpf_set_print(listen);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	if (tracer_rights(e) < 0)
		return -1;
	if (opts->btf && check_btf(opts->btf, e) < 0)
		return -1;
	return choose_filter(t, target, e);
}

void tracer_types(const struct inside *in, char path[TYPES_PATH], struct bpf_object_open_opts *o)
{
	*o = (struct bpf_object_open_opts){ .sz = sizeof(*o) };
	if (in->types < 0)
		return;
	snprintf(path, TYPES_PATH, "/proc/self/fd/%d", in->types);
	o->btf_custom_path = path;
}

void tracer_open_opts(struct tracer *t, struct bpf_object_open_opts *o)
{
	tracer_types(t->in, t->types, o);
	if (t->opts->btf)
		o->btf_custom_path = t->opts->btf;
}

/* Behind the seal only its fdinfo tells how often it was not run, and only of a descriptor that is
 * still open. */
void tracer_note(struct tracer *t, struct bpf_program *p, int link)
{
	char path[64];

	t->progs[t->count] = bpf_program__fd(p);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", t->progs[t->count]);
	t->stats[t->count] = open(path, O_RDONLY | O_CLOEXEC);
	t->links[t->count++] = link;
}

int tracer_attach(struct tracer *t, struct bpf_program *p, bool optional, struct err *e)
{
	struct bpf_link *link;
	int ret;

	if (!bpf_program__autoload(p))
		return 0;
	for (size_t i = 0; i < t->count; i++)
		if (t->progs[i] == bpf_program__fd(p))
			return 0;
	if (t->count == TRACER_PROGS_MAX)
		return err_set(e, ST_INTERNAL, "%s: more programs than there is room for",
			       bpf_program__name(p));
	link = bpf_program__attach(p);
	ret = -errno;
	if (!link)
		return optional ? 0 : err_bpf(e, ret, bpf_program__name(p));
	tracer_note(t, p, bpf_link__fd(link));
	return 0;
}

void tracer_choose(struct tracer *t, struct bpf_object *o)
{
	static const char *const programs[] = {
		"next_exec", "next_exec_failed", "next_mkdir", "next_rmdir", "next_populated",
	};
	static const char *const maps[] = { "born", "next_names" };
	bool next = t->filter.kind == FILTER_NEXT;

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		bpf_program__set_autoload(bpf_object__find_program_by_name(o, programs[i]), next);
	/* the verifier leaves out the branches in which they are used */
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++)
		bpf_map__set_autocreate(bpf_object__find_map_by_name(o, maps[i]), next);
}

static int set_names(struct tracer *t, int map, struct err *e)
{
	uint32_t how = NEXT_ITSELF | (t->next->below ? NEXT_BELOW : 0);
	int ret = 0;

	for (unsigned int i = 0; i < t->next->count && ret >= 0; i++) {
		struct next_name name = { { { 0 } } };

		snprintf(name.text, sizeof(name.text), "%s", t->next->names[i]);
		ret = bpf_map_update_elem(map, &name, &how, BPF_ANY);
	}
	return ret < 0 ? err_bpf(e, ret, "tell the name of the cgroup") : 0;
}

int tracer_set_cgroup(struct tracer *t, struct bpf_object *o, struct err *e)
{
	uint32_t zero = 0;
	int ret;

	if (t->filter.kind == FILTER_NEXT)
		return set_names(t, bpf_object__find_map_fd_by_name(o, "next_names"), e);
	if (t->filter.kind != FILTER_CGROUP)
		return 0;
	ret = bpf_map_update_elem(bpf_object__find_map_fd_by_name(o, "filter_cgroup"), &zero,
				  &t->in->cgroup, BPF_ANY);
	return ret < 0 ? err_bpf(e, ret, "filter by the target's cgroup") : 0;
}

/* A producer can be faster than we are: after some events there is another look at the clock. */
static int take(void *ctx, void *bytes, size_t len)
{
	struct tracer *t = ctx;

	t->bytes += len;
	if (t->late)
		t->unread++;
	else if (!t->enough)
		t->fn(t->ctx, bytes, len);
	return --t->budget ? 0 : -EAGAIN;
}

int tracer_seal(struct tracer *t, int ring, tracer_event_fn *fn, void *ctx, struct err *e)
{
	int peer = t->guard ? t->in->peer : -1, wake = -1;
	size_t room = 3 * TRACER_PROGS_MAX + TRACER_KEEP_MAX + 5 + t->nclocks, kept = 3;
	auto_free int *keep = mem_alloc(room * sizeof(*keep));

	if (!t->count)
		return err_set(e, ST_NOTHING, "no program could be attached");
	t->fn = fn;
	t->ctx = ctx;
	t->ring = ring_buffer__new(ring, take, t, NULL);
	if (!t->ring)
		return err_bpf(e, -errno, "map the events' ring");
	keep[0] = t->in->pidfd;
	keep[1] = t->in->stop;
	keep[2] = t->in->second;
	for (size_t i = 0; i < t->count; i++) {
		keep[kept++] = t->links[i];
		keep[kept++] = t->progs[i];
		keep[kept++] = t->stats[i];
	}
	for (size_t i = 0; i < t->nclocks; i++)
		keep[kept++] = t->clocks[i];
	for (size_t i = 0; i < t->kept; i++)
		keep[kept++] = t->keep[i];
	/* programs that stop the target wake us, too */
	if (t->guard)
		wake = ring_buffer__epoll_fd(t->ring);
	keep[kept++] = peer;
	keep[kept++] = wake;
	if (enter_become_parser(t->in, keep, kept, e) < 0)
		return -1;
	t->in->peer = peer;
	t->wake = wake;
	return 0;
}

void tracer_count(struct tracer *t)
{
	if (++t->events == t->opts->max_events)
		t->enough = true;
}

void tracer_row(struct tracer *t, const void *row)
{
	if (emit_row(&t->in->emit, row))
		tracer_count(t);
}

static void look_at_clock(struct tracer *t)
{
	uint64_t boot = clock_of(CLOCK_BOOTTIME);

	t->real_offset = (int64_t)(clock_of(CLOCK_REALTIME) - boot);
}

struct coltime tracer_time(const struct tracer *t, uint64_t boot_ns)
{
	int64_t at = t->real_offset + (int64_t)boot_ns;

	return (struct coltime){ at / (int64_t)NS_PER_S, (uint32_t)(at % (int64_t)NS_PER_S) };
}

/* ---- a container to come ---- */

static void say_armed(struct tracer *t)
{
	emit_note(&t->in->emit, "waiting for a cgroup called %s%s%s%s", t->next->names[0],
		  t->next->count == 1 ? "" : t->next->below ? " or as another of this name" :
		  " or as a runtime calls it",
		  t->next->below ? ", or the next one below it, whichever container's that is" :
		  "", t->next->runs ? ": it runs already, so its next start is waited for" : "");
	emit_flush(&t->in->emit);
}

/* That a process of the host's root made it does not make it a runtime: a word about who it was. */
static void say_born(struct tracer *t)
{
	struct next_maker maker;
	struct next_name name;

	if (t->seen || !t->next || !*t->born)
		return;
	t->seen = true;
	maker = *(const struct next_maker *)t->maker;
	emit_note(&t->in->emit, "its cgroup was made by %.*s (pid %u) in %.*s",
		  (int)sizeof(maker.comm), maker.comm, maker.pid, (int)sizeof(maker.parent),
		  *maker.parent ? maker.parent : "/");
	if (!t->next->below)
		return;
	name = *(const struct next_name *)t->known;
	emit_note(&t->in->emit, "and is called %.*s", (int)sizeof(name.text), name.text);
}

static void say_unborn(struct tracer *t)
{
	struct err e;

	if (*t->passed)
		emit_note(&t->in->emit, "%u of this name were passed over: a container made them, "
			  "or another user than root", *t->passed);
	if (*t->born) {
		emit_note(&t->in->emit, "it ended before its runtime started a program: --early "
			  "shows what was done until then");
		return;
	}
	err_set(&e, ST_TARGET, "no cgroup called %s was made: %s", t->next->names[0],
		t->next->runs ? "it ran already and was not started again; without --next it is "
		"looked at as it runs" : "is it the id that names it? That of docker or podman is "
		"made up by them");
	emit_err(&t->in->emit, &e);
}

/* ---- the loop ---- */

/* The user has had enough, or wants to see what there is. */
static bool is_over(struct tracer *t)
{
	char word;

	if (!t->dump || read(t->in->stop, &word, 1) != 1)
		return true;
	t->dump(t->ctx);
	return false;
}

/* True while there is a reason to go on. */
static bool wait_for_more(struct tracer *t, int ms, uint64_t until)
{
	struct pollfd p[] = {
		{ .fd = t->in->stop, .events = POLLIN }, { .fd = t->in->pidfd, .events = POLLIN },
		{ .fd = t->guard ? t->in->peer : -1 },
		{ .fd = t->guard ? t->wake : -1, .events = POLLIN },
	};
	struct err e;

	if (poll(p, ARRAY_SIZE(p), ms) < 0 && errno != EINTR)
		return false;
	say_born(t);
	t->gone = p[1].revents || (t->next && *t->ended);
	if (p[2].revents) {
		err_set(&e, ST_INTERNAL, "the guardian is gone: nothing is held back any more");
		emit_err(&t->in->emit, &e);
	}
	if (t->gone || p[2].revents || (p[0].revents && is_over(t)))
		return false;
	return !until || clock_ns() < until;
}

static int next_wait(int n, int last)
{
	if (n == -EAGAIN)
		return 0;
	if (n)
		return BUSY_MS;
	return !last ? 1 : last < QUIET_MS / 2 ? 2 * last : QUIET_MS;
}

/* One turn; false: nothing was there. */
static bool read_some(struct tracer *t)
{
	int n;

	look_at_clock(t);
	if (t->turn)
		t->turn(t->ctx);
	t->budget = BUDGET;
	n = ring_buffer__consume(t->ring);
	emit_tick(&t->in->emit);
	t->wait_ms = next_wait(n, t->wait_ms);
	if (n == -EAGAIN)
		return true;
	if (t->guard)
		guard_tell(t->guard, t->in, &t->told);
	if (n > 0)
		emit_flush(&t->in->emit);
	return n;
}

static void say_lost(struct tracer *t)
{
	uint64_t lost = t->lost ? *t->lost : 0, misses = tracer_misses(t);

	if (lost)
		emit_cut(&t->in->emit, "%llu events were lost: the ring was full%s",
			 (unsigned long long)lost, t->guard ? ", for so many processes and "
			 "threads came on before they could be held back: --buffer gives more room"
			 : t->cure ? t->cure : "");
	if (t->unread)
		emit_cut(&t->in->emit, "%llu records were not looked at: more came than could be "
			 "in the time, and %.3g s after it", (unsigned long long)t->unread,
			 (double)t->drain_ns / 1e9);
	if (misses)
		emit_cut(&t->in->emit, "up to %llu events were lost: the kernel came to a program "
			 "that was running already", (unsigned long long)misses);
}

static bool is_asked_to_end(const struct tracer *t)
{
	struct pollfd p = { .fd = t->in->stop, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* Some kernels detach a moment later: what still comes is not waited for. Where an event takes long
 * to look at there is an end, and a nearer one for who asks for it meanwhile. */
static void drain(struct tracer *t)
{
	uint64_t end = t->bytes + DRAIN_MAX, until = clock_ns() + t->drain_ns;
	bool asked = is_asked_to_end(t);

	while (!t->enough && t->bytes < end && read_some(t)) {
		if (!asked && is_asked_to_end(t)) {
			asked = true;
			until = clock_ns() + PROMPT_NS < until ? clock_ns() + PROMPT_NS : until;
		}
		t->late = t->drain_ns && clock_ns() >= until;
	}
}

void tracer_run(struct tracer *t)
{
	uint64_t until;

	t->started_ns = clock_ns();
	until = t->opts->for_ns ? t->started_ns + t->opts->for_ns : 0;
	if (t->next)
		say_armed(t);
	do
		read_some(t);
	while (!t->enough && wait_for_more(t, t->wait_ms, until));
	/* those that fill the ring before those that they need, and held back until none does */
	for (size_t i = 0; i < t->nclocks; i++)
		close(t->clocks[i]);
	for (size_t i = t->count; i-- > t->first;)
		close(t->links[i]);
	t->ended_boot_ns = clock_of(CLOCK_BOOTTIME);
	if (t->guard)
		guard_shut(t->guard);
	drain(t);
	if (t->dump)
		t->dump(t->ctx);
	if (t->gone)
		emit_note(&t->in->emit, "the target has ended");
	say_lost(t);
	if (!t->counts)
		tracer_say_none(t);
}

void tracer_say_none(struct tracer *t)
{
	if (t->next && !*t->begun)
		say_unborn(t);
	else if (!t->events)
		emit_note(&t->in->emit, "no such event in %.3g s%s",
			  (double)(clock_ns() - t->started_ns) / 1e9, t->idle ? t->idle : "");
}

uint64_t tracer_uid(const struct target *target, const struct who *w)
{
	if (!target->next)
		return target_uid(target, w->uid);
	return w->ns_uid == UINT32_MAX ? ID_UNMAPPED : w->ns_uid;
}

uint64_t tracer_gid(const struct target *target, const struct who *w)
{
	if (!target->next)
		return target_gid(target, w->gid);
	return w->ns_gid == UINT32_MAX ? ID_UNMAPPED : w->ns_gid;
}

const char *tracer_next(const void *opts)
{
	return ((const struct tracer_opts *)opts)->next;
}

struct bytes tracer_comm(const struct who *w)
{
	return (struct bytes){ w->comm, strnlen(w->comm, sizeof(w->comm)) };
}

int tracer_layout(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	const struct stacked_opts *s = opts;
	const struct tracer_opts *o = &s->tracer;

	(void)nargs;
	(void)args;
	if (o->next && stacks_bytes(&s->stacks))
		return err_set(e, ST_USAGE, "--stack with --next: where code is must be looked up "
			       "in a container that is there; trace it when it runs");
	if (s->stacks.bytes > STACK_MAX)
		return err_set(e, ST_USAGE, "--stack-bytes: at most %u are copied", STACK_MAX);
	if (o->early && !o->next)
		return err_set(e, ST_USAGE, "--early is about a container that is waited for: it "
			       "takes --next");
	l->stream = l->below = true;
	return 0;
}
