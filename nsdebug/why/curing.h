/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curing - what cure.c and curefile.c, which make one cure of a reason, have in common.
 */
#ifndef NSDEBUG_WHY_CURING_H
#define NSDEBUG_WHY_CURING_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "nsdebug/why/creds.h"
#include "nsdebug/why/cure.h"
#include "nsdebug/why/reason.h"

struct making {
	const struct reason *r;
	const struct creds *c;
	enum access_op op;
	uint32_t uid, gid, group;	/* the last: the file's, as the container numbers it */
	char dir[REASON_PATH];		/* that a volume could be mounted on; "" if none could */
	struct cure *cure;
};

/* Half an option is none: what is too long for CURE_TEXT is left empty. */
void curing_say(char *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same option for docker and for podman. */
void curing_both(struct making *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define TEXT(m, ...) curing_say((m)->cure->text, __VA_ARGS__)
#define KUBERNETES(m, ...) curing_say((m)->cure->kubernetes, __VA_ARGS__)

/* May it be pasted: nothing in it means something to a shell or to YAML. */
bool curing_plain(const char *s);
/* A plain word: is it a string to YAML (1.1 and 1.2) without quotes, no number, date, truth or
 * null? */
bool curing_is_string(const char *s);
/* For a volume on this directory, as docker, podman and Kubernetes take it (RFC 1123: small
 * letters, digits, "-"; at most 63). */
#define CURING_NAME 64
void curing_volume_name(char ret[CURING_NAME], const char *dir);
/* One capability, or what there is instead of it. */
void curing_capability(struct making *m, const char *instead);
/* What there is instead of a capability for what is the node's, and of no namespace; "": it is for
 * none of that. */
const char *curing_nodes(const struct making *m, unsigned int cap);
/* Who has it is root, of the container or of the node. */
bool curing_is_root(const struct making *m, unsigned int cap);

/* ---- curefile.c: false: it is no reason of theirs ---- */

void curing_find_dir(struct making *m);
bool curing_rights(struct making *m);
bool curing_mounts(struct making *m);
/* A group of its own would have it. */
bool curing_group_does(const struct making *m);
/* curepower.c: who may use it, by whatever group, has the node: false: it is no such file. */
bool curing_powers(struct making *m);
/* The same file: of a program whose capabilities it may not have. */
void curing_file_caps(struct making *m);
/* A socket of this name is one by which a runtime is told what to do. */
bool curing_is_control(const char *path);
/* curelimit.c: false: it is none of them; a hard limit that was to be raised */
bool curing_limits(struct making *m);
void curing_hard_limit(struct making *m);
/* curesysctl.c; the second of the names of a UTS namespace, the host's or the domain's */
void curing_sysctl(struct making *m);
void curing_uts(struct making *m, bool domain);
/* Of a directory that is not there. */
void curing_absent(struct making *m);
/* Of what the kernel shows, or the runtime makes, whatever refuses it there. */
bool curing_kernels(struct making *m);

#endif
