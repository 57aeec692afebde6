/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/unwind.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libunwind-x86_64.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/fallback.h"
#include "nsdebug/code/gostack.h"
#include "nsdebug/code/memory.h"
#include "nsdebug/code/work.h"

/* Exported by the library but in no header of it; perf declares it in the same way. */
int _Ux86_64_dwarf_search_unwind_table(unw_addr_space_t as, unw_word_t ip, unw_dyn_info_t *di,
				       unw_proc_info_t *pi, int need_unwind_info, void *arg);

/*
 * libunwind shuts out signals around every look into its cache: two system calls a frame, a third
 * of the time of a big process. The parser has no handlers and no threads, and from the first
 * unwinder on its own sigprocmask(2) is this one, which then does nothing.
 */
static bool is_parser;

int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	int err = is_parser ? 0 : pthread_sigmask(how, set, old);

	if (err)
		errno = err;
	return err ? -1 : 0;
}

#define READS_FREE 4096u	/* for one frame; honest tables take some dozens */
#define READ_COST 64u		/* of those beyond, for work_may() */

/* What our callbacks answer: none of them is UNW_ENOINFO, after which libunwind would guess. */
#define OURS (-UNW_ESTOPUNWIND)

enum why { WHY_NONE, WHY_NO_CFI, WHY_NO_MODULE, WHY_REGISTER, WHY_MEMORY, WHY_ENDLESS };

struct unwinder {
	const struct process *p;
	/* One keeps what it learned by address, one nothing: a rule kept from a return address may
	 * be the wrong one for a pc that a signal or a stop interrupted at the same place. */
	unw_addr_space_t keeping, fresh;
	const struct thread *t;
	struct at from;			/* where libunwind began */
	bool stepped;			/* it has gone on from there */
	bool by_code;			/* the first frame's caller is found by its code */
	struct fallback *fallback;	/* or NULL: not needed so far */
	struct gostack go;
	struct module *m;		/* the file of the step */
	uint64_t bias;
	bool finding;			/* in find_proc_info: data that is relocated is no matter */
	enum why why;
	uint64_t why_at;		/* address or register */
	unsigned int reads;
};

struct code *module_code(struct module *m)
{
	struct code *c = m->code;
	struct err e;

	if (c || m->why[0])
		return c;
	c = mem_alloc(sizeof(*c));
	if ((m->bytes ? elf_open_bytes(&c->elf, m->bytes, m->len, &e) :
	     elf_open(&c->elf, m->fd, &e)) < 0) {
		snprintf(m->why, sizeof(m->why), "%.90s", e.msg);
		free(c);
		return NULL;
	}
	m->code = c;
	return c;
}

void modules_close(struct snapshot *s)
{
	for (size_t i = 0; i < s->module_count; i++) {
		struct code *c = s->modules[i]->code;

		if (!c)
			continue;
		cfi_free(&c->cfi);
		debugdata_close(&c->mini);
		debugfile_close(&c->debug);
		elf_close(&c->elf);
		free(c);
		s->modules[i]->code = NULL;
	}
}

bool process_code(const struct process *p, uint64_t pc, struct module **m, uint64_t *bias)
{
	const struct vma *v = maps_find(&p->maps, pc);
	struct code *c;

	*m = NULL;
	if (!v || !v->exec || !p->modules)
		return false;
	*m = p->modules[v - p->maps.items];
	if (!*m)
		return false;
	c = module_code(*m);
	return c && elf_bias(&c->elf, v->start, (*m)->bytes ? 0 : v->offset, pc, bias);
}

static bool in_hole(const struct thread *t, uint64_t addr)
{
	for (size_t i = 0; i < t->hole_count && t->holes[i].start < addr + 8; i++)
		if (addr < t->holes[i].end)
			return true;
	return false;
}

bool thread_word(const struct thread *t, uint64_t addr, uint64_t *ret)
{
	if (addr < t->stack_at || addr - t->stack_at >= t->stack_len ||
	    t->stack_len - (addr - t->stack_at) < sizeof(*ret) || in_hole(t, addr))
		return false;
	memcpy(ret, t->stack + (addr - t->stack_at), sizeof(*ret));
	return true;
}

