/* SPDX-License-Identifier: Apache-2.0 */
/*
 * denials - what bpf/denied.h tells of a refusal besides the call, kept until the call comes.
 */
#ifndef NSDEBUG_TRACE_DENIALS_H
#define NSDEBUG_TRACE_DENIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/denied.h"
#include "nsdebug/base/map.h"

struct creds;
struct sysdef;

#define DENIALS_PATHS_MAX 3

struct denial {
	uint64_t at;
	bool whole;			/* .as is there: it was not lost */
	struct denied_as as;
	unsigned int count;
	struct denied_path paths[DENIALS_PATHS_MAX];
};

struct denials {
	struct map kept;		/* struct denial, by host tid */
	struct denial *shown;
};

/* ---- what the programs are told: bit n for error n, DENIED_QUOTA for EDQUOT ---- */

#define DENIALS_BIT(e) (1ull << (e))
#define DENIALS_ALL \
	(DENIALS_BIT(EPERM) | DENIALS_BIT(EACCES) | DENIALS_BIT(EROFS) | DENIALS_BIT(EXDEV) | \
	 DENIALS_BIT(EMFILE) | DENIALS_BIT(ENFILE) | DENIALS_BIT(DENIED_QUOTA))

/* Errors that are a refusal of this call, while they are none of others. */
uint64_t denials_more(unsigned int nr);
uint64_t denials_any(void);
/* Bit i: argument i is a file; bit DENIED_CWD: the call takes names. */
uint8_t denials_files(const struct sysdef *d);

/* ---- what they tell ---- */

/* A record of the ring; false if it is none of these. */
bool denials_keep(struct denials *d, const void *record, size_t len);
/* What came with the call of this thread that returned then; NULL: it was lost. It lives until the
 * next call of this. */
const struct denial *denials_take(struct denials *d, uint32_t tid, uint64_t at);
void denials_free(struct denials *d);

/* The path of argument `arg`, or of the working directory for DENIED_CWD: "/a/b". False if it was
 * not told, is not below the root of the process, or not whole. */
bool denials_path(const struct denial *k, unsigned int arg, char *ret, size_t room);
/* `host` is the inode number of the host's user namespace. */
void denials_creds(const struct denied_as *a, uint64_t host, struct creds *ret);

#endif
