/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/heldfile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/target/target.h"

#define PREFIX "fd:"

bool heldfile_is(const char *word)
{
	return str_prefix(word, PREFIX);
}

static bool has_mount(const struct mounts *m, uint64_t id)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].id == id)
			return true;
	return false;
}

/* memfd_create(2) and shared memory live on mounts of the kernel's own that are in no table, and
 * have no link. A deleted file of a host file system has a mount of some table. */
static bool is_anonymous(int procfs, int fd, const struct statx *st)
{
	char path[64], text[4096];
	struct statfs fs;
	ssize_t n;

	snprintf(path, sizeof(path), "self/fd/%d", fd);
	n = readlinkat(procfs, path, text, sizeof(text) - 1);
	if (n < 0 || fstatfs(fd, &fs) < 0)
		return false;
	text[n] = '\0';
	return st->stx_nlink == 0 && str_prefix(text, "/memfd:") &&
		((unsigned long)fs.f_type == TMPFS_MAGIC ||
		 (unsigned long)fs.f_type == HUGETLBFS_MAGIC);
}

/* All of it is asked of the descriptor that will be read, never of the process again. */
static int check(const struct target *t, const struct inside *in, int fd, const char *word,
		 struct err *e)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		  STATX_TYPE | STATX_NLINK | STATX_MNT_ID, &st) < 0)
		return err_sys(e, "%s", word);
	if (!S_ISREG(st.stx_mode))
		return err_set(e, ST_REFUSED, "%s: is %s: only regular files are opened", word,
			       root_type_name(st.stx_mode));
	if (!(st.stx_mask & STATX_MNT_ID))
		return err_set(e, ST_REFUSED, "%s: this kernel does not tell its mount (Linux "
			       "5.8)", word);
	if (!has_mount(&t->mounts, st.stx_mnt_id) && !is_anonymous(in->procfs, fd, &st))
		return err_set(e, ST_REFUSED, "%s: is on no mount of the container: it leaked in "
			       "from outside, or its mount is gone", word);
	return 0;
}

static bool parse(const char *word, uint64_t *pid, uint64_t *n)
{
	word += strlen(PREFIX);
	return scan_u64(&word, pid) && *word++ == '/' && scan_u64(&word, n) && !*word;
}

int heldfile_open(const struct target *t, const struct inside *in, const char *word, struct err *e)
{
	auto_close int dir = -1, held = -1, fd = -1;
	uint64_t pid, n;
	char path[64];

	if (!parse(word, &pid, &n))
		return err_set(e, ST_USAGE, "%s: is not of the form fd:PID/N", word);
	dir = target_process(t, in, pid, e);
	if (dir < 0)
		return -1;
	snprintf(path, sizeof(path), "fd/%llu", (unsigned long long)n);
	held = openat(dir, path, O_PATH | O_CLOEXEC);
	if (held < 0)
		return err_set(e, ST_FAILED, "%s: process %llu has no descriptor %llu", word,
			       (unsigned long long)pid, (unsigned long long)n);
	if (check(t, in, held, word, e) < 0)
		return -1;
	snprintf(path, sizeof(path), "self/fd/%d", held);
	fd = openat(in->procfs, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "%s", word);
	return take_fd(&fd);
}
