/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/prof.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/trace/aids.h"
#include "prof.skel.h"

#define RING_LEAST (8u << 20)
#define RING_MOST (64u << 20)
#define FILES_NS (500 * NS_PER_MS)	/* for all debug files together */
#define RAW_MAX 1024		/* waits whose stacks are kept as bytes */
#define LLU(x) ((unsigned long long)(x))

TRACER_OBJECT(prof)

/* A wait that is not over: its event, and from when on it is unwound its places. */
struct wait {
	const struct profile_who *who;	/* NULL: not unwound yet */
	uint64_t at;
	uint32_t count;
	uint32_t *places;
	struct prof_event e;		/* with as many frames of the kernel as there are */
};

/* ---- a sample becomes places ---- */

struct walk {
	uint32_t places[PROFILE_DEPTH_MAX + 2];
	size_t count;
};

static void put(struct walk *w, uint32_t place)
{
	if (w->count < PROFILE_DEPTH_MAX)
		w->places[w->count++] = place;
}

static void put_kernel(struct prof *p, struct walk *w, const struct prof_event *e)
{
	for (uint32_t i = 0; i < e->count; i++) {
		uint64_t at = e->kernel[i] - (i > 0);

		if (at >> 63)
			put(w, profile_place(&p->profile, PLACE_KERNEL, NULL, at));
	}
	if (e->flags & PROF_CUT)
		put(w, profile_mark(&p->profile, "[more frames in the kernel]"));
}

static const char *why_nowhere(const struct process *of, uint64_t pc)
{
	const struct vma *v = maps_find(&of->maps, pc);

	if (!of->maps.count)
		return "[not looked up: the process had ended?]";
	if (!v || !v->exec || !of->modules)
		return "[not looked up: mapped since?]";
	return of->modules[v - of->maps.items] ? "[file not readable]" : "[code of no file]";
}

/* A return address may be that of the next function: what counts is the call. */
static uint32_t place_of(struct prof *p, const struct prof_event *e, const struct process *of,
			 const struct frame *f)
{
	uint64_t pc = f->pc - !f->exact, bias;
	struct module *m;

	if (process_code(of, pc, &m, &bias))
		return profile_place(&p->profile, PLACE_FILE, m, pc - bias);
	return profile_memory(&p->profile, of->own_map ? (pid_t)e->own_pid : 0, e->euid, of->start,
			      pc, why_nowhere(of, pc));
}

/* Of some samples, with what is said of the first. */
static void note(struct prof_note *n, const char *why)
{
	if (!n->count++)
		snprintf(n->why, sizeof(n->why), "%.*s", (int)sizeof(n->why) - 1, why);
}

static const char *why_none(uint32_t state)
{
	switch (state) {
	case STACK_COMPAT:
		return "[32-bit code: not looked at]";
	case STACK_GONE:
		return "[the process has given its memory up]";
	case STACK_COPIED:
		return "[stack lost]";
	default:
		return "[no stack]";
	}
}

static void put_user(struct prof *p, struct walk *w, const struct prof_event *e)
{
	const struct process *of;
	struct trace t = { 0 };

	if (e->stack != STACK_COPIED ||
	    !stacks_trace(&p->stacks, e->tid, e->at, e->flags & PROF_ANYWHERE, &t, &of)) {
		put(w, profile_mark(&p->profile, why_none(e->stack)));
		return;
	}
	for (size_t i = 0; i < t.count; i++) {
		if (t.frames[i].guess && !(i && t.frames[i - 1].guess)) {
			note(&p->guessed, t.lost);
			put(w, profile_mark(&p->profile, "[callers from here on are a guess]"));
		}
		put(w, place_of(p, e, of, &t.frames[i]));
	}
	if (!t.whole) {
		note(&p->early, t.end);
		put(w, profile_mark(&p->profile, "[the stack ends early]"));
	}
	free(t.frames);
}

static const struct profile_who *who_of(struct prof *p, const struct prof_event *e)
{
	struct bytes comm = { e->comm, strnlen(e->comm, sizeof(e->comm)) };

	switch (p->want->by) {
	case PROF_BY_THREAD:
		return profile_who(&p->profile, comm, e->ns_pid, e->ns_tid);
	case PROF_BY_PROCESS:
		return profile_who(&p->profile, (struct bytes){ "pid", 3 }, e->ns_pid, 0);
	case PROF_BY_NONE:
		return profile_who(&p->profile, (struct bytes){ "all", 3 }, 0, 0);
	default:
		return profile_who(&p->profile, comm, 0, 0);
	}
}

