/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostdir - files in a directory of the host's, whose bytes a verb's child sends.
 *
 * Each is a hostfile.h: it has no name until all are whole, and replaces none that is there without
 * --force. The child says which file and what is in it, and nothing of where that goes.
 */
#ifndef NSDEBUG_CLI_HOSTDIR_H
#define NSDEBUG_CLI_HOSTDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/str.h"
#include "nsdebug/cli/hostfile.h"
#include "nsdebug/cli/tool.h"

#define HOSTDIR_BYTES_MAX (256u << 20)

struct hostdir {
	struct hostfile files[TOOL_FILES_MAX];
	bool begun[TOOL_FILES_MAX];	/* the child has sent something of it, even if nothing */
	size_t count;
	uint64_t bytes;
};

int hostdir_open(struct hostdir *h, const struct tool_files *want, struct err *e);
/* The body of a frame F_FILE. */
int hostdir_add(struct hostdir *h, struct bytes body, struct err *e);
/* Those that were begun get their names. */
int hostdir_keep(struct hostdir *h, struct err *e);
void hostdir_close(struct hostdir *h);

#endif
