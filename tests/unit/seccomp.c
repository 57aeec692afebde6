/* SPDX-License-Identifier: Apache-2.0 */
/* Filters, as we evaluate them and as the kernel does: random ones, really installed. */
#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/trace/callwhy.h"
#include "nsdebug/why/seccomp.h"
#include "tests/unit/check.h"

#define FILTERS 400u
#define CALLS 40u
#define LONGEST 60u
#define ASKED 1000		/* a call that no kernel has */

static unsigned int seed = 7;

static unsigned int dice(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % n;
}

static const uint64_t *loose_of(unsigned int unknown)
{
	static uint64_t loose[6];

	for (unsigned int i = 0; i < 6; i++)
		loose[i] = unknown >> i & 1 ? UINT64_MAX : 0;
	return loose;
}

/* Bit n of `unknown`: argument n may be anything. */
static bool look(const struct seccomp_filter *f, const struct seccomp_data *d, unsigned int unknown,
		 struct seccomp_ends *ret)
{
	return seccomp_look(f, d, loose_of(unknown), ret);
}

static struct sock_filter insn(unsigned int code, unsigned int k)
{
	return (struct sock_filter){ (unsigned short)code, 0, 0, k };
}

static struct sock_filter random_insn(unsigned int left)
{
	static const unsigned short ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND, BPF_OR,
		BPF_XOR, BPF_LSH, BPF_RSH, BPF_NEG };
	static const unsigned short jumps[] = { BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };
	unsigned int op = ops[dice(ARRAY_SIZE(ops))], x = dice(2) ? BPF_X : BPF_K;
	struct sock_filter i;

	switch (dice(9)) {
	case 0:
	case 1:	/* not the pointer of the instruction, which nobody foresees */
		return insn(BPF_LD | BPF_W | BPF_ABS, dice(2) ? dice(2) * 4 : 16 + dice(12) * 4);
	case 2:
		return insn(dice(2) ? BPF_LD | BPF_MEM : BPF_LDX | BPF_MEM, dice(BPF_MEMWORDS));
	case 3:
		return insn(dice(2) ? BPF_ST : BPF_STX, dice(BPF_MEMWORDS));
	case 4:
		return insn(BPF_MISC | (dice(2) ? BPF_TAX : BPF_TXA), 0);
	case 5:
		return insn(dice(2) ? BPF_LD | BPF_IMM : BPF_LDX | BPF_W | BPF_LEN, dice(8));
	case 6:
		if (op == BPF_NEG || op == BPF_DIV)	/* by nothing would be the end of it */
			x = BPF_K;
		return insn(BPF_ALU | op | x, op == BPF_NEG ? 0 : 1 + dice(30));
	default:
		i = insn(BPF_JMP | jumps[dice(ARRAY_SIZE(jumps))] | x, dice(8));
		i.jt = (unsigned char)dice(left < 200 ? left : 200);
		i.jf = (unsigned char)dice(left < 200 ? left : 200);
		return i;
	}
}

/* Its answers are errno, so that who asks lives on, and can ask again. */
static unsigned int random_filter(struct sock_filter *code, struct sock_filter *allow)
{
	unsigned int at = 0, body = 5 + dice(LONGEST), ends;

	*allow = insn(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[at++] = insn(BPF_LD | BPF_W | BPF_ABS, 0);
	code[at] = insn(BPF_JMP | BPF_JEQ | BPF_K, ASKED);
	code[at++].jt = 1;
	code[at++] = *allow;
	for (unsigned int i = 0; i < BPF_MEMWORDS; i++)	/* it may not read what was not written */
		code[at++] = insn(BPF_ST, i);
	ends = at + body;
	while (at < ends)
		code[at] = random_insn(ends - at), at++;
	code[at++] = insn(BPF_ALU | BPF_AND | BPF_K, 0xff);
	code[at++] = insn(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO);
	code[at++] = insn(BPF_RET | BPF_A, 0);
	return at;
}

/* What a child gets that has the filter, for each of these arguments. */
static bool really(const struct sock_filter *code, unsigned int len, uint64_t (*args)[6], int *ret)
{
	struct sock_fprog prog = { (unsigned short)len, (struct sock_filter *)code };
	int out[2], status;
	pid_t pid;

	if (pipe(out) < 0)
		return false;
	pid = fork();
	if (!pid) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
			_exit(1);
		for (unsigned int i = 0; i < CALLS; i++) {
			long got = syscall(ASKED, args[i][0], args[i][1], args[i][2], args[i][3],
					   args[i][4], args[i][5]);
			int is = got < 0 ? errno : 0;

			if (write(out[1], &is, sizeof(is)) != sizeof(is))
				_exit(1);
		}
		_exit(0);
	}
	close(out[1]);
	for (unsigned int i = 0; i < CALLS; i++)
		if (read(out[0], &ret[i], sizeof(ret[i])) != sizeof(ret[i]))
			ret[i] = -1;
	close(out[0]);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Is it among the answers of one whose arguments are not known? */
static bool is_among(const struct seccomp_ends *e, uint32_t action)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->items[i].action == action)
			return true;
	return e->cut;
}

