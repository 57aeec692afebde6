/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sendnames - what users and groups are called in the target, by its own files.
 */
#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/sys/passwd.h"

struct names {
	struct run *r;
	char kind;
};

static void send_name(void *ctx, uint32_t id, const char *name, size_t len)
{
	const struct names *n = ctx;

	emit_name(n->r->emit, n->kind, id, name, len);
}

static void send_names(struct run *r, const char *path, char kind)
{
	auto_close int handle = root_open(&r->root, path, false, NULL);
	auto_close int fd = handle < 0 ? -1 : root_read(&r->root, handle, path, NULL);
	auto_buf struct buf b = { 0 };
	struct names n = { r, kind };

	/* an image without users is common, and numbers are an answer */
	if (fd >= 0 && fd_read_all(fd, &b, PASSWD_BYTES_MAX) >= 0)
		passwd_parse(b.bytes, b.len, send_name, &n);
}

void run_send_names(struct run *r)
{
	send_names(r, "/etc/passwd", 'u');
	send_names(r, "/etc/group", 'g');
}