/* ---- what comes from the ring ---- */

static void take_sample(struct prof *p, const struct prof_event *e)
{
	uint64_t value = p->want->cycles ? NS_PER_S / p->want->hz : e->value;
	struct walk w = { .count = 0 };

	put_kernel(p, &w, e);
	put_user(p, &w, e);
	profile_add(&p->profile, who_of(p, e), w.places, w.count, value);
	tracer_count(&p->tracer);
}

static void settle(struct prof *p, struct wait *t)
{
	struct walk w = { .count = 0 };

	if (t->who)
		return;
	put_kernel(p, &w, &t->e);
	put_user(p, &w, &t->e);
	stacks_drop(&p->stacks, t->e.tid);
	t->who = who_of(p, &t->e);
	t->places = mem_alloc((w.count + 1) * sizeof(*t->places));
	memcpy(t->places, w.places, w.count * sizeof(*t->places));
	t->count = (uint32_t)w.count;
	p->raw--;
}

static struct prof *settling;

static void settle_one(void *wait)
{
	settle(settling, wait);
}

static void free_wait(void *wait)
{
	free(((struct wait *)wait)->places);
	free(wait);
}

static void drop(struct prof *p, struct wait *t)
{
	if (!t)
		return;
	p->raw -= !t->who;
	free_wait(t);
}

static void take_wait(struct prof *p, const struct prof_event *e)
{
	size_t len = PROF_HEAD + e->count * sizeof(e->kernel[0]);
	struct wait *t = mem_alloc(offsetof(struct wait, e) + len);

	t->at = e->at;
	memcpy(&t->e, e, len);
	drop(p, map_take(&p->waits, e->tid));
	map_put(&p->waits, e->tid, t);
	/* those of threads that wait for long take less when they are unwound */
	if (++p->raw >= RAW_MAX) {
		settling = p;
		map_each(&p->waits, settle_one);
	}
}

static void count_wait(struct prof *p, struct wait *t, uint64_t ns)
{
	uint64_t before = p->from_boot_ns > t->at ? p->from_boot_ns - t->at : 0;

	/* the programs were there a moment before we began to look */
	ns = ns > before ? ns - before : 0;
	if (ns < p->want->min_ns) {
		p->short_waits++;
		p->short_ns += ns;
		return;
	}
	settle(p, t);
	profile_add(&p->profile, t->who, t->places, t->count, ns);
	tracer_count(&p->tracer);
}

static void take_back(struct prof *p, const struct prof_event *e)
{
	struct wait *t = map_take(&p->waits, e->tid);

	/* its beginning was lost, which is counted */
	if (t && t->at == e->at)
		count_wait(p, t, e->value);
	drop(p, t);
}

static int take(void *ctx, void *bytes, size_t len)
{
	struct prof *p = ctx;
	const struct prof_event *e = bytes;

	/* the kernel's ring: records are as the programs of this binary made them */
	if (len >= sizeof(struct thread_stack) && e->record == RECORD_STACK) {
		stacks_keep(&p->stacks, bytes, len);
		return 0;
	}
	if (len < PROF_HEAD || e->count > PROF_KERNEL_MAX ||
	    len < PROF_HEAD + e->count * sizeof(e->kernel[0]))
		return 0;
	p->stacks.asked = false;
	if (e->record == PROF_SAMPLE)
		take_sample(p, e);
	else if (e->record == PROF_WAIT)
		take_wait(p, e);
	else if (e->record == PROF_BACK)
		take_back(p, e);
	if (p->stacks.asked)	/* a whole ask may take long: look at the clock now */
		p->tracer.budget = 1;
	return 0;
}

/* ---- start ---- */

/* UINT64_MAX: it cannot be read, for the cgroup is gone. */
static uint64_t usage_ns(int fd)
{
	char text[1024];
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);
	const char *p = text;
	uint64_t us = 0;

	if (n <= 0)
		return UINT64_MAX;
	text[n] = '\0';
	p = strstr(text, "usage_usec ");
	if (!p)
		return UINT64_MAX;
	p += strlen("usage_usec ");
	return scan_u64(&p, &us) ? us * 1000 : UINT64_MAX;
}

