/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp - what a thread's filters answer to a call, found by evaluation: nothing is called.
 *
 * A filter is a program of classic BPF over struct seccomp_data (seccomp(2), bpf_check_classic() of
 * net/core/filter.c and seccomp_check_filter() of kernel/seccomp.c, Linux 6.1). It jumps forward
 * only, so it ends. Bits of arguments may be unknown: then every way that they can lead is
 * followed, with the tests that it passed. Filters are the target's: a program that the kernel
 * would not have taken is refused.
 */
#ifndef NSDEBUG_WHY_SECCOMP_H
#define NSDEBUG_WHY_SECCOMP_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define SECCOMP_INSNS_MAX 4096u		/* BPF_MAXINSNS */
#define SECCOMP_TESTS_MAX 12u		/* of a way, that are told */
#define SECCOMP_ENDS_MAX 16u		/* different answers of a filter */

struct seccomp_filter {
	const struct sock_filter *code;
	size_t len;
};

/* What a way has learned of an argument: (word & mask) OP value, or that it is not so. */
struct seccomp_test {
	uint8_t arg;
	bool high;		/* its upper 32 bits */
	bool is;
	uint8_t op;		/* BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET */
	uint32_t mask, value;
};

struct seccomp_end {
	uint32_t action;	/* SECCOMP_RET_...  | data */
	size_t count;
	struct seccomp_test tests[SECCOMP_TESTS_MAX];
	bool vague;		/* it also depends on what tests[] do not say */
};

struct seccomp_ends {
	size_t count;
	struct seccomp_end items[SECCOMP_ENDS_MAX];
	bool cut;		/* there are more answers, or ways */
};

/* Would the kernel have taken it? */
bool seccomp_valid(const struct seccomp_filter *f);
/* All different answers to this call; loose: of each argument the bits that may be anything. Each
 * with the tests of the first way that leads to it. False: not a filter. */
bool seccomp_look(const struct seccomp_filter *f, const struct seccomp_data *d,
		  const uint64_t *loose, struct seccomp_ends *ret);
/* What all filters of a thread say together. */
struct seccomp_verdict {
	uint32_t mildest, strictest;	/* the same unless it depends on arguments */
	size_t filter;			/* of whom the strictest is, the newest first */
	struct seccomp_ends ends;	/* its answers */
	bool unknown;			/* some filter's code is not known, or none */
	bool cut;			/* there may be other answers */
};

/* Items without code (len 0) are not known. */
void seccomp_judge(const struct seccomp_filter *items, size_t count, const struct seccomp_data *d,
		   const uint64_t *loose, struct seccomp_verdict *ret);
/* Of several filters the strictest answer counts, and of equal ones that of the newest. */
bool seccomp_stricter(uint32_t action, uint32_t than);
/* "allow", "errno", "kill-process" ...: of one with an errno, that is in its lower 16 bits. */
const char *seccomp_action(uint32_t action);
/* "arg0 == 0x8, (arg1 & 0x7e020000) != 0": nothing if there are no tests. */
void seccomp_tests(struct buf *b, const struct seccomp_end *end);

#endif
