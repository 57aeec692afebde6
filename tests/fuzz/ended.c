/* SPDX-License-Identifier: Apache-2.0 */
/* What a container may have had written of its end: the kernel's log, its output, its programs. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/denied.h"
#include "nsdebug/why/finding.h"
#include "nsdebug/why/kmsg.h"
#include "nsdebug/why/look.h"
#include "nsdebug/why/needs.h"
#include "nsdebug/why/output.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void try_output(const char *text, size_t len, bool docker, struct arena *a)
{
	struct ending x = { .read_only_root = true, .pids_limit = 7 };
	struct look_ids as = { .uid = 65532, .gid = 65532 };
	struct findings f = { .a = a };
	struct output o;

	output_parse(text, len, docker, (struct output_span){ INT64_MIN, 0 }, a, &o);
	if (o.count > OUTPUT_LINES)
		abort();
	for (size_t i = 0; i < o.count; i++)
		denied_line(&f, &x, &as, o.lines[i]);
}

static void try_program(const uint8_t *bytes, size_t len, struct arena *a)
{
	auto_close int fd = memfd_create("fuzz", 0);
	struct needs n;

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		return;
	needs_read(fd, &n, a);
	if (n.nlibs > NEEDS_LIBS_MAX || (n.kind != NEEDS_ELF && n.nlibs))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	auto_arena struct arena *a = arena_new();
	struct kmsg_want w = { .cgroup = "/a/b", .id = "" };
	struct oom_kill k;

	if (!len)
		return 0;
	switch (bytes[0] & 3) {
	case 0:
		if (kmsg_parse((const char *)bytes + 1, len - 1, &k) == 1)
			kmsg_is_of(&k, &w);
		break;
	case 3:
		try_program(bytes + 1, len - 1, a);
		break;
	default:
		try_output((const char *)bytes + 1, len - 1, bytes[0] & 1, a);
	}
	return 0;
}
