/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile - many stacks, each different one kept once, with how often it was met and what it
 * weighs.
 *
 * A sample is folded when it comes: into places (an address in a file, in the kernel, in memory)
 * and a stack of them. So what is kept grows with how many different stacks there are, not with
 * time, and has a limit; what is beyond it is counted as one. Names are looked up at the end, each
 * place once (profile_name), and then the stacks become a tree of frames, by which all that is
 * shown is made. Names are the target's word: who writes them escapes them.
 */
#ifndef NSDEBUG_TRACE_PROFILE_H
#define NSDEBUG_TRACE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/map.h"
#include "nsdebug/base/str.h"
#include "nsdebug/code/names.h"

#define PROFILE_BYTES_MAX (96u << 20)
#define PROFILE_NODES_MAX (1u << 20)	/* about a hundred bytes each, with what finds them */
#define PROFILE_DEPTH_MAX 400		/* frames of one stack, the kernel's too */

struct arena;
struct emit;

enum place_kind {
	PLACE_FILE,	/* `at` is a virtual address of the module's file */
	PLACE_MEMORY,	/* in no file that is known, of a process: `at` is where it was */
	PLACE_KERNEL,
	PLACE_MARK,	/* no code: the stack is not known further; `mark` says why */
};

struct profile_place {
	struct profile_place *next;		/* of the same hash */
	enum place_kind kind;
	struct module *module;
	uint64_t at;
	/* Of PLACE_MEMORY: as it numbers itself, or 0 if the perf map of that number is not its
	 * own; its user, the host's; and when it began. */
	pid_t pid;
	uint32_t euid;
	uint64_t start;
	const char *mark;		/* of PLACE_MEMORY: what it is called without a name */
	uint32_t index, frame;		/* frame: after profile_name() */
};

/* Whose stack: one line of a list of threads, or of processes. */
struct profile_who {
	struct profile_who *next;
	struct bytes name;
	uint32_t pid, tid;		/* the container's; 0: not of one */
	uint32_t index, frame;
};

struct profile_stack {
	struct profile_stack *next;
	const struct profile_who *who;
	uint64_t samples, value;
	uint32_t count;
	uint32_t places[];		/* the innermost first */
};

/* What places are called: those of a function are one frame. */
struct profile_frame {
	struct profile_frame *next;
	struct bytes name;		/* "poll", "libc.so.6+0x1234", "[why]" */
	struct bytes module;		/* a path, "[kernel]" or nothing */
	const char *build_id;		/* or NULL */
	enum place_kind kind;
	uint32_t index;
	uint64_t self, total, samples;	/* after profile_tree() */
	uint64_t seen;			/* of profile_tree() */
};

/* A frame that was called from its parent. The first is the root, of no frame. */
struct profile_node {
	uint32_t frame, parent;
	uint32_t child, sibling;	/* 0: none. Children are in the order of their names */
	uint32_t depth;
	uint64_t self, total, samples;	/* samples: of self */
};

struct profile {
	struct arena *arena;
	struct map by_place, by_who, by_stack, by_frame, by_node;
	struct profile_place **places;
	struct profile_who **whos;
	struct profile_stack **stacks;
	struct profile_frame **frames;
	struct profile_node *nodes;
	size_t nplaces, nwhos, nstacks, nframes, nnodes;
	const struct profile_who *others;	/* whose the lighter stacks are, or NULL */
	struct names names;
	uint64_t samples, value;
	uint64_t beyond;		/* samples that found no room */
	struct emit *emit;		/* is told that work goes on */
	bool kernel_nameless;
	bool waits;			/* stacks begin in the scheduler, which is not shown */
	/* what the numbers are */
	const char *unit_samples, *unit_value;	/* "samples", "cpu" */
	uint64_t period_ns, window_ns, began_ns;	/* began: CLOCK_REALTIME */
};

void profile_init(struct profile *p);

uint32_t profile_place(struct profile *p, enum place_kind kind, struct module *m, uint64_t at);
/* `none`: a constant that it is called where nobody has a name for it. */
uint32_t profile_memory(struct profile *p, pid_t pid, uint32_t euid, uint64_t start, uint64_t at,
			const char *none);
uint32_t profile_mark(struct profile *p, const char *why);	/* `why` is a constant */
const struct profile_who *profile_who(struct profile *p, struct bytes name, uint32_t pid,
				      uint32_t tid);
void profile_add(struct profile *p, const struct profile_who *who, const uint32_t *places,
		 size_t count, uint64_t value);

/* Names all places; kallsyms: a descriptor or -1; files: whom to ask for debug files, and for what
 * a process says of code that it has made. Then nothing is added any more. */
void profile_name(struct profile *p, int kallsyms, struct debugfiles *files);
/* Before: if not all stacks find room in the tree, the heaviest are to come first. */
void profile_choose(struct profile *p);
/* The first place that is shown of a stack, after profile_name(): who waits has called the
 * scheduler, and that our program, and neither is what it waits for. */
uint32_t profile_first(const struct profile *p, const struct profile_stack *s);
/* The heaviest stacks as far as there is room for their nodes; functions are of all stacks. */
void profile_tree(struct profile *p);
/* Indices of frames, of nodes, by what is theirs alone: the heaviest first. free() it. */
uint32_t *profile_frames_by_self(const struct profile *p);
uint32_t *profile_nodes_by_self(const struct profile *p);

const struct profile_frame *profile_frame_of(const struct profile *p,
					     const struct profile_node *n);
void profile_free(struct profile *p);

#endif
