/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modules - the ELF files behind a process's code, opened by what is mapped and not by name.
 *
 * /proc/PID/map_files/START-END is the very file that is mapped, in whatever mount namespace, also
 * when it was deleted or replaced. It is opened O_PATH first; only a regular file that is on no
 * file system which asks a server is then opened for reading. Needs CAP_CHECKPOINT_RESTORE (Linux
 * 5.9) or CAP_SYS_ADMIN. The vdso has no file and is copied from memory.
 */
#ifndef NSDEBUG_CODE_MODULES_H
#define NSDEBUG_CODE_MODULES_H

#include <stdbool.h>
#include <stddef.h>

struct process;
struct snapshot;

/* Fills p->modules. What cannot be opened says why and leaves frames without names. */
void modules_open(struct snapshot *s, struct process *p);
/* Is the file still mapped that the mapping of this index had when it was opened? */
bool modules_same(const struct process *p, size_t i);

#endif
