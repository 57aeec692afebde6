/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profiles - the files that advise writes, as texts.
 */
#ifndef NSDEBUG_ADVISE_PROFILES_H
#define NSDEBUG_ADVISE_PROFILES_H

#include <stdbool.h>

#include "nsdebug/advise/remarks.h"
#include "nsdebug/base/buf.h"

struct advice;
struct calls;
struct files_unused;

enum profile_file {
	PROFILE_SECCOMP, PROFILE_APPARMOR, PROFILE_KUBERNETES, PROFILE_DOCKER, PROFILE_IMAGE,
	PROFILE_UNUSED,
	PROFILE_REPORT,		/* the caller goes on with it */
	PROFILE_FILES,
};

extern const char *const profiles_names[PROFILE_FILES];

struct profiles {
	const struct advice *a;
	const struct calls *calls;
	const struct files_unused *unused;
	bool lost;		/* not all that was seen could be told */
	bool exact;		/* AppArmor has a rule of each file that is noted */
	struct remarks remarks;		/* made, too */
	struct buf texts[PROFILE_FILES];
};

void profiles_make(struct profiles *p);
void profiles_free(struct profiles *p);

#endif
