/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are a document or an error with a reason; paths are bounded; reading ends when told. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/out/jread.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static bool see(void *ctx, const char *path, struct jvalue v)
{
	unsigned int *left = ctx;
	char text[64];
	uint64_t n;

	if (strlen(path) >= JREAD_PATH_MAX || !*left)
		abort();
	if (jvalue_str(v, text, sizeof(text)) != (v.type == J_STRING))
		abort();
	if (jvalue_u64(v, &n) && v.type != J_NUMBER)
		abort();
	if (v.type == J_BOOL && !jvalue_is(v, "true") && !jvalue_is(v, "false"))
		abort();
	return --*left != 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static int fd = -1;
	unsigned int left = len ? bytes[0] + 1u : 1;
	struct err e = { 0 };
	int n;

	if (fd < 0)
		fd = memfd_create("json", 0);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, bytes, len, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	n = jread(fd, 1 << 20, see, &left, &e);
	if (n != 0 && (n != -1 || !e.msg[0] || !e.status))
		abort();
	return 0;
}
