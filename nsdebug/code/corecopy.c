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
#include "nsdebug/code/memory.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/enter/enter.h"

#define CHUNK (1u << 20)		/* copied at once */
#define WINDOW (128u << 20)		/* looked at at once, where nothing was */
#define LOOK_MAX (4ull << 40)		/* of addresses with nothing: seconds */
#define PAGES (CHUNK / CORE_PAGE)
#define WRITE_MAX (64u << 10)		/* a busy disk takes its time, and that is progress */

/* So much of a pause is spent before all that share the processors, no more. */
#define PROMPT_NS NS_PER_S

struct core_piece {
	uint64_t off;
	size_t at, len;		/* in the buffer */
	struct core_segment *segment;
	bool late;
};

/* Addresses to be read, whose pages are all there or all only in a file. */
struct run {
	uint64_t start, len;
	bool there;
};

int corecopy_open(struct corecopy *c, int file, int dir, pid_t pid, uint64_t estimate,
		  uint64_t most, struct err *e)
{
	size_t room = estimate + estimate / 4 + 4 * CHUNK;
	void *p;

	if (room > CORECOPY_BUFFER_MAX)
		room = CORECOPY_BUFFER_MAX;
	*c = (struct corecopy){ .file = file,
		.dir = dir, .mem = -1, .file_of = -1, .pid = pid, .most = most,
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
	own_close(&c->file_of);
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

/* How long this file system lets a file be, to a power of two. */
static uint64_t longest(int file)
{
	uint64_t n = 1ull << 62;

	while (n > CORECOPY_WHOLE_MAX && lseek(file, (off_t)n, SEEK_SET) < 0)
		n /= 2;
	return n;
}

/* Addresses that there is no room for, holes or not, are left out: the biggest mappings. */
static void fit(struct corecopy *c, uint64_t room)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->norder; i++) {
		struct core_segment *s = c->order[i];
		uint64_t len = s->end - s->start;

		if (len <= room) {
			room -= len;
			c->order[kept++] = s;
			continue;
		}
		s->copy = false;
		s->cut = s->held;
		s->lost = "no file here can be so long";
	}
	c->norder = kept;
}

