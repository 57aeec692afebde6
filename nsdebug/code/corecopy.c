/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/corecopy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/held.h"
#include "nsdebug/enter/emit.h"

#define CHUNK (1u << 20)		/* looked at at once */
#define PAGES (CHUNK / CORE_PAGE)
#define WRITE_MAX (64u << 10)		/* a busy disk takes its time, and that is progress */

/* Documentation/admin-guide/mm/pagemap.rst */
#define PM_PRESENT (1ull << 63)
#define PM_SWAPPED (1ull << 62)

struct core_piece {
	uint64_t off;
	size_t at, len;		/* in the buffer */
	struct core_segment *segment;
	bool late;
};

/* Addresses that are there. */
struct run {
	uint64_t start, len;
};

int corecopy_open(struct corecopy *c, int file, int dir, pid_t pid, uint64_t estimate,
		  uint64_t most, struct err *e)
{
	size_t room = estimate + estimate / 4 + 4 * CHUNK;
	void *p;

	if (room > CORECOPY_BUFFER_MAX)
		room = CORECOPY_BUFFER_MAX;
	*c = (struct corecopy){ .file = file,
		.dir = dir, .mem = -1, .shared = -1, .pid = pid, .most = most,
		.room = room };
	c->pagemap = openat(dir, "pagemap", O_RDONLY | O_CLOEXEC);
	/* its pages are made before anybody is held */
	p = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
		 -1, 0);
	if (p == MAP_FAILED)
		return err_sys(e, "get memory for the copy");
	c->buffer = p;
	madvise(p, room, MADV_DONTDUMP);
	return 0;
}

void corecopy_close(struct corecopy *c)
{
	if (c->buffer)
		munmap(c->buffer, c->room);
	own_close(&c->pagemap);
	own_close(&c->shared);
	own_close(&c->mem);
	free(c->pieces);
	free(c->order);
	c->buffer = NULL;
	c->pieces = NULL;
	c->order = NULL;
}

