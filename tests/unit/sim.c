/* SPDX-License-Identifier: Apache-2.0 */
/*
 * code/insn, sim and fallback: of this very program, at many of its instructions and behind many
 * of its calls, what its unwind tables say of the caller against what is found without them, on a
 * stack that is full of other return addresses; and small pieces of code.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/callsite.h"
#include "nsdebug/code/fallback.h"
#include "nsdebug/code/fde.h"
#include "nsdebug/code/insn.h"
#include "nsdebug/code/sim.h"
#include "nsdebug/code/work.h"
#include "tests/unit/check.h"

#define STACK_AT 0x7fff00000000ull
#define WORDS 8192u
#define SP_WORD 512u		/* where the stack pointer is; a red zone and more is below */
#define PLACES 6000u		/* of each kind, that are compared */
#define STRANGERS 16u		/* one word of so many is some other return address */
#define SITES_MAX 400000u

struct text {
	struct module m;
	struct code *code;
	uint64_t start, len;
	uint8_t *bytes;
	struct vma vma;
	struct module *modules[1];
	struct process p;
	uint64_t *sites, *targets;	/* what calls return to, and call */
	size_t nsites;
};

struct count {
	unsigned int right, none, wrong, guessed, guessed_wrong;
};

static uint64_t stack[WORDS];
static unsigned int seed = 1;

static unsigned int dice(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % n;
}

static bool is_call(const struct insn *i)
{
	return i->map == MAP_ONE && (i->op == 0xe8 || (i->op == 0xff && (i->reg & 7) == 2));
}

static bool open_self(struct text *t)
{
	const struct elf_load *l = NULL;

	t->m.fd = open("/proc/self/exe", O_RDONLY);
	t->code = module_code(&t->m);
	for (size_t i = 0; t->code && i < t->code->elf.load_count && !l; i++)
		if (t->code->elf.loads[i].exec)
			l = &t->code->elf.loads[i];
	if (!l)
		return false;
	t->start = l->vaddr;
	t->len = l->filesz;
	t->bytes = mem_alloc(t->len + INSN_MAX);
	t->vma = (struct vma){ .start = l->vaddr & ~4095ull, .end = l->vaddr + l->memsz,
		.offset = l->off & ~4095ull, .read = true, .exec = true, .inode = 1 };
	t->modules[0] = &t->m;
	t->p = (struct process){ .maps = { .items = &t->vma, .count = 1 },
		.modules = t->modules };
	return elf_image(&t->code->elf, t->start, t->bytes, t->len);
}

/* Every instruction of every function that has unwind tables. */
static void each(struct text *t, void (*fn)(struct text *, uint64_t fn, uint64_t pc,
					    const struct insn *i, void *arg), void *arg)
{
	struct elf *f = &t->code->elf;
	struct cie cie = { 0 };
	size_t count;
	bool left;
	auto_free struct fde_entry *table = fde_table(f, &count, &left);
	struct fde fde;

	for (size_t n = 0; n < count; n++) {
		uint64_t at = f->eh_frame.vaddr + (uint64_t)(int64_t)table[n].fde;
		struct insn i;

		if (!fde_read(f, at, &cie, &fde) || cie.signal || fde.pc < t->start ||
		    fde.len > t->len || fde.pc - t->start > t->len - fde.len)
			continue;
		for (uint64_t pc = fde.pc; pc < fde.pc + fde.len; pc += i.len) {
			if (!insn_decode(&i, t->bytes + (pc - t->start), INSN_MAX))
				break;
			fn(t, fde.pc, pc, &i, arg);
		}
	}
}

static void add_site(struct text *t, uint64_t fn, uint64_t pc, const struct insn *i, void *arg)
{
	if (!is_call(i) || t->nsites == SITES_MAX)
		return;
	t->sites[t->nsites] = pc + i->len;
	t->targets[t->nsites++] = i->op == 0xe8 ? pc + i->len + (uint64_t)i->imm : 0;
}

