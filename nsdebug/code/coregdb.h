/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coregdb - the command that opens a core with the files that it was made of.
 *
 * It is to be pasted into a shell: there is none where a name, which is the container's word, has
 * anything in it that a shell could take for more than a name.
 */
#ifndef NSDEBUG_CODE_COREGDB_H
#define NSDEBUG_CODE_COREGDB_H

#include <stdbool.h>
#include <sys/types.h>

struct buf;

/* `dir` is the directory /proc/PID of `pid`, `core` the file; host: the process has the host's
 * files. False: there is no such command. */
bool coregdb_command(struct buf *b, int dir, pid_t pid, bool host, const char *core);

#endif