static int by_turn(const void *a, const void *b)
{
	const struct core_segment *x = *(struct core_segment *const *)a;
	const struct core_segment *y = *(struct core_segment *const *)b;
	uint64_t m = x->end - x->start, n = y->end - y->start;

	if ((x->what == CORE_STACK) != (y->what == CORE_STACK))
		return x->what == CORE_STACK ? -1 : 1;
	if (m != n)
		return m < n ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

void corecopy_plan(struct corecopy *c, struct core_plan *p, uint64_t off)
{
	c->mem = openat(c->dir, "mem", O_RDONLY | O_CLOEXEC);
	c->order = mem_alloc((p->count + 1) * sizeof(struct core_segment *));
	for (size_t i = 0; i < p->count; i++) {
		struct core_segment *s = &p->segments[i];

		s->off = off;	/* ascending also for those that are left out: libdw wants it */
		if (!s->copy)
			continue;
		off += s->end - s->start;
		c->order[c->norder++] = s;
	}
	qsort(c->order, c->norder, sizeof(struct core_segment *), by_turn);
	c->at = c->norder ? c->order[0]->start : 0;
}

void corecopy_end(struct corecopy *c)
{
	for (size_t i = c->next; i < c->norder; i++)
		c->order[i]->cut = true;
}

/* ---- into the file ---- */

int corecopy_write(int file, uint64_t off, const void *bytes, size_t len, struct err *e)
{
	if (off > INT64_MAX || lseek(file, (off_t)off, SEEK_SET) < 0 ||
	    fd_write_all(file, bytes, len) < 0)
		return errno == ENOSPC || errno == EDQUOT ?
			err_set(e, ST_FAILED, "write the core: no space left on the disk; "
				"--max-size and --no-heap make it smaller") :
			err_sys(e, "write the core");
	return 0;
}

static bool is_zero(const uint8_t *p)
{
	return !*p && !memcmp(p, p + 1, CORE_PAGE - 1);
}

/* What follows is not in the core, which is not to be taken for zeros. */
static void end_at(const struct core_piece *p, size_t from)
{
	uint64_t end = p->off + from - p->segment->off;

	p->segment->cut = true;
	if (p->segment->filesz > end)
		p->segment->filesz = end;
}

static int write_piece(struct corecopy *c, const struct core_piece *p, struct err *e)
{
	const uint8_t *bytes = c->buffer + p->at;
	size_t from, to;

	for (from = 0; from < p->len; from = to) {
		to = from + CORE_PAGE;
		if (is_zero(bytes + from))
			continue;
		while (to < p->len && to - from < WRITE_MAX && !is_zero(bytes + to))
			to += CORE_PAGE;
		if (c->written + (to - from) > c->most) {
			c->full = true;
			end_at(p, from);
			return 0;
		}
		if (corecopy_write(c->file, p->off + from, bytes + from, to - from, e) < 0)
			return -1;
		c->written += to - from;
		p->segment->data += to - from;
		p->segment->late += p->late ? to - from : 0;
		if (p->segment->filesz < p->off + to - p->segment->off)
			p->segment->filesz = p->off + to - p->segment->off;
		emit_tick(c->emit);
	}
	return 0;
}

int corecopy_flush(struct corecopy *c, struct err *e)
{
	for (size_t i = 0; i < c->npieces; i++) {
		if (c->full)
			end_at(&c->pieces[i], 0);
		else if (write_piece(c, &c->pieces[i], e) < 0)
			return -1;
	}
	c->npieces = 0;
	c->used = 0;
	return 0;
}

/* ---- out of the process ---- */

/* What is there of count pages from `at` on. Of a file, all. */
static size_t find_runs(struct corecopy *c, const struct core_segment *s, uint64_t at, size_t count,
			struct run *runs)
{
	uint64_t words[PAGES];
	size_t found = 0, len = count * sizeof(*words);

	if ((s->vma->inode && s->what != CORE_HUGE) ||
	    pread(c->pagemap, words, len, (off_t)(at / CORE_PAGE * 8)) != (ssize_t)len) {
		runs[0] = (struct run){ at, count * CORE_PAGE };
		return 1;
	}
	for (size_t i = 0; i < count; i++) {
		if (!(words[i] & (PM_PRESENT | PM_SWAPPED)))
			continue;
		if (!found || runs[found - 1].start + runs[found - 1].len != at + i * CORE_PAGE)
			runs[found++] = (struct run){ at + i * CORE_PAGE, 0 };
		runs[found - 1].len += CORE_PAGE;
	}
	return found;
}

static void add_piece(struct corecopy *c, struct core_segment *s, uint64_t addr, size_t len)
{
	c->pieces = mem_more(c->pieces, c->npieces);
	c->pieces[c->npieces++] = (struct core_piece){
		.off = s->off + (addr - s->start), .at = c->used, .len = len, .segment = s,
	};
	c->used += len;
}

/* Reads the runs; returns bytes read, which end before a page that cannot be read, or -1 with
 * errno. */
static ssize_t read_held(struct corecopy *c, const struct run *runs, size_t count)
{
	struct iovec local = { c->buffer + c->used, 0 }, remote[PAGES];

	for (size_t i = 0; i < count; i++) {
		remote[i] = (struct iovec){ (void *)(uintptr_t)runs[i].start, runs[i].len };
		local.iov_len += runs[i].len;
	}
	return process_vm_readv(c->pid, &local, 1, remote, count, 0);
}

/* The same of a process that runs, and may have become another program. */
static ssize_t read_running(struct corecopy *c, const struct run *runs, size_t count)
{
	size_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		ssize_t n = pread(c->mem, c->buffer + c->used + sum, runs[i].len,
				  (off_t)runs[i].start);

		c->gone |= n == 0;
		if (n <= 0 && !sum)
			errno = EFAULT;
		if (n > 0)
			sum += (size_t)n;
		if (n != (ssize_t)runs[i].len)
			break;
	}
	return sum ? (ssize_t)sum : -1;
}

/* Takes `n` bytes that were read of the runs into account: what is left of them is returned. */
static size_t take_read(struct corecopy *c, struct core_segment *s, struct run *runs, size_t count,
			uint64_t n)
{
	size_t i = 0;

	n &= ~(uint64_t)(CORE_PAGE - 1);
	for (; i < count && n >= runs[i].len; i++) {
		add_piece(c, s, runs[i].start, runs[i].len);
		n -= runs[i].len;
	}
	if (i < count && n) {
		add_piece(c, s, runs[i].start, n);
		runs[i].start += n;
		runs[i].len -= n;
	}
	memmove(runs, runs + i, (count - i) * sizeof(*runs));
	return count - i;
}