/* A call of this function, or, if none is direct, one that may be. */
static uint64_t caller_of(const struct text *t, uint64_t fn)
{
	size_t from = dice((unsigned int)t->nsites), indirect = 0;

	for (size_t n = 0; n < t->nsites; n++) {
		size_t i = (from + n) % t->nsites;

		if (t->targets[i] == fn)
			return t->sites[i];
		if (!t->targets[i])
			indirect = i;
	}
	return t->sites[indirect];
}

/* By the tables: at which word of the stack the return address is. 0: they do not say. */
static size_t slot_of(struct text *t, struct unwinder *u, const struct thread *th, bool exact)
{
	struct thread copy = *th;
	size_t slot = 0;
	struct trace r;

	for (size_t i = 0; i < WORDS; i++)
		stack[i] = t->start + i;
	if (!exact)
		copy.regs.value[REG_PC]--;
	unwind_thread(u, &copy, 2, &r);
	if (r.count == 2 && r.frames[1].method == METHOD_CFI)
		slot = r.frames[1].pc - t->start;
	free(r.frames);
	return slot;
}

struct compare {
	struct unwinder *u;
	struct fallback *f;
	struct count at[2];	/* instructions, return addresses */
	unsigned int every[2], n[2];
};

static void fill(struct text *t, size_t slot, uint64_t caller)
{
	for (size_t i = 0; i < WORDS; i++)
		stack[i] = dice(STRANGERS) ? 0x1111000000000000ull + 8 * i :
			t->sites[dice((unsigned int)t->nsites)];
	stack[slot] = caller;
}

static void compare(struct text *t, uint64_t fn, uint64_t pc, const struct insn *i, void *arg)
{
	struct compare *c = arg;
	bool exact = !is_call(i), guess;
	struct count *count = &c->at[!exact];
	struct at frame = { .exact = exact, .regs.known = (1u << REGS_COUNT) - 1 }, caller;
	struct thread th = { .how = HOW_STOPPED, .stack = (uint8_t *)stack, .stack_at = STACK_AT,
		.stack_len = sizeof(stack) };
	enum fallback_end end;
	enum method method;
	unsigned int reg;
	size_t slot;

	if (c->n[!exact]++ % c->every[!exact])
		return;
	work = (struct work){ 0 };
	for (int r = 0; r < REGS_COUNT; r++)
		frame.regs.value[r] = 0x2222000000000000ull + (uint64_t)r;
	frame.regs.value[REG_SP] = STACK_AT + 8 * SP_WORD;
	frame.regs.value[REG_BP] = STACK_AT + 8 * (SP_WORD + 32 + 2 * dice(64));
	frame.regs.value[REG_PC] = pc + (exact ? 0 : i->len);
	th.regs = frame.regs;
	slot = slot_of(t, c->u, &th, exact);
	if (slot < SP_WORD || slot >= WORDS)
		return;
	fill(t, slot, caller_of(t, fn));
	end = fallback_step(c->f, &th, &frame, &caller, &method, &guess, &reg);
	if (end != FALLBACK_FOUND) {
		count->none++;
	} else if (caller.regs.value[REG_PC] == stack[slot] &&
		   caller.regs.value[REG_SP] == STACK_AT + 8 * slot + 8) {
		count->right += !guess;
		count->guessed += guess;
	} else {
		count->wrong += !guess;
		count->guessed_wrong += guess;
	}
}

/* Of what is taken for a fact, and how much of it that has to be. */
static void check_count(const struct count *c, const char *what, double least, double worst)
{
	unsigned int all = c->right + c->none + c->wrong + c->guessed + c->guessed_wrong;
	double percent = all ? 100.0 / all : 0;
	char name[80];

	printf("# %s: %u: right %.2f %%, none %.2f %%, wrong %.2f %%; guesses: right %.2f %%, "
	       "wrong %.2f %%\n", what, all, c->right * percent, c->none * percent,
	       c->wrong * percent, c->guessed * percent, c->guessed_wrong * percent);
	snprintf(name, sizeof(name), "%s: most are found", what);
	ok(all > 100 && c->right * percent >= least, name);
	snprintf(name, sizeof(name), "%s: nearly nothing is wrong that is not marked", what);
	ok(c->wrong * percent <= worst, name);
}

