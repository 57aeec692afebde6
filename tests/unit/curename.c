/* SPDX-License-Identifier: Apache-2.0 */
/* why/curename: names that engines and Kubernetes take. */
#include <string.h>

#include "nsdebug/why/curing.h"
#include "tests/unit/check.h"

static void names_of_volumes(void)
{
	static const struct { const char *dir, *name; } all[] = {
		{ "/_", "volume" }, { "/.-", "volume" }, { "/a", "volume-a" },
		{ "/.a", "volume-a" }, { "/var/Cache", "var-cache" }, { "/ab/", "ab" },
	};
	char name[CURING_NAME];

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		curing_volume_name(name, all[i].dir);
		ok(!strcmp(name, all[i].name), all[i].dir);
	}
}

int main(void)
{
	names_of_volumes();
	return done();
}
