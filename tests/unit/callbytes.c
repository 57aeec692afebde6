/* SPDX-License-Identifier: Apache-2.0 */
/*
 * code/callbytes, and stacks through code of no file: frames by their frame pointer, and stacks
 * that are made to keep the walk going. This process is its own target.
 */
#include "nsdebug/code/callbytes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/unwind.h"
#include "nsdebug/code/work.h"
#include "tests/unit/check.h"

#define CODE_BYTES (1u << 20)
#define STACK_AT 0x7fff00000000ull
#define WORDS 40000u

static uint8_t *code;
static uint64_t words[WORDS];

struct target {
	struct snapshot s;
	struct vma vma[2];
	struct module *modules[2];
	struct thread thread;
	struct process p;
};

/* Made code, whose second half has no pages; and a stack of zeros. */
static void make(struct target *t)
{
	uint64_t at = (uint64_t)(uintptr_t)code;

	memset(words, 0, sizeof(words));
	*t = (struct target){
		.s = { .arena = arena_new() },
		.vma = {
			{ .start = at, .end = at + CODE_BYTES, .read = true, .exec = true },
			{ .start = STACK_AT, .end = STACK_AT + sizeof(words), .read = true,
			  .write = true },
		},
		.thread = {
			.tid = getpid(), .how = HOW_STOPPED, .stack = (uint8_t *)words,
			.stack_at = STACK_AT, .stack_len = sizeof(words),
			.regs = { .known = (1u << REGS_COUNT) - 1 },
		},
	};
	t->p = (struct process){
		.maps = { .items = t->vma, .count = 2 }, .modules = t->modules,
		.threads = &t->thread, .count = 1, .living = -1, .mapped = -1,
		.dir = open("/proc/self", O_PATH | O_CLOEXEC),
	};
	t->thread.regs.value[REG_SP] = STACK_AT;
	t->thread.regs.value[REG_BP] = STACK_AT + 64;
	t->thread.regs.value[REG_PC] = at + 0x800;
}

/* An address behind call *%rax, at an offset in the code. */
static uint64_t call_at(unsigned int off)
{
	code[off - 2] = 0xff;
	code[off - 1] = 0xd0;
	return (uint64_t)(uintptr_t)code + off;
}

static void take(struct target *t)
{
	callbytes_take(&t->s, &t->p);
	snapshot_close(&t->p);
	own_close(&t->p.dir);
}

/* With what was copied of the code so far. */
static struct trace walk_taken(struct target *t)
{
	struct unwinder *u = unwinder_new(&t->p);
	struct trace r;

	work = (struct work){ 0 };
	unwind_thread(u, &t->thread, 512, &r);
	unwinder_free(&u);
	arena_free(&t->s.arena);
	return r;
}

static struct trace walk(struct target *t)
{
	take(t);
	return walk_taken(t);
}

static void frame(unsigned int word, uint64_t next, uint64_t ret)
{
	words[word] = next;
	words[word + 1] = ret;
}

static void test_take(void)
{
	uint64_t at = (uint64_t)(uintptr_t)code;
	uint8_t bytes[CALL_BYTES];
	struct target t;

	make(&t);
	words[10] = words[11] = call_at(0x100);
	words[12] = at + CODE_BYTES - 16;	/* not to be read */
	words[13] = at;				/* nothing before it */
	words[14] = call_at(0x200);
	take(&t);
	ok(callbytes_find(&t.p, at + 0x100, bytes) && bytes[6] == 0xff && bytes[7] == 0xd0,
	   "what stands before an address that is on a stack");
	ok(callbytes_find(&t.p, at + 0x200, bytes) && t.p.call_count == 2,
	   "each once, and no more than can be read");
	ok(!callbytes_find(&t.p, at + CODE_BYTES - 16, bytes) &&
	   !callbytes_find(&t.p, at + 0x300, bytes), "of others nothing");
	arena_free(&t.s.arena);
	make(&t);
	for (unsigned int i = 0; i < WORDS; i++)
		words[i] = at + 8 + i;
	take(&t);
	ok(t.p.call_count == CALLBYTES_MAX, "there is a limit of addresses");
	arena_free(&t.s.arena);
	make(&t);
	for (unsigned int i = 0; i < WORDS; i++)
		words[i] = at + CODE_BYTES / 2 + 64 + i;
	take(&t);
	ok(t.p.call_count == 0, "nothing of pages that are not there");
	arena_free(&t.s.arena);
}