static __attribute__((unused)) void test_own_code(void)	/* with NSDEBUG_SAN */
{
	struct text t = { 0 };
	struct compare c = { 0 };

	ok(open_self(&t), "this program's code");
	t.sites = mem_alloc(SITES_MAX * sizeof(*t.sites));
	t.targets = mem_alloc(SITES_MAX * sizeof(*t.targets));
	each(&t, add_site, NULL);
	c.u = unwinder_new(&t.p);
	c.f = fallback_new(&t.p);
	c.every[0] = (unsigned int)(t.len / 4 / PLACES) + 1;
	c.every[1] = (unsigned int)(t.nsites / PLACES) + 1;
	each(&t, compare, &c);
	check_count(&c.at[0], "at instructions", 85, 0.4);
	check_count(&c.at[1], "behind calls", 80, 0.4);
	unwinder_free(&c.u);
	fallback_free(&c.f);
	free(t.sites);
	free(t.targets);
	free(t.bytes);
	close(t.m.fd);
}

/* ---- small pieces ---- */

#define CODE_AT 0x1000u

struct piece {
	const uint8_t *code;
	size_t len;
	uint64_t words[32];
	uint64_t accepts;	/* the return address that is one */
};

static size_t piece_code(void *arg, uint64_t addr, uint8_t *to, size_t room)
{
	const struct piece *p = arg;
	uint64_t at = addr - CODE_AT;

	if (at >= p->len)
		return 0;
	if (room > p->len - at)
		room = p->len - at;
	memcpy(to, p->code + at, room);
	return room;
}

static bool piece_word(void *arg, uint64_t addr, uint64_t *ret)
{
	const struct piece *p = arg;

	if (addr < STACK_AT || addr - STACK_AT >= sizeof(p->words))
		return false;
	*ret = p->words[(addr - STACK_AT) / 8];
	return true;
}

static enum sim_reach piece_accept(void *arg, uint64_t pc, uint64_t sp, uint64_t slot, uint64_t ret)
{
	return ret == ((const struct piece *)arg)->accepts ? REACH_OPEN : REACH_NO;
}

static enum sim_end run_piece(const void *code, size_t len, struct regs *caller, unsigned int word)
{
	struct piece p = { .code = code, .len = len, .accepts = 0x5000 };
	struct sim_asks asks = { &p, piece_code, piece_word, piece_accept };
	struct sim *s = sim_new(&asks, false);
	struct regs now = { .known = (1u << REGS_COUNT) - 1 };
	enum sim_end end;
	unsigned int reg;
	uint64_t slot;

	for (unsigned int i = 0; i < 32; i++)
		p.words[i] = 0x7000 + i;
	p.words[word] = 0x5000;
	for (unsigned int i = 0; i < REGS_COUNT; i++)
		now.value[i] = 0x100 + i;
	now.value[REG_PC] = CODE_AT;
	now.value[REG_SP] = STACK_AT;
	now.value[REG_BP] = STACK_AT + 64;
	work = (struct work){ 0 };
	end = sim_return(s, &now, caller, &slot, &reg);
	sim_free(&s);
	return end;
}

#define PIECE(bytes, caller, word) run_piece(bytes, sizeof(bytes) - 1, caller, word)

static bool gives(const struct regs *r, unsigned int reg, uint64_t value)
{
	return r->known & 1u << reg && r->value[reg] == value;
}

