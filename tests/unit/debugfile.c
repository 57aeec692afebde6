/* SPDX-License-Identifier: Apache-2.0 */
/* code/debugfile: what a reader may be asked for. */
#include "nsdebug/code/debugfile.h"

#include <stdlib.h>

#include "tests/unit/check.h"

#define ID "0123456789abcdef0123456789abcdef01234567"

static void asked(uint32_t where, const char *id, const char *name, const char *dir,
		  const char *want)
{
	struct debugfile_ask a = { .where = where };
	char path[2048];
	bool got;

	snprintf(a.build_id, sizeof(a.build_id), "%s", id);
	snprintf(a.name, sizeof(a.name), "%s", name);
	snprintf(a.dir, sizeof(a.dir), "%s", dir);
	got = debugfile_path(&a, path, sizeof(path));
	ok(want ? got && !strcmp(path, want) : !got, want ? want : *id ? id : name);
}

int main(void)
{
	struct debugfile_ask a;
	char path[2048];

	asked(BY_ID, ID, "", "", "/usr/lib/debug/.build-id/01/23456789abcdef0123456789abcdef"
	      "01234567.debug");
	asked(BY_ID_ON_HOST, ID, "", "", "/.build-id/01/23456789abcdef0123456789abcdef"
	      "01234567.debug");
	asked(BY_ID, "0123456789abcd", "", "", NULL);
	asked(BY_ID, ID "0", "", "", NULL);
	asked(BY_ID, "0123456789ABCDEF", "", "", NULL);
	asked(BY_ID, "../../../../etc/", "", "", NULL);
	asked(BY_ID, "01/../../../shadow", "", "", NULL);
	asked(BY_ID, "", "", "", NULL);
	asked(BY_LINK, "", "x.debug", "/a/b", "/a/b/x.debug");
	asked(BY_LINK_BELOW, "", "x.debug", "/a/b", "/a/b/.debug/x.debug");
	asked(BY_LINK_GLOBAL, "", "x.debug", "/a/b", "/usr/lib/debug/a/b/x.debug");
	asked(BY_LINK, "", "../x.debug", "/a/b", NULL);
	asked(BY_LINK, "", "..", "/a/b", NULL);
	asked(BY_LINK, "", "/etc/shadow", "/a/b", NULL);
	asked(BY_LINK, "", "x.debug", "a/b", NULL);
	asked(BY_LINK, "", "", "/a", NULL);
	asked(PERF_MAP, ID, "../x", "/a/b", "/tmp/perf-0.map");
	asked(BY_END, ID, "x.debug", "/a/b", NULL);
	asked(UINT32_MAX, ID, "x.debug", "/a/b", NULL);
	memset(&a, 'a', sizeof(a));
	for (a.where = 0; a.where < PERF_MAP; a.where++)
		ok(!debugfile_path(&a, path, sizeof(path)), "text without an end");
	return done();
}
