/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/corefile.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/procfs.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/corecopy.h"
#include "nsdebug/code/coreplan.h"

static void pad(struct buf *b)
{
	buf_fill(b, '\0', -b->len & 3);
}

static void put_note(struct buf *b, const char *name, uint32_t type, const void *bytes, size_t len)
{
	Elf64_Nhdr n = { .n_namesz = (Elf64_Word)strlen(name) + 1, .n_descsz = (Elf64_Word)len,
		.n_type = type };

	buf_add(b, &n, sizeof(n));
	buf_add(b, name, n.n_namesz);
	pad(b);
	buf_add(b, bytes, len);
	pad(b);
}

static void put_thread(struct buf *b, const struct core_thread *t, const struct core_process *p)
{
	struct elf_prstatus st = {
		.pr_pid = t->tid, .pr_ppid = p->ppid, .pr_pgrp = p->pgrp, .pr_sid = p->session,
		.pr_fpvalid = !!t->fp,
	};

	_Static_assert(sizeof(st.pr_reg) == sizeof(t->regs), "registers as the kernel has them");
	memcpy(&st.pr_reg, &t->regs, sizeof(t->regs));
	put_note(b, "CORE", NT_PRSTATUS, &st, sizeof(st));
}

static void put_fp(struct buf *b, const struct core_thread *t)
{
	if (t->fp)
		put_note(b, "CORE", NT_PRFPREG, t->fp, sizeof(*t->fp));
	if (t->xstate_len)
		put_note(b, "LINUX", NT_X86_XSTATE, t->xstate, t->xstate_len);
}

static char state_number(char c)
{
	const char *found = c ? strchr("RSDTZW", c) : NULL;

	return found ? (char)(found - "RSDTZW") : 0;
}

static void put_process(struct buf *b, const struct core_process *p)
{
	struct elf_prpsinfo i = {
		.pr_state = state_number(p->state), .pr_sname = p->state,
		.pr_zomb = p->state == 'Z', .pr_uid = p->uid, .pr_gid = p->gid, .pr_pid = p->pid,
		.pr_ppid = p->ppid, .pr_pgrp = p->pgrp, .pr_sid = p->session,
	};
	size_t n = p->args.len < sizeof(i.pr_psargs) - 1 ? p->args.len : sizeof(i.pr_psargs) - 1;

	memcpy(i.pr_fname, p->comm, sizeof(i.pr_fname) - 1);
	for (size_t k = 0; k < n; k++)
		i.pr_psargs[k] = p->args.bytes[k] ? p->args.bytes[k] : ' ';
	put_note(b, "CORE", NT_PRPSINFO, &i, sizeof(i));
}

/* Count, page size, then start, end and offset in pages of each; then their names. */
static void put_files(struct buf *b, const struct maps *m)
{
	auto_buf struct buf head = { 0 }, names = { 0 };
	uint64_t word[3] = { 0, CORE_PAGE };

	for (size_t i = 0; i < m->count; i++)
		word[0] += m->items[i].inode != 0;
	buf_add(&head, word, 16);
	for (size_t i = 0; i < m->count; i++) {
		const struct vma *v = &m->items[i];

		if (!v->inode)
			continue;
		word[0] = v->start;
		word[1] = v->end;
		word[2] = v->offset / CORE_PAGE;
		buf_add(&head, word, 24);
		buf_add(&names, v->path.p, v->path.len);
		buf_char(&names, '\0');
	}
	buf_add(&head, names.bytes, names.len);
	put_note(b, "CORE", NT_FILE, head.bytes, head.len);
}

static void put_own(struct buf *b, const struct core_process *p)
{
	auto_buf struct buf all = { 0 };

	for (size_t i = 0; i < p->count; i++) {
		const struct core_thread *t = &p->threads[i];
		struct core_note_thread n = { .tid = t->tid, .host_tid = t->host_tid,
			.state = t->state };

		snprintf(n.how, sizeof(n.how), "%s", t->how);
		snprintf(n.comm, sizeof(n.comm), "%.15s", t->comm);
		snprintf(n.wchan, sizeof(n.wchan), "%.63s", t->wchan);
		buf_add(&all, &n, sizeof(n));
	}
	put_note(b, CORE_NOTE_NAME, CORE_NOTE_THREADS, all.bytes, all.len);
}