static void test_pieces(void)
{
	struct regs r;

	ok(PIECE("\x48\x83\xc4\x08\x5b\x5d\xc3", &r, 3) == SIM_FOUND &&
	   gives(&r, REG_BX, 0x7001) && gives(&r, REG_BP, 0x7002) &&
	   gives(&r, REG_SP, STACK_AT + 32) && gives(&r, REG_PC, 0x5000),
	   "add $8, %rsp; pop %rbx; pop %rbp; ret");
	ok(PIECE("\x53\x31\xdb\x5b\xc3", &r, 0) == SIM_FOUND && gives(&r, REG_BX, 0x103),
	   "what is pushed and popped again");
	ok(PIECE("\xc9\xc3", &r, 9) == SIM_FOUND && gives(&r, REG_BP, 0x7008), "leave; ret");
	ok(PIECE("\x48\x8d\x65\xf8\x5b\x5d\xc3", &r, 9) == SIM_FOUND &&
	   gives(&r, REG_BX, 0x7007), "lea -8(%rbp), %rsp");
	ok(PIECE("\x53\xc6\x44\x24\x01\x00\x5b\xc3", &r, 0) == SIM_FOUND &&
	   !(r.known & 1u << REG_BX), "a word of which a byte is written over");
	ok(PIECE("\x48\xff\x04\x24\x5b\xc3", &r, 1) == SIM_FOUND &&
	   !(r.known & 1u << REG_BX), "and one that is counted up");
	ok(PIECE("\x48\x0f\xaf\xd8\xc3", &r, 0) == SIM_FOUND && !(r.known & 1u << REG_BX),
	   "imul %rax, %rbx: it is not known what is in it");
	ok(PIECE("\x84\xc0\x75\x01\xc3\x48\x83\xc4\x10\xc3", &r, 2) == SIM_FOUND,
	   "both ways of a branch");
	ok(PIECE("\x84\xc0\x75\x02\x5b\xc3\x5d\xc3", &r, 1) == SIM_FOUND &&
	   !(r.known & 1u << REG_BX) && !(r.known & 1u << REG_BP),
	   "what the ways have in common is known, what differs is not");
	ok(PIECE("\x85\xff\x74\x04\x48\x83\xc4\x08\xc3", &r, 1) == SIM_GUESS,
	   "ways that come to a return with different stack pointers: a guess");
	ok(PIECE("\x84\xc0\x75\x01\xc3\xc2\x08\x00", &r, 0) == SIM_UNLIKE,
	   "returns that do not take the same arguments along");
	ok(PIECE("\xff\x24\xc3", &r, 0) == SIM_GUESS, "a jump by a table is no return: a guess");
	ok(PIECE("\x75\x03\xff\x24\xc3\x5b\xc3", &r, 1) == SIM_FOUND, "a return beside one is");
	ok(PIECE("\x24\x00\xeb\xfc", &r, 0) == SIM_NEVER, "an endless loop ends");
	ok(PIECE("\x89\xc7\x31\xc0\xb0\x3c\x0f\x05\xf4", &r, 0) == SIM_ROOT, "exit(2)");
	ok(PIECE("\xe8\x01\x00\x00\x00\xc3\x0f\x0b", &r, 0) == SIM_NEVER,
	   "a call of what does not return");
	ok(PIECE("\xe8\x01\x00\x00\x00\xc3\xc3", &r, 0) == SIM_FOUND, "and of what does");
	ok(PIECE("\xff\xe0", &r, 3) == SIM_NOWHERE, "a jump to who knows where");
	ok(PIECE("\x06", &r, 0) == SIM_NOWHERE && PIECE("\x48", &r, 0) == SIM_NOWHERE,
	   "no instruction, or half of one");
}

static void test_reach(void)
{
	static const char code[] = "\x55\x53\x48\x83\xec\x18\x90\x84\xc0\x74\x02\x53\x5b"
		"\x48\x83\xc4\x18\x5b\x5d\xc3";
	struct piece p = { .code = (const uint8_t *)code, .len = sizeof(code) - 1 };
	struct sim_asks asks = { &p, piece_code, piece_word, piece_accept };
	struct sim *s = sim_new(&asks, false);
	uint64_t slot = STACK_AT + 128;

	ok(sim_reach(s, CODE_AT, slot, CODE_AT + 6, slot - 40, false) == REACH_YES,
	   "a function comes to a place in it, so much below");
	ok(sim_reach(s, CODE_AT, slot, CODE_AT + 6, slot - 32, false) == REACH_NO, "no less");
	ok(sim_reach(s, CODE_AT, slot, CODE_AT + 5, slot - 40, false) == REACH_NO,
	   "not into an instruction");
	ok(sim_reach(s, CODE_AT, slot, CODE_AT + 6, slot - 40, true) == REACH_NO,
	   "nor to one behind a call that is not there");
	ok(sim_reach(s, CODE_AT + 0x999, slot, CODE_AT + 5, slot - 40, false) == REACH_OPEN,
	   "of code that is not there nothing is known");
	sim_free(&s);
}