static int choose(struct prof *p, struct prof_bpf *b, struct err *e)
{
	int processors = libbpf_num_possible_cpus();
	uint64_t ring;

	if (processors < 0)
		return err_bpf(e, processors, "count the processors");
	if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_task_pt_regs,
				    NULL) <= 0)
		return err_set(e, ST_REFUSED, "this kernel does not tell registers to programs "
			       "(Linux 5.15)");
	bpf_program__set_autoload(b->progs.on_sample, !p->want->off);
	bpf_program__set_autoload(b->progs.on_switch, p->want->off);
	bpf_program__set_autoload(b->progs.on_open, p->want->off);
	bpf_map__set_autocreate(b->maps.waits, p->want->off);
	bpf_map__set_max_entries(b->maps.stacks, (unsigned int)processors);
	b->rodata->stack_bytes = p->want->stack_bytes;
	b->rodata->is_modern = true;
	/* what comes in a second, for a big program takes that long to be looked at first */
	ring = RING_LEAST;
	while (ring < RING_MOST && (p->want->off || ring < (uint64_t)processors * p->want->hz *
				    p->want->stack_bytes))
		ring *= 2;
	bpf_map__set_max_entries(b->maps.ring, (uint32_t)ring);
	return 0;
}

int prof_clock(const struct bpf_program *prog, int cpu, uint64_t hz, bool cycles)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK, .sample_period = NS_PER_S / hz,
	};
	auto_close int fd = -1;

	if (cycles) {
		attr.type = PERF_TYPE_HARDWARE;
		attr.config = PERF_COUNT_HW_CPU_CYCLES;
		attr.freq = 1;
		attr.sample_freq = hz;
	}
	fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno :
		bpf_link_create(bpf_program__fd(prog), fd, BPF_PERF_EVENT, NULL);
}

static int attach_clocks(struct prof *p, struct bpf_program *prog, struct err *e)
{
	int count = libbpf_num_possible_cpus(), err = -ENODEV;

	p->tracer.clocks = mem_alloc((size_t)(count + 1) * sizeof(int));
	for (int cpu = 0; cpu < count; cpu++) {
		int link = prof_clock(prog, cpu, p->want->hz, p->want->cycles);

		if (link >= 0)
			p->tracer.clocks[p->tracer.nclocks++] = link;
		else if (link != -ENODEV)	/* it is switched off */
			err = link;
	}
	if (p->want->cycles && !p->tracer.nclocks && (err == -ENOENT || err == -EOPNOTSUPP))
		return err_set(e, ST_REFUSED, "--event cycles: this machine does not count cycles "
			       "(a virtual one without a PMU); its clock is there always");
	if (err != -ENODEV || !p->tracer.nclocks)
		return err_bpf(e, err, "have a clock on each processor");
	tracer_note(&p->tracer, prog, -1);
	return 0;
}

static int open_waits(struct prof *p, struct prof_bpf *b, struct err *e)
{
	union bpf_iter_link_info which = {
		.map.map_fd = (uint32_t)bpf_map__fd(b->maps.waits),
	};
	LIBBPF_OPTS(bpf_link_create_opts, o, .iter_info = &which, .iter_info_len = sizeof(which));
	auto_close int link = bpf_link_create(bpf_program__fd(b->progs.on_open), 0,
					      BPF_TRACE_ITER, &o);

	p->open = link < 0 ? -1 : bpf_iter_create(link);
	return p->open < 0 ? err_sys(e, "have who waits at the end") : 0;
}

static int attach(struct prof *p, struct prof_bpf *b, struct err *e)
{
	struct tracer *t = &p->tracer;

	if (p->want->off && open_waits(p, b, e) < 0)
		return -1;
	if (p->want->off ? tracer_attach(t, b->progs.on_switch, false, e) < 0 :
	    attach_clocks(p, b->progs.on_sample, e) < 0)
		return -1;
	t->lost = &b->bss->lost;
	p->crowded = &b->bss->crowded;
	t->keep[t->kept++] = p->open;
	t->keep[t->kept++] = p->usage;
	t->keep[t->kept++] = p->want->aids->symbols;
	t->keep[t->kept++] = p->want->aids->stats;
	return tracer_seal(t, bpf_map__fd(b->maps.ring), take, p, e);
}

static int start(struct prof *p, struct inside *in, const struct tracer_opts *opts,
		 const struct target *target, struct err *e)
{
	struct bpf_object_open_opts o;
	struct prof_bpf *b;
	int ret;

	if (tracer_init(&p->tracer, in, opts, target, e) < 0)
		return -1;
	tracer_open_opts(&p->tracer, &o);
	b = prof_bpf__open_opts(&o);
	if (!b)
		return err_bpf(e, -errno, "open the programs");
	if (choose(p, b, e) < 0)
		return -1;
	stacks_init(&p->stacks, in->second, &in->emit);
	TRACER_SET_TARGET(&p->tracer, b);
	/* a container that is not there yet has no code that could be looked at */
	bpf_map__set_autocreate(b->maps.born, false);
	emit_tick(&in->emit);
	ret = prof_bpf__load(b);
	emit_tick(&in->emit);
	if (ret < 0)
		return err_bpf(e, ret, "load the programs");
	if (tracer_set_cgroup(&p->tracer, b->obj, e) < 0)
		return -1;
	if (p->tracer.filter.kind == FILTER_CGROUP)
		p->usage = openat(in->cgroup, "cpu.stat", O_RDONLY | O_CLOEXEC);
	return attach(p, b, e);
}

