/* SPDX-License-Identifier: Apache-2.0 */
/* why/curelimit: no option is offered that must fail where root itself has a limit. */
#include <string.h>

#include "nsdebug/why/creds.h"
#include "nsdebug/why/cure.h"
#include "nsdebug/why/reason.h"
#include "tests/unit/check.h"

static struct reason why;
static struct cure cure;

static bool cured(const char *word)
{
	static struct creds who = { .fsuid = 1000, .fsgid = 1000, .euid = 1000, .egid = 1000 };

	cure_of(&why, &who, OP_OPEN, 1000, 1000, 0, &cure);
	return strstr(cure.text, word) != NULL;
}

static void own_limit(void)
{
	why = (struct reason){ .kind = WHY_RLIMIT, .word = "memlock", .limit = 4096,
			       .hard = 4096, .number = 65536, .most = 65536 };
	ok(!cured("root may set") && !strcmp(cure.docker, "--ulimit memlock=65536:65536"),
	   "what root can set");
	why.most = 65535;
	ok(cured("root may set no more than 65535") && !cure.docker[0] && !cure.podman[0],
	   "what it cannot is no option");
	why.hard = 65536;
	ok(!cured("root may set") && !strcmp(cure.docker, "--ulimit memlock=65536:65536"),
	   "what the container has already can be had");
	why.hard = UINT64_MAX;
	ok(!cured("root may set") && !strcmp(cure.docker, "--ulimit memlock=65536:-1"),
	   "also where there is no limit");
	why.hard = 4096;
	why.most = 0;
	ok(!cured("root may set") && cure.docker[0], "of an unknown one nothing is said");
}

static void hard_limit(void)
{
	why = (struct reason){ .kind = WHY_CAPABILITY, .caps = CREDS_CAP(SYS_RESOURCE),
			       .word = "nofile", .limit = 65536, .most = 65536 };
	ok(!cured("root may set") && !strcmp(cure.docker, "--ulimit nofile=65536:65536"),
	   "a hard limit that root can set");
	why.most = 20000;
	ok(cured("root may set no more than 20000") && !cure.docker[0] && !cure.podman[0],
	   "and one that it cannot");
}

int main(void)
{
	own_limit();
	hard_limit();
	return done();
}
