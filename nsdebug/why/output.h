/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output - the last lines that a container wrote, out of its engine's log: as docker writes it
 * (json-file: a JSON object a line), or as the CRI and podman do ("TIME STREAM F TEXT").
 *
 * All of it is the container's own word. Bounded: OUTPUT_TAIL bytes of the file's end.
 */
#ifndef NSDEBUG_WHY_OUTPUT_H
#define NSDEBUG_WHY_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define OUTPUT_TAIL 16384
#define OUTPUT_LINES 40
#define OUTPUT_LINE_MAX 400

struct output {
	const char *lines[OUTPUT_LINES];	/* the last one last */
	size_t count;
};

/* Of which time, in nanoseconds since 1970, lines that have one are: one file may hold the words of
 * several runs. */
struct output_span {
	int64_t since, before;	/* the latter not itself; 0: it has no end */
};

/* Without an error: what cannot be read is no line. */
void output_read(int fd, bool docker, struct output_span span, struct arena *a,
		 struct output *ret);
/* The same of the text of such a file. */
void output_parse(const char *text, size_t len, bool docker, struct output_span span,
		  struct arena *a, struct output *ret);

#endif