/* ---- the end ---- */

static void end_one(struct prof *p, const struct prof_open *open, uint64_t ended)
{
	struct wait *t = map_take(&p->waits, open->tid);

	if (t && t->at == open->from)
		count_wait(p, t, ended > t->at ? ended - t->at : 0);
	drop(p, t);
}

/* Who waits still has waited until the end, and the kernel knows who that is: of others it was lost
 * that they are back, which is counted. */
static void end_waits(struct prof *p, struct emit *emit)
{
	struct prof_open open[256];
	ssize_t n;

	while (p->want->off && ((n = read(p->open, open, sizeof(open))) > 0 ||
				(n < 0 && errno == EAGAIN))) {
		for (ssize_t i = 0; i < n / (ssize_t)sizeof(*open); i++)
			end_one(p, &open[i], p->tracer.ended_boot_ns);
		emit_tick(emit);
	}
	map_each(&p->waits, free_wait);
	map_free(&p->waits);
}

static void say_missing(struct prof *p, struct emit *emit)
{
	if (p->profile.beyond)
		emit_cut(emit, "%llu samples were of more different stacks than are kept: they are "
			 "shown as one", LLU(p->profile.beyond));
	if (p->crowded && *p->crowded)
		emit_cut(emit, "%llu waits are missing: more threads wait than are known",
			 LLU(*p->crowded));
	if (p->early.count)
		emit_note(emit, "the stack ends early in %llu of %llu samples: %s",
			  LLU(p->early.count), LLU(p->profile.samples), p->early.why);
	if (p->guessed.count)
		emit_note(emit, "frames are a guess in %llu of %llu samples, up from a mark that "
			  "says so: %s", LLU(p->guessed.count), LLU(p->profile.samples),
			  p->guessed.why);
	if (p->profile.kernel_nameless)
		emit_note(emit, "functions of the kernel have no names: /proc/kallsyms does not "
			  "tell addresses (kernel.kptr_restrict; run nsdebug as root)");
}

bool prof_run(struct prof *p, const struct prof_want *want, struct inside *in,
	      const struct tracer_opts *opts, const struct target *target)
{
	struct profile *f = &p->profile;
	uint64_t usage, programs;
	struct err e;

	*p = (struct prof){ .want = want, .usage = -1, .open = -1 };
	profile_init(f);
	f->emit = &in->emit;
	if (start(p, in, opts, target, &e) < 0) {
		emit_err(&in->emit, &e);
		return false;
	}
	f->waits = want->off;
	f->unit_samples = want->off ? "waits" : "samples";
	f->unit_value = want->off ? "off_cpu" : "cpu";
	f->period_ns = want->off ? 1 : NS_PER_S / want->hz;
	f->began_ns = clock_of(CLOCK_REALTIME);
	usage = usage_ns(p->usage);
	programs = tracer_programs_ns(&p->tracer);
	p->tracer.counts = true;
	p->from_boot_ns = clock_of(CLOCK_BOOTTIME);
	tracer_run(&p->tracer);
	f->window_ns = clock_ns() - p->tracer.started_ns;
	p->usage_ns = usage_ns(p->usage);
	p->has_usage = p->usage_ns != UINT64_MAX && usage <= p->usage_ns;
	p->usage_ns -= usage;
	p->programs_ns = tracer_programs_ns(&p->tracer) - programs;
	emit_tick(&in->emit);
	end_waits(p, &in->emit);
	emit_tick(&in->emit);
	p->files = (struct debugfiles){ .peer = in->files, .wait_ns = FILES_NS };
	profile_name(f, want->aids->symbols, &p->files);
	emit_tick(&in->emit);
	profile_tree(f);
	p->own_ns = clock_of(CLOCK_PROCESS_CPUTIME_ID);
	say_missing(p, &in->emit);
	return true;
}

void prof_free(struct prof *p)
{
	profile_free(&p->profile);
	stacks_free(&p->stacks);
	free(p->tracer.clocks);
}
