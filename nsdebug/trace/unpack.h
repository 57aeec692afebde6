/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unpack - an object that bpf/pack.c has made small.
 */
#ifndef NSDEBUG_TRACE_UNPACK_H
#define NSDEBUG_TRACE_UNPACK_H

#include <stddef.h>

/* Its `size` bytes, on the heap; or NULL. */
const void *unpack(const unsigned char *packed, size_t len, size_t size);

#endif
