/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feature - what this kernel and this process's privileges allow, found by trying.
 *
 * Every probe is a call that changes nothing: on ourselves, or with arguments that are refused
 * after the kernel has shown that it knows the call.
 */
#ifndef NSDEBUG_SYS_FEATURE_H
#define NSDEBUG_SYS_FEATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum feature_state { FEATURE_OK, FEATURE_NO_PRIVILEGE, FEATURE_MISSING, FEATURE_LIMITED };

struct feature {
	const char *name;
	const char *used_for;
	const char *cure;		/* when it is not there */
	bool required;			/* without it ls and cat do not run */
	enum feature_state (*probe)(char *detail, size_t room);
};

extern const struct feature features[];		/* ends with a NULL name */

const char *feature_state_name(enum feature_state s);
/* What to do about it in this state; NULL if nothing is. */
const char *feature_cure(const struct feature *f, enum feature_state s);

#endif