/* A word aligned to words may reach over the end of what is in the file: 0 there. */
static bool in_file(struct unwinder *u, uint64_t addr, void *to)
{
	struct code *c = u->m ? u->m->code : NULL;
	const struct elf_load *l;
	size_t len = 8;

	if (!c)
		return false;
	if (cfi_made(&c->cfi, addr, to, len))
		return true;
	l = elf_load_at(&c->elf, addr - u->bias, 1);
	/* what the loader relocates is known in kind only, which is enough while finding */
	if (!l || (l->write && !u->finding))
		return false;
	if (l->memsz - (addr - u->bias - l->vaddr) < len)
		len = l->memsz - (addr - u->bias - l->vaddr);
	memset(to, 0, 8);
	return elf_image(&c->elf, addr - u->bias, to, len);
}

static int access_mem(unw_addr_space_t as, unw_word_t addr, unw_word_t *value, int write, void *arg)
{
	struct unwinder *u = arg;

	if (write)
		return -UNW_EINVAL;
	if (++u->reads > UNWIND_READS_MAX ||
	    (u->reads > READS_FREE && !work_may(WORK_SMALL, READ_COST))) {
		u->why = WHY_ENDLESS;
		return OURS;
	}
	if (thread_word(u->t, addr, value) || in_file(u, addr, value))
		return 0;
	u->why = WHY_MEMORY;
	u->why_at = addr;
	return OURS;
}

static int access_reg(unw_addr_space_t as, unw_regnum_t reg, unw_word_t *value, int write,
		      void *arg)
{
	struct unwinder *u = arg;

	if (write || reg < 0 || reg >= REGS_COUNT)
		return -UNW_EBADREG;
	if (!(u->from.regs.known & 1u << reg)) {
		u->why = WHY_REGISTER;
		u->why_at = (uint64_t)reg;
		return OURS;
	}
	*value = u->from.regs.value[reg];
	return 0;
}

static int find_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *pi, int need,
			  void *arg)
{
	struct unwinder *u = arg;
	struct code *c;
	unw_dyn_info_t di = { .format = UNW_INFO_FORMAT_REMOTE_TABLE, .end_ip = ~0ull };
	int ret;

	u->why = WHY_NO_MODULE;
	if (!process_code(u->p, ip, &u->m, &u->bias))
		return OURS;
	c = u->m->code;
	u->why = WHY_NO_CFI;
	if (!cfi_find(&c->cfi, &c->elf, ip - u->bias))
		return OURS;
	di.u.rti.segbase = u->bias + c->cfi.base;
	di.u.rti.table_data = c->cfi.made ? c->cfi.table : u->bias + c->cfi.table;
	di.u.rti.table_len = c->cfi.count;	/* in words, which is what an entry is */
	memset(pi, 0, sizeof(*pi));
	u->finding = true;
	ret = _Ux86_64_dwarf_search_unwind_table(as, ip, &di, pi, need, u);
	u->finding = false;
	if (ret < 0)
		return OURS;
	u->why = WHY_NONE;
	return 0;
}

static void put_unwind_info(unw_addr_space_t as, unw_proc_info_t *pi, void *arg)
{
}

static int no_list(unw_addr_space_t as, unw_word_t *list, void *arg)
{
	return -UNW_ENOINFO;
}

static int no_fpreg(unw_addr_space_t as, unw_regnum_t reg, unw_fpreg_t *value, int write, void *arg)
{
	return -UNW_EBADREG;
}

static int no_resume(unw_addr_space_t as, unw_cursor_t *cursor, void *arg)
{
	return -UNW_EINVAL;
}

static int no_name(unw_addr_space_t as, unw_word_t addr, char *name, size_t room, unw_word_t *off,
		   void *arg)
{
	return OURS;
}

static unw_accessors_t accessors = {
	.find_proc_info = find_proc_info,
	.put_unwind_info = put_unwind_info,
	.get_dyn_info_list_addr = no_list,
	.access_mem = access_mem,
	.access_reg = access_reg,
	.access_fpreg = no_fpreg,
	.resume = no_resume,
	.get_proc_name = no_name,
};

struct unwinder *unwinder_new(const struct process *p)
{
	struct unwinder *u = mem_alloc(sizeof(*u));

