/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cat - the contents of files, through the raw data pipe; unchanged, or line by line.
 *
 * "fd:PID/N" names a descriptor that a process of the container holds open: a file that was
 * deleted, a memfd. It is read by a ROLE_PROC child, from the file itself, not through the
 * process, and only if the container could have opened it: its mount is one of the container's, or
 * it is anonymous memory. A descriptor that leaked in from the host is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/esc.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/target/heldfile.h"
#include "nsdebug/target/target.h"

#define BLOCK (1u << 20)
#define TEXT_BLOCK (64 * 1024)

struct cat_opts {
	bool number, show_all, squeeze;
	uint64_t bytes, offset;
	bool rows;	/* set by setup(): JSON */
};

static const struct cat_opts cat_defaults = { .bytes = UINT64_MAX };

static const struct opt cat_opt[] = {
	OPT('n', "number", OPT_FLAG, struct cat_opts, number, NULL, "number the lines"),
	OPT('A', "show-all", OPT_FLAG, struct cat_opts, show_all, NULL,
	    "$ at line ends, ^I for tabs, ^X and M-x for other bytes"),
	OPT('s', "squeeze-blank", OPT_FLAG, struct cat_opts, squeeze, NULL,
	    "no more than one empty line in a row"),
	OPT(0, "bytes", OPT_SIZE, struct cat_opts, bytes, "SIZE",
	    "stop after SIZE bytes of a file"),
	OPT(0, "offset", OPT_SIZE, struct cat_opts, offset, "SIZE", "begin SIZE bytes into a file"),
	OPT_END
};

struct cat_row {
	struct bytes path, text;
	uint64_t offset;
};

static const struct col cat_col[] = {
	COL(COL_BYTES, struct cat_row, path, COL_NAME | COL_CLAIMED, "file, as it was named"),
	COL(COL_U64, struct cat_row, offset, 0, "where this piece begins, in bytes"),
	COL(COL_BYTES, struct cat_row, text, COL_CLAIMED, "up to 64 KiB of its contents"),
	COL_END
};

/* State of the line-wise forms, which goes on from file to file as in cat(1). */
struct lines {
	uint64_t number;
	unsigned int blank;	/* empty lines in a row */
	bool middle;		/* of a line */
};

struct job {
	struct run *r;
	const struct cat_opts *o;
	struct lines lines;
	struct buf out;
	int hop[2];		/* a pipe between a file and the data pipe */
	bool no_splice;
};

static void put_visible(struct buf *b, unsigned char c)
{
	if (c >= 128) {
		buf_str(b, "M-");
		c -= 128;
	}
	if (c < 32 || c == 127) {
		buf_char(b, '^');
		c ^= 64;
	}
	buf_char(b, (char)c);
}

static void put_byte(struct job *j, unsigned char c)
{
	struct lines *s = &j->lines;

	if (!s->middle) {
		s->blank = c == '\n' ? s->blank + 1 : 0;
		if (j->o->squeeze && s->blank > 1)
			return;
		if (j->o->number)
			buf_addf(&j->out, "%6llu\t", (unsigned long long)++s->number);
	}
	s->middle = c != '\n';
	if (j->o->show_all && c == '\n')
		buf_str(&j->out, "$\n");
	else if (j->o->show_all)
		put_visible(&j->out, c);
	else
		buf_char(&j->out, (char)c);
}

static int put_lines(struct job *j, const char *p, size_t len, struct err *e)
{
	buf_clear(&j->out);
	for (size_t i = 0; i < len; i++)
		put_byte(j, (unsigned char)p[i]);
	if (fd_write_all(j->r->emit->data, j->out.bytes, j->out.len) < 0)
		return err_sys(e, "write to the front");
	return 0;
}

/* Returns how many bytes it took: a character that is cut off waits for the next block. */
static size_t put_row(struct job *j, const char *path, const char *p, size_t len, uint64_t at,
		      bool last)
{
	struct cat_row row = { .path = { path, strlen(path) }, .offset = at };

	row.text = (struct bytes){ p, last ? len : len - esc_torn(p, len) };
	emit_row(j->r->emit, &row);
	emit_flush(j->r->emit);
	return row.text.len;
}

/* ---- ways of moving bytes; each returns 1 for more, 0 at the end ---- */

