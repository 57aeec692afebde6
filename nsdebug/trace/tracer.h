/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracer - what all traces share: which tasks count, loading, the ring, the end.
 *
 * In a ROLE_TRACER child. A trace opens its programs, gives them the filter, loads and attaches
 * them; tracer_seal() then gives up every capability, every system call but those of a parser and
 * every descriptor but the ring's memory and the programs', and tracer_run() reads it until the
 * time, the number of events, the user or the target's end. Programs live exactly as long as the
 * descriptors of this process: nothing is pinned, nothing is written to tracefs, and they are gone
 * with it however it ends. Those that fill the ring are detached before the last events are read,
 * so that there is a last one.
 *
 * An event can be lost in three ways, and each is counted and said: the ring was full; a program
 * was asked for while it already ran on that processor (Linux 5.12 counts it); the child died,
 * which is an error of its own. What nobody counts: Linux 6.18 was seen to leave programs out of
 * one timer interrupt in a thousand, which its perf counter knew of; out of calls, of none.
 */
#ifndef NSDEBUG_TRACE_TRACER_H
#define NSDEBUG_TRACE_TRACER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_link;
struct bpf_object;
struct bpf_object_open_opts;
struct bpf_program;
struct err;
struct guard;
struct inside;
struct layout;
struct next;
struct next_maker;
struct next_name;
struct ring_buffer;
struct target;
struct who;

/* What the programs' read-only data gets. */
struct tracer_filter {
	uint32_t kind;		/* enum filter_kind of bpf/shared.h */
	uint64_t cgroup_id;
	uint32_t mntns, pidns;
	uint32_t depth;		/* of the target's pid namespace */
};

/* The options of every trace. */
struct tracer_opts {
	uint64_t for_ns, max_events;	/* 0: none */
	const char *btf;
	const char *next;
	bool early;
};

#define TRACER_OPTS(s) \
	OPT(0, "for", OPT_DURATION, s, tracer.for_ns, "TIME", \
	    "stop after this long; 0 or without it: on Ctrl-C, with exit status 130"), \
	OPT(0, "max-events", OPT_U64, s, tracer.max_events, "N", "stop after so many events"), \
	OPT(0, "btf", OPT_STR, s, tracer.btf, "FILE", \
	    "types of this kernel, if it does not tell them itself in /sys/kernel/btf"), \
	OPT(0, "next", OPT_STR, s, tracer.next, "NAME", \
	    "instead of TARGET: the next container that gets this name or id, from before its " \
	    "first program to its end"), \
	OPT(0, "early", OPT_FLAG, s, tracer.early, NULL, \
	    "with --next: also what its runtime does in there before that")

#define TRACER_PROGS_MAX 20
#define TRACER_KEEP_MAX 4
#define TYPES_PATH 32

/* An object of bpf/, as it is in this binary. Each is named once, by TRACER_OBJECT(), in the file
 * that includes its skeleton. */
typedef const void *object_fn(size_t *len);

#define TRACER_OBJECT(name) \
	object_fn name##_object; \
	const void *name##_object(size_t *len) { return name##_bpf__elf_bytes(len); }

typedef int tracer_event_fn(void *ctx, void *bytes, size_t len);

struct tracer {
	struct inside *in;
	const struct tracer_opts *opts;
	struct tracer_filter filter;
	const struct next *next;	/* FILTER_NEXT */
	char types[TYPES_PATH];	/* path of in->types */
	struct ring_buffer *ring;
	const volatile __u64 *lost;	/* in the programs' memory */
	/* there, too, of a container to come */
	const volatile __u32 *born, *begun, *ended, *passed;
	const volatile struct next_maker *maker;
	const volatile struct next_name *known;
	bool seen;
	tracer_event_fn *fn;
	void *ctx;
	uint64_t events, bytes;
	unsigned int budget;		/* events until the next look at the clock */
	int wait_ms;			/* before the next look at the ring */
	int64_t real_offset;		/* from CLOCK_BOOTTIME to CLOCK_REALTIME */
	bool enough, gone;	/* as much as was asked for; the target has ended */
	uint64_t drain_ns;	/* so long what is left is looked at in the end; 0: all of it */
	uint64_t unread;	/* records that were not, then */
	bool late;
	const char *cure, *idle;	/* said of what was lost; if there was no event; or NULL */
	bool counts;		/* shows no events, but afterwards how many there were */
	uint64_t started_ns;
	uint64_t ended_boot_ns;		/* CLOCK_BOOTTIME: when its programs were detached */
	struct guard *guard;		/* the target is stopped while we are behind; or NULL */
	uint64_t told;			/* stops that it knows of */
	void (*turn)(void *ctx);	/* before each look at the ring; or NULL */
	void (*dump)(void *ctx);	/* shows, when asked and at the end, what there is */
	int wake;			/* with a guard: readable when it is time to read */
	int links[TRACER_PROGS_MAX], progs[TRACER_PROGS_MAX];
	int stats[TRACER_PROGS_MAX];	/* /proc/self/fdinfo of the programs */
	size_t count;
	size_t first;			/* of them: stacked_attach() */
	int *clocks;			/* links of a program that each processor has; or NULL */
	size_t nclocks;
	int keep[TRACER_KEEP_MAX];	/* what else stays open behind the seal */
	size_t kept;
};