	is_parser = true;
	u->p = p;
	u->keeping = unw_create_addr_space(&accessors, 0);
	u->fresh = unw_create_addr_space(&accessors, 0);
	if (!u->keeping || !u->fresh) {
		unwinder_free(&u);
		return NULL;
	}
	unw_set_caching_policy(u->keeping, UNW_CACHE_GLOBAL);
	unw_set_cache_size(u->keeping, 1024, 0);
	unw_set_caching_policy(u->fresh, UNW_CACHE_NONE);
	return u;
}

void unwinder_free(struct unwinder **u)
{
	if (!*u)
		return;
	if ((*u)->keeping)
		unw_destroy_addr_space((*u)->keeping);
	if ((*u)->fresh)
		unw_destroy_addr_space((*u)->fresh);
	fallback_free(&(*u)->fallback);
	gostack_free(&(*u)->go);
	own_free(u);
}

void trace_end(struct trace *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->end, sizeof(r->end), fmt, ap);
	va_end(ap);
}

/* "libfoo.so+0x123": the offset is of the file, as in the frames. */
static void place(const struct unwinder *u, uint64_t pc, char *to, size_t room)
{
	const struct vma *v = maps_find(&u->p->maps, pc);
	struct bytes file;
	struct module *m;
	uint64_t bias;

	if (!v || !v->path.len || !process_code(u->p, pc, &m, &bias)) {
		snprintf(to, room, "0x%llx", (unsigned long long)pc);
		return;
	}
	file = bytes_base(v->path);
	snprintf(to, room, "%.*s+0x%llx", file.len < 80 ? (int)file.len : 80, file.p,
		 (unsigned long long)(pc - bias));
}

static void say_no_module(const struct unwinder *u, uint64_t pc, struct trace *r)
{
	const struct vma *v = maps_find(&u->p->maps, pc);
	struct module *m = v && v->exec && u->p->modules ? u->p->modules[v - u->p->maps.items] :
		NULL;

	if (!v || !v->exec)
		trace_end(r, "0x%llx is not code", (unsigned long long)pc);
	else if (!m)
		trace_end(r, "no unwind tables for 0x%llx: code made at run time (JIT)?",
			  (unsigned long long)pc);
	else if (m->why[0])
		trace_end(r, "%.*s, the file of 0x%llx, gives no unwind tables: %s",
			  v->path.len < 100 ? (int)v->path.len : 100, v->path.p,
			  (unsigned long long)pc, m->why);
	else
		trace_end(r, "0x%llx is in no segment of its file", (unsigned long long)pc);
}

static const char *const reg_names[REGS_COUNT] = {
	"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12",
	"r13", "r14", "r15", "rip",
};

/* A sample is copied from the stack pointer up; what a frame has restored is below it. */
static bool is_below_sample(const struct thread *t, uint64_t addr)
{
	return t->how == HOW_SAMPLED && addr < t->stack_at && t->stack_at - addr <= STACK_RED_ZONE;
}

void trace_end_memory(struct trace *r, const struct thread *t, uint64_t addr)
{
	if (is_below_sample(t, addr)) {
		r->want_regs = true;
		trace_end(r, "goes on below the stack pointer, which a sample leaves out: "
			  "a stop shows more");
	} else if (t->stack_cut && addr >= t->stack_at + t->stack_len - 7) {
		r->cut = true;
		trace_end(r, "only %zu bytes of the stack were copied%s", t->stack_len,
			  t->how == HOW_SAMPLED ? ": of one that runs, a stop shows more" :
			  " (--stack-bytes)");
	} else {
		trace_end(r, "goes on at 0x%llx, which is not in the copied stack",
		    (unsigned long long)addr);
	}
}

/* Whose tables were not looked for is not said to have none. */
static bool is_left(const struct unwinder *u)
{
	const struct code *c = u->m ? u->m->code : NULL;

	return c && (c->cfi.left || c->go.left);
}

static void say_register(const struct unwinder *u, const char *at, struct trace *r)
{
	bool was_known = u->t->regs.known & 1u << u->why_at;

	r->want_regs |= !was_known;
	trace_end(r, "%s needs register %s, which %s", at, reg_names[u->why_at], was_known ?
		  "code without unwind tables has changed" : "only a stop or BPF shows");
}

