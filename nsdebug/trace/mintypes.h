/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mintypes - of a kernel's types only what our programs ask for.
 *
 * libbpf finds a field of a kernel struct by its name in the kernel's BTF: some megabytes, which it
 * reads and indexes at each start. What it needs of them is little: the structs that the programs
 * name (bpf/types.h, as the compiler left them in each object's own BTF), the members that these
 * name, and where they are. The same types, names, sizes and offsets are the same relocations.
 */
#ifndef NSDEBUG_TRACE_MINTYPES_H
#define NSDEBUG_TRACE_MINTYPES_H

#include <stddef.h>

struct btf;

/* A new BTF, or NULL with errno. */
struct btf *mintypes(const struct btf *kernel, struct btf *const *programs, size_t count);

#endif