static void test_kernel(void)
{
	unsigned int differ = 0, missing = 0, lost = 0, refused = 0, asked = 0;

	for (unsigned int n = 0; n < FILTERS; n++) {
		struct sock_filter code[LONGEST + 32], allow;
		unsigned int len = random_filter(code, &allow);
		struct seccomp_filter f = { code, len };
		struct seccomp_ends all, one;
		uint64_t args[CALLS][6], loose[6];
		int is[CALLS];

		for (unsigned int i = 0; i < CALLS * 6; i++)
			args[i / 6][i % 6] = dice(3) ? dice(9) :
				(uint64_t)dice(1u << 24) << dice(40);
		if (!really(code, len, args, is)) {
			refused++;
			continue;
		}
		for (unsigned int i = 0; i < CALLS; i++) {
			struct seccomp_data d = { .nr = ASKED, .arch = AUDIT_ARCH_X86_64 };

			memcpy(d.args, args[i], sizeof(d.args));
			asked++;
			differ += !look(&f, &d, 0, &one) || one.count != 1 || one.cut ||
				one.items[0].action != (SECCOMP_RET_ERRNO | (unsigned int)is[i]);
			missing += !look(&f, &d, 0x3f, &all) ||
				!is_among(&all, SECCOMP_RET_ERRNO | (unsigned int)is[i]);
			for (unsigned int k = 0; k < 6; k++) {
				loose[k] = (uint64_t)dice(1u << 24) << dice(40);
				d.args[k] ^= loose[k] & dice(1u << 24);
			}
			lost += !seccomp_look(&f, &d, loose, &all) ||
				!is_among(&all, SECCOMP_RET_ERRNO | (unsigned int)is[i]);
		}
	}
	printf("# %u calls under %u filters, %u not taken\n", asked, FILTERS - refused, refused);
	ok(!refused, "the kernel takes them all");
	ok(asked && !differ, "each answer is the kernel's");
	ok(!missing, "it is among those of any arguments");
	ok(!lost, "and of those of which some bits may be anything");
}

static void test_unknown(void)
{
	/* personality(2) as container runtimes filter it, then clone's flags */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_personality, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 20),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 8, 4, 3),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x7e020000, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct seccomp_filter f = { code, ARRAY_SIZE(code) };
	struct seccomp_data d = { .nr = SYS_personality, .arch = AUDIT_ARCH_X86_64 };
	static const uint64_t bits[][6] = { { 0x8100 }, { 0x10000 | 1 << 28 } };
	auto_buf struct buf b = { 0 };
	struct seccomp_ends e;

	ok(look(&f, &d, 1, &e) && e.count == 2 && !e.cut, "two answers of personality");
	for (size_t i = 0; i < e.count; i++)
		if (e.items[i].action == SECCOMP_RET_ALLOW)
			seccomp_tests(&b, &e.items[i]);
	buf_char(&b, '\0');
	ok(!strcmp(b.bytes, "arg0 == 0x8"), b.bytes);
	d.args[0] = 8;
	ok(look(&f, &d, 0, &e) && e.count == 1 && e.items[0].action == SECCOMP_RET_ALLOW,
	   "one where it is known");
	d.nr = SYS_clone;
	ok(look(&f, &d, 1, &e) && e.count == 2, "two of clone");
	ok(seccomp_look(&f, &d, bits[0], &e) && e.count == 1 &&
	   e.items[0].action == SECCOMP_RET_ALLOW, "one where no bit that it tests may be set");
	ok(seccomp_look(&f, &d, bits[1], &e) && e.count == 2, "two where one may be");
	d.args[0] = 1 << 17;
	ok(seccomp_look(&f, &d, bits[0], &e) && e.count == 1 &&
	   e.items[0].action != SECCOMP_RET_ALLOW, "one where one is");
	d.nr = SYS_getpid;
	ok(look(&f, &d, 0x3f, &e) && e.count == 1, "one of what is not looked into");
}

static void test_division(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LDX | BPF_IMM, 0),
		BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct seccomp_filter f = { code, ARRAY_SIZE(code) };
	struct seccomp_data d = { 0 };
	struct seccomp_ends e;

	ok(look(&f, &d, 0, &e) && e.count == 1 &&
	   e.items[0].action == SECCOMP_RET_KILL_THREAD, "a division by nothing kills");
}

static void test_none(void)
{
	struct sock_filter code[4] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	struct seccomp_filter f = { code, 0 };
	struct seccomp_data d = { 0 };
	struct seccomp_ends e;

	ok(!look(&f, &d, 0, &e), "a filter of nothing");
	f.len = 2;
	code[0] = insn(BPF_LD | BPF_IMM, 1);
	code[1] = insn(BPF_LD | BPF_IMM, 1);
	ok(!look(&f, &d, 0, &e), "one without an end");
	code[1] = insn(BPF_RET | BPF_A, 0);
	code[0] = insn(BPF_LD | BPF_W | BPF_ABS, 64);
	ok(!look(&f, &d, 0, &e), "one that reads beyond its data");
	code[0] = insn(BPF_JMP | BPF_JA, 1);
	ok(!look(&f, &d, 0, &e), "one that jumps behind its end");
	code[0] = insn(BPF_ALU | BPF_DIV | BPF_K, 0);
	ok(!look(&f, &d, 0, &e), "one that divides by nothing");
	code[0] = insn(0xffff, 0);
	ok(!look(&f, &d, 0, &e), "one that is none");
}