/* ST_REFUSED if this target's events cannot be told from the host's, ST_PRIVILEGE if a
 * capability is missing. Says how they are told if it is not by cgroup. */
int tracer_init(struct tracer *t, struct inside *in, const struct tracer_opts *opts,
		const struct target *target, struct err *e);
/* With these, programs are opened; in a child without a tracer with the second. `path` is theirs,
 * and stays as long as they do. */
void tracer_open_opts(struct tracer *t, struct bpf_object_open_opts *o);
void tracer_types(const struct inside *in, char path[TYPES_PATH], struct bpf_object_open_opts *o);

/* ST_PRIVILEGE, naming the capability, if we have not what loading programs takes. */
int tracer_rights(struct err *e);
/* An error of libbpf's, with the last thing it said. `ret` is its negative errno. */
int err_bpf(struct err *e, int ret, const char *what);

/* Attaches what is not yet; `optional` that this kernel does not have is no error. */
int tracer_attach(struct tracer *t, struct bpf_program *p, bool optional, struct err *e);
/* Of a program that was attached in another way: its descriptors are kept. link -1: there is none,
 * or they are t->clocks. */
void tracer_note(struct tracer *t, struct bpf_program *p, int link);
/* How often a program was not run because it ran already. */
uint64_t tracer_misses(const struct tracer *t);
/* Nanoseconds that the programs have taken until now, all together, as far as the kernel measures
 * that. */
uint64_t tracer_programs_ns(const struct tracer *t);
/* Says which programs and maps the filter takes; called before they are loaded. */
void tracer_choose(struct tracer *t, struct bpf_object *o);
/* Gives the filter its cgroup, or names of it; called when they are, and not yet attached. */
int tracer_set_cgroup(struct tracer *t, struct bpf_object *o, struct err *e);

/* Opens the ring and gives everything else up. */
int tracer_seal(struct tracer *t, int ring, tracer_event_fn *fn, void *ctx, struct err *e);
void tracer_run(struct tracer *t);

/* Counts an event that was shown; stops at the limit. */
void tracer_count(struct tracer *t);
/* Shows one as a row, and counts it unless it is filtered out. */
void tracer_row(struct tracer *t, const void *row);
/* Says so if there was none; tracer_run() does it unless t->counts. */
void tracer_say_none(struct tracer *t);

/* Wall-clock time of a CLOCK_BOOTTIME moment. */
struct coltime tracer_time(const struct tracer *t, uint64_t boot_ns);

/* Ids as the container sees them. */
uint64_t tracer_uid(const struct target *target, const struct who *w);
uint64_t tracer_gid(const struct target *target, const struct who *w);

/* The name that a process gave itself. */
struct bytes tracer_comm(const struct who *w);

/* For struct tool: what --next says. The options of a trace begin with struct tracer_opts. */
const char *tracer_next(const void *opts);

/* How traces look: each event is shown when it comes. Their options begin with struct stacked_opts
 * (trace/stacks.h). */
int tracer_layout(void *opts, int nargs, char *const *args, struct layout *l, struct err *e);

/* After loading: where the programs tell what became of the target. */
#define TRACER_LISTEN(t, skel) do { \
	(t)->lost = &(skel)->bss->lost; \
	(t)->born = &(skel)->bss->next_born; \
	(t)->maker = (const volatile struct next_maker *)&(skel)->bss->next_maker; \
	(t)->known = (const volatile struct next_name *)&(skel)->bss->next_known; \
	(t)->begun = &(skel)->bss->next_begun; \
	(t)->ended = &(skel)->bss->next_ended; \
	(t)->passed = &(skel)->bss->next_passed; \
} while (0)

/* Gives a skeleton's programs the filter: they all have these variables (bpf/filter.h). */
#define TRACER_SET_TARGET(t, skel) do { \
	(skel)->rodata->filter_kind = (t)->filter.kind; \
	(skel)->rodata->filter_cgroup_id = (t)->filter.cgroup_id; \
	(skel)->rodata->filter_mntns = (t)->filter.mntns; \
	(skel)->rodata->filter_pidns = (t)->filter.pidns; \
	(skel)->rodata->filter_depth = (t)->filter.depth; \
} while (0)

/* The same of programs that can wait for a container (bpf/next.h). */
#define TRACER_SET_FILTER(t, skel) do { \
	TRACER_SET_TARGET(t, skel); \
	(skel)->rodata->next_early = (t)->opts->early; \
	tracer_choose((t), (skel)->obj); \
} while (0)

#endif
