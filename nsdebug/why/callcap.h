/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callcap - which capabilities system calls ask for, always or for some arguments only, and over
 * whose user namespace: capabilities(7), the manual of each, section 2, and the kernel's sources up
 * to Linux 6.18 (capable() is the host's, ns_capable() that of what it is about).
 *
 * Calls that ask a file's own rights first (chown, chmod) are in it for what is said of them in
 * general; of one file the judge (why/judge.h) knows better.
 */
#ifndef NSDEBUG_WHY_CALLCAP_H
#define NSDEBUG_WHY_CALLCAP_H

#include <stdbool.h>
#include <stdint.h>

#define CALLCAP_ARGS 6

enum callcap_asks { CALLCAP_NO, CALLCAP_SOME, CALLCAP_YES };

/* What is the node's, for all on it: who is sealed cannot read it. */
struct callcap_node {
	bool relaxed;		/* Linux 6.11: handles of files are not for all or nobody */
	/* kernel.dmesg_restrict, kernel.unprivileged_bpf_disabled, vm.unprivileged_userfaultfd:
	 * CALLCAP_YES: who has no capability is refused; SOME: that is not known */
	enum callcap_asks log, bpf, faults;
};

/* Arguments as they are in registers; bit n of `unknown`: argument n may be anything. */
struct callcap_call {
	uint64_t args[CALLCAP_ARGS];
	unsigned int unknown;
	struct callcap_node node;
};

void callcap_node_read(struct callcap_node *ret);

struct callcap {
	uint16_t nr;
	uint8_t cap, other;	/* any of the two; the same twice if there is but one */
	uint8_t over;		/* enum capable_over */
	bool rare;		/* without it nearly nothing can be done by the call */
	bool file;		/* a file's own rights are asked first */
	const char *when;	/* "for ..."; NULL: always */
	enum callcap_asks (*asks)(const struct callcap_call *c);	/* NULL: SOME of `when` */
};

/* NULL: it asks for none that is known. */
const struct callcap *callcap_of(unsigned int nr);
/* Of these arguments. */
enum callcap_asks callcap_asks(const struct callcap *k, const struct callcap_call *c);
/* Any of these: of prctl(2), setsockopt(2), ioctl(2) those that a known option asks for, or 0. */
uint64_t callcap_set(const struct callcap *k, const struct callcap_call *c);

#endif
