/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leftcalls - what the seccomp filter of a container that has ended answered to a call, made of its
 * recorded profile as a filter for that call alone, so that it is judged as one of the kernel's is
 * (why/seccomp.h).
 *
 * A rule whose answer is the default's counts for nothing, one without arguments before those that
 * have some; conditions on the same argument are rules of their own, as runc makes them
 * (libcontainer/seccomp). Names that are no call of x86-64 are left out. It is not known what
 * counts where two rules with arguments may hold, two compare the same argument by order, or one of
 * no bit stands beside others; nor of a rule for a call that is newer than libseccomp 2.5.0: its
 * runtime's may have passed over it. To calls above all that are named runc since 1.0 answers
 * ENOSYS; crun does not, and which of them an engine had is not known.
 */
#ifndef NSDEBUG_TRACE_LEFTCALLS_H
#define NSDEBUG_TRACE_LEFTCALLS_H

struct arena;
struct filters;
struct target;

/* Where the answer is not known f->hidden says why. */
void leftcalls_of(struct filters *f, const struct target *t, unsigned int nr, struct arena *a);

#endif
