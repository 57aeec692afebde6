/* SPDX-License-Identifier: Apache-2.0 */
/*
 * types - the running kernel's types as far as our programs ask for them, kept from run to run.
 *
 * Made from /sys/kernel/btf/vmlinux at the first trace after a boot and kept as
 * /run/nsdebug/btf.KEY, where KEY is of the kernel's build id (/sys/kernel/notes) and of the
 * programs in this binary: another kernel or another nsdebug asks for another file. It decides
 * what programs read in the kernel, so only what nobody but root could have written is believed:
 * the directory is root's, 0700 and no link, and so is the file in it; its bytes are summed up in
 * its header, so that one that was cut is not believed either. Whatever is wrong with it, the
 * answer is the same: it is made anew. Where it cannot be kept (no /run, read-only), every start
 * makes it.
 *
 * It is the kernel's word and none of a container's.
 */
#ifndef NSDEBUG_TRACE_TYPES_H
#define NSDEBUG_TRACE_TYPES_H

#include <stdint.h>

struct err;

/* In the front. A descriptor of the types, in memory. -1 is no failure: libbpf then looks for
 * itself, and says what is missing. e->msg says what is odd about the place, or is empty. */
int types_open(struct err *e);

/* In a child, of its types: the number that the kernel gives the type of this function, one of
 * those that programs are attached to by number; 0: not known. */
uint32_t types_function(const char *path, const char *name);

#endif
