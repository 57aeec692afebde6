/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/traces.h"

#include "nsdebug/code/snapshot.h"
#include "nsdebug/code/unwind.h"
#include "nsdebug/enter/emit.h"

void traces_make(const struct process *p, size_t max_frames, struct emit *emit,
		 struct trace *traces)
{
	struct unwinder *u = unwinder_new(p);

	for (size_t i = 0; i < p->count; i++) {
		emit_tick(emit);
		if (p->threads[i].how != HOW_NOT && u)
			unwind_thread(u, &p->threads[i], max_frames, &traces[i]);
	}
	unwinder_free(&u);
}

void traces_note_files(const struct process *p, const struct trace *traces)
{
	for (size_t i = 0; i < p->count; i++)
		for (size_t k = 0; k < traces[i].count; k++) {
			const struct frame *f = &traces[i].frames[k];
			const struct vma *v = maps_find(&p->maps, f->pc - !f->exact);
			struct module *m = v && p->modules ? p->modules[v - p->maps.items] : NULL;

			if (m)
				m->missed |= m->why[0] != '\0';
		}
}

void traces_say_files(const struct snapshot *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->module_count; i++)
		n += s->modules[i]->missed;
	if (n)
		emit_cut(s->emit, "files that frames are in and that are not here, or are others: "
			 "%zu; these frames have no names. TARGET is whose files are taken, see "
			 "--core", n);
}

void traces_say_refused(const struct snapshot *s)
{
	struct err e;

	if (!s->no_files)
		return;
	err_set(&e, ST_PRIVILEGE, "open the files that are mapped: not permitted, so frames have "
		"no names and stacks end early; run nsdebug as root on the node, or give it "
		"CAP_CHECKPOINT_RESTORE (Linux 5.9) or CAP_SYS_ADMIN");
	emit_err(s->emit, &e);
}