static int copy_chunk(struct corecopy *c, struct core_segment *s, uint64_t at, size_t len,
		      bool running, struct err *e)
{
	static struct run runs[PAGES];
	size_t count = find_runs(c, s, at, len / CORE_PAGE, runs);

	while (count) {
		ssize_t n = running ? read_running(c, runs, count) : read_held(c, runs, count);

		if (c->gone)
			return 0;
		if (n < 0 && errno == ESRCH)
			return err_set(e, ST_TARGET, "the process went away");
		if (n < 0 && errno != EFAULT)
			return err_sys(e, "read the memory of the process");
		count = take_read(c, s, runs, count, n < 0 ? 0 : (uint64_t)n);
		if (!count)
			break;
		/* the page at which it ended */
		s->failed += CORE_PAGE;
		runs[0].start += CORE_PAGE;
		runs[0].len -= CORE_PAGE;
		if (!runs[0].len)
			memmove(runs, runs + 1, --count * sizeof(*runs));
	}
	return 0;
}

/* Where the file of shared memory has nothing, pread(2) gives zeros and makes nothing. */
static void copy_shared(struct corecopy *c, struct core_segment *s, uint64_t at, size_t len)
{
	uint64_t off = s->vma->offset + (at - s->vma->start);
	struct stat st;
	char name[64];
	ssize_t n;

	if (c->of != s) {
		own_close(&c->shared);
		c->of = s;
		snprintf(name, sizeof(name), "map_files/%llx-%llx",
			 (unsigned long long)s->vma->start, (unsigned long long)s->vma->end);
		c->shared = openat(c->dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	if (fstat(c->shared, &st) < 0 || !S_ISREG(st.st_mode) || st.st_ino != s->vma->inode) {
		s->failed += len;
		return;
	}
	n = pread(c->shared, c->buffer + c->used, len, (off_t)off);
	if (n < 0) {
		s->failed += len;
		return;
	}
	memset(c->buffer + c->used + n, 0, len - (size_t)n);
	add_piece(c, s, at, len);
}

/* A first page that is none of an ELF file is nobody's business. */
static void drop_head(struct corecopy *c, size_t first)
{
	if (c->npieces > first && memcmp(c->buffer + c->pieces[first].at, "\177ELF", 4))
		c->npieces = first;
}

static void advance(struct corecopy *c, uint64_t len)
{
	struct core_segment *s = c->order[c->next];

	c->at += len;
	if (s->end - s->start <= CORECOPY_WHOLE_MAX)
		s->filesz = c->at - s->start;
	if (c->at < s->end)
		return;
	c->next++;
	if (c->next < c->norder)
		c->at = c->order[c->next]->start;
}

static bool is_done(const struct corecopy *c)
{
	return c->next == c->norder || c->full || c->gone;
}

int corecopy_run(struct corecopy *c, struct held *h, uint64_t until, bool late, struct err *e)
{
	while (!is_done(c) && (!h || clock_ns() < until)) {
		struct core_segment *s = c->order[c->next];
		uint64_t left = s->end - c->at;
		size_t len = left < CHUNK ? left : CHUNK, first;

		if (c->used + len > c->room && corecopy_flush(c, e) < 0)
			return -1;
		first = c->npieces;
		if (s->what == CORE_SHARED)
			copy_shared(c, s, c->at, len);
		else if (copy_chunk(c, s, c->at, len, !h && c->mem >= 0, e) < 0)
			return -1;
		if (c->gone) {
			c->npieces = first;
			break;
		}
		if (s->what == CORE_HEAD)
			drop_head(c, first);
		advance(c, len);
		if (h && !held_still(h))
			late = true;
		for (size_t i = first; i < c->npieces; i++)
			c->pieces[i].late = late;
		if (h && late)
			break;
		emit_tick(c->emit);
	}
	return 0;
}