static void test_frames(void)
{
	struct target t;
	struct trace r;

	make(&t);
	frame(8, STACK_AT + 8 * 20, call_at(0x100));
	frame(20, STACK_AT + 8 * 30, call_at(0x200));
	frame(30, 0, call_at(0x300));
	r = walk(&t);
	ok(r.count == 4 && r.frames[1].method == METHOD_FP && !r.frames[3].guess &&
	   r.frames[3].pc == (uint64_t)(uintptr_t)code + 0x300, "frames by their pointer");
	ok(!r.whole && strstr(r.end, "made at run time"), "and why they end");
	free(r.frames);

	make(&t);
	frame(8, STACK_AT + 8 * 20, call_at(0x100));
	frame(20, STACK_AT + 8 * 30, (uint64_t)(uintptr_t)code + 0x400);
	r = walk(&t);
	ok(r.count == 2, "not to where no call is before");
	free(r.frames);

	make(&t);
	frame(8, STACK_AT + 8 * 20, call_at(0x100));
	words[4] = call_at(0x200);
	r = walk(&t);
	ok(r.count > 1 && r.frames[1].guess && r.frames[1].method == METHOD_FP &&
	   r.frames[1].pc == (uint64_t)(uintptr_t)code + 0x100 &&
	   strstr(r.lost, "made at run time"), "what may be one in between makes it a guess");
	free(r.frames);
}

/* An address that an earlier call has left in the frame. */
static void leave_word(struct target *t)
{
	make(t);
	frame(8, STACK_AT + 8 * 20, call_at(0x100));
	frame(20, STACK_AT + 8 * 30, call_at(0x200));
	words[4] = call_at(0x300);
}

static void test_followed(void)
{
	/* two ways, to returns that are not alike: je; leave; ret; leave; pop %r10;
	 * lea 16(%rsp), %rsp; push %r10; ret */
	static const uint8_t ends[] = { 0x74, 2, 0xc9, 0xc3, 0xc9, 0x41, 0x5a, 0x48, 0x8d, 0x64,
		0x24, 16, 0x41, 0x52, 0xc3 };
	uint64_t at = (uint64_t)(uintptr_t)code;
	uint8_t bytes[64];
	struct target t;
	struct trace r;

	leave_word(&t);
	memcpy(code + 0x800, ends, sizeof(ends));
	take(&t);
	ok(callbytes_code(&t.p, at + 0x800, bytes, 64) == 64 && !memcmp(bytes, ends, sizeof(ends)),
	   "code where a thread is");
	ok(callbytes_code(&t.p, at + CODE_BYTES - 16, bytes, 64) == 0, "elsewhere none");
	r = walk_taken(&t);
	ok(r.count == 3 && r.frames[1].pc == at + 0x100 && r.frames[1].method == METHOD_FP &&
	   !r.frames[1].guess, "a way through the code comes to where the pointer says");
	free(r.frames);

	leave_word(&t);
	memcpy(code + 0x800, "\xc9\xc3", 2);
	r = walk(&t);
	ok(r.count == 3 && r.frames[1].pc == at + 0x100 && r.frames[1].method == METHOD_SIM &&
	   !r.frames[1].guess, "or all of them do");
	free(r.frames);
	memset(code + 0x800, 0, sizeof(ends));

	leave_word(&t);
	r = walk_taken(&t);
	ok(r.count == 3 && r.frames[1].pc == at + 0x100 && r.frames[1].guess &&
	   r.frames[2].guess, "where no code was copied the pointer is a guess");
	free(r.frames);
	arena_free(&t.s.arena);
}

static void test_hostile(void)
{
	struct target t;
	struct trace r;

	make(&t);
	frame(8, STACK_AT + 64, call_at(0x100));
	r = walk(&t);
	ok(r.count == 2 && !r.whole && r.end[0], "a frame pointer that points at itself");
	free(r.frames);

	make(&t);
	frame(20, STACK_AT + 64, call_at(0x200));
	frame(8, STACK_AT + 8 * 20, call_at(0x100));
	r = walk(&t);
	ok(r.count == 3 && !r.whole && r.end[0], "a chain that goes down");
	free(r.frames);

	make(&t);
	t.thread.regs.value[REG_BP] = STACK_AT + 61;
	frame(8, STACK_AT + 8 * 20, (uint64_t)(uintptr_t)code);
	r = walk(&t);
	ok(r.count == 1 && r.end[0], "one that points between words");
	free(r.frames);

	make(&t);
	for (unsigned int i = 0; i < WORDS; i++)
		words[i] = i % 2 ? call_at(0x100) : STACK_AT + 8 * (i + 2);
	t.thread.regs.value[REG_BP] = STACK_AT;
	r = walk(&t);
	ok(r.count == 512 && r.cut && strstr(r.end, "--max-frames"), "one that does not end");
	free(r.frames);
}

int main(void)
{
	code = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code == MAP_FAILED || mprotect(code + CODE_BYTES / 2, CODE_BYTES / 2, PROT_NONE))
		return 1;
	memset(code, 0, CODE_BYTES / 2);
	test_take();
	test_frames();
	test_followed();
	test_hostile();
	return done();
}
