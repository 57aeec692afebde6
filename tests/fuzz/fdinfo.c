/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as fdinfo: every line ends, every count is of what is handed on. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/sys/fdinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void count(void *ctx, const struct fdinfo_watch *w)
{
	(void)w;
	++*(uint64_t *)ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len + 1);
	struct buf b = { 0 };
	uint64_t watches = 0, locks = 0;
	struct fdinfo f;
	size_t at = 0;

	memcpy(text, bytes, len);
	text[len] = '\0';
	fdinfo_parse(text, &f, count, &watches);
	if (watches != f.watches || (f.tun.p && (f.tun.p < text || f.tun.p + f.tun.len >
						 text + strlen(text))))
		abort();
	while (fdinfo_next_lock(text, &at, &b))
		locks++;
	if (locks != f.locks)
		abort();
	buf_free(&b);
	free(text);
	return 0;
}
