/* SPDX-License-Identifier: Apache-2.0 */
/* sys/ids: uid_map as the kernel writes it, and ids in both views. */
#include "nsdebug/sys/ids.h"
#include "tests/unit/check.h"

static struct idmap parsed(const char *text, bool good, const char *name)
{
	struct idmap m;

	ok(idmap_parse(&m, text) == good, name);
	return m;
}

int main(void)
{
	struct idmap m = parsed("         0          0 4294967295\n", true, "the whole range");

	ok(m.identity, "is no user namespace");
	ok(idmap_inside(&m, 65532) == 65532, "and ids are the same");
	idmap_free(&m);

	m = parsed("         0     100000      65536\n", true, "one extent");
	ok(!m.identity, "is one");
	ok(idmap_inside(&m, 100000) == 0, "its first id");
	ok(idmap_inside(&m, 165535) == 65535, "its last");
	ok(idmap_inside(&m, 99999) == ID_UNMAPPED, "one before");
	ok(idmap_inside(&m, 165536) == ID_UNMAPPED, "one behind");
	ok(idmap_inside(&m, 0) == ID_UNMAPPED, "root of the host is nobody");
	idmap_free(&m);

	m = parsed("0 1000 1\n1 100000 999\n1000 2000 1\n", true, "three extents");
	ok(idmap_inside(&m, 1000) == 0 && idmap_inside(&m, 100998) == 999 &&
	   idmap_inside(&m, 2000) == 1000 && idmap_inside(&m, 1001) == ID_UNMAPPED, "each of them");
	idmap_free(&m);

	m = parsed("0 4294967295 1\n", true, "the last id there is");
	ok(idmap_inside(&m, UINT32_MAX) == 0, "is mapped too");
	idmap_free(&m);

	m = parsed("", true, "none yet");
	ok(idmap_inside(&m, 0) == ID_UNMAPPED, "maps nothing");
	idmap_free(&m);

	static const char *const bad[] = { "0 0", "0 0 1", "0 0 x\n", "a 0 1\n", "0 0 4294967296\n",
		"-1 0 1\n", "0 0 1 1\n", "\n" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		m = parsed(bad[i], false, "is none");
		idmap_free(&m);
	}
	return done();
}
