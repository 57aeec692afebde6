/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/cli/hostdir.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"

#define MODE 0700

int hostdir_open(struct hostdir *h, const struct tool_files *want, struct err *e)
{
	char path[4096];

	*h = (struct hostdir){ .count = 0 };
	if (mkdir(want->dir, MODE) < 0 && errno != EEXIST) {
		err_sys(e, "make the directory %s", want->dir);
		e->status = ST_FAILED;
		return -1;
	}
	for (size_t i = 0; i < want->count && i < TOOL_FILES_MAX; i++) {
		struct tool_file f = { .path = path, .write = true, .force = want->force };

		h->files[h->count++] = (struct hostfile)HOSTFILE_NONE;
		if (snprintf(path, sizeof(path), "%s/%s", want->dir, want->names[i]) >=
		    (int)sizeof(path))
			return err_set(e, ST_USAGE, "the name is too long: %s", want->dir);
		if (hostfile_open(&h->files[i], &f, e) < 0)
			return -1;
		h->files[i].name = want->names[i];
	}
	return 0;
}

int hostdir_add(struct hostdir *h, struct bytes body, struct err *e)
{
	size_t which = body.len ? (unsigned char)body.p[0] : TOOL_FILES_MAX;

	if (which >= h->count || h->bytes + body.len > HOSTDIR_BYTES_MAX)
		return err_set(e, ST_INTERNAL, "the child sent more than its files take");
	h->begun[which] = true;
	h->bytes += body.len;
	if (fd_write_all(h->files[which].fd, body.p + 1, body.len - 1) < 0)
		return err_sys(e, "write %s", h->files[which].name);
	return 0;
}

int hostdir_keep(struct hostdir *h, struct err *e)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->begun[i] && hostfile_keep(&h->files[i], -1, 0, e) < 0)
			return -1;
	return 0;
}

void hostdir_close(struct hostdir *h)
{
	for (size_t i = 0; i < h->count; i++)
		hostfile_close(&h->files[i]);
	h->count = 0;
}
