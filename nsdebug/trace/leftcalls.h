/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leftcalls - the seccomp filter that a container which has ended was started with, made of its
 * recorded profile, so that it is judged as one of the kernel's is (why/seccomp.h).
 *
 * A rule without arguments counts before those that have some; conditions on the same argument are
 * rules of their own, as runc makes them (libcontainer/seccomp). To calls above all that are named
 * runc since 1.0 answers ENOSYS; crun does not, and which of them podman had is not known. Names
 * that are no call of x86-64 are left out.
 */
#ifndef NSDEBUG_TRACE_LEFTCALLS_H
#define NSDEBUG_TRACE_LEFTCALLS_H

struct arena;
struct filters;
struct target;

/* Of a profile that is not known f->hidden says why. */
void leftcalls_of(struct filters *f, const struct target *t, struct arena *a);

#endif
