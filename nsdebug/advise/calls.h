/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls - the system calls of a profile: those that were seen, and those that nobody saw but that
 * have to be possible all the same.
 */
#ifndef NSDEBUG_ADVISE_CALLS_H
#define NSDEBUG_ADVISE_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/used.h"

struct buf;
struct used;

enum call_why {
	CALL_NOT,		/* it is not in the profile */
	CALL_SEEN,
	CALL_RUNTIME,		/* a runtime makes it behind the filter, or programs end so */
	CALL_START,		/* a C library makes it at a start, which was not seen */
	CALL_END,		/* an end commonly takes it, and was not seen */
	CALL_BEFORE,		/* what it has says that it was made before it was watched */
	CALL_REFUSED,		/* it is refused today, and stays so */
	CALL_ABSENT,		/* the same, as one that the kernel does not have (ENOSYS) */
	CALL_ANSWERED,		/* the same, but a filter says that it was done */
	CALL_WHYS,
};

struct calls {
	uint8_t why[USED_CALLS];	/* enum call_why */
	uint16_t error[USED_CALLS];	/* of CALL_REFUSED: with this one */
	unsigned int count;		/* that are allowed */
	bool spaces, vsock;	/* of namespaces that it makes; of sockets to its hypervisor */
	bool unnamed;		/* there were some that have no name here, for no profile */
};

/* whole: the container was watched from its first program on; its end was seen if it is gone. */
void calls_of(const struct used *u, bool whole, struct calls *ret);
bool calls_allow(const struct calls *c, unsigned int nr);
/* In words: "seen"; for what else there is a sentence. */
const char *calls_why(enum call_why why);
/* Above a list of them, or NULL: people need none. */
const char *calls_title(enum call_why why);
/* As docker, podman, containerd and runc read it: OCI runtime specification, linux.seccomp. */
void calls_profile(struct buf *b, const struct calls *c, bool whole);

#endif
