/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile core: its headers, notes and files' beginnings, and the stacks that come out. */
#include <stdlib.h>

#include "nsdebug/base/err.h"
#include "nsdebug/code/coreread.h"
#include "nsdebug/code/snapshot.h"
#include "nsdebug/code/unwind.h"
#include "nsdebug/code/work.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct snapshot s;
	struct err e;

	work = (struct work){ 0 };
	snapshot_init(&s, -1, 0);
	if (coreread_bytes(&s, bytes, len, &e) == 0) {
		struct process *p = s.processes[0];
		struct unwinder *u = unwinder_new(p);

		for (size_t i = 0; i < p->count && i < 8; i++) {
			struct trace t;

			if (p->threads[i].how == HOW_NOT)
				continue;
			unwind_thread(u, &p->threads[i], 16, &t);
			free(t.frames);
		}
		unwinder_free(&u);
		modules_close(&s);
	}
	snapshot_free(&s);
	return 0;
}