static int hand_on(struct job *j, size_t len, struct err *e)
{
	while (len) {
		ssize_t n = splice(j->hop[0], NULL, j->r->emit->data, NULL, len,
				   SPLICE_F_MOVE | SPLICE_F_MORE);

		if (n < 0 && errno != EINTR)
			return err_sys(e, "write to the front");
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/*
 * By way of a pipe of our own. A pipe that a file is spliced into is locked while the file is
 * waited for: with a dead server behind it, the front could not even close its end of the data
 * pipe, and would wait for ever too.
 */
static int move_by_splice(struct job *j, int fd, uint64_t *left, struct err *e)
{
	size_t want = *left < BLOCK ? (size_t)*left : BLOCK;
	ssize_t n = splice(fd, NULL, j->hop[1], NULL, want, SPLICE_F_MOVE | SPLICE_F_MORE);

	if (n < 0 && (errno == EINVAL || errno == ENOSYS)) {
		j->no_splice = true;	/* a file system that does not have it */
		return 1;
	}
	if (n < 0)
		return errno == EINTR ? 1 : err_sys(e, "read");
	*left -= (uint64_t)n;
	return hand_on(j, (size_t)n, e) < 0 ? -1 : n > 0;
}

static int move_by_copy(struct job *j, int fd, uint64_t *left, struct err *e)
{
	char bytes[TEXT_BLOCK];
	ssize_t n = read(fd, bytes, *left < sizeof(bytes) ? (size_t)*left : sizeof(bytes));

	if (n < 0)
		return errno == EINTR ? 1 : err_sys(e, "read");
	*left -= (uint64_t)n;
	if (j->o->number || j->o->show_all || j->o->squeeze)
		return put_lines(j, bytes, (size_t)n, e) < 0 ? -1 : n > 0;
	if (fd_write_all(j->r->emit->data, bytes, (size_t)n) < 0)
		return err_sys(e, "write to the front");
	return n > 0;
}

static int move_to_rows(struct job *j, const char *path, int fd, uint64_t left, struct err *e)
{
	auto_free char *bytes = mem_alloc(TEXT_BLOCK);
	uint64_t at = j->o->offset;
	size_t have = 0, taken;
	ssize_t n = 1;

	while (n > 0 && left) {
		size_t want = TEXT_BLOCK - have;

		n = read(fd, bytes + have, left < want ? (size_t)left : want);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n < 0)
			return err_sys(e, "read");
		have += (size_t)n;
		left -= (uint64_t)n;
		if (have == TEXT_BLOCK || n == 0 || !left) {
			if (!have)
				break;
			taken = put_row(j, path, bytes, have, at, n == 0 || !left);
			memmove(bytes, bytes + taken, have - taken);
			at += taken;
			have -= taken;
		}
	}
	return 0;
}

static int open_hop(struct job *j)
{
	return j->hop[1] >= 0 ? 0 : pipe2(j->hop, O_CLOEXEC);
}

static int copy_out(struct job *j, const char *path, int fd, struct err *e)
{
	bool lines = j->o->number || j->o->show_all || j->o->squeeze;
	uint64_t left = j->o->bytes;
	int more = 1;

	if (j->o->offset && lseek(fd, (off_t)j->o->offset, SEEK_SET) < 0)
		return err_sys(e, "go to --offset");
	if (j->o->rows)
		return move_to_rows(j, path, fd, left, e);
	j->no_splice = lines || open_hop(j) < 0;
	while (more > 0 && left)
		more = (j->no_splice ? move_by_copy : move_by_splice)(j, fd, &left, e);
	return more < 0 ? -1 : 0;
}

static int cat_file(struct job *j, const char *path, struct err *e)
{
	auto_close int fd = j->r->in->root < 0 ?
		heldfile_open(j->r->target, j->r->in, path, e) :
		root_open_file(&j->r->root, path, e);

	if (fd < 0)
		return -1;
	if (copy_out(j, path, fd, e) == 0)
		return 0;
	err_wrap(e, "%s", path);
	e->status = ST_FAILED;
	return -1;
}

static void cat_run(struct run *r)
{
	struct job j = { .r = r, .o = r->opts, .hop = { -1, -1 } };
	struct err e;

	for (int i = 0; i < r->nargs; i++)
		if (cat_file(&j, r->args[i], &e) < 0)
			emit_err(r->emit, &e);		/* and go on with the next one */
	own_close(&j.hop[0]);
	own_close(&j.hop[1]);
	buf_free(&j.out);
}

static enum need cat_needs(const void *opts, int nargs, char *const *args)
{
	(void)opts;
	return nargs && heldfile_is(args[0]) ? NEED_PROC : NEED_ROOT;
}

static int cat_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	struct cat_opts *o = opts;

	for (int i = 1; i < nargs; i++)
		if (heldfile_is(args[i]) != heldfile_is(args[0]))
			return err_set(e, ST_USAGE, "paths and fd:PID/N do not mix in one command");
	o->rows = l->format == OUT_JSON || l->format == OUT_JSONL;
	if (o->rows && (o->number || o->show_all || o->squeeze))
		return err_set(e, ST_USAGE, "-n, -A and -s are for text, not for -o json");
	if (l->fields || l->format == OUT_WIDE || l->format == OUT_NAMES)
		return err_set(e, ST_USAGE, "files have no columns: only -o json and -o jsonl");
	l->kind = LAYOUT_RAW;
	return 0;
}

static const struct arg cat_arg = {
	"FILE", "file in the container, or fd:PID/N: what its process PID holds open as N",
	ARG_PATH, 1, -1,
};

static const struct example cat_example[] = {
	{ "nsdebug cat nsd-demo /etc/passwd", "read a file of an image that has no shell" },
	{ "nsdebug cat -n nsd-demo /etc/os-release /etc/group", "several, with line numbers" },
	{ "nsdebug cat nsd-demo fd:1/5", "a file that is deleted but still open" },
	{ NULL }
};

const struct tool tool_cat = {
	.name = "cat",
	.summary = "print files as the container sees them",
	.about = "Bytes are unchanged into a pipe or a file; on a terminal, control characters and "
		"what is not UTF-8 are shown as \\xNN unless --raw is given. Only regular files "
		"are opened: devices, FIFOs and sockets are refused, with the reason.",
	.needs = NEED_ROOT,
	.needs_of = cat_needs,
	.arg = &cat_arg,
	.opts = cat_opt, .opts_size = sizeof(struct cat_opts), .defaults = &cat_defaults,
	.cols = cat_col,
	.data = true,
	.no_table = true,
	.examples = cat_example,
	.setup = cat_setup,
	.run = cat_run,
};
