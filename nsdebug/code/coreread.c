/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/coreread.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <sys/user.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/sorted.h"
#include "nsdebug/code/callbytes.h"
#include "nsdebug/code/corefile.h"
#include "nsdebug/code/coreplan.h"
#include "nsdebug/code/debugfile.h"
#include "nsdebug/code/elf.h"
#include "nsdebug/code/snapshot.h"
#include "nsdebug/code/work.h"
#include "nsdebug/enter/emit.h"

#define COST 64u			/* of a header or a note, for work_may() */
#define HEAD_MAX 65536u			/* of a file, as the core has it: its headers and notes */
#define VDSO_MAX (1u << 20)
#define LLU(x) ((unsigned long long)(x))

/* A mapping, and where the core has it. */
struct segment {
	struct vma v;
	uint64_t off, filesz;
};

struct reader {
	struct snapshot *s;
	struct elf f;			/* the core */
	struct debugfiles *files;
	struct process *p;
	struct segment *segments;
	size_t count;
	struct thread *threads;
	size_t nthreads;
	struct map by_tid;		/* index of a thread + 1 */
	uint64_t vdso, notes;
	char *names;			/* of NT_FILE */
	size_t names_len;
	bool cut;
	uint64_t has, wants;		/* bytes of the file; those that its segments end at */
};

static int by_start(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	return (x->v.start > y->v.start) - (x->v.start < y->v.start);
}

/* ---- program headers ---- */

static void add_segment(struct reader *r, const Elf64_Phdr *h)
{
	if (!h->p_memsz || h->p_memsz > UINT64_MAX - h->p_vaddr || h->p_offset > INT64_MAX ||
	    h->p_filesz > INT64_MAX - h->p_offset)
		return;
	if (h->p_filesz && h->p_offset + h->p_filesz > r->wants)
		r->wants = h->p_offset + h->p_filesz;
	r->segments = mem_more(r->segments, r->count);
	r->segments[r->count++] = (struct segment){
		.v = { .start = h->p_vaddr, .end = h->p_vaddr + h->p_memsz,
			.read = h->p_flags & PF_R, .write = h->p_flags & PF_W,
			.exec = h->p_flags & PF_X },
		.off = h->p_offset,
		.filesz = h->p_filesz < h->p_memsz ? h->p_filesz : h->p_memsz,
	};
}

static void drop_overlaps(struct reader *r)
{
	size_t n = 0;

	if (r->count)
		qsort(r->segments, r->count, sizeof(*r->segments), by_start);
	for (size_t i = 0; i < r->count; i++)
		if (!n || r->segments[i].v.start >= r->segments[n - 1].v.end)
			r->segments[n++] = r->segments[i];
	r->count = n;
}

static void read_notes(struct reader *r, uint64_t off, uint64_t len);

/* Of which type: segments first, what the notes say is about them. */
static bool read_headers(struct reader *r, const Elf64_Ehdr *h, uint64_t count, uint32_t type)
{
	Elf64_Phdr p;

	for (uint64_t i = 0; i < count; i++) {
		if (!elf_read(&r->f, h->e_phoff + i * sizeof(p), &p, sizeof(p)) ||
		    !work_may(i * COST, COST)) {
			r->cut = true;
			return i > 0;
		}
		if (p.p_type != type)
			continue;
		if (type == PT_LOAD)
			add_segment(r, &p);
		else if (p.p_offset <= INT64_MAX && p.p_filesz <= INT64_MAX - p.p_offset)
			read_notes(r, p.p_offset, p.p_filesz);
	}
	return true;
}