static void say_why(struct unwinder *u, uint64_t pc, int code, struct trace *r)
{
	char at[128];

	place(u, pc, at, sizeof(at));
	switch (u->why) {
	case WHY_NO_MODULE:
		say_no_module(u, pc, r);
		break;
	case WHY_NO_CFI:
		if (is_left(u))
			trace_end(r, "the file of %s is too much work to look for its tables", at);
		else
			trace_end(r, "no CFI for %s, and its code does not show who called it",
				  at);
		break;
	case WHY_REGISTER:
		say_register(u, at, r);
		break;
	case WHY_MEMORY:
		trace_end_memory(r, u->t, u->why_at);
		break;
	case WHY_ENDLESS:
		trace_end(r, "the CFI for %s does not come to an end", at);
		break;
	default:
		trace_end(r, "the CFI for %s is broken (%s)", at, unw_strerror(code));
	}
}

void trace_add(struct trace *r, uint64_t pc, enum method method, bool exact)
{
	r->frames = mem_more(r->frames, r->count);
	r->frames[r->count] = (struct frame){
		pc, method, exact, r->count && r->frames[r->count - 1].guess,
	};
	r->count++;
}

/* One more frame. False: the stack ends here, r says how. */
static bool step(struct unwinder *u, unw_cursor_t *c, struct trace *r, int *signals)
{
	unw_word_t sp = 0, pc = 0, old_sp = 0;
	const struct vma *v;
	bool signal;
	int ret;

	unw_get_reg(c, UNW_REG_SP, &old_sp);
	u->why = WHY_NONE;
	u->reads = 0;
	ret = unw_step(c);
	if (ret < 0) {
		say_why(u, r->frames[r->count - 1].pc, ret, r);
		return false;
	}
	u->stepped = true;
	if (!ret || unw_get_reg(c, UNW_REG_IP, &pc) < 0 || !pc) {
		r->whole = true;
		return false;
	}
	unw_get_reg(c, UNW_REG_SP, &sp);
	signal = unw_is_signal_frame(c) > 0;
	if (signal && ++*signals > UNWIND_SIGNALS_MAX) {
		trace_end(r, "more than %d signal frames", UNWIND_SIGNALS_MAX);
		return false;
	}
	v = maps_find(&u->p->maps, signal ? pc : pc - 1);
	if (!v || !v->exec) {
		trace_end(r, "return address 0x%llx is not code: the stack is broken, or its CFI",
		    (unsigned long long)pc);
		return false;
	}
	/* vfork(2) has taken its return address off the stack */
	if (sp <= old_sp && !signal && !(sp == old_sp && r->count == 1)) {
		trace_end(r, "the stack does not go up any more: it is broken, or its CFI");
		return false;
	}
	trace_add(r, pc, signal ? METHOD_SIGNAL : METHOD_CFI, signal);
	return true;
}

/* Of a return address, what the call gives back; of a frame that was interrupted, all. */
static void registers(struct unwinder *u, unw_cursor_t *c, const struct frame *f, struct at *ret)
{
	const uint32_t kept = 0xf000u | 1u << REG_BX | 1u << REG_BP | 1u << REG_SP | 1u << REG_PC;

	*ret = u->from;
	ret->exact = f->exact;
	if (u->stepped) {
		ret->regs.known = 0;
		for (int i = 0; i < REGS_COUNT; i++) {
			unw_word_t value;

			if ((!f->exact && !(kept & 1u << i)) || unw_get_reg(c, i, &value) < 0)
				continue;
			ret->regs.value[i] = value;
			ret->regs.known |= 1u << i;
		}
	}
	ret->regs.value[REG_PC] = f->pc;
}

/* libunwind looks up the address that it begins at; behind a call this is not the one. */
static bool begin(struct unwinder *u, unw_addr_space_t as, unw_cursor_t *c, const struct at *from)
{
	u->from = *from;
	u->stepped = false;
	if (!from->exact)
		u->from.regs.value[REG_PC]--;
	return unw_init_remote(c, as, u) >= 0;
}