void corecopy_plan(struct corecopy *c, struct core_plan *p, uint64_t off)
{
	uint64_t room = longest(c->file);

	c->mem = openat(c->dir, "mem", O_RDONLY | O_CLOEXEC);
	c->order = mem_alloc((p->count + 1) * sizeof(struct core_segment *));
	for (size_t i = 0; i < p->count; i++)
		if (p->segments[i].copy)
			c->order[c->norder++] = &p->segments[i];
	qsort(c->order, c->norder, sizeof(struct core_segment *), by_turn);
	fit(c, room - off);
	for (size_t i = 0; i < p->count; i++) {
		struct core_segment *s = &p->segments[i];

		s->off = off;	/* ascending also for those that are left out: libdw wants it */
		if (s->copy)
			off += s->end - s->start;
	}
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

/* The regular file behind a mapping; -1: none. Anything else does something when it is opened. */
static int open_behind(struct corecopy *c, const struct core_segment *s)
{
	struct stat st;
	char name[64];

	if (c->of == s)
		return c->file_of;
	own_close(&c->file_of);
	c->of = s;
	snprintf(name, sizeof(name), "map_files/%llx-%llx", (unsigned long long)s->vma->start,
		 (unsigned long long)s->vma->end);
	c->device = s->vma->inode && fstatat(c->dir, name, &st, 0) == 0 && !S_ISREG(st.st_mode);
	if (!s->vma->inode || c->device)
		return -1;
	c->file_of = openat(c->dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fstat(c->file_of, &st) < 0 || !S_ISREG(st.st_mode))
		own_close(&c->file_of);
	c->file_size = (uint64_t)st.st_size;
	c->file_inode = st.st_ino;
	return c->file_of;
}

/* From which address on its file has something, also where nothing of it is mapped yet; UINT64_MAX:
 * nowhere. A file that cannot be asked has something everywhere. */
static uint64_t file_from(struct corecopy *c, const struct core_segment *s, uint64_t at)
{
	uint64_t off = s->vma->offset + (at - s->vma->start);
	int file = open_behind(c, s);
	off_t next;

	if (!s->vma->inode || s->what == CORE_HUGE || c->device)
		return UINT64_MAX;
	if (file < 0)
		return at;
	if (off >= c->file_size)
		return UINT64_MAX;
	next = lseek(file, (off_t)off, SEEK_DATA);
	if (next < 0)
		return errno == ENXIO ? UINT64_MAX : at;
	return at + ((uint64_t)next - off);
}

/* Where its file ends; past it are pages that nobody can have, but for those written before it was
 * made shorter. */
static uint64_t file_to(struct corecopy *c, const struct core_segment *s)
{
	if (open_behind(c, s) < 0)
		return s->end;
	return c->file_size <= s->vma->offset ? s->vma->start :
		s->vma->start + (c->file_size - s->vma->offset);
}

/* What is there of count pages from `at` on. */
static size_t find_runs(struct corecopy *c, const struct core_segment *s, uint64_t at, size_t count,
			struct run *runs)
{
	uint64_t words[PAGES], from = file_from(c, s, at), to = file_to(c, s);
	size_t found = 0, len = count * sizeof(*words);

	if (pread(c->pagemap, words, len, (off_t)(at / CORE_PAGE * 8)) != (ssize_t)len) {
		runs[0] = (struct run){ at, count * CORE_PAGE, false };
		return 1;
	}
	for (size_t i = 0; i < count; i++) {
		uint64_t page = at + i * CORE_PAGE;
		bool there = memory_is_there(words[i]);

		if (!(words[i] & (PM_PRESENT | PM_SWAPPED)) &&
		    (page >= to || page + CORE_PAGE <= from))
			continue;
		if (!found || runs[found - 1].start + runs[found - 1].len != page ||
		    runs[found - 1].there != there)
			runs[found++] = (struct run){ page, 0, there };
		runs[found - 1].len += CORE_PAGE;
	}
	return found;
}

/* How much from `at` on is none of the process's pages; up to a window. */
static uint64_t not_mapped(struct corecopy *c, const struct core_segment *s, uint64_t at)
{
	static uint64_t words[WINDOW / CORE_PAGE];
	uint64_t left = s->end - at;
	size_t count = (left < WINDOW ? left : WINDOW) / CORE_PAGE, i = 0;
	ssize_t n = pread(c->pagemap, words, count * sizeof(*words), (off_t)(at / CORE_PAGE * 8));

	while (n > 0 && i < (size_t)n / sizeof(*words) && !(words[i] & (PM_PRESENT | PM_SWAPPED)))
		i++;
	c->looked += i * CORE_PAGE;
	return i * CORE_PAGE;
}

/* It has been looked at enough: what smaps had nothing of a moment before has nothing. */
static uint64_t pass(struct core_segment *s, uint64_t left)
{
	if (s->held) {
		s->cut = true;
		s->lost = "so much without any memory in it was looked at, and no more";
	}
	return left;
}

/* What a look over a lot of addresses may pass by. */
static uint64_t find_hole(struct corecopy *c, struct core_segment *s, uint64_t at)
{
	uint64_t next = file_from(c, s, at), left = s->end - at, hole;

	hole = next - at < left ? next - at : left;
	if (s->what != CORE_SHARED && hole) {
		uint64_t free;

		if (c->looked >= LOOK_MAX && left > WINDOW)
			return pass(s, left);
		free = not_mapped(c, s, at);

		if (hole > free)
			hole = free;
	}
	return hole == left ? left : hole & ~(uint64_t)(CHUNK - 1);
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

/* The same of a process that runs, and may have become another program; and of pages that may not
 * be there, which process_vm_readv(2) would wait for (code/memory.h). */
static ssize_t read_file(struct corecopy *c, const struct run *runs, size_t count)
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

/* How many are read in the way of the first. */
static size_t count_alike(const struct run *runs, size_t count)
{
	size_t n = 1;

	while (n < count && runs[n].there == runs[0].there)
		n++;
	return n;
}

/* The page at which reading ended. */
static size_t leave_page(struct core_segment *s, struct run *runs, size_t count)
{
	s->failed += CORE_PAGE;
	runs[0].start += CORE_PAGE;
	runs[0].len -= CORE_PAGE;
	if (!runs[0].len)
		memmove(runs, runs + 1, --count * sizeof(*runs));
	return count;
}

static int copy_chunk(struct corecopy *c, struct core_segment *s, uint64_t at, size_t len,
		      bool running, struct err *e)
{
	static struct run runs[PAGES];
	size_t count = find_runs(c, s, at, len / CORE_PAGE, runs);

	c->empty = !count;
	while (count) {
		size_t alike = count_alike(runs, count), left;
		ssize_t n = running || !runs[0].there ? read_file(c, runs, alike) :
			read_held(c, runs, alike);

		if (c->gone)
			return 0;
		if (n < 0 && errno == ESRCH)
			return err_set(e, ST_TARGET, "the process went away");
		if (n < 0 && errno != EFAULT)
			return err_sys(e, "read the memory of the process");
		left = take_read(c, s, runs, count, n < 0 ? 0 : (uint64_t)n);
		count = left > count - alike ? leave_page(s, runs, left) : left;
	}
	return 0;
}

/* pread(2) gives zeros where the file of shared memory has nothing, and makes nothing. */
static void copy_shared(struct corecopy *c, struct core_segment *s, uint64_t at, size_t len)
{
	uint64_t off = s->vma->offset + (at - s->vma->start);
	int file = open_behind(c, s);
	ssize_t n;

	c->empty = file_from(c, s, at) >= at + len;
	if (c->empty)
		return;
	if (file < 0 || c->file_inode != s->vma->inode) {
		s->failed += len;
		return;
	}
	n = pread(file, c->buffer + c->used, len, (off_t)off);
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
	if (s->end - s->start <= CORECOPY_WHOLE_MAX && !s->cut)
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

/* Whoever holds nobody has no right to go before others. */
static void calm_down(struct corecopy *c, const struct held *h)
{
	if (c->calm || (h && clock_ns() - h->since < PROMPT_NS))
		return;
	enter_calm();
	c->calm = true;
}

int corecopy_run(struct corecopy *c, struct held *h, uint64_t until, bool late, struct err *e)
{
	for (; !is_done(c) && (!h || clock_ns() < until); emit_tick(c->emit)) {
		struct core_segment *s = c->order[c->next];
		uint64_t left = s->end - c->at, hole;
		size_t len = left < CHUNK ? left : CHUNK, first;

		calm_down(c, h);
		hole = c->empty ? find_hole(c, s, c->at) : 0;
		if (hole) {
			advance(c, hole);
			continue;
		}
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
	}
	return 0;
}