static int read_core(struct reader *r, struct err *e)
{
	Elf64_Ehdr h;
	Elf64_Shdr many;
	uint64_t count;

	if (!elf_read(&r->f, 0, &h, sizeof(h)) || memcmp(h.e_ident, ELFMAG, SELFMAG) ||
	    h.e_type != ET_CORE)
		return err_set(e, ST_FAILED, "not an ELF core");
	if (h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_ident[EI_DATA] != ELFDATA2LSB ||
	    h.e_machine != EM_X86_64)
		return err_set(e, ST_REFUSED, "a core of another machine: only x86-64 is read");
	if (h.e_phentsize != sizeof(Elf64_Phdr) || h.e_phoff > INT64_MAX / 2)
		return err_set(e, ST_FAILED, "a core without program headers");
	count = h.e_phnum;
	if (count == PN_XNUM && h.e_shoff <= INT64_MAX / 2 &&
	    elf_read(&r->f, h.e_shoff, &many, sizeof(many)))
		count = many.sh_info;
	if (count > COREREAD_SEGMENTS_MAX) {
		count = COREREAD_SEGMENTS_MAX;
		r->cut = true;
	}
	if (!read_headers(r, &h, count, PT_LOAD))
		return err_set(e, ST_FAILED, "a core that is cut short: no program headers");
	drop_overlaps(r);
	read_headers(r, &h, count, PT_NOTE);
	return 0;
}

/* ---- notes ---- */

static struct regs regs_of(const struct user_regs_struct *u)
{
	return (struct regs){
		.value = { u->rax, u->rdx, u->rcx, u->rbx, u->rsi, u->rdi, u->rbp, u->rsp, u->r8,
			u->r9, u->r10, u->r11, u->r12, u->r13, u->r14, u->r15, u->rip },
		.known = (1u << REGS_COUNT) - 1,
	};
}

static void take_thread(struct reader *r, uint64_t off, size_t len)
{
	struct elf_prstatus st;
	struct user_regs_struct u;
	struct thread *t;

	if (len != sizeof(st) || !elf_read(&r->f, off, &st, sizeof(st)) || st.pr_pid <= 0 ||
	    map_get(&r->by_tid, (uint64_t)st.pr_pid))
		return;
	if (r->nthreads == SNAPSHOT_THREADS_MAX) {
		r->cut = true;
		return;
	}
	memcpy(&u, &st.pr_reg, sizeof(u));
	r->threads = mem_more(r->threads, r->nthreads);
	t = &r->threads[r->nthreads++];
	*t = (struct thread){ .tid = st.pr_pid, .nstid = st.pr_pid, .state = '?',
		.how = HOW_CORE, .interrupted = true, .regs = regs_of(&u) };
	map_put(&r->by_tid, (uint64_t)st.pr_pid, (void *)(uintptr_t)r->nthreads);
}

static void take_process(struct reader *r, uint64_t off, size_t len)
{
	struct elf_prpsinfo i;

	if (len != sizeof(i) || !elf_read(&r->f, off, &i, sizeof(i)) || i.pr_pid <= 0)
		return;
	r->p->pid = r->p->nspid = i.pr_pid;
	snprintf(r->p->comm, sizeof(r->p->comm), "%.*s", (int)sizeof(i.pr_fname), i.pr_fname);
}

static void take_auxv(struct reader *r, uint64_t off, size_t len)
{
	Elf64_auxv_t a;

	for (size_t i = 0; i < 64 && len >= sizeof(a); i++, off += sizeof(a), len -= sizeof(a))
		if (elf_read(&r->f, off, &a, sizeof(a)) && a.a_type == AT_SYSINFO_EHDR)
			r->vdso = a.a_un.a_val;
}

/* The mappings that begin in one of the note's ranges are of its file. */
static void give_file(struct reader *r, const uint64_t *range, struct bytes name, uint64_t id)
{
	size_t i = sorted_from(r->segments, r->count, v.start, range[0]);

	for (; i < r->count && r->segments[i].v.start < range[1]; i++) {
		struct vma *v = &r->segments[i].v;

		if (!work_may(0, 1))
			return;
		v->path = name;
		v->inode = id;
		v->offset = range[2] * CORE_PAGE + (v->start - range[0]);
	}
}