/* Where CFI has no answer. False: nor is there another, r says how the stack ends. */
static bool go_on(struct unwinder *u, unw_addr_space_t as, unw_cursor_t *c, struct trace *r,
		  int *signals)
{
	uint64_t refused = work.refused;
	enum fallback_end found;
	struct at frame, caller;
	enum method method;
	unsigned int reg;
	bool guess;

	if (u->why != WHY_NO_CFI && u->why != WHY_NO_MODULE && u->why != WHY_REGISTER)
		return false;
	registers(u, c, &r->frames[r->count - 1], &frame);
	if (!u->fallback)
		u->fallback = fallback_new(u->p);
	found = fallback_step(u->fallback, u->t, &frame, &caller, &method, &guess, &reg);
	if (found == FALLBACK_NONE || guess)	/* with more registers there may be more to see */
		r->want_regs |= u->t->regs.known != (1u << REGS_COUNT) - 1;
	switch (found) {
	case FALLBACK_WHOLE:
		r->whole = true;
		r->end[0] = '\0';
		return false;
	case FALLBACK_REGISTER:
		u->why = WHY_REGISTER;
		u->why_at = reg;
		say_why(u, frame.regs.value[REG_PC], 0, r);
		return false;
	case FALLBACK_NONE:
		if (work.refused != refused)
			trace_end(r, "the code of 0x%llx is too much work to follow",
				  (unsigned long long)frame.regs.value[REG_PC]);
		return false;
	case FALLBACK_FOUND:
		break;
	}
	if (method == METHOD_SIGNAL && ++*signals > UNWIND_SIGNALS_MAX) {
		trace_end(r, "more than %d signal frames", UNWIND_SIGNALS_MAX);
		return false;
	}
	trace_add(r, caller.regs.value[REG_PC], method, caller.exact);
	if (guess && !r->frames[r->count - 1].guess) {
		r->frames[r->count - 1].guess = true;
		memcpy(r->lost, r->end, sizeof(r->lost));
	}
	r->end[0] = '\0';
	return begin(u, as, c, &caller);
}

/* What the first frame has restored when it is about to return is in the registers, as its code
 * shows; its CFI still looks for it below the stack pointer. */
static bool by_code(struct unwinder *u, unw_addr_space_t as, unw_cursor_t *c, struct trace *r,
		    int *signals)
{
	const struct at first = { u->t->regs, true };

	if (u->why != WHY_MEMORY || u->by_code || !is_below_sample(u->t, u->why_at))
		return false;
	u->by_code = true;
	r->count = 1;
	*signals = 0;
	u->why = WHY_NO_CFI;
	return begin(u, as, c, &first) && go_on(u, as, c, r, signals);
}

/* From Go's code on: no way leads from there back to code that has CFI instead. */
static bool walked_by_go(struct unwinder *u, unw_cursor_t *c, size_t max, struct trace *r)
{
	unw_word_t sp;

	return unw_get_reg(c, UNW_REG_SP, &sp) >= 0 && gostack_walk(&u->go, u->p, u->t, sp, max, r);
}

static bool walk(struct unwinder *u, unw_addr_space_t as, size_t max, struct trace *r)
{
	const struct at pc = { u->t->regs, true };
	unw_cursor_t c;
	int signals = 0;

	r->count = 0;
	if (!begin(u, as, &c, &pc)) {
		trace_end(r, "the unwinder could not begin");
		return true;
	}
	trace_add(r, u->t->regs.value[REG_PC], METHOD_PC, true);
	while (!walked_by_go(u, &c, max, r) &&
	       (step(u, &c, r, &signals) || go_on(u, as, &c, r, &signals) ||
		by_code(u, as, &c, r, &signals))) {
		if (signals && as == u->keeping)
			return false;
		if (r->count >= max) {
			r->cut = true;
			trace_end(r, "%zu frames are shown (--max-frames)", max);
			break;
		}
	}
	return true;
}

void unwind_thread(struct unwinder *u, const struct thread *t, size_t max, struct trace *r)
{
	bool fresh = t->interrupted || t->how == HOW_STOPPED;

	*r = (struct trace){ 0 };
	u->t = t;
	u->m = NULL;
	u->by_code = false;
	if (!walk(u, fresh ? u->fresh : u->keeping, max, r)) {
		free(r->frames);
		*r = (struct trace){ 0 };
		walk(u, u->fresh, max, r);
	}
}