/* Is a place come to from code that is called with nothing below its return address? */
static enum sim_reach reaches(const void *code, size_t len, uint64_t at)
{
	struct piece p = { .code = code, .len = len };
	struct sim_asks asks = { &p, piece_code, piece_word, piece_accept };
	struct sim *s = sim_new(&asks, false);
	uint64_t slot = STACK_AT + 128;
	enum sim_reach ret;

	work = (struct work){ 0 };
	ret = sim_reach(s, CODE_AT, slot, CODE_AT + at, slot, false);
	sim_free(&s);
	return ret;
}

static void test_bent(void)
{
	static const char pushed[] = "\x68\x08\x10\x00\x00\xc3\xf4\xf4\x90\xc3";
	static const char thunk[] = "\xe8\x04\x00\x00\x00\xf3\x90\xeb\xfc"
		"\x48\x89\x04\x24\xc3\xf4\xf4\xc3";
	static const char honest[] = "\xe8\x04\x00\x00\x00\xf3\x90\xeb\xfc"
		"\x50\x58\xc3\xf4\xf4\xf4\xf4\xc3";

	ok(CODE_AT == 0x1000, "the address that is pushed");
	ok(reaches(pushed, sizeof(pushed) - 1, 8) == REACH_YES, "push $to; ret is a jump");
	ok(reaches(thunk, sizeof(thunk) - 1, 16) == REACH_OPEN,
	   "a retpoline leads to who knows where");
	ok(reaches(honest, sizeof(honest) - 1, 16) == REACH_NO, "a call that comes back does not");
}

static void test_calls(void)
{
	static const struct {
		const char bytes[CALL_BYTES + 1], *name;
		bool direct, is;
	} calls[] = {
		{ "\x90\x90\x90\xe8\x10\x00\x00\x00", "call rel32", true, true },
		{ "\x90\x90\x90\x90\x90\x90\xff\xd0", "call *%rax", false, true },
		{ "\x90\x90\x90\x90\x90\xff\x50\x10", "call *16(%rax)", false, true },
		{ "\x90\x90\x90\x90\xff\x54\x24\x10", "call *16(%rsp)", false, true },
		{ "\x90\x90\xff\x15\x10\x00\x00\x00", "call *16(%rip)", false, true },
		{ "\x90\xff\x14\xc5\x10\x00\x00\x00", "call *16(,%rax,8)", false, true },
		{ "\x90\x90\x90\x90\x90\xff\x14\xc3", "call *(%rbx,%rax,8)", false, true },
		{ "\x90\x90\x90\x90\x90\x90\xff\xe0", "jmp *%rax is none", false, false },
		{ "\x90\x90\x90\xe9\x10\x00\x00\x00", "jmp rel32 is none", true, false },
		{ "\x90\x90\x90\x90\xff\xd0\x90\x90", "nor is one that is further away", false,
		  false },
	};
	uint64_t target;
	uint8_t *end;

	/* in memory of its own, so that nothing beyond is read */
	end = mem_alloc(CALL_BYTES);
	memcpy(end, "\x90\x90\x90\x90\x90\x90\xff\x14", CALL_BYTES);
	ok(!call_before(end, 0x2000, false, &target), "nor is one that is cut off");
	free(end);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		ok(call_before((const uint8_t *)calls[i].bytes, 0x2000, calls[i].direct,
			       &target) == calls[i].is &&
		   (!calls[i].is || !calls[i].direct || target == 0x2010), calls[i].name);
}

int main(void)
{
	test_calls();
	test_pieces();
	test_reach();
	test_bent();
#ifndef NSDEBUG_SAN
	test_own_code();
#endif
	return done();
}
