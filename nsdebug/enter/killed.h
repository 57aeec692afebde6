/* SPDX-License-Identifier: Apache-2.0 */
/*
 * killed - children that were sent SIGKILL, or end by themselves, and have not gone yet.
 *
 * One that the kernel keeps waiting without letting it be killed (state D of proc_pid_stat(5)) may
 * never go. Any other goes as soon as it gets a processor, which on a busy node takes its time.
 */
#ifndef NSDEBUG_ENTER_KILLED_H
#define NSDEBUG_ENTER_KILLED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum killed { KILLED_GONE, KILLED_BLOCKED, KILLED_STARVED };

/* R, S, D ... of proc_pid_stat(5), of a child of ours that is not reaped; 0: not known. */
char killed_state(pid_t pid);
/* Does it go within so many milliseconds? */
bool killed_within(int pidfd, int ms);
/* Waits for its end while that may come; it is not reaped. */
enum killed killed_wait(pid_t pid, int pidfd);
/* "fuse_get_req" and the like, or "unknown". */
void killed_where(pid_t pid, char *text, size_t room);

#endif
