/* SPDX-License-Identifier: Apache-2.0 */
/*
 * demangle - C++ and Rust names as they were written, by libiberty.
 *
 * A name is the target's: it is bounded before (DEMANGLE_IN_MAX) and its output is (a hostile name
 * of a few bytes can stand for gigabytes), libiberty bounds the recursion. One that takes long is
 * left, and what all took is paid as work (code/work.h), a nanosecond as a byte. What is no mangled
 * name, or too much of one, stays as it is.
 */
#ifndef NSDEBUG_CODE_DEMANGLE_H
#define NSDEBUG_CODE_DEMANGLE_H

#include <stdbool.h>

struct buf;

#define DEMANGLE_IN_MAX 4096u
#define DEMANGLE_OUT_MAX 16384u

/* Appends the name to b. False: nothing was appended, show it raw. */
bool demangle(struct buf *b, const char *name);

#endif
