/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ns - identities of namespaces, namespaces(7).
 */
#ifndef NSDEBUG_SYS_NS_H
#define NSDEBUG_SYS_NS_H

#include <stdint.h>

/* Inode number of the namespace ("mnt", "pid", ...) of a /proc/PID directory; 0 with errno. Needs
 * CAP_SYS_PTRACE for other users' processes. All live in one nsfs, so the number identifies. */
uint64_t ns_id(int dir, const char *name);
/* The same for a path below a directory: "42/ns/mnt" below /proc. */
uint64_t ns_id_at(int dir, const char *path);

#endif