void corefile_notes(struct buf *b, const struct core_process *p)
{
	for (size_t i = 0; i < p->count; i++) {
		put_thread(b, &p->threads[i], p);
		if (!i) {
			put_process(b, p);
			put_note(b, "CORE", NT_AUXV, p->auxv.bytes, p->auxv.len);
			put_files(b, p->maps);
		}
		put_fp(b, &p->threads[i]);
	}
	put_own(b, p);
}

/* More headers than fit into 16 bits are counted in a section header: PN_XNUM of elf(5). */
static bool is_many(const struct core_plan *plan)
{
	return plan->count + 1 >= PN_XNUM;
}

static uint64_t notes_at(const struct core_plan *plan)
{
	return sizeof(Elf64_Ehdr) + (plan->count + 1) * sizeof(Elf64_Phdr) +
		(is_many(plan) ? sizeof(Elf64_Shdr) : 0);
}

uint64_t corefile_begin(const struct core_plan *plan, size_t notes_len)
{
	return (notes_at(plan) + notes_len + CORE_PAGE - 1) & ~(uint64_t)(CORE_PAGE - 1);
}

static void put_header(struct buf *b, const struct core_plan *plan)
{
	Elf64_Ehdr h = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			EV_CURRENT },
		.e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_phoff = sizeof(h), .e_ehsize = sizeof(h), .e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)(plan->count + 1),
	};

	if (is_many(plan)) {
		h.e_phnum = PN_XNUM;
		h.e_shoff = notes_at(plan) - sizeof(Elf64_Shdr);
		h.e_shentsize = sizeof(Elf64_Shdr);
		h.e_shnum = 1;
	}
	buf_add(b, &h, sizeof(h));
}

/* A debugger takes what is in no file for zeros, if a header speaks of it: so none does. */
static bool is_there(const struct core_segment *s)
{
	return s->filesz || (s->vma->inode && !s->cut);
}

static void put_segment(struct buf *b, const struct core_segment *s)
{
	Elf64_Phdr p = {
		.p_type = is_there(s) ? PT_LOAD : PT_NULL, .p_vaddr = s->start,
		.p_memsz = s->cut ? s->filesz : s->end - s->start,
		.p_offset = s->off, .p_filesz = s->filesz, .p_align = CORE_PAGE,
		.p_flags = (s->vma->read ? PF_R : 0u) | (s->vma->write ? PF_W : 0u) |
			(s->vma->exec ? PF_X : 0u),
	};

	buf_add(b, &p, sizeof(p));
}

static uint64_t put_headers(struct buf *b, const struct core_plan *plan, size_t notes_len)
{
	Elf64_Phdr note = { .p_type = PT_NOTE, .p_offset = notes_at(plan), .p_filesz = notes_len,
		.p_align = 4 };
	Elf64_Shdr many = { .sh_info = (Elf64_Word)plan->count + 1 };
	uint64_t end = corefile_begin(plan, notes_len);

	put_header(b, plan);
	buf_add(b, &note, sizeof(note));
	for (size_t i = 0; i < plan->count; i++) {
		const struct core_segment *s = &plan->segments[i];

		put_segment(b, s);
		if (s->filesz && s->off + s->filesz > end)
			end = s->off + s->filesz;
	}
	if (is_many(plan))
		buf_add(b, &many, sizeof(many));
	return end;
}

int corefile_write(int file, const struct core_plan *plan, const struct buf *notes, struct err *e)
{
	auto_buf struct buf b = { 0 };
	uint64_t end = put_headers(&b, plan, notes->len);
	char last;

	buf_add(&b, notes->bytes, notes->len);
	if (corecopy_write(file, 0, b.bytes, b.len, e) < 0)
		return -1;
	/* a file that ends in a hole needs its last byte */
	if (lseek(file, 0, SEEK_END) >= (off_t)end)
		return 0;
	last = '\0';
	return corecopy_write(file, end - 1, &last, 1, e);
}
