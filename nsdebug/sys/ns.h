/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ns - identities of namespaces, and what the kernel tells of them. namespaces(7), ioctl_ns(2).
 *
 * All live in one nsfs, so the inode number identifies: lsns and the links in /proc/PID/ns show it.
 */
#ifndef NSDEBUG_SYS_NS_H
#define NSDEBUG_SYS_NS_H

#include <stdbool.h>
#include <stdint.h>

/* Inode number of the namespace ("mnt", "pid", ...) of a /proc/PID directory; 0 with errno. Needs
 * CAP_SYS_PTRACE for other users' processes. */
uint64_t ns_id(int dir, const char *name);
/* The same for a path below a directory: "42/ns/mnt" below /proc. */
uint64_t ns_id_at(int dir, const char *path);
/* The same for a text: "mnt:[4026531841]"; 0 if it is none. */
uint64_t ns_id_of(const char *text);

/* Opens one of a /proc/PID directory, to ask it; -1 with errno. */
int ns_open(int dir, const char *name);
uint64_t ns_id_fd(int fd);	/* 0 with errno */
/* The user namespace that owns it, open. -1 with EPERM: it is not one of ours or below. */
int ns_owner(int fd);
/* The one above a pid or user namespace, open. -1 with EPERM: there is none that we may know. */
int ns_parent(int fd);
/* Who made a user namespace; -1 with errno. Linux 4.11. */
int ns_creator(int fd, uint32_t *ret_uid);

/* What the time namespace that children of a process are born into adds to the host's clocks, in
 * nanoseconds; -1 with errno. Linux 5.6. */
int ns_time_offsets(int dir, int64_t *ret_monotonic, int64_t *ret_boottime);
bool ns_parse_offset(const char *lines, const char *clock, int64_t *ret);
/*
 * Is the root of a /proc/PID directory ours? A mount namespace of its own may well have it (unshare
 * -m, a service with PrivateTmp). The kernel is asked for the identity of the root, no server is.
 */
bool ns_host_root(int dir);
/* Do the same paths lead two /proc/PID directories to the same files? Mounts and root are one. */
bool ns_same_files(int a, int b);

#endif