static void take_files(struct reader *r, uint64_t off, size_t len)
{
	uint64_t head[2];
	const char *name, *end;
	char *all;

	if (r->names || len < sizeof(head) || len > COREREAD_FILE_NOTE_MAX || !work_may(0, len))
		return;
	all = r->names = arena_alloc(r->s->arena, len + 1);
	if (!elf_read(&r->f, off, all, len))
		return;
	memcpy(head, all, sizeof(head));
	if (head[1] != CORE_PAGE || head[0] > (len - sizeof(head)) / 24)
		return;
	name = all + sizeof(head) + head[0] * 24;
	end = all + len;
	for (uint64_t i = 0; i < head[0] && name < end; i++) {
		size_t n = strnlen(name, (size_t)(end - name));
		uint64_t range[3];

		memcpy(range, all + sizeof(head) + i * 24, sizeof(range));
		if (range[2] < INT64_MAX / CORE_PAGE)
			give_file(r, range, (struct bytes){ name, n }, i + 1);
		name += n + 1;
	}
}

/* What our own cores have besides: it comes behind the threads. */
static void take_own(struct reader *r, uint64_t off, size_t len)
{
	struct core_note_thread n;

	for (; len >= sizeof(n) && elf_read(&r->f, off, &n, sizeof(n));
	     off += sizeof(n), len -= sizeof(n)) {
		size_t i = (size_t)(uintptr_t)map_get(&r->by_tid, (uint64_t)n.tid);
		struct thread *t = i ? &r->threads[i - 1] : NULL;

		if (!work_may(0, COST))
			return;
		if (!t || n.host_tid <= 0)
			continue;
		t->tid = n.host_tid;
		t->state = n.state && strchr("RSDTtZXI", n.state) ? n.state : '?';
		snprintf(t->comm, sizeof(t->comm), "%.*s", (int)sizeof(n.comm), n.comm);
		snprintf(t->wchan, sizeof(t->wchan), "%.*s", (int)sizeof(n.wchan) - 1, n.wchan);
		if (!strncmp(n.how, "blocked", sizeof(n.how)))
			t->regs.known = 1u << REG_SP | 1u << REG_PC;
		if (!strncmp(n.how, "not taken", sizeof(n.how))) {
			t->how = HOW_NOT;
			thread_refuse(t, "its registers were not known when the core was written");
		}
	}
}

static void take_note(struct reader *r, const Elf64_Nhdr *n, const char *name, uint64_t off)
{
	if (!strcmp(name, CORE_NOTE_NAME) && n->n_type == CORE_NOTE_THREADS)
		take_own(r, off, n->n_descsz);
	if (strcmp(name, "CORE"))
		return;
	if (n->n_type == NT_PRSTATUS)
		take_thread(r, off, n->n_descsz);
	else if (n->n_type == NT_PRPSINFO)
		take_process(r, off, n->n_descsz);
	else if (n->n_type == NT_AUXV)
		take_auxv(r, off, n->n_descsz);
	else if (n->n_type == NT_FILE)
		take_files(r, off, n->n_descsz);
}

static void read_notes(struct reader *r, uint64_t off, uint64_t len)
{
	uint64_t end = off + len;
	Elf64_Nhdr n;

	while (end - off >= sizeof(n) && elf_read(&r->f, off, &n, sizeof(n))) {
		uint64_t desc = off + sizeof(n) + (((uint64_t)n.n_namesz + 3) & ~3ull);
		char name[9] = "";

		if (r->notes++ >= COREREAD_NOTES_MAX || !work_may(0, COST)) {
			r->cut = true;
			return;
		}
		if (desc > end || n.n_descsz > end - desc)
			return;
		if (n.n_namesz && n.n_namesz < sizeof(name) &&
		    elf_read(&r->f, off + sizeof(n), name, n.n_namesz))
			take_note(r, &n, name, desc);
		off = desc + (((uint64_t)n.n_descsz + 3) & ~3ull);
		if (off > end)
			return;
	}
}

/* ---- memory ---- */

