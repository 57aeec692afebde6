/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysput - a system call in words: what each argument says, and the result, as strace(1) writes
 * them.
 *
 * The bytes that arguments point to are the target's: every length is checked against what the
 * programs copied, and a struct that is not there whole is shown as its address.
 */
#ifndef NSDEBUG_TRACE_SYSPUT_H
#define NSDEBUG_TRACE_SYSPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/str.h"
#include "nsdebug/trace/sysdef.h"

struct buf;
struct open_how;

struct sysview {
	const struct sys_call *call;
	const struct sysdef *def;	/* NULL: not known, or a 32-bit call */
	uint64_t strings;		/* show this many bytes of a string */
};

/* How many arguments are to be shown: some calls have fewer than their kind. */
unsigned int sysput_count(const struct sysview *v);
void sysput_arg(struct buf *b, const struct sysview *v, unsigned int arg);
/* "3", "0x7f...", "-1 ENOENT", "?" */
void sysput_result(struct buf *b, const struct sysview *v);

/* ---- for the files that know the structs ---- */

/* The next of what was copied; false: there is no more. *at begins as 0. */
bool sysview_next(const struct sysview *v, size_t *at, struct sys_data *d, struct bytes *ret);
/* What was copied of an argument; empty if nothing was. */
struct bytes sysview_part(const struct sysview *v, unsigned int arg, enum sys_part part);
/* The same without its NUL and what follows. */
struct bytes sysview_string(const struct sysview *v, unsigned int arg);
/* How open, creat, openat or openat2 was asked to open. */
struct open_how sysview_how(const struct sysview *v);
/* "\177ELF"... as in C, at most `show` bytes of it. */
void sysput_string(struct buf *b, struct bytes s, uint64_t whole, uint64_t show);
void sysput_pointer(struct buf *b, uint64_t p);
/* True if it has shown what argument points to; false leaves the address to the caller. */
bool sysput_struct(struct buf *b, const struct sysview *v, unsigned int arg);
/* " ([{fd=3, revents=POLLIN}])" */
void sysput_polled(struct buf *b, const struct sysview *v);
void sysput_address(struct buf *b, struct bytes s);
/* struct clone_args of clone3(2), as much of it as there is. */
void sysput_clone_args(struct buf *b, struct bytes s);
void sysput_signal(struct buf *b, uint64_t sig);
void sysput_sigset(struct buf *b, uint64_t set);

#endif
