/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perfmap - names of code that a process made at run time, out of the file that it writes for
 * perf(1): /tmp/perf-PID.map, a line "START SIZE NAME" for each piece, START and SIZE hexadecimal.
 * Node (--perf-basic-prof), Java (by an agent), .NET (DOTNET_PerfMapEnabled) and Python (-X perf)
 * write one.
 *
 * It grows while the process runs, and where code was moved over older code the later line holds:
 * of several that have an address the last one names it, and a last line without its end is none
 * yet. All of it is the target's word. It is read through once, by pieces; one of gigabytes from
 * PERFMAP_BYTES_MAX before its end on, which is said, and what is too much work (code/work.h) is
 * left. Runs in the parser.
 */
#ifndef NSDEBUG_CODE_PERFMAP_H
#define NSDEBUG_CODE_PERFMAP_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct sym_want;

#define PERFMAP_BYTES_MAX (64u << 20)
#define PERFMAP_NAME_MAX 4096u		/* bytes of a name; the rest is left */

/* Names those of the wants that the file has: ascending, addresses of the process. */
void perfmap_look(int fd, struct sym_want *wants, size_t count, struct arena *a);
/* The same of bytes; for tests. */
void perfmap_look_bytes(const void *bytes, size_t len, struct sym_want *wants, size_t count,
			struct arena *a);

#endif