static void take_stack(struct reader *r, struct thread *t)
{
	uint64_t sp = t->regs.value[REG_SP], at, want, room;
	const struct vma *v = maps_find(&r->p->maps, sp);
	const struct segment *g = v ? &r->segments[v - r->p->maps.items] : NULL;

	at = g && sp - v->start >= STACK_RED_ZONE ? sp - STACK_RED_ZONE : v ? v->start : 0;
	if (!g || at - v->start >= g->filesz) {
		t->how = HOW_NOT;
		thread_refuse(t, "the core does not have its stack at 0x%llx",
			      (unsigned long long)sp);
		return;
	}
	want = g->filesz - (at - v->start);
	room = SNAPSHOT_STACKS_MAX - r->s->total.stacks;
	if (room > r->s->stack_bytes + STACK_RED_ZONE)
		room = r->s->stack_bytes + STACK_RED_ZONE;
	t->stack_cut = want > room;
	if (want > room)
		want = room;
	t->stack = arena_alloc(r->s->arena, want + 1);
	t->stack_at = at;
	t->stack_len = elf_stream(&r->f, g->off + (at - v->start), (void *)t->stack, want);
	if (!t->stack_len) {
		t->how = HOW_NOT;
		thread_refuse(t, "the core is cut off before its stack at 0x%llx",
			      (unsigned long long)sp);
	}
	r->s->total.stacks += want;
	work_tick(want);
}

static void take_memory(struct reader *r)
{
	struct process *p = r->p;

	p->maps.items = arena_alloc(r->s->arena, (r->count + 1) * sizeof(struct vma));
	p->maps.count = r->count;
	for (size_t i = 0; i < r->count; i++)
		p->maps.items[i] = r->segments[i].v;
	p->threads = arena_alloc(r->s->arena, (r->nthreads + 1) * sizeof(*p->threads));
	p->count = r->nthreads;
	for (size_t i = 0; i < r->nthreads; i++) {
		struct thread *t = &r->threads[i];

		if (!t->comm[0])
			memcpy(t->comm, p->comm, sizeof(t->comm));
		if (t->how != HOW_NOT)
			take_stack(r, t);
		p->threads[i] = *t;
	}
	r->s->total.threads += p->count;
}

/* For callbytes: of one segment. */
static bool read_made(void *arg, uint64_t from, void *to, size_t len)
{
	struct reader *r = arg;
	const struct vma *v = maps_find(&r->p->maps, from);
	const struct segment *g = v ? &r->segments[v - r->p->maps.items] : NULL;
	uint64_t at = g ? from - v->start : 0;

	return g && at < g->filesz && g->filesz - at >= len && work_may(0, COST + len) &&
		elf_read(&r->f, g->off + at, to, len);
}

/* ---- files ---- */

static struct module *add_module(struct reader *r, const struct vma *v)
{
	struct module *m = arena_alloc(r->s->arena, sizeof(*m));

	m->path = v->path;
	m->fd = -1;
	r->s->modules = mem_more(r->s->modules, r->s->module_count);
	r->s->modules[r->s->module_count++] = m;
	return m;
}

/* The beginning of the file as it was mapped, from a mapping near this one. */
static size_t read_head(struct reader *r, size_t i, uint8_t *head)
{
	for (size_t k = i + 1; k-- > 0 && bytes_same(r->segments[k].v.path,
						     r->segments[i].v.path);) {
		const struct segment *g = &r->segments[k];

		if (!g->v.offset && g->filesz)
			return elf_stream(&r->f, g->off, head,
					  g->filesz < HEAD_MAX ? g->filesz : HEAD_MAX);
	}
	return 0;
}

/* Is an open file the one that this is the beginning of? */
static bool is_the_file(const struct reader *r, int fd, const uint8_t *head, size_t len,
			struct module *m)
{
	struct elf was, is = { .fd = -1 };
	uint8_t page[CORE_PAGE];
	bool same = false;
	struct err e;

	snprintf(m->why, sizeof(m->why), r->has < r->wants ?
		 "the core is cut off before what there is of it to compare" :
		 "the core has no build id of it to compare");
	if (len < CORE_PAGE || elf_open_bytes(&was, head, len, &e) < 0)
		return false;
	snprintf(m->why, sizeof(m->why), "the file there is another one than in the core");
	if (elf_open(&is, fd, &e) == 0) {
		same = was.build_id[0] ? !strcmp(was.build_id, is.build_id) :
			elf_stream(&is, 0, page, sizeof(page)) == sizeof(page) &&
			!memcmp(page, head, sizeof(page));
		elf_close(&is);
	}
	elf_close(&was);
	if (same)
		m->why[0] = '\0';
	return same;
}

