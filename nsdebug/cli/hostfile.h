/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostfile - a file of the host's that a verb's child writes or reads.
 *
 * The front opens it and gives the child its descriptor, so that the child can write nowhere else.
 * A file that is written has no name (O_TMPFILE) until it is whole: whatever ends us before leaves
 * nothing behind. Where the file system has none of these, it is called NAME.partial meanwhile, and
 * only SIGKILL leaves that. What is there already is replaced with --force only. "-" is stdout,
 * which is given the file when it is whole; a terminal is not.
 */
#ifndef NSDEBUG_CLI_HOSTFILE_H
#define NSDEBUG_CLI_HOSTFILE_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct tool_file;

struct hostfile {
	int fd, dir;		/* -1: there is none */
	const char *name;	/* in the directory; NULL: stdout */
	char partial[256];	/* its name meanwhile; "": none */
	bool force, write;
};

#define HOSTFILE_NONE { .fd = -1, .dir = -1 }

int hostfile_open(struct hostfile *h, const struct tool_file *f, struct err *e);
/* It is whole: it gets its name. Stdout is given it until a signal of the signalfd(2), or until_ns
 * (0: never); one that is nearly all holes it is not. */
int hostfile_keep(struct hostfile *h, int signals, uint64_t until_ns, struct err *e);
/* Closes it; what was not kept is gone. */
void hostfile_close(struct hostfile *h);

#endif
