/* SPDX-License-Identifier: Apache-2.0 */
/* smaps of any bytes: mappings ascend, and all bytes of a path are there. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nsdebug/base/map.h"
#include "nsdebug/sys/maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct map none;
	static int fd = -1;
	char path[64];
	uint64_t last = 0;
	struct maps_walk w;

	if (fd < 0)
		fd = memfd_create("smaps", 0);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, bytes, len, 0) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (maps_walk_open(&w, AT_FDCWD, path) < 0)
		abort();
	while (maps_walk_next(&w) > 0) {
		if (w.vma.start < last || w.vma.end <= w.vma.start ||
		    w.vma.path.len > len || memchr(w.vma.path.p, '\n', w.vma.path.len) ||
		    strlen(w.use.flags) >= sizeof(w.use.flags) || !maps_kind(&w.vma, &none))
			abort();
		last = w.vma.end;
	}
	maps_walk_close(&w);
	return 0;
}
