/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kallsyms - what the kernel's functions are called: /proc/kallsyms.
 *
 * "ffffffff81000000 T _stext", and a tab and "[nf_tables]" behind those of modules. The kernel
 * shows addresses to who opened the file as root (kernel.kptr_restrict); to others they are 0. It
 * is some megabytes of text, read through once; the names of the modules' programs come from
 * whoever loaded them, so a line is cut rather than believed.
 */
#ifndef NSDEBUG_SYS_KALLSYMS_H
#define NSDEBUG_SYS_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct ksym {
	uint64_t addr;
	uint64_t start;		/* of the function; 0: none is known */
	const char *name;	/* NULL: none */
	const char *module;	/* NULL: the kernel itself */
};

/* Names these, which are ascending by addr. False: the file tells no addresses. */
bool kallsyms_find(int fd, struct ksym *want, size_t count, struct arena *a);
/* Where the kernel's own functions of these names are, or 0. False: it tells no addresses. */
bool kallsyms_address(int fd, const char *const *names, uint64_t *addr, size_t count);
/* kallsyms_find() of a piece of it that ends with a line; true if there was an address. */
bool kallsyms_parse(const char *text, size_t len, struct ksym *want, size_t count,
		    struct arena *a);

#endif