static struct module *open_file(struct reader *r, size_t i)
{
	static uint8_t head[HEAD_MAX];
	struct module *m = add_module(r, &r->segments[i].v);
	auto_close int fd = -1;

	if (r->s->module_count > SNAPSHOT_FILES_MAX) {
		r->cut = true;
		snprintf(m->why, sizeof(m->why), "too many files");
		return m;
	}
	fd = r->files ? debugfile_by_path(r->files, m->path) : -1;
	if (fd < 0)
		snprintf(m->why, sizeof(m->why), "there is no such file here");
	else if (is_the_file(r, fd, head, read_head(r, i, head), m))
		m->fd = take_fd(&fd);
	return m;
}

static struct module *open_vdso(struct reader *r, size_t i)
{
	const struct segment *g = &r->segments[i];
	struct module *m = add_module(r, &g->v);
	size_t len = g->filesz < VDSO_MAX ? g->filesz : VDSO_MAX;
	void *bytes = arena_alloc(r->s->arena, len + 1);

	m->path = (struct bytes){ "[vdso]", 6 };
	m->len = elf_stream(&r->f, g->off, bytes, len);
	m->bytes = bytes;
	return m;
}

/* One that is mapped again has most often just been met. */
static void take_modules(struct reader *r)
{
	struct process *p = r->p;
	struct module *last = NULL;

	p->modules = arena_alloc(r->s->arena, (r->count + 1) * sizeof(struct module *));
	for (size_t i = 0; i < r->count; i++) {
		const struct vma *v = &r->segments[i].v;

		if (!v->exec || !work_may(0, COST))
			continue;
		if (v->inode && last && bytes_same(last->path, v->path))
			p->modules[i] = last;
		else if (v->inode)
			p->modules[i] = last = open_file(r, i);
		else if (r->vdso && v->start == r->vdso)
			p->modules[i] = open_vdso(r, i);
	}
}

/* ---- all of it ---- */

static int read_all(struct reader *r, struct err *e)
{
	if (read_core(r, e) < 0)
		return -1;
	if (!r->nthreads && r->has < r->wants)
		return err_set(e, ST_FAILED, "the core is cut off: it has %llu of %s%llu bytes, "
			       "and none of its threads", LLU(r->has), r->cut ? "at least " : "",
			       LLU(r->wants));
	if (!r->nthreads)
		return err_set(e, ST_FAILED, "a core without threads: no NT_PRSTATUS in it");
	if (r->has < r->wants && r->s->emit)
		emit_cut(r->s->emit, "the core is cut off: it has %llu of %llu bytes",
			 LLU(r->has), LLU(r->wants));
	if (!r->p->pid)
		r->p->pid = r->p->nspid = r->threads[0].nstid;
	take_memory(r);
	callbytes_take_by(r->s, r->p, read_made, r);
	take_modules(r);
	r->s->cut |= r->cut;
	r->s->processes = mem_more(r->s->processes, r->s->count);
	r->s->processes[r->s->count++] = r->p;
	return 0;
}

static int run(struct reader *r, struct err *e)
{
	int n;

	r->p = arena_alloc(r->s->arena, sizeof(*r->p));
	r->p->dir = r->p->living = r->p->mapped = -1;
	n = read_all(r, e);
	elf_close(&r->f);
	map_free(&r->by_tid);
	free(r->segments);
	free(r->threads);
	return n;
}

int coreread(struct snapshot *s, int file, struct debugfiles *files, struct err *e)
{
	struct reader r = { .s = s, .f = { .fd = file }, .files = files };
	struct stat st;

	if (fstat(file, &st) < 0)
		return err_sys(e, "look at the core");
	r.has = (uint64_t)st.st_size;

	return run(&r, e);
}

int coreread_bytes(struct snapshot *s, const void *bytes, size_t len, struct err *e)
{
	struct reader r = { .s = s, .f = { .fd = -1, .bytes = bytes, .size = len }, .has = len };

	return run(&r, e);
}