static void test_several(void)
{
	struct sock_filter log[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG) };
	struct sock_filter deny[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 13) };
	struct sock_filter some[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 8, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
	};
	const struct seccomp_filter all[] = { { log, 1 }, { some, ARRAY_SIZE(some) }, { deny, 1 } };
	struct seccomp_data d = { .nr = 1 };
	struct seccomp_verdict v;

	seccomp_judge(all, 2, &d, loose_of(1), &v);
	ok(v.mildest == SECCOMP_RET_LOG && v.strictest == (SECCOMP_RET_ERRNO | 1) &&
	   v.filter == 1 && v.ends.count == 2, "two filters, of which one depends");
	seccomp_judge(all, 3, &d, loose_of(1), &v);
	ok(v.mildest == (SECCOMP_RET_ERRNO | 13) && v.strictest == (SECCOMP_RET_ERRNO | 1),
	   "and a third that refuses in any case");
	d.args[0] = 8;
	seccomp_judge(all, 3, &d, loose_of(0), &v);
	ok(v.mildest == v.strictest && v.filter == 2 && !v.unknown, "which is the strictest");
	seccomp_judge(&(struct seccomp_filter){ NULL, 0 }, 1, &d, loose_of(0), &v);
	ok(v.unknown, "one whose code is not known");
	seccomp_judge(NULL, 0, &d, loose_of(0), &v);
	ok(!v.unknown && v.mildest == SECCOMP_RET_ALLOW, "none");
}

static void test_order(void)
{
	static const uint32_t order[] = {
		SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,
		SECCOMP_RET_ERRNO, 0x7fc00000u, SECCOMP_RET_TRACE, SECCOMP_RET_LOG,
		SECCOMP_RET_ALLOW,
	};
	unsigned int wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		for (size_t j = 0; j < ARRAY_SIZE(order); j++)
			wrong += seccomp_stricter(order[i] | 9, order[j]) != (i < j);
	ok(!wrong, "which answer counts of several filters");
	ok(!strcmp(seccomp_action(SECCOMP_RET_ERRNO | 13), "errno") &&
	   !strcmp(seccomp_action(0x12340000), "kill-process"), "actions have names");
}

static struct reason judged(struct sock_filter *code, size_t len, const char *call, struct buf *b)
{
	const struct filters f = { .items = { { code, len } }, .count = 1 };
	struct capable c = { .owner = { [OVER_OWN] = 7, [OVER_MNT] = 8 },
		.caps = { [OVER_OWN] = CREDS_CAP(SYS_ADMIN) } };
	struct call_ask a;
	struct reason why;
	struct err e;

	buf_clear(b);
	if (call_parse(call, &a, &e) < 0)
		exit(1);
	call_judge(&f, &a, &c, &why, b);
	return why;
}

static void test_words(void)
{
	struct sock_filter two[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 8, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 13),
	};
	struct sock_filter any[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 8, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_filter all[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	auto_buf struct buf b = { 0 };
	struct reason why = judged(two, ARRAY_SIZE(two), "personality", &b);

	ok(why.kind == WHY_SECCOMP && !why.err && strstr(b.bytes, "EPERM if arg0 == 0x8") &&
	   strstr(b.bytes, "EACCES"), "refused in any case, but not with one errno");
	why = judged(two, ARRAY_SIZE(two), "personality(8)", &b);
	ok(why.kind == WHY_SECCOMP && why.err == 1, "with the argument it is one");
	why = judged(any, ARRAY_SIZE(any), "personality", &b);
	ok(why.kind == WHY_UNKNOWN, "one answer of two that cannot be told: not allowed");
	why = judged(any, ARRAY_SIZE(any), "personality(8)", &b);
	ok(why.kind == WHY_GRANTED, "with the argument it is allowed");
	why = judged(two, ARRAY_SIZE(two), "mount", &b);
	ok(why.kind == WHY_SECCOMP && why.caps == CREDS_CAP(SYS_ADMIN) &&
	   strstr(b.bytes, "it also takes CAP_SYS_ADMIN"), "what it takes besides");
	why = judged(all, ARRAY_SIZE(all), "mount", &b);
	ok(why.kind == WHY_CAPABILITY && !why.host_ns && !why.word[0] &&
	   strstr(b.bytes, "over its own user namespace 7; its mount namespace belongs to 8"),
	   "a capability that does not count there");
	why = judged(all, ARRAY_SIZE(all), "swapon", &b);
	ok(why.kind == WHY_CAPABILITY && why.host_ns && !b.len, "one that counts on the host");
}

int main(void)
{
	test_kernel();
	test_unknown();
	test_division();
	test_none();
	test_several();
	test_order();
	test_words();
	return done();
}
